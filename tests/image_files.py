"""Makes images by hand: layers from tables of path and content, without an archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hcreport.contents.evidence import Want, wanted
from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles
from hcreport.contents.layer import Kind, LayerFiles

HEAD = 512

Content = bytes | int | None
"""What a file holds, or how many bytes it has; None for a folder."""


def make_layer(files: Mapping[str, Content], links: Mapping[str, str] | None = None) -> LayerFiles:
    """Return a layer as the readers make it, with what ``wanted`` says of each file.

    ``links`` are symbolic links and where they point.
    """
    layer = LayerFiles()
    for name, target in (links or {}).items():
        layer.links[layer.add(name.encode(), Kind.SYMLINK)] = target.encode()
    for name, content in files.items():
        path = name.encode()
        if content is None:
            layer.add(path, Kind.FOLDER)
            continue
        size = content if isinstance(content, int) else len(content)
        position = layer.add(path, Kind.FILE, size=size)
        kept = b"" if isinstance(content, int) else content
        want = wanted(path, size)
        if want & Want.TEXT:
            layer.texts[position] = kept
        if want & Want.HEAD:
            layer.heads[position] = kept[:HEAD]
    return layer


def make_image(
    *layers: tuple[str, LayerFiles],
    folder: str = "",
    environment: Sequence[str] = (),
    command: Sequence[str] = (),
) -> ImageFiles:
    """Return an image of these layers, oldest first, each with the step that made it."""
    return ImageFiles(
        name="shop",
        layers=tuple(layer for _, layer in layers),
        history=tuple(HistoryEntry(text=step) for step, _ in layers),
        config=ImageConfig(folder=folder, environment=tuple(environment), command=tuple(command)),
    )
