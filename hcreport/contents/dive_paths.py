"""Gives every path of an image a rank, so that what dive notes of paths fits into arrays."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from hcreport.contents.layer import WHITEOUT, LayerFiles

ROOT = -1
"""Stands for the rank of the folder that holds all."""

_DROPPED = WHITEOUT + WHITEOUT + b"."
_AFTER_SLASH = b"0"
"""The byte after ``/``: all that lies below ``a`` sorts from ``a/`` to before ``a0``."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What an entry named ``.wh.x`` deletes."""

    counted: int
    """Rank of the path that dive counts for it."""
    target: int
    """Rank of what it deletes: the same, but its own folder where its name is no longer than the
    prefix; then it may be :data:`ROOT`."""
    late: bool
    """dive walks ``x`` before it, so that it also deletes what its own layer has there."""


class DivePaths:
    """All paths of an image in the order of their bytes.

    They are those of entries without what dive drops, of folders above them, and of what is
    deleted.
    """

    def __init__(self, layers: Sequence[LayerFiles]) -> None:
        ranks: dict[bytes, int] = {}
        for layer in layers:
            for path in layer.paths:
                if path not in ranks:
                    self._note(self.shown(path) if WHITEOUT in path else path, ranks)
        self.names = sorted(ranks)
        ranks.update(zip(self.names, range(len(ranks)), strict=True))
        self.ranks = ranks
        self.parents = array("i", (self._parent(path) for path in self.names))
        """Rank of the folder that each lies in, or :data:`ROOT`."""
        self.deletions = {
            rank: self._deletion(path) for rank, path in enumerate(self.names) if _deletes(path)
        }
        """By rank of the entry that deletes."""

    def __len__(self) -> int:
        return len(self.names)

    @staticmethod
    def _note(path: bytes, ranks: dict[bytes, int]) -> None:
        """Add a path, the folders above it, and what it deletes."""
        above = path
        while above and above not in ranks:
            ranks[above] = 0
            counted = above
            while _deletes(counted):
                counted = _counted(counted)
                ranks.setdefault(counted, 0)
            above = above[: max(above.rfind(b"/"), 0)]

    @staticmethod
    def shown(path: bytes) -> bytes:
        """Return the part of a path before a name that dive drops, else the same path.

        It is empty for the folder that holds all.
        """
        if _DROPPED not in path:
            return path
        if path.startswith(_DROPPED):
            return b""
        end = path.find(b"/" + _DROPPED)
        return path if end < 0 else path[:end]

    def _parent(self, path: bytes) -> int:
        slash = path.rfind(b"/")
        return ROOT if slash < 0 else self.ranks[path[:slash]]

    def _deletion(self, path: bytes) -> Deletion:
        start = path.rfind(b"/") + 1
        name, prefixed = path[start + len(WHITEOUT) :], path[start:]
        counted = self.ranks[_counted(path)]
        target = counted if name else self._parent(path)
        return Deletion(counted=counted, target=target, late=name < prefixed)

    def deletes(self, layer: LayerFiles) -> bool:
        """Tell whether dive takes anything in a layer for a deletion."""
        shown = (self.shown(path) for path in layer.paths if WHITEOUT in path)
        return any(path.startswith(WHITEOUT) or b"/" + WHITEOUT in path for path in shown)

    def below(self, rank: int) -> tuple[int, int]:
        """Return the first rank below a path, and the one after the last."""
        path = self.names[rank]
        start = bisect_left(self.names, path + b"/", lo=rank + 1)
        return start, bisect_left(self.names, path + _AFTER_SLASH, lo=start)

    def order_key(self, rank: int) -> bytes:
        """Return what sorts paths as dive walks them: name by name."""
        return self.names[rank].replace(b"/", b"\0")


def _deletes(path: bytes) -> bool:
    return path.startswith(WHITEOUT, path.rfind(b"/") + 1)


def _counted(path: bytes) -> bytes:
    start = path.rfind(b"/") + 1
    return path[:start] + path[start + len(WHITEOUT) :]
