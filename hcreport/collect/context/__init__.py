"""Says what a build sends from a project's folder, and what a better ``.dockerignore`` would leave.

No engine is asked: the patterns are applied as Docker applies them. The content of files is read
only where it says what they are: 512 bytes of large ones, the Dockerfile, the ignore file and the
settings of Python's build. Of files that may hold secrets nothing is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hcreport.collect.context.advice import AdvisedLine, Weighed, advise, weigh
from hcreport.collect.context.bounded import read_inside
from hcreport.collect.context.copies import Copied, read_copies
from hcreport.collect.context.ignore import (
    IGNORE_FILE,
    Builder,
    IgnoreFile,
    Rules,
    read_ignore_file,
    read_patterns,
)
from hcreport.collect.context.kinds import Kinds
from hcreport.collect.context.walk import walk
from hcreport.collect.image_paths import context_path
from hcreport.model import BuildContext, ContextFolder, Group
from hcreport.units import MIB, Bytes, gb

__all__ = ["AdvisedLine", "Builder", "ContextScan", "LocalFolder", "read_context"]

_LARGEST_SHOWN = 20
_SHARE_SHOWN = 50
"""A file with at least one part in so many of all bytes is shown by itself."""

_VERSION_FROM_HISTORY = re.compile(
    rb"setuptools[-_]scm|hatch-vcs|versioningit|poetry-dynamic-versioning|use_scm_version"
    rb"|setuptools-git-versioning|\bpbr\b|versioneer"
)
_STARS = re.compile(r"[*/]*")


@dataclass(frozen=True, kw_only=True)
class LocalFolder:
    """One folder or file of a context with its real name, for output on the user's machine."""

    path: str
    size: int
    files: int
    group: Group


@dataclass(frozen=True, kw_only=True)
class ContextScan:
    """What a build sends from a folder, with the real names; :meth:`record` leaves them out."""

    folder: Path
    builder: Builder
    ignore_file: str | None
    """The file whose patterns apply today; None where there is none."""
    copies_whole: bool
    """The Dockerfile copies the context as a whole, as ``COPY . .`` does."""
    size: int
    """Bytes that are sent today."""
    files: int
    ignored_size: int
    """Bytes that the patterns keep out today."""
    groups: Mapping[Group, int]
    """What is sent, by group; the sum is ``size``."""
    largest: tuple[LocalFolder, ...]
    """At most twenty, the largest first."""
    advised: tuple[AdvisedLine, ...]
    """Lines to add to the ignore file: those that are sure first, then by what they save."""
    leaves: int
    """Bytes that would be sent with all of them."""
    leaves_sure: int
    """Bytes that would be sent with those that are sure."""
    notes: tuple[str, ...] = ()
    """What was not looked at and why, one sentence each."""
    _content: bytes = b""
    _rules: Rules = field(repr=False)
    _better: Rules = field(repr=False)

    def sent(self, path: str | bytes) -> bool:
        """Tell whether ``COPY . .`` takes a file along today; ``path`` is relative to the folder.

        It asks the patterns alone, so the file need not exist.
        """
        return not self._rules.ignores(path)

    def ignored(self, path: str | bytes) -> bool:
        """Tell whether a file would be left out with all advised lines."""
        return self._better.ignores(path)

    def text(self, *, only_sure: bool = False) -> str:
        """Return the whole better ignore file: today's lines as they are, then the advised ones.

        Bytes that are no UTF-8 stand in it as ``surrogateescape`` writes them.
        """
        old = self._content.decode("utf-8", "surrogateescape")
        lines = [each for each in self.advised if each.certainty == "sure" or not only_sure]
        return _better_text(old, lines)

    def record(self, services: Iterable[str], path: str | None) -> BuildContext:
        """Return it as it may stand in a snapshot, where names that are not well known are stars.

        ``path`` is the folder relative to the project; None where it lies outside.
        """
        return BuildContext(
            services=tuple(services),
            path=path,
            ignore_file=_public_name(self.ignore_file),
            sent=Bytes(self.size),
            files=self.files,
            ignored=Bytes(self.ignored_size),
            groups={group: Bytes(size) for group, size in self.groups.items()},
            largest=tuple(
                ContextFolder(
                    path=each.path if each.path == "." else context_path(each.path),
                    size=Bytes(each.size),
                    files=each.files,
                    group=each.group,
                )
                for each in self.largest
            ),
            advised=tuple(dict.fromkeys(_public_patterns(self.advised))),
            leaves=Bytes(self.leaves),
            leaves_sure=Bytes(self.leaves_sure),
        )


