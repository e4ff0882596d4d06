"""Finds the lines that a better ``.dockerignore`` would have, and what each of them saves.

A line is advised only where everything it would keep out is something no program needs: not what
the Dockerfile names, no code, no file of a package manager, and nothing that an exception in the
project's own file brings back by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hcreport.collect.context import names
from hcreport.collect.context.copies import Copied, named_in
from hcreport.collect.context.ignore import Builder, Rules, generation_of
from hcreport.collect.context.kinds import PRIVATE, Finding, Key, Kinds
from hcreport.collect.context.patterns import Pattern, as_text
from hcreport.collect.context.walk import ContextFiles, Inode
from hcreport.collect.image_paths import HIDDEN, context_path
from hcreport.model import Certainty, Group
from hcreport.units import KIB

LEAST_LIKELY = 256 * KIB
"""Bytes that a line has to save that is not sure; one about secrets need not save any."""

MOST_LINES = 60

_SURE, _LIKELY, _NEEDED = 2, 1, 0


@dataclass(frozen=True, kw_only=True)
class AdvisedLine:
    """One line to add to an ignore file."""

    pattern: str
    """With the real names of the project; private where they are not well known."""
    saves: int
    """Bytes that it keeps out after all lines before it."""
    certainty: Certainty
    reason: str
    general: bool = False
    """It has only names that thousands of projects share."""


@dataclass
class Weighed:
    """What the files of a context are, in their order there."""

    files: ContextFiles
    findings: list[Finding | None]
    groups: list[Group]
    sizes: list[int]
    """Bytes with which each counts: of several names of one file only the first does."""


def weigh(files: ContextFiles, kinds: Kinds) -> Weighed:
    """Return what each file is."""
    findings: list[Finding | None] = []
    groups: list[Group] = []
    sizes: list[int] = []
    seen: set[Inode] = set()
    for position, path in enumerate(files.paths):
        size = files.sizes[position]
        group, finding = kinds.of(path, size)
        inode = files.inodes.get(position)
        sizes.append(0 if inode in seen else size)
        if inode is not None:
            seen.add(inode)
        groups.append(group)
        findings.append(finding)
    return Weighed(files, findings, groups, sizes)


def advise(
    weighed: Weighed, copied: Copied, rules: Rules, builder: Builder
) -> tuple[tuple[AdvisedLine, ...], int, int]:
    """Return the advised lines, and the bytes that all of them leave, and those that are sure."""
    needs = [_strength(weighed, position, copied, rules) for position in range(len(weighed.groups))]
    blocked = _Blocked(weighed, needs)
    chosen: dict[Key, tuple[Finding, int]] = {}
    for finding, size in zip(weighed.findings, weighed.sizes, strict=True):
        if finding is None:
            continue
        key = next((each for each in finding.keys if each not in blocked), None)
        if key is not None:
            first, before = chosen.get(key, (finding, 0))
            doubted = finding if finding.certainty == "likely" else first
            chosen[key] = (doubted, before + size)
    worth = [
        (finding, key, size)
        for key, (finding, size) in chosen.items()
        if finding.certainty == "sure" or finding.reason == PRIVATE or size >= LEAST_LIKELY
    ]
    worth.sort(key=lambda each: (each[0].certainty == "likely", -each[2], each[1]))
    return _weigh_lines(weighed.files, worth[:MOST_LINES], builder)


def _strength(weighed: Weighed, position: int, copied: Copied, rules: Rules) -> int:
    """Say how sure it is that a file need not be sent."""
    path = weighed.files.paths[position]
    finding = weighed.findings[position]
    *folders, name = path.split(b"/")
    if finding is None:
        return _SURE if names.is_placeholder(folders, name) else _NEEDED
    if _is_copied(copied, [*folders, name], finding) or rules.brings_back(path):
        return _NEEDED
    if not finding.dead:
        if names.is_source(folders, name) or names.is_manifest(folders, name):
            return _NEEDED
        if finding.certainty == "likely" and _is_used(copied, path, finding):
            return _NEEDED
    return _SURE if finding.certainty == "sure" else _LIKELY


def _is_copied(copied: Copied, path: list[bytes], finding: Finding) -> bool:
    """Tell whether the Dockerfile takes a file by name; not because it takes a folder far above."""
    far_below = finding.certainty == "sure" or finding.reason == PRIVATE
    return any(
        source.holds(path) and not (far_below and (source.guessed or source.depth < finding.depth))
        for source in copied.sources
    )


def _is_used(copied: Copied, path: bytes, finding: Finding) -> bool:
    """Tell whether a command of the Dockerfile names the file, or the folder that was found."""
    if not copied.words or finding.reason == PRIVATE:
        return False
    text = path.decode("utf-8", "surrogateescape")
    folder = "/".join(text.split("/")[: finding.depth])
    return named_in(copied.words, text) or named_in(copied.words, folder)


class _Blocked:
    """The patterns that would keep out something that has to stay."""

    def __init__(self, weighed: Weighed, needs: Sequence[int]) -> None:
        self._wanted: dict[Key, int] = {}
        for finding in {id(each): each for each in weighed.findings if each}.values():
            wanted = _SURE if finding.certainty == "sure" else _LIKELY
            for key in finding.keys:
                self._wanted[key] = max(wanted, self._wanted.get(key, wanted))
        self._ends = sorted({key.text for key in self._wanted if key.shape == "ends"})
        self._inside: dict[bytes, list[bytes]] = {}
        for key in self._wanted:
            if key.shape == "in":
                self._inside.setdefault(key.folder, []).append(key.text)
        self._blocked: set[Key] = set()
        self._done: dict[bytes, int] = {}
        for path, need in zip(weighed.files.paths, needs, strict=True):
            if need < _SURE:
                for key in self._matching(path, need):
                    if need < self._wanted.get(key, _NEEDED):
                        self._blocked.add(key)

    def __contains__(self, key: Key) -> bool:
        return key in self._blocked

    def _matching(self, path: bytes, need: int) -> Iterator[Key]:
        """Yield the keys that match a path; of its folders only those that are not done yet."""
        folder, _, name = path.rpartition(b"/")
        yield from _own_keys(path)
        for end in self._ends:
            if name.endswith(end):
                yield Key("ends", end)
        for end in self._inside.get(folder, ()):
            if name.endswith(end):
                yield Key("in", end, folder)
        while folder and self._done.get(folder, _SURE) > need:
            self._done[folder] = need
            yield from _own_keys(folder)
            yield Key("all", folder)
            folder = folder.rpartition(b"/")[0]


def _own_keys(path: bytes) -> Iterator[Key]:
    above, _, name = path.rpartition(b"/")
    yield Key("at", path)
    yield Key("name", name)
    if above:
        yield Key("name", above.rpartition(b"/")[2] + b"/" + name)


def _weigh_lines(
    files: ContextFiles, worth: list[tuple[Finding, Key, int]], builder: Builder
) -> tuple[tuple[AdvisedLine, ...], int, int]:
    """Apply the lines as Docker does, and count what each of them keeps out."""
    texts = [pattern_text(key, builder) for _, key, _ in worth]
    first = _FirstLine([Pattern(text, generation=generation_of(builder)) for text in texts])
    saves = [0] * len(texts)
    names_left: dict[Inode, tuple[int, int]] = {}
    left = 0
    for position, path in enumerate(files.paths):
        line, size = first.of(path), files.sizes[position]
        inode = files.inodes.get(position)
        if inode is not None:  # its content is sent as long as one of its names is
            names_left[inode] = (max(line, names_left.get(inode, (0, 0))[0]), size)
        elif line < len(saves):
            saves[line] += size
        else:
            left += size
    for line, size in names_left.values():
        if line < len(saves):
            saves[line] += size
        else:
            left += size
    lines = tuple(
        AdvisedLine(
            pattern=text,
            saves=size,
            certainty=finding.certainty,
            reason=finding.reason,
            general=_is_general(key),
        )
        for text, size, (finding, key, _) in zip(texts, saves, worth, strict=True)
    )
    doubtful = sum(line.saves for line in lines if line.certainty == "likely")
    return lines, left, left + doubtful


def _is_general(key: Key) -> bool:
    """Tell whether a pattern holds no name that is the project's own."""
    if key.shape != "ends" or key.text in (*names.TEMPORARY_ENDS, *names.SECRET_ENDS):
        return key.shape in ("name", "ends")
    return context_path(f"x{key.text.decode(errors='replace')}") != HIDDEN


