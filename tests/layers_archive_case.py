"""Two images that share layers, and how tests read an archive: as a stream and as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from hcreport.collect.layers.archive import read_images
from hcreport.contents.evidence import Want
from hcreport.contents.image import ImageFiles
from hcreport.units import KIB
from tests.image_archives import Image, file, folder, layer, whiteout

BASE = layer(folder("etc"), file("etc/os-release", b"ID=debian\n"), file("big", b"x" * 100 * KIB))
APP = layer(folder("app"), file("app/main.py", b"print()"), whiteout("big"))
EMPTY = layer()

CONFIG = {"Env": ["A=1"], "Cmd": ["python", "main.py"], "WorkingDir": "/app"}
IMAGE = Image(layers=[BASE, APP], tags=["shop:1", "shop:latest"], config=CONFIG)
OTHER = Image(layers=[BASE, EMPTY, APP, APP], tags=["other:2"])


class Pipe(io.RawIOBase):
    """A stream that is read once."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1, /) -> bytes:
        return self._inner.read(count)


STREAMS: dict[str, Callable[[bytes], Any]] = {"file": io.BytesIO, "pipe": Pipe}
streams = pytest.mark.parametrize("stream", STREAMS)


def text(path: bytes, size: int) -> Want:
    return Want.TEXT if path.endswith(b"os-release") else Want.NOTHING


def read(content: bytes, stream: str, **more: Any) -> tuple[ImageFiles, ...]:
    return read_images(STREAMS[stream](content), **{"wanted": text, **more})
