"""Reads ``.dockerignore`` and says which files of a build context it keeps out, as Docker does.

There are three Dockers that differ. BuildKit looks into a folder that is kept out wherever an
exception with a wildcard might bring something back; the classic builder looks only where the
exception begins with the folder's own path; and Docker 20.10, in both its builders, compares only
one of a path's folders with each pattern, the one with as many names as the pattern has.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hcreport.collect.context.bounded import read_inside
from hcreport.collect.context.patterns import Generation, Pattern, as_text, refused
from hcreport.errors import CollectError
from hcreport.units import MIB

Builder = Literal["buildkit", "classic", "docker-20.10"]
"""BuildKit is the default since Docker 23.0, and always Compose's; ``classic`` is
``DOCKER_BUILDKIT=0``; Docker 20.10 is what Debian 12 has."""

IGNORE_FILE = ".dockerignore"

LARGEST = MIB
"""Bytes of an ignore file that are read."""

_MOST_PATTERNS = 10_000
_LONGEST_LINE = 64 << 10
"""Bytes; Go's scanner refuses a longer line, and with it the file."""

# What Go's TrimSpace removes; Python's strip() would remove four characters more.
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_WILDCARDS = frozenset("*[]?^\\")


@dataclass(frozen=True)
class IgnoreFile:
    """The file whose patterns apply to a context."""

    name: str
    """Its path relative to the context; that of the Dockerfile where the Dockerfile has its own."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a folder when its entries are looked at: what it matches, by pattern."""

    matched: tuple[bool, ...] = ()
    text: str = field(default="", compare=False)
    path: bytes = b""


ROOT = Seen()
"""The context itself, which no pattern keeps out."""


class Rules:
    """The patterns of an ignore file in their order; the last one that matches a path decides.

    ``always`` are the Dockerfile and the ignore file, which the classic builder sends whatever the
    patterns say, and removes again before it builds.
    """

    def __init__(
        self,
        patterns: Sequence[Pattern],
        *,
        builder: Builder = "buildkit",
        always: Sequence[str] = (),
    ) -> None:
        self.builder: Builder = builder
        self._own = tuple(patterns)
        self._removed = frozenset[bytes]()
        if builder != "buildkit":
            names = [each.encode("utf-8", "surrogateescape") for each in always]
            kept_out = [each for each in names if _keeps_out(self._own, each)]
            self._removed = frozenset(kept_out)
            back = [Pattern(_plain(each), exception=True) for each in kept_out]
            patterns = (*patterns, *back)
        self._patterns = tuple(patterns)
        exceptions = [each for each in self._patterns if each.exception]
        self._exceptions = tuple(_without_stars(each.text, builder) for each in exceptions)
        self._looks_everywhere = builder == "buildkit" and any(
            not _WILDCARDS.isdisjoint(each) for each in self._exceptions
        )

    def __len__(self) -> int:
        return len(self._own)

    def enter(self, folder: Seen, name: bytes) -> tuple[bool, Seen]:
        """Return whether an entry of a folder is kept out, and what to know of it for its own."""
        path = folder.path + b"/" + name if folder.path else name
        text = f"{folder.text}/{as_text(name)}" if folder.path else as_text(name)
        if self.builder == "docker-20.10":
            ignored = _by_one_folder(self._patterns, path)
            return ignored or path in self._removed, Seen((), text, path)
        inherited = folder.matched
        known: list[bool] = []
        ignored = False
        for number, pattern in enumerate(self._patterns):
            match = bool(inherited) and inherited[number]
            # Docker asks only patterns that could change what was decided so far.
            if not match and pattern.exception == ignored:
                match = pattern.matches(path, text)
            known.append(match)
            if match:
                ignored = not pattern.exception
        return ignored or path in self._removed, Seen(tuple(known), text, path)

    @property
    def looks_everywhere(self) -> bool:
        """An exception has a wildcard, so that BuildKit looks into all folders."""
        return self._looks_everywhere

    def looks_into(self, path: bytes) -> bool:
        """Tell whether Docker looks for exceptions in a folder that is kept out."""
        if self._looks_everywhere:
            return True
        inside = path.decode("utf-8", "surrogateescape") + "/"
        return any(f"{each}/".startswith(inside) for each in self._exceptions)

    def ignores(self, path: str | bytes) -> bool:
        """Tell whether a file at a path, relative to the context, is kept out."""
        raw = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
        names = posixpath.normpath(raw.strip(b"/") or b".").split(b"/")
        if names == [b"."]:
            return False
        seen = ROOT
        for name in names[:-1]:
            ignored, seen = self.enter(seen, name)
            if ignored and not self.looks_into(seen.path):
                return True
        return self.enter(seen, names[-1])[0]

    def brings_back(self, path: bytes) -> bool:
        """Tell whether an exception names this path itself, not only all in a folder of it."""
        if not self._exceptions:
            return False
        text = as_text(path)
        return any(
            each.exception and each.text.rpartition("/")[2].strip("*") and each.matches(path, text)
            for each in self._own
        )


