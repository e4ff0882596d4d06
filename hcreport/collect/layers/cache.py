"""Keeps what was read of a layer for the next time: a layer never changes, and its digest names it.

A file of the cache is a line of JSON that says what follows, and then the arrays of
:class:`~hcreport.contents.layer.LayerFiles`, compressed. Whatever is damaged, or was read by other
code, is read anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from hcreport.contents.layer import Kind, LayerFiles
from hcreport.files import write_whole
from hcreport.units import GIB, KIB, MIB

LARGEST_FOLDER = 512 * MIB
"""Bytes; beyond that what was not used for the longest time is removed."""

_Found = TypeVar("_Found")

_LARGEST_LAYER = GIB
"""Bytes of one layer's arrays; what claims more is damaged."""

_LONGEST_FIRST_LINE = 4 * KIB

_FORMAT = "hcreport layer 1"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")

_FAST = 1
"""Level of compression: the others take several times as long to save a tenth."""

_TABLES = 5
"""How many of a layer's fields say something of some positions only."""

_WORD = "I"
"""Type of lengths and positions."""

_READERS = (
    ("hcreport.contents", ("layer.py", "evidence.py", "elf.py")),
    ("hcreport.collect.layers", ("tar.py", "header.py", "content.py", "cache.py")),
)
"""What decides what is read of a layer, and how it is kept."""


def cache_folder() -> Path:
    """Return where layers are kept: ``XDG_CACHE_HOME``, or ``.cache`` in the home folder."""
    place = os.environ.get("XDG_CACHE_HOME", "")
    above = Path(place) if place.startswith("/") else Path.home() / ".cache"
    return above / "hcreport" / "layers"


class LayerCache:
    """Layers by digest, in a folder that only this user can read.

    Nothing here raises: what cannot be kept or found is read anew.
    """

    def __init__(self, folder: Path, *, largest: int = LARGEST_FOLDER) -> None:
        """``largest`` is the size in bytes beyond which the folder does not stay."""
        self._folder, self._largest = folder, largest

    def load(self, diff_id: str) -> LayerFiles | None:
        """Return a layer as it was kept, or None."""
        path = self._path(diff_id, "layer")
        layer = None if path is None else _tried(lambda: _read_layer(path, diff_id))
        if path is not None and layer is not None:
            _tried(lambda: os.utime(path))
        return layer

    def store(self, layer: LayerFiles) -> None:
        """Keep a layer, whose digest has to be the engine's; one without a digest is not kept."""
        path = self._path(layer.diff_id, "layer")
        if path is not None:
            self._write(path, lambda: b"".join(_pieces(layer)))

    def load_steps(self, image_id: str) -> tuple[bool, ...] | None:
        """Return for each step of an image whether it made no layer, or None."""
        path = self._path(image_id, "steps")
        return None if path is None else _tried(lambda: _read_steps(path))

    def store_steps(self, image_id: str, empty: Iterable[bool]) -> None:
        """Keep which of an image's steps made no layer: the engine's API does not tell.

        The steps themselves are not kept, for they may hold secrets.
        """
        path = self._path(image_id, "steps")
        if path is not None:
            self._write(path, lambda: json.dumps([_FORMAT, list(empty)]).encode("ascii"))

    def _path(self, digest: str, kind: str) -> Path | None:
        found = _DIGEST.fullmatch(digest)
        return self._folder / f"{found[1]}.{kind}" if found else None

    def _write(self, path: Path, content: Callable[[], bytes]) -> None:
        def write() -> None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, content())
            path.chmod(0o600)
            self._make_room()

        _tried(write)

    def _make_room(self) -> None:
        """Remove what was not used for the longest time, also what an interruption left behind."""
        with os.scandir(self._folder) as found:
            entries = [(each.stat(follow_symlinks=False), each.path) for each in found]
        size = sum(status.st_size for status, _ in entries)
        for status, path in sorted(entries, key=lambda entry: entry[0].st_mtime_ns):
            if size <= self._largest:
                return
            with contextlib.suppress(OSError):
                Path(path).unlink()
            size -= status.st_size


def _tried(action: Callable[[], _Found]) -> _Found | None:
    """Return what an action on the cache gives, or None where it fails in any way."""
    try:
        return action()
    except (OSError, ValueError, TypeError, LookupError, OverflowError, zlib.error):
        return None


@cache
def _reader() -> str:
    """Return a digest of the code that reads layers: another version may read more of them."""
    code = hashlib.sha256()
    for package, names in _READERS:
        for name in names:
            code.update(files(package).joinpath(name).read_bytes())
    return code.hexdigest()


