"""What a container sees of layers, and its bytes: by hand, and against a file system in a dict."""

from __future__ import annotations

import pytest

from hcreport.contents.layer import Kind, LayerFiles
from hcreport.contents.merged import Merged, at_place, file_of_links, merge, place_of
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
)

IMAGES = 600

_TREE = [folder("d"), file("d/a", 10), folder("d/e"), file("d/e/b", 5)]

# Layers, and what is seen: the bytes that count at each path.
CASES: dict[str, tuple[list[Layer], dict[str, int]]] = {
    "no layers": ([], {}),
    "one layer": ([_TREE], {"d": 0, "d/a": 10, "d/e": 0, "d/e/b": 5}),
    "a file is replaced": ([[file("a", 1)], [file("a", 2)]], {"a": 2}),
    "a file is deleted": ([_TREE, [gone("d/a")]], {"d": 0, "d/e": 0, "d/e/b": 5}),
    "a folder is deleted": ([_TREE, [gone("d")]], {}),
    "a deletion of what is not there": (
        [_TREE[:2], [gone("e"), gone("d/b/c")]],
        {"d": 0, "d/a": 10},
    ),
    "names alike stay": (
        [[file("d/x", 1), file("d-e", 2), file("d0", 3), file("dd", 4)], [gone("d")]],
        {"d-e": 2, "d0": 3, "dd": 4},
    ),
    "deleted and written again": ([_TREE, [gone("d")], [file("d/n", 3)]], {"d/n": 3}),
    "a deletion hides only lower layers": (
        [_TREE, [gone("d"), folder("d"), file("d/n", 3)]],
        {"d": 0, "d/n": 3},
    ),
    "whatever its order": (
        [_TREE, [folder("d"), file("d/n", 3), gone("d")]],
        {"d": 0, "d/n": 3},
    ),
    "also a path that it names itself": (
        [_TREE, [file("d/a", 4), gone("d/a")]],
        {
            "d": 0,
            "d/a": 4,
            "d/e": 0,
            "d/e/b": 5,
        },
    ),
    "an opaque folder hides only lower layers": (
        [_TREE, [folder("d"), file("d/n", 3), emptied("d")], [file("d/m", 1)]],
        {"d": 0, "d/n": 3, "d/m": 1},
    ),
    "an opaque folder stays": ([_TREE, [emptied("d")]], {"d": 0}),
    "all is hidden by an opaque root": ([_TREE, [emptied(""), file("x", 1)]], {"x": 1}),
    "a file replaces a folder": ([_TREE, [file("d", 3)]], {"d": 3}),
    "a link replaces a folder": ([_TREE, [symbolic_link("d")]], {"d": 0}),
    "a folder replaces a file": ([[file("d", 3)], _TREE[:2]], {"d": 0, "d/a": 10}),
    "a folder without an entry replaces a file": ([[file("d", 3)], [file("d/a", 1)]], {"d/a": 1}),
    "a file between two folders hides the lower one": (
        [_TREE, [file("d", 3)], [folder("d"), file("d/n", 1)]],
        {"d": 0, "d/n": 1},
    ),
    "also where the upper one has no entry": (
        [_TREE, [file("d", 3)], [file("d/e/n", 1)]],
        {"d": 0, "d/e/n": 1},
    ),
    "a folder over a folder": ([_TREE, [folder("d")]], {"d": 0, "d/a": 10, "d/e": 0, "d/e/b": 5}),
    "the later of two entries": ([[file("a", 1), file("a", 2)]], {"a": 2}),
    "a file after what is below it": ([[file("a/b", 1), file("a", 2)]], {"a": 2}),
    "a file before what is below it": ([[file("a", 2), file("a/b", 1)]], {"a/b": 1}),
    "two names": ([[file("a", 8), hard_link("b", "a")]], {"a": 8, "b": 0}),
    "the first name is deleted": ([[file("a", 8), hard_link("b", "a")], [gone("a")]], {"b": 8}),
    "the first name is replaced": (
        [[file("a", 8), hard_link("b", "a"), hard_link("c", "b")], [file("a", 8)]],
        {"a": 8, "b": 8, "c": 0},
    ),
    "the first name is replaced in its own layer": (
        [[file("a", 8), hard_link("b", "a"), file("a", 3)]],
        {"a": 3, "b": 8},
    ),
    "all names are deleted": (
        [[file("a", 8), hard_link("b", "a")], [gone("a")], [gone("b")]],
        {},
    ),
    "a further name of what a lower layer has": (
        [[file("a", 8)], [hard_link("b", "a")]],
        {"a": 8, "b": 0},
    ),
    "a further name before the file": ([[hard_link("b", "a"), file("a", 8)]], {"a": 8, "b": 0}),
    "a deletion without a name": ([[file("a", 1)], [gone("")]], {"a": 1}),
    "a file that a storage driver keeps for itself": (
        [
            [file("wh.x", 1), file("a", 2)],
            [Entry(path=b".wh..wh.wh.x", kind=Kind.WHITEOUT), Entry(path=b"a", kind=Kind.WHITEOUT)],
        ],
        {"wh.x": 1, "a": 2},
    ),
    "a further name of itself": ([[hard_link("a", "a")]], {"a": 0}),
}


