"""Says which bytes of an image's layers no container sees, and what hid them.

The sum is exact: the bytes of all layers less those that are seen. dive's figure is another one: it
counts the copy that stays too, and misses a folder that is deleted whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress

from hcreport.contents.layer import Kind, LayerFiles
from hcreport.contents.merged import Merged, at_place, deleted_by, file_of_links, place_of
from hcreport.contents.reclaim_names import named
from hcreport.model import Cause

_AFTER_SLASH = b"0"
"""The byte after ``/``: all that lies below ``a`` sorts from ``a/`` to before ``a0``."""

_Content = set[tuple[int, int, bytes | None]]
"""Size, time and mark of files."""


@dataclass(frozen=True, kw_only=True)
class Reclaimed:
    """Bytes that no container sees, by what hid them."""

    cause: Cause
    size: int
    files: int
    """How many copies of files the bytes are."""
    paths: tuple[bytes, ...]
    """Where they were, the largest first: a folder instead of what was in it where all of that is
    hidden by this cause."""
    layers: tuple[int, ...]
    """Numbers of the layers that hold the bytes, from 0 for the oldest, ascending."""


@dataclass(slots=True)
class _Losses:
    """What one cause hid."""

    size: int = 0
    files: int = 0
    sizes: dict[bytes, int] = field(default_factory=dict)
    """Bytes by the path of the file, or of the folder that was deleted with it."""
    newest: dict[bytes, int] = field(default_factory=dict)
    """By the same path: number of the newest layer that holds some of it."""
    layers: set[int] = field(default_factory=set)

    def add(self, path: bytes, layer: int, size: int) -> None:
        self.size += size
        self.files += 1
        self.sizes[path] = self.sizes.get(path, 0) + size
        self.newest[path] = max(self.newest.get(path, 0), layer)
        self.layers.add(layer)


def reclaimable(layers: Sequence[LayerFiles], merged: Merged) -> tuple[Reclaimed, ...]:
    """Return the bytes of layers that are not seen, by cause, the largest first.

    ``merged`` is :func:`hcreport.contents.merged.merge` of the same layers. The sizes add up to
    those of all layers less ``merged.size``. Of a file that several layers hide one after another,
    each copy counts for what hid it first.
    """
    hiding = _Hiding(layers, merged)
    for number in range(len(layers)):
        hiding.put(number)
    hiding.end()
    found = [
        Reclaimed(
            cause=cause,
            size=losses.size,
            files=losses.files,
            paths=named(losses.sizes, losses.newest, merged),
            layers=tuple(sorted(losses.layers)),
        )
        for cause, losses in hiding.losses.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.size, each.cause)))


class _Hiding:
    """Puts layer on layer and notes what hides the files that are not seen at the end."""

    def __init__(self, layers: Sequence[LayerFiles], merged: Merged) -> None:
        self.layers = layers
        self.losses: dict[Cause, _Losses] = {}
        self._waiting: dict[bytes, int] = {}
        """Places of files that something above will hide, by path."""
        carried = frozenset(merged.carried.values())
        self._is_hidden = [
            _hidden_positions(layer, number, merged, carried) for number, layer in enumerate(layers)
        ]
        """By number of the layer: 1 at each position that has bytes which are not seen."""
        self._hidden = sorted(
            {
                path
                for layer, hidden in zip(layers, self._is_hidden, strict=True)
                for path in compress(layer.paths, hidden)
            }
        )
        self._folders = _folders_of(self._hidden)
        """Those that hold something of it."""

    def put(self, number: int) -> None:
        """Note what a layer hides of those below it, and what of it waits to be hidden."""
        layer, waiting, is_hidden = self.layers[number], self._waiting, self._is_hidden[number]
        if not waiting and 1 not in is_hidden:
            return
        links: dict[int, int] | None = None
        roots: list[bytes] = []
        for position, path in enumerate(layer.paths):
            kind = layer.kinds[position]
            if kind == Kind.WHITEOUT:
                if target := deleted_by(path):
                    roots.append(target)
            elif kind == Kind.OPAQUE:
                roots.append(path[: max(path.rfind(b"/"), 0)])
            elif kind != Kind.FOLDER and path in self._folders:
                roots.append(path)
            if path in waiting:
                if kind == Kind.HARDLINK and links is None:
                    links = file_of_links(layer)
                file = (links or {}).get(position, position)
                old = waiting.pop(path)
                self._lose(path, old, self._replaced(old, number, file))
            if is_hidden[position]:
                waiting[path] = place_of(number, position)
        self._delete(number, roots)

    def _replaced(self, place: int, number: int, position: int) -> Cause:
        """Return why a waiting file is hidden by an entry at its own path."""
        new = self.layers[number]
        old_number, old_position = at_place(place)
        old = self.layers[old_number]
        if new.kinds[position] == Kind.FOLDER:
            return "deleted later"
        if new.kinds[position] != Kind.FILE or not _same_content(old, old_position, new, position):
            return "rewritten"
        if old.owners[old_position] != new.owners[position]:
            return "chown copy"
        return "chmod copy" if old.modes[old_position] != new.modes[position] else "rewritten"

    def _delete(self, number: int, roots: list[bytes]) -> None:
        """Note what a layer deletes of those below it with each path, the highest ones first."""
        moved: _Content | None = None
        for root in _outermost(roots):
            for path in (root, *self._hidden_below(root)):
                old_number, old_position = at_place(self._waiting.get(path, place_of(number, 0)))
                if old_number == number:
                    continue
                old = self.layers[old_number]
                if old_position in old.marks and moved is None:
                    moved = _marked(self.layers[number])
                if moved and _content(old, old_position) in moved:
                    self._lose(path, self._waiting.pop(path), "moved")
                else:
                    self._lose(root or path, self._waiting.pop(path), "deleted later")

    def _hidden_below(self, root: bytes) -> Sequence[bytes]:
        if not root:
            return self._hidden
        if root not in self._folders:
            return ()
        start = bisect_left(self._hidden, root + b"/")
        return self._hidden[start : bisect_left(self._hidden, root + _AFTER_SLASH, lo=start)]

    def _lose(self, name: bytes, place: int, cause: Cause) -> None:
        number, position = at_place(place)
        losses = self.losses.setdefault(cause, _Losses())
        losses.add(name, number, self.layers[number].sizes[position])

    def end(self) -> None:
        """Note what is hidden as no engine hides it, such as by a folder in the same layer."""
        for path, place in self._waiting.items():
            self._lose(path, place, "deleted later")
        self._waiting.clear()


def _hidden_positions(
    layer: LayerFiles, number: int, merged: Merged, carried: frozenset[int]
) -> bytearray:
    hidden = bytearray(len(layer))
    if merged.hidden_by_layer[number]:
        places = merged.places
        for position, (path, size) in enumerate(zip(layer.paths, layer.sizes, strict=True)):
            place = place_of(number, position)
            if size and places.get(path) != place and place not in carried:
                hidden[position] = 1
    return hidden


def _same_content(old: LayerFiles, old_position: int, new: LayerFiles, position: int) -> bool:
    marks = {old.marks.get(old_position), new.marks.get(position)} - {None}
    return (
        old.sizes[old_position] == new.sizes[position]
        and old.times[old_position] == new.times[position]
        and len(marks) < 2
    )


def _content(layer: LayerFiles, position: int) -> tuple[int, int, bytes | None]:
    return layer.sizes[position], layer.times[position], layer.marks.get(position)


def _marked(layer: LayerFiles) -> _Content:
    return {_content(layer, position) for position in layer.marks}


def _folders_of(paths: Sequence[bytes]) -> set[bytes]:
    folders: set[bytes] = set()
    for path in paths:
        above = path[: max(path.rfind(b"/"), 0)]
        while above and above not in folders:
            folders.add(above)
            above = above[: max(above.rfind(b"/"), 0)]
    return folders


def _outermost(paths: Sequence[bytes]) -> Iterator[bytes]:
    """Yield those paths that lie in no other one, each once."""
    last: bytes | None = None
    for path in sorted(paths, key=lambda each: each.replace(b"/", b"\0")):
        if last is None or (last and path != last and not path.startswith(last + b"/")):
            last = path
            yield path