class _FirstLine:
    """Says which of some patterns is the first to keep out a path, itself or with its folder."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._folders: dict[bytes, int] = {b"": len(patterns)}

    def of(self, path: bytes) -> int:
        """Return the number of the pattern; that after the last where none does."""
        folder = path.rpartition(b"/")[0]
        return min(self._of_folder(folder), self._of_itself(path))

    def _of_folder(self, folder: bytes) -> int:
        known = self._folders.get(folder)
        if known is None:
            known = min(self._of_folder(folder.rpartition(b"/")[0]), self._of_itself(folder))
            self._folders[folder] = known
        return known

    def _of_itself(self, path: bytes) -> int:
        text = as_text(path)
        for number, pattern in enumerate(self._patterns):
            if pattern.matches(path, text):
                return number
        return len(self._patterns)


def pattern_text(key: Key, builder: Builder = "buildkit") -> str:
    """Return a pattern as it stands in an ignore file."""
    text = _escaped(key.text, builder)
    folder = f"{_escaped(key.folder, builder)}/" if key.folder else ""
    forms = {
        "name": f"**/{text}",
        "ends": f"**/*{text}",
        "at": text,
        "all": f"{text}/*",
        "in": f"{folder}*{text}",
    }
    result = re.sub(r"^ | $", "?", forms[key.shape])
    return f"\\{result}" if result[0] in "!#" else result


def _escaped(name: bytes, builder: Builder) -> str:
    """Return a name so that it stands for itself; ``?`` for what a line cannot hold."""
    special = "*?[]\\^|{}" + ("()+" if builder == "docker-20.10" else "")
    return "".join(
        _escaped_character(each, special) for each in name.decode("utf-8", "surrogateescape")
    )


def _escaped_character(character: str, special: str) -> str:
    if not character.isprintable() or (character.isspace() and character != " "):
        return "?"
    return f"\\{character}" if character in special else character
