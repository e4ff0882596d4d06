"""Reads a layer: a tar archive, as a stream and once, of which only what is wanted is kept."""

from __future__ import annotations

from hcreport.collect.layers.content import MARKED, Bounds, Contents, Wanted
from hcreport.collect.layers.header import LONGEST_PATH, Headers, clean
from hcreport.collect.layers.packed import damaged
from hcreport.collect.layers.reader import EndOfDataError, Reader, Stream
from hcreport.contents import evidence
from hcreport.contents.evidence import Want
from hcreport.contents.layer import OPAQUE, WHITEOUT, Kind, LayerFiles

_META = WHITEOUT + WHITEOUT
"""Begins the names of what a storage driver keeps for itself, and of the mark of a hidden folder:
OCI image-spec, layer.md."""


def read_layer(
    stream: Stream,
    *,
    diff_id: str = "",
    wanted: Wanted = evidence.wanted,
    bounds: Bounds | None = None,
) -> LayerFiles:
    """Return the files of a layer from its unpacked archive, without reading to the stream's end.

    ``diff_id`` is the layer's digest, where it is known; it is not checked. ``wanted`` says what is
    kept of a file. ``bounds`` count what several layers take together. Raises ImageError where the
    archive is damaged, ends too early, or claims more than there can be; and what ``stream`` does.
    """
    try:
        return parse_layer(Reader(stream), diff_id=diff_id, wanted=wanted, bounds=bounds)
    except EndOfDataError as error:
        raise damaged("a layer ends too early") from error


def parse_layer(
    reader: Reader,
    *,
    diff_id: str = "",
    wanted: Wanted = evidence.wanted,
    bounds: Bounds | None = None,
) -> LayerFiles:
    """Do as :func:`read_layer`, from where a reader is to its limit. Raises EndOfDataError too."""
    layer = LayerFiles(diff_id=diff_id)
    bounds = bounds or Bounds()
    headers = Headers(reader)
    contents = Contents(reader, layer, bounds)
    paths, file, nothing = layer.paths, Kind.FILE, Want.NOTHING
    while headers.next():
        bounds.count(len(headers.path) + len(headers.link), headers.size)
        stored, rest = headers.stored, headers.padding()
        if _add(layer, headers) and headers.kind is file and not headers.sparse:
            want = wanted(paths[-1], stored)
            if want is not nothing or stored >= MARKED:
                contents.take(len(paths) - 1, stored, want)
                stored = 0
        reader.skip(stored + rest)
    return layer


def _add(layer: LayerFiles, headers: Headers) -> bool:
    """Add an entry to a layer; False where it has no place there. Corrects its kind and size."""
    path, link = clean(headers.path), headers.link
    if headers.kind is Kind.HARDLINK:
        link = clean(link) or b""
    lost = path is None or (not link and headers.kind is Kind.HARDLINK)
    if path is None or lost or len(path) > LONGEST_PATH or len(link) > LONGEST_PATH:
        layer.left_out += 1
        return False
    if WHITEOUT in path:
        kind = _kind(path, headers.kind)
        if kind is not headers.kind:
            headers.kind, headers.size = kind, 0
    if not path:
        return False
    kind = headers.kind
    if kind is Kind.SYMLINK or kind is Kind.HARDLINK:
        layer.links[len(layer.paths)] = link
    layer.paths.append(path)
    layer.kinds.append(kind)
    layer.sizes.append(headers.size)
    layer.modes.append(headers.mode)
    layer.owners.append(headers.owner)
    layer.times.append(headers.time)
    return True


def _kind(path: bytes, kind: Kind) -> Kind:
    """Return what an entry is whose path has a whiteout's prefix.

    What a storage driver keeps for itself hides nothing and is not seen; it stays in the list,
    because dive counts it.
    """
    folder, _, name = path.rpartition(b"/")
    if folder.startswith(_META) or b"/" + _META in folder:
        return Kind.WHITEOUT
    if name == OPAQUE:
        return Kind.OPAQUE
    return Kind.WHITEOUT if name.startswith(WHITEOUT) else kind
