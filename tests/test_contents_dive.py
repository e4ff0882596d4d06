"""dive's figures are what dive itself prints, to the byte, on random archives and by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hcreport.collect.layers.archive import read_archive
from hcreport.contents.dive import Dive, InefficientFile, dive_figures
from tests.dive_binary import computed, dive_binary, printed_by_dive
from tests.image_archives import Image, docker_archive, oci_archive
from tests.image_archives import file as archived
from tests.image_archives import layer as image_layer
from tests.random_images import (
    Entry,
    Layer,
    emptied,
    file,
    folder,
    gone,
    hard_link,
    layer_files,
    random_image,
    symbolic_link,
    write_archive,
)

ARCHIVES = 500

Files = list[tuple[str, int, int]]

_TREE = [folder("d"), file("d/a", 10), folder("d/e"), file("d/e/b", 5)]
_NESTED = [
    *(folder(each) for each in ("a", "a/b", "a/b/c")),
    *(file(f"a/b/c/{n}", 1) for n in range(8)),
]
_NESTED_GONE = [gone(each) for each in ("a", "a/b", "a/b/c")]

# What is in the layers, and what dive prints: efficiency, wasted bytes, path with count and size.
CASES: dict[str, tuple[list[Layer], float, int, Files]] = {
    "no layers": ([], 1.0, 0, []),
    "an empty layer": ([[]], 1.0, 0, []),
    "one file": ([[file("a", 7)]], 1.0, 0, []),
    "a copy with another owner": (
        [[file("a", 10)], [file("a", 10, user=5)]],
        *(0.5, 20, [("/a", 2, 20)]),
    ),
    "three versions": (
        [[file("a", 10)], [file("a", 4)], [file("a", 6)]],
        *(0.2, 20, [("/a", 3, 20)]),
    ),
    "a deleted file counts once more, as nothing": (
        [[file("a", 10), file("b", 10)], [gone("a")]],
        *(0.5, 10, [("/a", 2, 10)]),
    ),
    "a folder deleted whole counts once, so it is not wasted": ([_TREE, [gone("d")]], 1.0, 0, []),
    "a folder without an entry of its own counts nothing when it is deleted": (
        [[file("d/a", 10)], [gone("d")]],
        *(1.0, 0, []),
    ),
    "a folder that a later layer holds without an entry": (
        [_TREE, [file("d/c", 1)], [gone("d")]],
        *(1.0, 0, []),
    ),
    "a folder in a deleted folder": (
        [_TREE, [gone("d/e")], [gone("d"), gone("d/e")]],
        *(1.0, 0, []),
    ),
    "two deletions of one folder in different layers": (
        [_TREE, [gone("d")], _TREE, [gone("d")]],
        *(30 / 60, 60, [("/d", 2, 30), ("/d/a", 2, 20), ("/d/e/b", 2, 10)]),
    ),
    "an empty folder counts as a file of no bytes": (
        [[folder("d")], [folder("d")]],
        *(1.0, 0, [("/d", 2, 0)]),
    ),
    "an opaque folder hides nothing, and is a leaf": (
        [_TREE, [folder("d"), emptied("d")], [gone("d")]],
        *(15 / 30, 15, [("/d", 2, 15)]),
    ),
    "a deletion of what is not there ends the walk": (
        [[file("a", 10)], [file("!a", 10), gone("b"), file("c", 3)], [file("!a", 10)]],
        *((10 + 10 - 1) / 30, 20, [("/!a", 2, 20)]),
    ),
    "what counts later undoes the least size of -1": (
        [[file("a", 10)], [gone("b")], [file("b", 10)]],
        *(1.0, 0, []),
    ),
    "a first layer is looked up in itself": ([[file("a", 4), gone("a")]], 0.0, 4, [("/a", 2, 4)]),
    "a name before the prefix is deleted with its own layer's": (
        [[file("a", 1)], [file("-e", 2), gone("-e")], [gone("-e")]],
        *(1.0, 0, []),
    ),
    "a file does not replace what was in a folder": (
        [_TREE, [file("d", 3)], [folder("d")], [gone("d")]],
        *(15 / 33, 18, [("/d", 3, 18)]),
    ),
    "a further name has no bytes": (
        [[file("a", 10), hard_link("b", "a")], [hard_link("b", "a")]],
        *(1.0, 0, [("/b", 2, 0)]),
    ),
    "a link replaced by a file": (
        [[symbolic_link("a")], [file("a", 8)]],
        *(0.0, 8, [("/a", 2, 8)]),
    ),
    "a path twice in one layer is one node": ([[file("a", 3), file("a", 5)]], 1.0, 0, []),
    "a file with something below it is no leaf": ([[file("a", 3), file("a/b", 5)]], 1.0, 0, []),
    "folders in each other are deleted, twice": (
        [
            _NESTED,
            _NESTED_GONE,
            [replace(each, size=2 * each.size) for each in _NESTED],
            _NESTED_GONE,
        ],
        32 / 96,
        96,
        [
            *(("/a", 2, 24), ("/a/b", 2, 24), ("/a/b/c", 2, 24)),
            *((f"/a/b/c/{number}", 2, 3) for number in range(8)),
        ],
    ),
    "a folder named as a deletion is there for what it holds": (
        [[file("a", 5)], [file(".wh.b/c", 1)], [gone(".wh.b")]],
        *(1.0, 0, []),
    ),
    "a folder named as a bare prefix is deleted with what it holds": (
        [[file("a", 5)], [folder("d"), file("d/.wh./x", 1)], [gone("d/.wh./x")]],
        *(1.0, 0, []),
    ),
    "a bare prefix deletes its own folder": (
        [_TREE, [Entry(path=b"d/.wh.")], [gone("d/a")]],
        *(1.0, 0, []),
    ),
}


@pytest.mark.parametrize(("layers", "efficiency", "wasted", "files"), CASES.values(), ids=CASES)
def test_figures_by_hand(
    layers: list[Layer], efficiency: float, wasted: int, files: Files, tmp_path: Path
) -> None:
    read = [layer_files(layer) for layer in layers]
    assert dive_figures(read) == Dive(
        efficiency=efficiency,
        wasted=wasted,
        files=tuple(
            InefficientFile(path=path, count=count, size=size) for path, count, size in files
        ),
    )
    if layers:  # dive takes an image without layers for a damaged one
        binary = dive_binary()
        write_archive(tmp_path / "image.tar", layers)
        assert computed(read) == printed_by_dive(binary, tmp_path / "image.tar")


def difference(binary: str, folder: Path, seed: int) -> str | None:
    """Return what differs in the image of a seed; None where nothing does."""
    layers = random_image(seed, wild=seed % 3 > 0)
    archive = folder / f"{seed}.tar"
    write_archive(archive, layers, oci=seed % 5 == 0, packed=seed % 2 == 0, gnu=seed % 7 == 0)
    theirs = printed_by_dive(binary, archive)
    ours = computed([layer_files(layer) for layer in layers])
    archive.unlink()
    return None if ours == theirs else f"seed {seed}: dive {theirs}, here {ours}"


def test_random_archives_are_as_dive_finds_them(tmp_path: Path) -> None:
    binary = dive_binary()
    with ThreadPoolExecutor(max_workers=max(os.cpu_count() or 1, 2)) as pool:
        found = pool.map(lambda seed: difference(binary, tmp_path, seed), range(ARCHIVES))
        assert [each for each in found if each] == []


def test_random_archives_have_what_could_go_wrong() -> None:
    """Else equal figures would say little."""
    figures = [
        dive_figures([layer_files(layer) for layer in random_image(seed, wild=seed % 3 > 0)])
        for seed in range(ARCHIVES)
    ]
    assert sum(each.wasted > 0 for each in figures) > ARCHIVES / 2
    assert sum(0 < each.efficiency < 1 for each in figures) > ARCHIVES / 2
    assert any(each.efficiency < 0 for each in figures)
    assert sum(len(each.files) for each in figures) > 2 * ARCHIVES


def test_work_grows_with_the_files_and_not_with_their_deletions() -> None:
    """Calls are counted, which no other work on the machine changes."""

    def calls(count: int) -> int:
        lower = [folder("d"), *(file(f"d/{number}", 1) for number in range(2 * count))]
        upper = [gone(f"d/{number}") for number in range(count)]
        layers = [layer_files(lower), layer_files(upper)]
        seen = 0

        def note(_frame: object, _event: str, _argument: object) -> None:
            nonlocal seen
            seen += 1

        sys.setprofile(note)
        try:
            assert dive_figures(layers).wasted == count
        finally:
            sys.setprofile(None)
        return seen

    assert calls(2000) < 2.5 * calls(1000)


@pytest.mark.parametrize("pack", [docker_archive, oci_archive])
def test_a_layer_that_occurs_again_is_what_dive_takes_it_for(
    pack: Callable[[Image], bytes], tmp_path: Path
) -> None:
    """In an archive of an engine before 25 it is a link, and for dive that is an empty layer."""
    once = image_layer(archived("a", b"1" * 1000))
    image = Image(layers=(once, image_layer(archived("b", b"2" * 10)), once))
    place = tmp_path / "image.tar"
    place.write_bytes(pack(image))
    (read,) = read_archive(place)
    assert read.size == 2010
    assert computed(read.as_dive_sees) == printed_by_dive(dive_binary(), place)
