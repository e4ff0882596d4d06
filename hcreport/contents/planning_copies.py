"""Turns single paths into few: folders to copy whole, and what has to be deleted in them before.

A folder is copied whole where all in it stays or goes. Where the base or a package has something in
it too, its parts are copied; but folders of modules and of programs in ``/usr/local``, of which
many parts would have to be copied, are copied whole, without what the base has of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hcreport.contents.layer import Kind
from hcreport.contents.planning_files import Sorted
from hcreport.contents.planning_made import manager_cache
from hcreport.contents.planning_view import View

_MANY = 8
"""From so many parts on a folder is rather copied whole."""

_MANY_LINKS = 2
"""From so many single links on too: a link cannot be copied alone."""

_MAY_BE_WHOLE = re.compile(
    rb"(?:.*/)?(?:site-packages|dist-packages|node_modules)|usr/local/.+|opt/.+"
)
_TOP_WHOLE = frozenset({b"opt", b"srv"})


@dataclass(slots=True)
class _Folder:
    """What is in a folder, with all below."""

    stays: int = 0
    """Also the folder itself, where it stays without anything in it."""
    foreign: int = 0
    """Of the base, or of a package."""
    goes: int = 0
    deleted: int = 0
    """Of those that go: they have to be deleted, as no manager removes them."""
    folders: set[bytes] = field(default_factory=set)
    paths: list[bytes] = field(default_factory=list)
    """Directly in it, what is no folder."""


@dataclass
class Copies:
    """What to copy, and what to delete before."""

    whole: set[bytes] = field(default_factory=set)
    single: set[bytes] = field(default_factory=set)
    """Files."""
    links: dict[bytes, bytes] = field(default_factory=dict)
    delete: set[bytes] = field(default_factory=set)


class Planner:
    """The folders of one image, each with a count of what is in it."""

    def __init__(self, view: View, found: Sorted) -> None:
        self.view = view
        self.stays = found.copies | found.changed if found.changed else found.copies
        self.dead = found.dead
        self.folders: dict[bytes, _Folder] = {b"": _Folder()}
        self.result = Copies()
        for path in view.merged.places:
            if view.kind(path) != Kind.FOLDER:
                self._count(path)
        for path in found.copies:
            if view.kind(path) in {Kind.FOLDER, None}:
                self._folder(path).stays += 1
        for path in sorted(self.folders, key=lambda each: -each.count(b"/")):
            if path:
                self._add_up(path)

    def plan(self) -> Copies:
        """Return the few paths that all that stays is in: go down from the root."""
        todo = [b""]
        while todo:
            path = todo.pop()
            folder = self.folders[path]
            if not folder.stays:
                continue
            if self._is_whole(path, folder):
                self._take(path)
                continue
            for each in folder.paths:
                if each in self.stays:
                    self._take_single(each)
            todo.extend(folder.folders)
        return self.result

    def _count(self, path: bytes) -> None:
        parent = self._folder(path.rpartition(b"/")[0])
        parent.paths.append(path)
        dead = self.dead.get(path)
        if path in self.stays:
            parent.stays += 1
        elif dead is not None:
            parent.goes += 1
            parent.deleted += not dead.by_manager
        else:
            parent.foreign += 1

    def _folder(self, path: bytes) -> _Folder:
        known = self.folders.get(path)
        if known is None:
            known = self.folders[path] = _Folder()
            self._folder(path.rpartition(b"/")[0]).folders.add(path)
        return known

    def _add_up(self, path: bytes) -> None:
        own, above = self.folders[path], self.folders[path.rpartition(b"/")[0]]
        above.stays += own.stays
        above.foreign += own.foreign
        above.goes += own.goes
        above.deleted += own.deleted

    def unit(self, path: bytes) -> bytes:
        """Return the highest folder with this path in which all goes, or the path itself."""
        if fetched := manager_cache(path):
            return fetched
        while True:
            folder = path.rpartition(b"/")[0]
            known = self.folders.get(folder)
            if not folder or known is None or known.stays or known.foreign:
                return path
            path = folder

    def _is_whole(self, path: bytes, folder: _Folder) -> bool:
        if not path:
            return False
        parts, links = self._parts(folder)
        if not folder.foreign:
            if path not in self.view.folders_below:
                return True
            return (b"/" in path or path in _TOP_WHOLE) and parts > 1
        if not _MAY_BE_WHOLE.fullmatch(path):
            return False
        return parts >= _MANY or links >= _MANY_LINKS

    def _parts(self, folder: _Folder) -> tuple[int, int]:
        """Return how many parts of a folder would be copied, and how many are links."""
        own = [each for each in folder.paths if each in self.stays]
        links = sum(self.view.target(each) is not None for each in own)
        return len(own) + sum(bool(self.folders[each].stays) for each in folder.folders), links

    def _take(self, path: bytes) -> None:
        """Copy a folder whole, and delete in it what does not belong into the copy."""
        self.result.whole.add(path)
        todo = [path]
        while todo:
            folder = self.folders[todo.pop()]
            for each in folder.paths:
                dead = self.dead.get(each)
                if each not in self.stays and (dead is None or not dead.by_manager):
                    self.result.delete.add(each)
            for each in folder.folders:
                below = self.folders[each]
                if below.stays:
                    todo.append(each)
                elif below.foreign or below.deleted:
                    self.result.delete.add(each)

    def _take_single(self, path: bytes) -> None:
        target = self.view.target(path)
        kind = self.view.kind(path)
        if target is not None:
            self.result.links[path] = target
        elif kind in {Kind.FILE, Kind.HARDLINK}:
            self.result.single.add(path)