@pytest.mark.parametrize(("layers", "seen"), CASES.values(), ids=CASES)
def test_what_is_seen(layers: list[Layer], seen: dict[str, int]) -> None:
    merged = merge([layer_files(layer) for layer in layers])
    assert _seen(merged) == {path.encode(): size for path, size in seen.items()}
    assert merged.size == sum(seen.values())
    assert sum(merged.hidden_by_layer) == _total(merged) - merged.size


def test_each_path_comes_with_its_place() -> None:
    layers = [layer_files(_TREE), layer_files([file("d/a", 3)])]
    merged = merge(layers)
    assert merged.places[b"d/a"] == place_of(1, 0) == 1 << 32
    assert at_place(place_of(7, 9)) == (7, 9)
    assert {path: (each is layers[1], at) for path, each, at in merged.items()} == {
        b"d": (False, 0),
        b"d/a": (True, 0),
        b"d/e": (False, 2),
        b"d/e/b": (False, 3),
    }
    assert merged.hidden_by_layer == (10, 0)
    assert merged.bytes_at(b"nothing") == 0


def test_links_name_the_file_that_they_repeat() -> None:
    layer = layer_files(
        [file("a", 1), hard_link("b", "a"), file("a", 2), hard_link("c", "a"), hard_link("d", "b")]
    )
    assert file_of_links(layer) == {1: 0, 3: 2, 4: 0}


def test_folders_may_lie_deeper_than_python_recurses() -> None:
    deep = "/".join("d" * 2000)
    merged = merge([layer_files([file(f"{deep}/a", 1)]), layer_files([file(f"{deep}/b", 2)])])
    assert merged.size == 3


def test_random_images_are_seen_as_their_layers_say() -> None:
    """The other way round: layer after layer, from the bottom, is put on a file system."""
    hidden = 0
    for seed in range(IMAGES):
        layers = random_image(seed, wild=False)
        merged = merge([layer_files(layer) for layer in layers])
        expected = _put_together(layers)
        sizes = {inode: layers[inode[0]][inode[1]].size for inode in expected.values()}
        assert merged.places.keys() == expected.keys(), seed
        assert merged.size == sum(sizes.values()), seed
        hidden += sum(merged.hidden_by_layer) > 0
    assert hidden > IMAGES / 2


def test_random_odd_images_count_every_byte_once() -> None:
    for seed in range(IMAGES):
        merged = merge([layer_files(layer) for layer in random_image(seed)])
        assert sum(_seen(merged).values()) == merged.size, seed
        assert sum(merged.hidden_by_layer) == _total(merged) - merged.size, seed
        assert min(merged.hidden_by_layer) >= 0, seed


def _put_together(layers: list[Layer]) -> dict[bytes, tuple[int, int]]:
    """Return for each path that is seen which entry its content came from."""
    seen: dict[bytes, tuple[int, int]] = {}

    def remove(folder: bytes) -> None:
        for path in [each for each in seen if each.startswith(folder + b"/")]:
            del seen[path]

    for number, layer in enumerate(layers):
        for entry in layer:
            above, name = entry.path.rpartition(b"/")[::2]
            if entry.kind == Kind.OPAQUE:
                remove(above)
            elif entry.kind == Kind.WHITEOUT:
                target = entry.path[: -len(name)] + name[4:]
                seen.pop(target, None)
                remove(target)
        here: dict[bytes, tuple[int, int]] = {}
        for position, entry in enumerate(layer):
            if entry.kind in {Kind.OPAQUE, Kind.WHITEOUT}:
                continue
            is_link = entry.kind == Kind.HARDLINK
            here[entry.path] = here[entry.link] if is_link else (number, position)
            if entry.kind != Kind.FOLDER:
                remove(entry.path)
            seen[entry.path] = here[entry.path]
    return seen


def _seen(merged: Merged) -> dict[bytes, int]:
    return {path: merged.bytes_at(path) for path in merged.places}


def _total(merged: Merged) -> int:
    layers: tuple[LayerFiles, ...] = merged.layers
    return sum(layer.size for layer in layers)
