"""Reads images from archives: those of ``docker save`` in its forms, and OCI image layouts.

A stream is read once, and each layer in it where it passes: what it belongs to may be told only at
the end. In a file that can be read at any place, the lists are read first, and then what is wanted.
Nothing is ever unpacked to a disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hcreport.collect.layers.content import Bounds, Wanted
from hcreport.collect.layers.image_config import read_config, read_diff_ids, read_history
from hcreport.collect.layers.manifest import Listed, listed_images
from hcreport.collect.layers.members import FileArchive, Known, StreamArchive
from hcreport.collect.layers.packed import ENOUGH, Unpacked, damaged, packing
from hcreport.collect.layers.reader import EndOfDataError, Reader, Stream, nothing
from hcreport.contents import evidence
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import LayerFiles
from hcreport.errors import ImageError

__all__ = ["read_archive", "read_config", "read_history", "read_images"]


def _unknown(_: str) -> LayerFiles | None:
    """Know no layer, for callers that have none."""
    return None


def read_archive(
    path: Path,
    *,
    on_bytes: Callable[[int], None] = nothing,
    known: Known = _unknown,
    wanted: Wanted = evidence.wanted,
) -> tuple[ImageFiles, ...]:
    """Return the images in an archive's file, which may be packed with gzip or zstd as a whole.

    Parameters are those of :func:`read_images`. Raises ImageError where the file cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return read_images(file, known=known, on_bytes=on_bytes, wanted=wanted)
    except OSError as error:
        raise ImageError(
            f"The archive {path} could not be read: {error.strerror or error}.",
            hint="Check that it is a file, and that you may read it.",
        ) from error


def read_images(
    stream: Stream,
    *,
    known: Known = _unknown,
    on_bytes: Callable[[int], None] = nothing,
    wanted: Wanted = evidence.wanted,
) -> tuple[ImageFiles, ...]:
    """Return the images of an archive that starts where the stream is, in the archive's order.

    ``known`` returns a layer that was read before by its digest, so that it is not read again,
    wherever that digest is told early enough. ``on_bytes`` is told how many more bytes were read or
    passed over. ``wanted`` says what is kept of a file. Layers of several images are read once and
    are the same value. Raises ImageError where it is no such archive, or it is damaged, ends too
    early or claims absurdities; and what the stream raises.
    """
    bounds = Bounds()
    try:
        reader = Reader(stream, on_bytes=on_bytes)
        kind = packing(reader.peek(ENOUGH))
        if kind is not None:
            reader = Reader(Unpacked(reader, kind))
        archive = (FileArchive if reader.can_return else StreamArchive)(
            reader, known=known, bounds=bounds, wanted=wanted
        )
        return tuple(_image(archive, listed, bounds) for listed in listed_images(archive))
    except EndOfDataError as error:
        raise damaged("its archive ends too early") from error


def _image(archive: FileArchive | StreamArchive, listed: Listed, bounds: Bounds) -> ImageFiles:
    configuration = listed.configuration
    diff_ids = read_diff_ids(configuration)
    if len(diff_ids) != len(listed.layers):
        diff_ids = ("",) * len(listed.layers)
    layers = []
    for member, diff_id in zip(listed.layers, diff_ids, strict=True):
        layer = archive.layer(member, diff_id)
        if not layer.diff_id:
            layer.diff_id = diff_id
        layers.append(layer if layer.diff_id == diff_id else replace(layer, diff_id=diff_id))
    notes: tuple[str, ...] = ()
    if bounds.passed_over:
        notes = (f"{bounds.passed_over:,} files were not looked into, because there are too many.",)
    return ImageFiles(
        name=listed.name,
        id=listed.id,
        layers=tuple(layers),
        history=read_history(configuration),
        config=read_config(configuration),
        linked=frozenset(
            number for number, member in enumerate(listed.layers) if archive.is_link(member)
        ),
        notes=notes,
    )