def _pieces(layer: LayerFiles) -> Iterator[bytes]:
    """Yield the pieces of a layer's file."""
    parts = list(_parts(layer))
    about = {
        "format": _FORMAT,
        "reader": _reader(),
        "diff_id": layer.diff_id,
        "order": sys.byteorder,
        "left_out": layer.left_out,
        "parts": [sum(map(len, part)) for part in parts],
    }
    yield json.dumps(about).encode("ascii") + b"\n"
    packed = zlib.compressobj(_FAST)
    for part in parts:
        yield packed.compress(b"".join(part))
    yield packed.flush()


def _parts(layer: LayerFiles) -> Iterator[Sequence[bytes]]:
    """Yield what :func:`_layer` takes, each as pieces that stand one after the other."""
    yield from _texts(layer.paths)
    yield (bytes(layer.kinds),)
    for each in (layer.sizes, layer.modes, layer.owners, layer.times):
        yield (each.tobytes(),)
    needs = {at: b"".join(name + b"\0" for name in names) for at, names in layer.needs.items()}
    for table in (layer.links, layer.heads, layer.texts, layer.marks, needs):
        yield (array(_WORD, table).tobytes(),)
        yield from _texts(table.values())


def _texts(texts: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    texts = list(texts)
    yield (array(_WORD, map(len, texts)).tobytes(),)
    yield texts


def _read_layer(path: Path, diff_id: str) -> LayerFiles:
    """Return the layer in a file. Raises OSError, ValueError and others where it is damaged."""
    with path.open("rb") as stream:
        about = json.loads(stream.readline(_LONGEST_FIRST_LINE))
        packed = stream.read()
    known = (_FORMAT, _reader(), diff_id, sys.byteorder)
    if tuple(about[each] for each in ("format", "reader", "diff_id", "order")) != known:
        raise ValueError("it is another layer, or was read by other code")
    layer = _layer(_unpacked(packed, about["parts"]), diff_id)
    layer.left_out = int(about["left_out"])
    return layer


def _unpacked(packed: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    """Yield the parts of a file; their checksum is compared after the last."""
    if sum(lengths) > _LARGEST_LAYER:
        raise ValueError("it claims to be absurdly large")
    stream = zlib.decompressobj()
    for length in lengths:
        # Zero would mean without a limit.
        part = stream.decompress(packed, length) if length else b""
        packed = stream.unconsumed_tail if length else packed
        if len(part) != length:
            raise ValueError("it ends early")
        yield part
    if stream.decompress(packed, 1) or not stream.eof:
        raise ValueError("there is more than it says")


def _layer(parts: Iterator[bytes], diff_id: str) -> LayerFiles:
    layer = LayerFiles(
        diff_id=diff_id,
        paths=_split(parts),
        kinds=bytearray(next(parts)),
        sizes=array("q", next(parts)),
        modes=array("H", next(parts)),
        owners=array("q", next(parts)),
        times=array("q", next(parts)),
    )
    count = len(layer)
    tables = [_table(parts, count) for _ in range(_TABLES)]
    layer.links, layer.heads, layer.texts, layer.marks, needs = tables
    layer.needs = {at: tuple(names.split(b"\0")[:-1]) for at, names in needs.items()}
    arrays = (layer.kinds, layer.sizes, layer.modes, layer.owners, layer.times)
    if any(len(each) != count for each in arrays) or max(layer.kinds, default=0) > max(Kind):
        raise ValueError("its arrays do not fit together")
    if next(parts, None) is not None:
        raise ValueError("it has more parts than a layer")
    return layer


def _table(parts: Iterator[bytes], count: int) -> dict[int, bytes]:
    positions = array(_WORD, next(parts))
    if max(positions, default=-1) >= count:
        raise ValueError("a position is none of the layer")
    return dict(zip(positions, _split(parts), strict=True))


def _split(parts: Iterator[bytes]) -> list[bytes]:
    lengths, text = array(_WORD, next(parts)), next(parts)
    found: list[bytes] = []
    end = 0
    for length in lengths:
        found.append(text[end : end + length])
        end += length
    if end != len(text):
        raise ValueError("texts and their lengths do not fit together")
    return found


def _read_steps(path: Path) -> tuple[bool, ...]:
    known, empty = json.loads(path.read_bytes())
    if known != _FORMAT or not all(isinstance(each, bool) for each in empty):
        raise ValueError("it was written by other code")
    return tuple(empty)