def _by_one_folder(patterns: Sequence[Pattern], path: bytes) -> bool:
    """Decide as Docker 20.10 does: of the folders, only one is compared with each pattern."""
    names = path.split(b"/")
    ignored = False
    text = as_text(path)
    for pattern in patterns:
        match = pattern.matches(path, text)
        if not match and pattern.segments < len(names):
            folder = b"/".join(names[: pattern.segments])
            match = pattern.matches(folder, as_text(folder))
        if match:
            ignored = not pattern.exception
    return ignored


def _keeps_out(patterns: Sequence[Pattern], path: bytes) -> bool:
    """Tell whether patterns keep out a file that is always sent; Docker passes over errors here."""
    try:
        return _by_one_folder(patterns, path)
    except CollectError:
        return False


def read_ignore_file(folder: Path, dockerfile: str, builder: Builder) -> IgnoreFile | None:
    """Return the file whose patterns apply; None where there is none.

    BuildKit takes the one that is named after the Dockerfile and lies beside it, if there is one.
    Raises CollectError where it is there and cannot be read.
    """
    own = f"{dockerfile}{IGNORE_FILE}"
    names = [own, IGNORE_FILE] if _knows_own_file(builder) else [IGNORE_FILE]
    for name in names:
        try:
            content = read_inside(folder, name, LARGEST)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise CollectError(
                f"The file {name} of the build context cannot be read: {error}.",
                hint="Docker reads it before each build; make it a readable text file.",
            ) from error
        return IgnoreFile(name, content)
    return None


def _knows_own_file(builder: Builder) -> bool:
    return builder == "buildkit"


def generation_of(builder: Builder) -> Generation:
    """Return how a builder translates patterns."""
    return "20.10" if builder == "docker-20.10" else "current"


def read_patterns(
    content: bytes, *, name: str = IGNORE_FILE, builder: Builder = "buildkit"
) -> tuple[Pattern, ...]:
    """Return the patterns of an ignore file in their order.

    Raises CollectError, with the number of the line, where Docker refuses one.
    """
    patterns: list[Pattern] = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        place = f"Line {number} of {name}"
        if len(line) >= _LONGEST_LINE:
            raise refused(place, f"it is longer than {_LONGEST_LINE} bytes")
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        try:
            patterns += _read_line(
                text.removeprefix("\ufeff") if number == 1 else text, place, builder
            )
        except ValueError as error:
            raise refused(place, str(error)) from error
        if len(patterns) > _MOST_PATTERNS:
            raise refused(place, f"{_MOST_PATTERNS} patterns stand before it")
    return tuple(patterns)


def _read_line(line: str, place: str, builder: Builder) -> Iterator[Pattern]:
    """Yield the pattern of a line; an empty one and a comment have none."""
    text = line.strip(_SPACE)
    if line.startswith("#") or not text:
        return
    exception = text.startswith("!")
    if exception:
        text = text[1:].strip(_SPACE)
    if text:
        text = _clean(text)
        text = text[1:] if len(text) > 1 and text.startswith("/") else text
    # Docker trims and cleans once more, now with the mark: "!/" becomes a lone mark.
    text = (f"!{text}" if exception else text).strip(_SPACE)
    if not text:
        return
    text = _clean(text)
    if text == "!":
        raise ValueError("nothing stands after the exclamation mark")
    yield Pattern(
        text.removeprefix("!"),
        exception=text.startswith("!"),
        generation=generation_of(builder),
        place=place,
    )


def _clean(text: str) -> str:
    """Shorten a path as Go's ``path.Clean`` does."""
    return posixpath.normpath("/" + text.lstrip("/") if text.startswith("/") else text)


def _plain(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _without_stars(text: str, builder: Builder) -> str:
    """Return what is compared with a folder; BuildKit leaves stars at the end of it out."""
    return text.removesuffix("/**").removesuffix("/*") if builder == "buildkit" else text
