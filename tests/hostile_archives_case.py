"""Reads archives that are made to do harm, from a file and a pipe, and bounds the memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hcreport.collect.layers.archive import read_images
from hcreport.collect.layers.tar import read_layer
from hcreport.contents.evidence import Want
from hcreport.contents.layer import LayerFiles
from hcreport.units import KIB
from tests.image_archives import Image, archive, docker_members, file, layer

BASE = layer(file("a", b"1" * 3000), file("b", b"2" * 100 * KIB))
IMAGE = Image(layers=[BASE])
GENEROUS = Want.HEAD | Want.TEXT | Want.NEEDS


class Pipe:
    """A stream that is read once."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


STREAMS: dict[str, Callable[[bytes], Any]] = {"file": io.BytesIO, "pipe": Pipe}
streams = pytest.mark.parametrize("stream", STREAMS)


def everything(path: bytes, size: int) -> Want:
    return GENEROUS


def read(content: bytes, stream: str = "pipe", **more: Any) -> Any:
    return read_images(STREAMS[stream](content), **{"wanted": everything, **more})


def read_one(content: bytes, **more: Any) -> LayerFiles:
    return read_layer(Pipe(content), **{"wanted": everything, **more})


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Fail where more memory was taken, in bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


def with_layer(content: bytes) -> bytes:
    """Return an archive of an image whose layer is this content, whatever it is."""
    return archive(
        (name, content if value == BASE else value) for name, value in docker_members(IMAGE)
    )
