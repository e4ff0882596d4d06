"""Merges the layers of an image into what a container sees, and counts its bytes.

The layers are taken from the top: what is placed first is seen, and hides what lies lower. A
deletion hides its path and all below, an opaque folder all below, and what is no folder also hides
all below its path; each does so only to lower layers. Within one layer the later entry counts.
Source: OCI image-spec, ``layer.md``, and the engine's driver overlay2, which puts each layer into
a folder of its own.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hcreport.contents.layer import WHITEOUT, Kind, LayerFiles

_POSITION_BITS = 32
_POSITION = 0xFFFFFFFF


def place_of(layer: int, position: int) -> int:
    """Return a layer's number, from 0, and a position in it as :attr:`Merged.places` holds them."""
    return layer << _POSITION_BITS | position


def at_place(place: int) -> tuple[int, int]:
    """Return the number of the layer and the position in it."""
    return place >> _POSITION_BITS, place & _POSITION


@dataclass(slots=True)
class Merged:
    """The file system that a container of the image starts with."""

    layers: tuple[LayerFiles, ...]
    places: dict[bytes, int] = field(default_factory=dict)
    """By path: number of the layer that has what is seen there, from 0, times 2**32, plus its
    position in that layer. Folders that no archive lists are not in it."""
    size: int = 0
    """Bytes of all files that are seen, each once however many names it has."""
    hidden_by_layer: tuple[int, ...] = ()
    """Bytes of each layer that are not seen."""
    carried: dict[int, int] = field(default_factory=dict)
    """By place of a hard link: the place of the file whose bytes count there, because the name that
    it was written with is not seen."""

    def bytes_at(self, path: bytes) -> int:
        """Return the bytes that count at a path.

        They are 0 for a further name of a file, and where nothing is.
        """
        place = self.places.get(path)
        if place is None:
            return 0
        return self._size(place) + (self._size(self.carried[place]) if place in self.carried else 0)

    def _size(self, place: int) -> int:
        return self.layers[place >> _POSITION_BITS].sizes[place & _POSITION]

    def items(self) -> Iterator[tuple[bytes, LayerFiles, int]]:
        """Yield each path with the layer that has what is seen there, and its position in it."""
        for path, place in self.places.items():
            yield path, self.layers[place >> _POSITION_BITS], place & _POSITION


def merge(layers: Sequence[LayerFiles]) -> Merged:
    """Return what a container of an image with these layers sees, oldest first."""
    merged = Merged(layers=tuple(layers))
    seen = [0] * len(layers)
    cover = _Cover(merged)
    for number in reversed(range(len(layers))):
        seen[number] = cover.put_under(number)
    for number, layer in enumerate(layers):
        for link, file in _carriers(merged, number).items():
            merged.carried[place_of(number, link)] = place_of(number, file)
            seen[number] += layer.sizes[file]
    merged.size = sum(seen)
    merged.hidden_by_layer = tuple(
        layer.size - size for layer, size in zip(layers, seen, strict=True)
    )
    return merged


def _carriers(merged: Merged, number: int) -> dict[int, int]:
    """Return for positions of links in a layer the file that is seen there, and nowhere before."""
    paths, places = merged.layers[number].paths, merged.places
    done: set[int] = set()
    found: dict[int, int] = {}
    for link, file in file_of_links(merged.layers[number]).items():
        if (
            file not in done
            and places.get(paths[link]) == place_of(number, link)
            and places.get(paths[file]) != place_of(number, file)
        ):
            done.add(file)
            found[link] = file
    return found


def file_of_links(layer: LayerFiles) -> dict[int, int]:
    """Return for positions of hard links in a layer, in order, that of the file they repeat.

    A link repeats what its path held when the archive came to it, so a file that is replaced later
    lives on under its link. Links to what the layer does not have are left out.
    """
    links = [position for position, kind in enumerate(layer.kinds) if kind == Kind.HARDLINK]
    wanted = {layer.links[position] for position in links if position in layer.links}
    if not wanted:
        return {}
    held: dict[bytes, array[int]] = {}
    for position, path in enumerate(layer.paths):
        if path in wanted:
            held.setdefault(path, array("q")).append(position)
    files: dict[int, int] = {}
    for link in links:
        positions = held.get(layer.links.get(link, b""), ())
        before = [position for position in positions if position < link]
        found = before[-1] if before else next(iter(positions), link)
        found = files.get(found, found)
        if layer.kinds[found] == Kind.FILE:
            files[link] = found
    return files


class _Cover:
    """What the upper layers hide of the lower ones."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self._removed: set[bytes] = set()
        """Deleted by an upper layer, with all below."""
        self._closed: set[bytes] = set()
        """All below is hidden, but not the path itself."""
        self._holders: set[bytes] = set()
        """Folders that have something in them which is seen."""
        self._hidden_below: dict[bytes, bool] = {}

    def put_under(self, number: int) -> int:
        """Place what is seen of a layer, and return the bytes at the names its files have."""
        layer, places = self.merged.layers[number], self.merged.places
        self._hidden_below = {b"": b"" in self._closed}
        removed: list[bytes] = []
        closed: list[bytes] = []
        seen = 0
        for position in reversed(range(len(layer))):
            path, kind = layer.paths[position], layer.kinds[position]
            slash = path.rfind(b"/")
            above = path[:slash] if slash >= 0 else b""
            if kind == Kind.WHITEOUT:
                if target := deleted_by(path):
                    removed.append(target)
            elif kind == Kind.OPAQUE:
                closed.append(above)
            elif path in places or self._is_hidden(path, above, kind):
                if kind != Kind.FOLDER and self._is_folder(path):
                    self._closed.add(path)
            else:
                places[path] = place_of(number, position)
                seen += layer.sizes[position]
                self._hold(above)
        self._removed.update(removed)
        self._closed.update(closed)
        return seen

    def _is_hidden(self, path: bytes, above: bytes, kind: int) -> bool:
        """Tell whether an upper layer hides a path that it does not have itself."""
        if path in self._removed or (kind != Kind.FOLDER and path in self._holders):
            return True
        hidden = self._hidden_below.get(above)
        return self._hides_below(above) if hidden is None else hidden

    def _hides_below(self, folder: bytes) -> bool:
        """Tell whether nothing of the layer is seen below a folder, and remember it."""
        hidden_below, unknown = self._hidden_below, [folder]
        while unknown[-1] not in hidden_below:
            unknown.append(unknown[-1][: max(unknown[-1].rfind(b"/"), 0)])
        hidden = hidden_below[unknown.pop()]
        for each in reversed(unknown):
            hidden = (
                hidden
                or each in self._removed
                or each in self._closed
                or (each in self.merged.places and self._kind(each) != Kind.FOLDER)
            )
            hidden_below[each] = hidden
        return hidden

    def _is_folder(self, path: bytes) -> bool:
        """Tell whether an upper layer has a folder at a path, or something in one."""
        return path in self._holders or (
            path in self.merged.places and self._kind(path) == Kind.FOLDER
        )

    def _kind(self, path: bytes) -> int:
        number, position = at_place(self.merged.places[path])
        return self.merged.layers[number].kinds[position]

    def _hold(self, folder: bytes) -> None:
        while folder and folder not in self._holders:
            self._holders.add(folder)
            folder = folder[: max(folder.rfind(b"/"), 0)]


def deleted_by(path: bytes) -> bytes:
    """Return what a whiteout deletes; empty where its name does not tell."""
    start = path.rfind(b"/") + 1
    name = path[start + len(WHITEOUT) :]
    return path[:start] + name if name and path.startswith(WHITEOUT, start) else b""
