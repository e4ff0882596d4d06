"""Computes dive's efficiency and wasted bytes as dive 0.13.1 does, whatever is deleted, in seconds.

dive walks every layer and, for each entry that deletes something, stacks all lower layers anew to
look up what that was; an image with seven thousand deletions takes it minutes. Here every path of
the image has a rank in one sorted list. What lies below a folder is then a range of ranks, the
stack of lower layers is a few arrays by rank, and each layer is put on it once.

What dive counts, in its own order:

- Only leaves of a layer's own tree count: a folder counts where that layer has nothing in it.
- A leaf has the size of its entry. One that deletes has the size of all below the folder that it
  deletes, and nothing where it deletes a file, or a folder that no archive lists by itself.
- A deletion of what is not there ends the walk of its layer without a word, and adds -1 to the
  least sizes where its path never counts.
- Names that begin with ``.wh..wh..`` are dropped: what an opaque folder hides is never counted.
- A path that counts twice or more is inefficient, with the sizes of all its copies, also of the
  one that stays.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hcreport.contents.dive_paths import ROOT, DivePaths
from hcreport.contents.dive_stack import DiveStack
from hcreport.contents.layer import Kind, LayerFiles


@dataclass(frozen=True)
class InefficientFile:
    """One path that dive counts more than once."""

    path: str
    """With a slash in front, as dive prints it; bytes that are no UTF-8 are replaced."""
    count: int
    size: int
    """Bytes of all its copies."""


@dataclass(frozen=True)
class Dive:
    """What dive prints of an image."""

    efficiency: float
    """Least size of every path by all its sizes; 1 is best. Deletions of what is not there can
    bring that of a tiny image below 0."""
    wasted: int
    """Bytes of all copies of the inefficient files."""
    files: tuple[InefficientFile, ...] = ()
    """The largest first; those of one size in the order of their paths, where dive has none."""


def dive_figures(layers: Sequence[LayerFiles]) -> Dive:
    """Return dive's figures of an image with these layers, oldest first."""
    paths = DivePaths(layers)
    counts = _Counts(paths)
    deleting = [number for number, layer in enumerate(layers) if paths.deletes(layer)]
    stack = DiveStack(paths) if deleting else None
    tree = _Tree(paths)
    for number, layer in enumerate(layers):
        tree.read(layer)
        if stack is not None and number == 0:
            stack.add(tree.nodes, tree.sizes, tree.folders)
        counts.add(tree, stack)
        if stack is not None and number < deleting[-1]:
            stack.put(tree.nodes, tree.sizes, tree.folders)
    return counts.figures()


class _Tree:
    """The tree that dive makes of one layer: its nodes by rank, also folders it does not list."""

    def __init__(self, paths: DivePaths) -> None:
        self.paths = paths
        self.nodes = array("i")
        self.sizes = array("q", bytes(8 * len(paths)))
        """By rank; right only for nodes of the layer, as all that follow."""
        self.folders = bytearray(len(paths))
        self._number = 0
        self._layer_of = array("i", bytes(4 * len(paths)))
        self._parent_in = array("i", bytes(4 * len(paths)))

    def read(self, layer: LayerFiles) -> None:
        """Forget the layer before and take the tree of the next."""
        self._number += 1
        self.nodes = array("i")
        ranks, layer_of = self.paths.ranks, self._layer_of
        for path, kind, size in zip(layer.paths, layer.kinds, layer.sizes, strict=True):
            rank = ranks.get(path, ROOT)
            if rank == ROOT:
                shown = self.paths.shown(path)
                self._node(ranks[shown] if shown else ROOT)
                continue
            if layer_of[rank] != self._number:
                self._node(rank)
            # The later of two entries counts, and keeps what lies below the earlier.
            self.sizes[rank] = size
            self.folders[rank] = kind == Kind.FOLDER

    def _node(self, rank: int) -> None:
        """Add a node and the folders above it, of which no entry may tell anything."""
        parents = self.paths.parents
        while rank != ROOT and self._layer_of[rank] != self._number:
            self._layer_of[rank] = self._number
            self.nodes.append(rank)
            self.sizes[rank] = 0
            self.folders[rank] = 0
            rank = parents[rank]
            if rank != ROOT:
                self._parent_in[rank] = self._number

    def leaves(self) -> Iterator[int]:
        """Yield the ranks of nodes that have nothing below them."""
        parent_in, number = self._parent_in, self._number
        return (rank for rank in self.nodes if parent_in[rank] != number)


class _Counts:
    """What each path counts, by rank."""

    def __init__(self, paths: DivePaths) -> None:
        self.paths = paths
        self._sums = array("q", bytes(8 * len(paths)))
        self._least = array("q", bytes(8 * len(paths)))
        self._times = array("i", bytes(4 * len(paths)))
        self._missing: set[int] = set()

    def add(self, tree: _Tree, stack: DiveStack | None) -> None:
        """Count the leaves of one layer, as far as dive walks it."""
        deletions = self.paths.deletions
        if stack is None or not any(rank in deletions for rank in tree.nodes):
            self._count((rank, tree.sizes[rank]) for rank in tree.leaves())
            return
        stack.look()
        found: dict[int, int | None] = {
            rank: stack.size(rank) for rank in tree.leaves() if rank in deletions
        }
        missing = [rank for rank, size in found.items() if size is None]
        leaves: Iterable[int] = tree.leaves()
        if missing:
            last = min(missing, key=self.paths.order_key)
            end = self.paths.order_key(last)
            self._missing.add(deletions[last].counted)
            leaves = (rank for rank in leaves if self.paths.order_key(rank) < end)
        self._count(
            (deletions[rank].counted, found[rank] or 0)
            if rank in found
            else (rank, tree.sizes[rank])
            for rank in leaves
        )

    def _count(self, leaves: Iterable[tuple[int, int]]) -> None:
        sums, least, times = self._sums, self._least, self._times
        for rank, size in leaves:
            if not times[rank] or size < least[rank]:
                least[rank] = size
            sums[rank] += size
            times[rank] += 1

    def figures(self) -> Dive:
        """Return what dive prints after the last layer."""
        least = sum(self._least) - sum(not self._times[rank] for rank in self._missing)
        counted = sum(self._sums)
        files = [
            InefficientFile(
                path="/" + self.paths.names[rank].decode("utf-8", "replace"),
                count=times,
                size=self._sums[rank],
            )
            for rank, times in enumerate(self._times)
            if times > 1
        ]
        files.sort(key=lambda file: (-file.size, file.path))
        return Dive(
            efficiency=float(least) / float(counted) if counted else 1.0,
            wasted=sum(file.size for file in files),
            files=tuple(files),
        )
