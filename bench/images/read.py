"""Reads images in a process of its own and prints their figures: what ``bench.images`` measures."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hcreport.contents.dive import dive_figures
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import LayerFiles
from hcreport.contents.merged import merge
from hcreport.contents.reclaim import reclaimable
from hcreport.units import KIB

_ARCHIVES = "/images/get"
"""Part of the address of the request for an archive."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of images as JSON."""
    gc.disable()  # as hcreport itself does: nothing that it reads is in a cycle
    asked = _parser().parse_args(arguments)
    archives: list[str] = []
    images = _from_file(asked.file) if asked.file else _from_engine(asked, archives)
    figures = {image.name: _figures(image, asked) for image in images}
    json.dump({"images": figures, "archives": len(archives), "peak": peak_memory()}, sys.stdout)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.images.read", description=__doc__)
    parser.add_argument("references", nargs="*")
    parser.add_argument("--host", help="address of the engine")
    parser.add_argument("--file", type=Path, help="an archive instead of an engine")
    parser.add_argument("--in-place", action="store_true", help="read the engine's folder")
    parser.add_argument("--cache", type=Path, help="a folder to keep layers in")
    parser.add_argument("--exact", action="store_true", help="what dive does not say, too")
    parser.add_argument("--digest", action="store_true", help="of all that was read, too")
    return parser


def _from_file(path: Path) -> Sequence[ImageFiles]:
    from hcreport.collect.layers.archive import read_archive

    return read_archive(path)


def _from_engine(asked: argparse.Namespace, archives: list[str]) -> Sequence[ImageFiles]:
    from hcreport.collect.engine import connect
    from hcreport.collect.layers.cache import LayerCache
    from hcreport.collect.layers.engine import read_engine_images

    def note(reply: Any, *_: object, **__: object) -> None:
        if _ARCHIVES in reply.url:
            archives.append(reply.url)

    connection = connect(asked.host)
    connection.client.hooks["response"].append(note)
    found = read_engine_images(
        connection,
        asked.references,
        cache=LayerCache(asked.cache) if asked.cache else None,
        in_place=asked.in_place,
    )
    if found.failures or (asked.in_place and found.read != "folder"):
        sys.exit(f"not read as asked: {found.read} {dict(found.failures)}")
    return list(found.images.values())


def _figures(image: ImageFiles, asked: argparse.Namespace) -> dict[str, Any]:
    dive = dive_figures(image.layers)
    found = {
        "size": image.size,
        "entries": sum(len(layer) for layer in image.layers),
        "efficiency": dive.efficiency,
        "wasted": dive.wasted,
        "inefficient": digest_of_files((each.path, each.count, each.size) for each in dive.files),
    }
    if asked.exact:
        merged = merge(image.layers)
        found["seen"] = merged.size
        found["reclaimable"] = sum(each.size for each in reclaimable(image.layers, merged))
    if asked.digest:
        found["digest"] = _digest(image)
    return found


def digest_of_files(files: Iterator[tuple[str, int, int]]) -> str:
    """Return a digest of inefficient files, in whatever order they are."""
    return hashlib.sha256(repr(sorted(files)).encode("utf-8", "replace")).hexdigest()


def _digest(image: ImageFiles) -> str:
    """Return a digest of all that was read of an image, in whatever order of the entries."""
    told = hashlib.sha256(repr((image.history, image.config)).encode())
    for layer in image.layers:
        told.update(repr((layer.diff_id, layer.left_out, sorted(_entries(layer)))).encode())
    return told.hexdigest()


def _entries(layer: LayerFiles) -> Iterator[tuple[object, ...]]:
    for at, path in enumerate(layer.paths):
        yield (
            *(path, layer.kinds[at], layer.sizes[at], layer.modes[at], layer.owners[at]),
            *(layer.times[at], layer.links.get(at, b""), layer.heads.get(at, b"")),
            *(layer.texts.get(at, b""), layer.marks.get(at, b""), layer.needs.get(at, ())),
        )


def peak_memory(status: Path = Path("/proc/self/status")) -> int:
    """Return the most memory that a process had at once, in bytes; 0 where nobody counts."""
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * KIB


if __name__ == "__main__":
    sys.exit(main())
