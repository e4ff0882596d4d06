"""Finds where the first files of a project belong: beside its Compose files and in Git."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from hcreport.collect.compose_files import ComposeFiles, find_compose_files
from hcreport.config import Config
from hcreport.errors import ComposeRejected, SnapshotError, UsageError
from hcreport.history import read_history

SNAPSHOTS = ("snapshots", "hcreport-snapshots")
"""Folders for snapshots. The second is for a project whose tests call the first one theirs."""

_DEPTH = 2
"""How many folders down a Compose file is looked for; further down are examples and tests."""

_NOT_THEIRS = frozenset({"node_modules", "site-packages", "vendor", "venv"})
"""Folders of other people's software."""

_MOST_FOLDERS = 2_000


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a project lies."""

    folder: Path
    """Gets ``hcreport.yml``; every command of hcreport is run here."""
    repository: Path
    """Gets the workflow: the folder with ``.git``, else ``folder``."""
    compose: ComposeFiles
    files: tuple[str, ...]
    """Compose's ``-f``, relative to ``folder``; empty where Compose finds its files by itself."""

    @property
    def in_repository(self) -> str:
        """The path of ``folder`` in the repository, with slashes; empty where they are the same."""
        inside = self.folder.relative_to(self.repository).as_posix()
        return "" if inside == "." else inside


def find_place(
    folder: Path, files: Sequence[str], env_files: Sequence[str], environment: Mapping[str, str]
) -> Place:
    """Return where the project is, with the one Compose file below it where it has none itself.

    Raises UsageError where the Compose files lie above the folder or there is a choice below it,
    ComposeRejected where there is none at all.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve() would follow links)
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Name the folder of the project.")
    found = find_compose_files(folder, files, env_files, environment)
    if not files and "COMPOSE_FILE" not in found.variables:
        if found.folder in folder.parents:
            raise UsageError(
                f"The Compose project lies above this folder, in {found.folder}.",
                hint="Run `hcreport init` there, or name a Compose file with -f.",
            )
        if not found.files:
            files = _files_below(folder, environment)
            found = find_compose_files(folder, files, env_files, environment)
    return Place(folder=folder, repository=_repository(folder), compose=found, files=tuple(files))


def _files_below(folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files of the only Compose project below a folder, as ``-f`` wants them."""
    projects = [
        tuple(path.relative_to(folder).as_posix() for path in found.files)
        for each in _folders_below(folder)
        if (found := find_compose_files(each, (), (), environment)).folder == each and found.files
    ]
    if len(projects) > 1:
        named = ", ".join(files[0] for files in projects[:3])
        raise UsageError(
            f"There is no Compose file in {folder}, but {len(projects)} below it: {named}.",
            hint=f"Choose one: `hcreport init -f {projects[0][0]}`.",
        )
    if not projects:
        raise ComposeRejected(
            f"There is no Compose file in {folder}.",
            hint="Run `hcreport init` in the folder of the project, or name its file with -f.",
        )
    return projects[0]


def _folders_below(folder: Path) -> Iterator[Path]:
    """Yield the folders that may hold the project's Compose files, near ones first."""
    level = [folder]
    looked_at = 0
    for _ in range(_DEPTH):
        level = [child for each in level for child in _children(each)]
        for each in level:
            looked_at += 1
            if looked_at > _MOST_FOLDERS:
                return
            yield each


def _children(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        each
        for each in found
        if not each.name.startswith(".")
        and each.name not in _NOT_THEIRS
        and each.is_dir()
        and not each.is_symlink()
    ]


def has_env_file_outside_git(place: Place) -> bool:
    """Tell whether Compose reads a ``.env`` here that a clone of the repository does not have."""
    if not (place.compose.folder / ".env").is_file():
        return False
    ignored = False
    for folder in dict.fromkeys((place.repository, place.folder, place.compose.folder)):
        for pattern in _patterns(folder / ".gitignore"):
            if fnmatchcase(".env", pattern.removeprefix("!").rpartition("/")[2]):
                ignored = not pattern.startswith("!")
    return ignored


def _patterns(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [each.strip() for each in lines if each.strip() and not each.startswith("#")]


def _repository(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def first_snapshot(folder: Path, config: Config) -> Path | None:
    """Return the snapshot that the project publishes already; None where it has none.

    Raises ConfigError where the folder of snapshots holds two projects.
    """
    if config.snapshot:
        path = folder / config.snapshot
        return path if path.exists() else None
    names = (config.snapshots_dir,) if config.snapshots_dir else SNAPSHOTS
    for name in names:
        if (folder / name).is_dir():
            try:
                return read_history(folder / name, older=False).path
            except SnapshotError:
                continue
    return None


def place_of_first_snapshot(folder: Path, config: Config, day: str) -> Path:
    """Return where the first snapshot goes: a path at which there is nothing yet."""
    if config.snapshot:
        return folder / config.snapshot
    names = (config.snapshots_dir,) if config.snapshots_dir else SNAPSHOTS
    home = next((folder / name for name in names if _is_free(folder / name)), folder / names[-1])
    names_of_day = (
        home / f"{day}{suffix}.json" for suffix in ("", *(f"-{n}" for n in range(2, 99)))
    )
    return next(each for each in names_of_day if not os.path.lexists(each))


def _is_free(path: Path) -> bool:
    """Tell whether a folder is not there, or holds nothing."""
    if not os.path.lexists(path):
        return True
    return path.is_dir() and not any(path.iterdir())
