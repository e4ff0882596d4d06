"""Finds the files of a Compose project as Compose itself finds them, for locating lines only.

What Compose reads is decided by Compose. Where the two should ever differ, a service merely has
no line number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# compose-go, cli/options.go: DefaultFileNames and DefaultOverrideFileNames, in their order.
_BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s*(.*)")

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


@dataclass(frozen=True)
class ComposeFiles:
    """Where a Compose project lies."""

    folder: Path
    """The project directory: the one of its first file; paths in files count from it."""
    files: tuple[Path, ...]
    """In the order in which they are merged; empty where none was found."""
    variables: Mapping[str, str]
    """Compose's own variables (``COMPOSE_PROFILES``) from the environment and ``.env``."""


def find_compose_files(
    folder: Path,
    files: Sequence[str],
    env_files: Sequence[str],
    environment: Mapping[str, str],
) -> ComposeFiles:
    """Return the project's directory and files.

    Named files count from ``folder``; without any, ``COMPOSE_FILE`` of the environment or of
    ``.env`` decides, else the usual names in ``folder`` and then in its parents.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve() would follow links)
    named = tuple(_joined(folder, file) for file in files)
    variables = _variables(named[0].parent if named else folder, folder, env_files, environment)
    if not named and "COMPOSE_FILE" in variables:
        separator = variables.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
        parts = variables["COMPOSE_FILE"].split(separator)
        named = tuple(_joined(folder, part) for part in parts)
    found = named or _discovered(folder)
    directory = found[0].parent if found else folder
    if directory != folder and not files:
        again = _variables(directory, folder, env_files, environment)
        variables = {**again, **variables}
    return ComposeFiles(directory, found, variables)


def _discovered(folder: Path) -> tuple[Path, ...]:
    for place in (folder, *folder.parents):
        base = _first(place, _BASE_NAMES)
        if base is not None:
            override = _first(place, _OVERRIDE_NAMES)
            return (base,) if override is None else (base, override)
    return ()


def _first(place: Path, names: Sequence[str]) -> Path | None:
    return next((place / name for name in names if (place / name).exists()), None)


def _variables(
    place: Path, folder: Path, env_files: Sequence[str], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that start with ``COMPOSE_``; the environment's win over files'."""
    names = list(env_files) or [
        name for name in environment.get("COMPOSE_ENV_FILES", "").split(",") if name
    ]
    paths = [_joined(folder, name) for name in names]
    if not names and environment.get("COMPOSE_DISABLE_ENV_FILE") not in _TRUE:
        paths = [place / ".env"]
    found: dict[str, str] = {}
    for path in paths:
        found |= _read_env_file(path)
    found |= environment
    return {name: value for name, value in found.items() if name.startswith("COMPOSE_")}


def _read_env_file(path: Path) -> dict[str, str]:
    """Return the plain assignments of an env file; those that use other variables are left out."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = {}
    for line in lines:
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            continue
        name, value = match.group(1), _unquoted(match.group(2).strip())
        if "$" not in value:
            found[name] = value
    return found


def _unquoted(text: str) -> str:
    for quote in ("'", '"'):
        if text.startswith(quote):
            return text[1:].partition(quote)[0]
    return re.split(r"\s+#", text, maxsplit=1)[0].strip()


def _joined(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder / name))
