"""Walks a build context as a build would, and keeps the length of each file that is sent.

Links are sent as links and never followed; of a file with several names only the first is sent
with its content; sockets are not sent. The walk ends after a stated time and number of files.
"""

from __future__ import annotations

import os
import stat
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hcreport.collect.context.ignore import ROOT, Rules, Seen
from hcreport.errors import CollectError

MOST_FILES = 1_500_000
"""Entries of a context that are looked at."""

_READABLE_BY_ALL = 0o004
_BETWEEN_LOOKS_AT_THE_CLOCK = 256

Inode = tuple[int, int]
"""Device and number."""


@dataclass
class ContextFiles:
    """The files that are sent, in the order in which they are, and what is not."""

    paths: list[bytes] = field(default_factory=list)
    """Relative to the context."""
    sizes: array[int] = field(default_factory=lambda: array("q"))
    """Lengths in bytes; 0 for all that is no regular file."""
    inodes: dict[int, Inode] = field(default_factory=dict)
    """By position: of files with several names, which inode it is."""
    ignored: int = 0
    """Bytes that the patterns keep out."""
    unreadable: int = 0
    """Files and folders that are sent, and that may not be read."""
    notes: list[str] = field(default_factory=list)
    """What was not looked at and why, one sentence each."""

    def total(self, positions: Iterable[int] | None = None) -> int:
        """Return the bytes of some of the files, or of all; each inode counts once."""
        chosen = range(len(self.paths)) if positions is None else positions
        if not self.inodes:
            return sum(self.sizes[each] for each in chosen)
        seen: set[Inode] = set()
        return sum(self.sizes[each] for each in chosen if self._is_first(each, seen))

    def _is_first(self, position: int, seen: set[Inode]) -> bool:
        inode = self.inodes.get(position)
        if inode is None:
            return True
        known = inode in seen
        seen.add(inode)
        return not known


class _Ended(Exception):
    """The walk has taken long enough."""


class _Bound:
    """Ends the walk after a time and a number of entries."""

    def __init__(self, patience: float, most: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + patience
        self._left = most
        self.reason = ""
        self._patience = patience
        self._most = most

    def count(self) -> None:
        """Count one entry. Raises _Ended where it was the last."""
        self._left -= 1
        if self._left < 0:
            self.reason = f"only {self._most} files and folders of it were looked at"
        elif self._left % _BETWEEN_LOOKS_AT_THE_CLOCK == 0 and self._clock() > self._end:
            self.reason = f"looking at it was ended after {self._patience:g} seconds"
        if self.reason:
            raise _Ended


def walk(
    folder: Path,
    rules: Rules,
    *,
    patience: float,
    most: int = MOST_FILES,
    clock: Callable[[], float] = time.monotonic,
) -> ContextFiles:
    """Return the files of a context.

    ``patience`` is in seconds. Raises CollectError where ``folder`` is no folder that can be read.
    """
    root = os.fsencode(folder)
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise CollectError(
            f"The build context {folder} cannot be read: {error.strerror}.",
            hint="Name a folder that exists and that you may read.",
        ) from error
    files, left_out = ContextFiles(), list[bytes]()
    bound = _Bound(patience, most, clock)
    try:
        _walk_sent(root, rules, files, left_out, bound)
        _weigh_left_out(root, left_out, files, bound)
    except _Ended:
        files.notes.append(f"The build context is larger than stated: {bound.reason}.")
    if files.unreadable:
        files.notes.append(
            f"{files.unreadable} files or folders of the build context may not be read by this "
            "user, so that a build by this user fails."
        )
    return files


def _walk_sent(
    root: bytes, rules: Rules, files: ContextFiles, left_out: list[bytes], bound: _Bound
) -> None:
    """Add what is sent, and the folders that nobody looks into to ``left_out``."""
    open_folders: list[tuple[Iterator[os.DirEntry[bytes]], Seen]]
    open_folders = [(_entries(root, b"", files), ROOT)]
    weighed: set[Inode] = set()
    while open_folders:
        entries, folder = open_folders[-1]
        entry = next(entries, None)
        if entry is None:
            open_folders.pop()
            continue
        bound.count()
        ignored, seen = rules.enter(folder, entry.name)
        if not entry.is_dir(follow_symlinks=False):
            if ignored:
                files.ignored += _weight(entry, weighed)
            else:
                _add(entry, seen.path, files)
        elif ignored and not rules.looks_into(seen.path):
            left_out.append(seen.path)
        else:
            open_folders.append((_entries(root, seen.path, files, sent=not ignored), seen))


def _entries(
    root: bytes, path: bytes, files: ContextFiles, *, sent: bool = True
) -> Iterator[os.DirEntry[bytes]]:
    """Return the entries of a folder in Docker's order, which is that of the bytes."""
    try:
        with os.scandir(b"%s/%s" % (root, path)) as found:
            return iter(sorted(found, key=lambda entry: entry.name))
    except OSError:
        files.unreadable += sent
        return iter(())


def _add(entry: os.DirEntry[bytes], path: bytes, files: ContextFiles) -> None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # it was deleted meanwhile
        return
    if stat.S_ISSOCK(found.st_mode):
        return
    regular = stat.S_ISREG(found.st_mode)
    if regular and found.st_nlink > 1:
        files.inodes[len(files.paths)] = (found.st_dev, found.st_ino)
    if regular and not found.st_mode & _READABLE_BY_ALL and not _may_read(entry.path):
        files.unreadable += 1
    files.paths.append(path)
    files.sizes.append(found.st_size if regular else 0)


def _may_read(path: bytes) -> bool:
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


def _weigh_left_out(root: bytes, left_out: list[bytes], files: ContextFiles, bound: _Bound) -> None:
    """Add up what lies in folders of which nothing is sent."""
    weighed: set[Inode] = set()
    while left_out:
        path = left_out.pop()
        for entry in _entries(root, path, files, sent=False):
            bound.count()
            if entry.is_dir(follow_symlinks=False):
                left_out.append(b"%s/%s" % (path, entry.name))
            else:
                files.ignored += _weight(entry, weighed)


def _weight(entry: os.DirEntry[bytes], weighed: set[Inode]) -> int:
    """Return the bytes of a file that is not sent; of a file with several names only once."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    if not stat.S_ISREG(found.st_mode):
        return 0
    if found.st_nlink > 1:
        inode = (found.st_dev, found.st_ino)
        if inode in weighed:
            return 0
        weighed.add(inode)
    return found.st_size
