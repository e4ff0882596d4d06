"""Holds what dive finds when it stacks the lower layers of an image, by rank of the path."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate

from hcreport.contents.dive_paths import ROOT, Deletion, DivePaths
from hcreport.contents.layer import WHITEOUT


class DiveStack:
    """Layers on each other by dive's own rules.

    A file does not replace what is below a folder, and an opaque folder hides nothing.
    """

    def __init__(self, paths: DivePaths) -> None:
        self.paths = paths
        self._there = bytearray(len(paths))
        self._folders = bytearray(len(paths))
        self._sizes = array("q", bytes(8 * len(paths)))
        self._sums: array[int] | None = None
        self._patience = 0

    def add(self, nodes: Iterable[int], sizes: Sequence[int], folders: Sequence[int]) -> None:
        """Put nodes of a layer on the stack as they are, those that delete also."""
        for rank in nodes:
            self._there[rank] = 1
            self._folders[rank] = folders[rank]
            self._sizes[rank] = sizes[rank]

    def put(self, nodes: Sequence[int], sizes: Sequence[int], folders: Sequence[int]) -> None:
        """Put a layer on the stack.

        dive walks the layer and deletes and adds as it goes. A deletion meets either nothing of
        its own layer or, where the name that it deletes sorts before its own, all of it.
        """
        known = self.paths.deletions
        deletions = [known[rank] for rank in nodes if rank in known]
        if not deletions:
            self.add(nodes, sizes, folders)
            return
        for deletion in deletions:
            self._remove(deletion.target)
        self.add((rank for rank in nodes if rank not in known), sizes, folders)
        self._add_holders(nodes)
        for deletion in deletions:
            if deletion.target != deletion.counted:
                self._remove_walked(deletion)
            elif deletion.late:
                self._remove(deletion.target)

    def _add_holders(self, nodes: Iterable[int]) -> None:
        """Add folders whose own name deletes, which is odd: they are there for what they hold."""
        known, parents = self.paths.deletions, self.paths.parents
        for rank in nodes:
            above = parents[rank]
            while above in known and rank not in known:
                self._there[above] = 1
                above = parents[above]

    def _remove_walked(self, deletion: Deletion) -> None:
        """Delete of a folder what dive walks before the bare prefix in it."""
        if deletion.target == ROOT:
            return  # dive refuses to delete the folder that holds all
        start, end = self.paths.below(deletion.target)
        first = len(self.paths.names[deletion.target]) + 1
        for rank in range(start, end):
            if self.paths.names[rank][first:].split(b"/", 1)[0] <= WHITEOUT:
                self._clear(rank, rank + 1)

    def _remove(self, rank: int) -> None:
        if rank != ROOT:
            self._clear(rank, rank + 1)
            self._clear(*self.paths.below(rank))

    def _clear(self, start: int, end: int) -> None:
        if self._there.find(1, start, end) >= 0:
            self._there[start:end] = bytes(end - start)
            self._folders[start:end] = bytes(end - start)
            self._sizes[start:end] = array("q", bytes(8 * (end - start)))

    def look(self) -> None:
        """Prepare for questions, which must end before the next layer is put on the stack."""
        self._sums = None
        self._patience = len(self.paths)

    def size(self, rank: int) -> int | None:
        """Return the bytes that a deletion counts; None where there is nothing to delete."""
        target = self.paths.deletions[rank].target
        if target == ROOT:
            return 0
        if not self._there[target]:
            return None
        return self._sizes[target] + self._below(target) if self._folders[target] else 0

    def _below(self, rank: int) -> int:
        """Sum what is below a folder; by sums of all from the first once that is less work."""
        start, end = self.paths.below(rank)
        self._patience -= end - start
        if self._patience >= 0:
            return sum(self._sizes[start:end])
        if self._sums is None:
            self._sums = array("q", accumulate(self._sizes, initial=0))
        return self._sums[end] - self._sums[start]