def read_context(
    folder: Path,
    *,
    dockerfile: str = "Dockerfile",
    patience: float = 30.0,
    builder: Builder | None = None,
) -> ContextScan:
    """Look at a build context.

    ``dockerfile`` is relative to the folder. The walk ends after ``patience`` seconds. ``builder``
    is whose rules apply; without it those of the builder that Docker would take today: BuildKit,
    or the classic one where ``DOCKER_BUILDKIT=0`` is set. Raises CollectError where the folder or
    its ignore file cannot be read, or where Docker refuses a pattern.
    """
    folder = folder.resolve()
    builder = builder or _default_builder()
    text, notes = _read_dockerfile(folder, dockerfile)
    found = read_ignore_file(folder, dockerfile, builder)
    ignore = found or IgnoreFile(IGNORE_FILE, b"")
    always = (IGNORE_FILE, os.path.normpath(dockerfile))
    patterns = read_patterns(ignore.content, name=ignore.name, builder=builder)
    rules = Rules(patterns, builder=builder, always=always)
    files = walk(folder, rules, patience=patience)
    copied = read_copies(text) if text is not None else Copied(installs=_ALL)
    root = os.fsencode(folder)
    kinds = Kinds(root, files, copied, history_is_read=_history_is_read(folder, rules))
    weighed = weigh(files, kinds)
    lines, leaves, leaves_sure = advise(weighed, copied, rules, builder)
    better = _better_text(ignore.content.decode("utf-8", "surrogateescape"), lines)
    content = better.encode("utf-8", "surrogateescape")
    if rules.looks_everywhere:
        notes.append(_CLASSIC_SENDS_LESS)
    return ContextScan(
        folder=folder,
        builder=builder,
        ignore_file=found.name if found else None,
        copies_whole=copied.whole,
        size=sum(weighed.sizes),
        files=len(files.paths),
        ignored_size=files.ignored,
        groups=_by_group(weighed),
        largest=tuple(_largest(weighed)),
        advised=lines,
        leaves=leaves,
        leaves_sure=leaves_sure,
        notes=(*notes, *files.notes),
        _content=ignore.content,
        _rules=rules,
        _better=Rules(read_patterns(content, builder=builder), builder=builder, always=always),
    )


_ALL = frozenset({"python", "node"})
_CLASSIC_SENDS_LESS = (
    "The classic builder (DOCKER_BUILDKIT=0) may send less: in a folder that is left out it looks "
    "for no exception with a wildcard."
)


def _default_builder() -> Builder:
    """Return the builder that Docker's command line takes, which asks the same variable."""
    return "classic" if os.environ.get("DOCKER_BUILDKIT") in ("0", "false") else "buildkit"


def _read_dockerfile(folder: Path, name: str) -> tuple[str | None, list[str]]:
    """Return the text of the Dockerfile, if it can be read, and what to say where it cannot."""
    names = [name, "dockerfile"] if name == "Dockerfile" else [name]
    reason = "it is not there"
    for each in names:
        try:
            return read_inside(folder, each, MIB).decode(errors="replace"), []
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            reason = error.strerror or "" if isinstance(error, OSError) else str(error)
            break
    return None, [f"What the Dockerfile names was not looked at: {reason}."]


def _history_is_read(folder: Path, rules: Rules) -> bool:
    """Tell whether a Python project takes its version from its history."""
    for name in ("pyproject.toml", "setup.py", "setup.cfg"):
        if rules.ignores(name):
            continue
        try:
            content = read_inside(folder, name, MIB)
        except (OSError, ValueError):
            continue
        if _VERSION_FROM_HISTORY.search(content):
            return True
    return False


def _by_group(weighed: Weighed) -> dict[Group, int]:
    result: dict[Group, int] = {}
    for group, size in zip(weighed.groups, weighed.sizes, strict=True):
        if size:
            result[group] = result.get(group, 0) + size
    return dict(sorted(result.items(), key=lambda item: (-item[1], item[0])))


def _largest(weighed: Weighed) -> Iterable[LocalFolder]:
    """Yield the folders and files that have most of the bytes."""
    shown = sum(weighed.sizes) // _SHARE_SHOWN
    sizes: dict[tuple[bytes, Group], tuple[int, int]] = {}
    for position, path in enumerate(weighed.files.paths):
        size, finding = weighed.sizes[position], weighed.findings[position]
        parts = path.split(b"/")
        if finding is not None and finding.depth < len(parts):
            unit = b"/".join(parts[: finding.depth])
        elif size > shown:
            unit = path
        else:
            unit = parts[0] if len(parts) > 1 else b"."
        key = (unit, weighed.groups[position])
        before, files = sizes.get(key, (0, 0))
        sizes[key] = (before + size, files + 1)
    ranked = sorted(sizes.items(), key=lambda item: (-item[1][0], item[0]))
    for (unit, group), (size, files) in ranked[:_LARGEST_SHOWN]:
        if size:
            name = unit.decode("utf-8", "replace")
            yield LocalFolder(path=name, size=size, files=files, group=group)


def _better_text(old: str, lines: Iterable[AdvisedLine]) -> str:
    parts = [old if not old or old.endswith("\n") else f"{old}\n"]
    for line in lines:
        doubt = "" if line.certainty == "sure" else "Look first. "
        saves = f" Saves {gb(line.saves)}." if line.saves else ""
        parts.append(
            f"\n# {doubt}{line.reason[:1].upper()}{line.reason[1:]}.{saves}\n{line.pattern}\n"
        )
    return "".join(parts).removeprefix("\n")


def _public_name(name: str | None) -> str | None:
    if name is None or name == IGNORE_FILE:
        return name
    folder, _, file = name.removesuffix(IGNORE_FILE).rpartition("/")
    shown = context_path(file)
    return f"{context_path(folder)}/{shown}{IGNORE_FILE}" if folder else f"{shown}{IGNORE_FILE}"


def _public_patterns(lines: Iterable[AdvisedLine]) -> Iterable[str]:
    """Yield the patterns without private names; one with nothing else is left out."""
    for line in lines:
        pattern = line.pattern if line.general else context_path(line.pattern)
        if not _STARS.fullmatch(pattern):
            yield pattern
