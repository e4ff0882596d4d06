"""Reads from a Dockerfile what it takes from the build context by name.

Nothing of that may be kept out of the context, or the next build fails. Only names are read here;
a variable is replaced where the Dockerfile itself gives its value, and is a wildcard elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hcreport.collect.context.patterns import Pattern, as_text
from hcreport.contents.dockerfile import Line, assigned, filled, read_lines
from hcreport.errors import CollectError

_REMOTE = re.compile(r"^(?:[a-z]+://|git@)")
_WORD = re.compile(r"""[^\s"'=,;:()\[\]|&<>]+""")
_REMOVAL = re.compile(r"(?:^|&&|\|\||;)\s*(?:rm|rmdir|find)\s[^&|;]*")
_INSTALLS = {
    "python": re.compile(
        r"\b(?:pip3?|uv|poetry|pdm|pipenv|conda|mamba|micromamba)\b[^&|;]*"
        r"\b(?:install|sync|create|update)\b"
    ),
    "node": re.compile(
        r"\b(?:npm|pnpm|bun)\s+(?:ci|i|install|add)\b|\byarn(?:\s+install)?\s*(?:$|[&|;\n]|--)"
    ),
}
_READS_HISTORY = re.compile(r"\bgit\s+(?:describe|rev-parse|rev-list|log|submodule|show)\b")


class Source:
    """One source of a COPY, an ADD or a mount."""

    def __init__(self, text: str, *, guessed: bool = False) -> None:
        self._names = [_matcher(name) for name in text.split("/")]
        self.depth = len(self._names)
        """How many names it has."""
        self.guessed = guessed
        """A variable in it is not known, and matches whatever there is."""

    def holds(self, names: list[bytes]) -> bool:
        """Tell whether a path, as its names, is the source or lies in it."""
        if len(names) < self.depth:
            return False
        pairs = zip(self._names, names, strict=False)
        return all(
            name == wanted if isinstance(wanted, bytes) else wanted.matches(name, as_text(name))
            for wanted, name in pairs
        )


def _matcher(name: str) -> Pattern | bytes:
    raw = name.encode("utf-8", "surrogateescape")
    if not re.search(r"[*?\[\\]", name):
        return raw
    try:
        pattern = Pattern(name)
        pattern.matches(raw, as_text(raw))
    except (ValueError, CollectError):
        return raw
    return pattern


@dataclass(frozen=True)
class Copied:
    """What a Dockerfile takes from its context."""

    whole: bool = False
    """It copies the context as a whole."""
    sources: tuple[Source, ...] = ()
    """What it takes by name."""
    installs: frozenset[str] = frozenset()
    """``python`` or ``node``, where it installs their packages itself."""
    reads_history: bool = False
    """It asks git about the project."""
    words: frozenset[str] = frozenset()
    """The words of its commands, without those of what they delete."""


def read_copies(text: str) -> Copied:
    """Return what a Dockerfile takes; whatever is wrong with it is passed over."""
    values: dict[str, str] = {}
    whole = False
    found: dict[str, Source] = {}
    commands: list[str] = []
    for line in map(_triggered, read_lines(text)):
        if line.name in ("ARG", "ENV"):
            values.update(assigned(line))
        if line.name == "RUN":
            commands.append("\n".join([line.rest, *line.document]))
        for source in _sources(line):
            path = _cleaned(filled(source, values, unknown="*"))
            # What an unknown variable names may be any folder, but it is one.
            guessed = path != _cleaned(filled(source, values))
            if not guessed and all(part in ("*", "**", ".") for part in path.split("/")):
                whole = True
            else:
                found.setdefault(path, Source(path, guessed=guessed))
    script = "\n".join(commands)
    return Copied(
        whole=whole,
        sources=tuple(found.values()),
        installs=frozenset(key for key, shape in _INSTALLS.items() if shape.search(script)),
        reads_history=bool(_READS_HISTORY.search(script)),
        words=frozenset(_WORD.findall(_REMOVAL.sub(" ", script))),
    )


def _triggered(line: Line) -> Line:
    """Return the instruction that an ONBUILD holds; it runs in a build on top of this one."""
    if line.name != "ONBUILD":
        return line
    return next((each for each in read_lines(line.rest) if each.name), line)


def _sources(line: Line) -> Iterator[str]:
    if line.name == "RUN":
        for mount in line.flags.get("mount", ()):
            yield from _mounted(mount)
    elif line.name in ("COPY", "ADD") and "from" not in line.flags:
        for word in line.words[:-1]:
            if not word.startswith("<<") and not _REMOTE.match(word):
                yield word


def _mounted(mount: str) -> Iterator[str]:
    pairs = (each.partition("=") for each in mount.split(","))
    options = {key: value for key, _, value in pairs}
    if options.get("type", "bind") == "bind" and "from" not in options:
        yield options.get("source") or options.get("src") or "."


def _cleaned(text: str) -> str:
    return posixpath.normpath("/" + text).strip("/") or "."


def named_in(words: Iterable[str], path: str) -> bool:
    """Tell whether one of some words is a path, or ends with it after a slash."""
    return any(word == path or word.endswith(f"/{path}") for word in words)
