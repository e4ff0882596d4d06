"""Reads layers that tests made, from streams of every kind that readers meet."""

from __future__ import annotations

import io
from typing import Any

from hcreport.collect.layers.tar import read_layer
from hcreport.contents.evidence import Want
from hcreport.contents.layer import Kind, LayerFiles
from tests.image_archives import Entry, layer


class Dribble:
    """A stream that cannot be sought, and returns a few bytes at a time."""

    def __init__(self, content: bytes, most: int = 700) -> None:
        self._inner = io.BytesIO(content)
        self._most = most

    def read(self, count: int, /) -> bytes:
        return self._inner.read(min(count, self._most))


class Skipping(Dribble):
    """A stream that can pass over bytes without reading them, as that of an engine's folder."""

    def skip(self, count: int) -> None:
        self._inner.seek(count, io.SEEK_CUR)
        if self._inner.tell() > len(self._inner.getvalue()):
            raise EOFError


class Looking(Skipping):
    """The same, which also shows bytes that lie ahead."""

    def look(self, offset: int, count: int) -> bytes:
        at = self._inner.tell()
        self._inner.seek(at + offset)
        found = self._inner.read(count)
        self._inner.seek(at)
        return found


STREAMS = {"file": io.BytesIO, "pipe": Dribble, "skipping": Skipping, "looking": Looking}


def nothing(path: bytes, size: int) -> Want:
    return Want.NOTHING


def read(*entries: Entry, **more: Any) -> LayerFiles:
    return read_layer(io.BytesIO(layer(*entries)), **{"wanted": nothing, **more})


def listed(found: LayerFiles) -> list[tuple[bytes, Kind, int]]:
    return [
        (path, Kind(kind), size)
        for path, kind, size in zip(found.paths, found.kinds, found.sizes, strict=True)
    ]
