"""Bytes that no container sees, by what hid them: by hand, and that they add up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hcreport.contents.merged import merge
from hcreport.contents.reclaim import Reclaimed, reclaimable
from hcreport.units import KIB
from tests.random_images import (
    Layer,
    emptied,
    file,
    folder,
    gone,
    hard_link,
    layer_files,
    random_image,
)

IMAGES = 600

_BIG = 64 * KIB
_TREE = [folder("d"), file("d/a", 10), folder("d/e"), file("d/e/b", 5)]

# Layers; then by cause: bytes, files, paths, layers.
Found = dict[str, tuple[int, int, list[str], list[int]]]
CASES: dict[str, tuple[list[Layer], Found]] = {
    "nothing": ([_TREE, [file("n", 1)]], {}),
    "other permissions": (
        [[file("a", 9)], [file("a", 9, mode=0o755)]],
        {"chmod copy": (9, 1, ["a"], [0])},
    ),
    "another owner": (
        [[file("a", 9)], [file("a", 9, user=5)]],
        {"chown copy": (9, 1, ["a"], [0])},
    ),
    "another group and other permissions": (
        [[file("a", 9)], [file("a", 9, group=5, mode=0o600)]],
        {"chown copy": (9, 1, ["a"], [0])},
    ),
    "another size": ([[file("a", 9)], [file("a", 8, user=5)]], {"rewritten": (9, 1, ["a"], [0])}),
    "another time": (
        [[file("a", 9)], [file("a", 9, user=5, time=1)]],
        {"rewritten": (9, 1, ["a"], [0])},
    ),
    "other content of one size and time": (
        [[file("a", _BIG)], [file("a", _BIG, user=5, content=b"y")]],
        {"rewritten": (_BIG, 1, ["a"], [0])},
    ),
    "the same again": ([[file("a", 9)], [file("a", 9)]], {"rewritten": (9, 1, ["a"], [0])}),
    "twice in one layer": ([[file("a", 9), file("a", 3)]], {"rewritten": (9, 1, ["a"], [0])}),
    "a folder instead of a file": (
        [[file("a", 9)], [folder("a")]],
        {"deleted later": (9, 1, ["a"], [0])},
    ),
    "a folder without an entry instead of a file": (
        [[file("a", 9)], [file("a/b", 1)]],
        {"deleted later": (9, 1, ["a"], [0])},
    ),
    "a file instead of a folder": ([_TREE, [file("d", 1)]], {"deleted later": (15, 2, ["d"], [0])}),
    "a file instead of a folder with one file": (
        [_TREE[:2], [file("d", 1)]],
        {"deleted later": (10, 1, ["d"], [0])},
    ),
    "the deepest folder that holds all of it": (
        [[folder("d"), file("d/e/1", 3), file("d/e/2", 4)], [gone("d/e/1"), gone("d/e/2")]],
        {"deleted later": (7, 2, ["d/e"], [0])},
    ),
    "a file by its own name where it is the only one of a folder": (
        [[file("d/1", 3), file("e/2", 4)], [gone("d/1"), gone("e/2")]],
        {"deleted later": (7, 2, ["e/2", "d/1"], [0])},
    ),
    "a file is deleted": ([_TREE, [gone("d/a")]], {"deleted later": (10, 1, ["d/a"], [0])}),
    "a folder is deleted whole": ([_TREE, [gone("d")]], {"deleted later": (15, 2, ["d"], [0])}),
    "a folder deleted whole with one file in it": (
        [[folder("d"), folder("d/e"), file("d/e/b", 5)], [gone("d")]],
        {"deleted later": (5, 1, ["d"], [0])},
    ),
    "a folder is emptied": (
        [_TREE, [folder("d"), emptied("d"), file("d/n", 1)]],
        {"deleted later": (15, 2, ["d"], [0])},
    ),
    "all is emptied": (
        [_TREE, [emptied(""), file("x", 1)]],
        {"deleted later": (15, 2, ["d"], [0])},
    ),
    "what is in a folder is deleted one by one": (
        [[folder("d"), *(file(f"d/{name}", 4) for name in "abc")], [gone(f"d/{n}") for n in "abc"]],
        {"deleted later": (12, 3, ["d"], [0])},
    ),
    "all but one is": (
        [[folder("d"), *(file(f"d/{name}", 4) for name in "abc")], [gone(f"d/{n}") for n in "ab"]],
        {"deleted later": (8, 2, ["d/a", "d/b"], [0])},
    ),
    "the largest first": (
        [[file("a", 1), file("b", 3), file("c", 2), file("d", 9)], [gone(n) for n in "abc"]],
        {"deleted later": (6, 3, ["b", "c", "a"], [0])},
    ),
    "a folder with another owner": (
        [
            [folder("x"), file("x/n", 1), *_TREE],
            [file("d/a", 10, user=1), file("d/e/b", 5, user=1)],
        ],
        {"chown copy": (15, 2, ["d"], [0])},
    ),
    "most of a folder": (
        [
            [*_TREE, file("d/c", 1), file("d/e/f", 2)],
            [file("d/e/f", 2, user=1), file("d/e/b", 5, user=1), file("d/a", 10, user=1)],
        ],
        {"chown copy": (17, 3, ["d/a", "d/e"], [0])},
    ),
    "what is written into a deleted folder later": (
        [_TREE, [gone("d")], [folder("d"), file("d/n", 1)]],
        {"deleted later": (15, 2, ["d"], [0])},
    ),
    "each copy by what hid it first": (
        [[file("a", 9)], [file("a", 9, mode=0)], [file("a", 9, user=5, mode=0)], [gone("a")]],
        {
            "chmod copy": (9, 1, ["a"], [0]),
            "chown copy": (9, 1, ["a"], [1]),
            "deleted later": (9, 1, ["a"], [2]),
        },
    ),
    "copies in several layers": (
        [[file("a", 9)], [file("a", 9, user=1)], [file("a", 9, user=2)]],
        {"chown copy": (18, 2, ["a"], [0, 1])},
    ),
    "a large file that is moved": (
        [[folder("d"), file("d/a", _BIG)], [gone("d"), file("e", _BIG)]],
        {"moved": (_BIG, 1, ["d/a"], [0])},
    ),
    "not one of other content": (
        [[file("a", _BIG)], [gone("a"), file("b", _BIG, content=b"y")]],
        {"deleted later": (_BIG, 1, ["a"], [0])},
    ),
    "nor one that is there again later": (
        [[file("a", _BIG)], [gone("a")], [file("b", _BIG)]],
        {"deleted later": (_BIG, 1, ["a"], [0])},
    ),
    "a deletion in a layer that writes it again": (
        [[file("a", 9)], [gone("a"), file("a", 9, user=5)]],
        {"chown copy": (9, 1, ["a"], [0])},
    ),
    "a deletion without a name": ([[file("a", 1)], [gone("")]], {}),
    "a further name keeps the bytes": ([[file("a", 8), hard_link("b", "a")], [gone("a")]], {}),
    "until it is deleted too": (
        [[file("a", 8), hard_link("b", "a")], [gone("b")], [gone("a")]],
        {"deleted later": (8, 1, ["a"], [0])},
    ),
    "a copy that is a further name": (
        [[file("b", 8)], [file("a", 8, user=1), hard_link("b", "a")]],
        {"chown copy": (8, 1, ["b"], [0])},
    ),
}


@pytest.mark.parametrize(("layers", "found"), CASES.values(), ids=CASES)
def test_causes(layers: list[Layer], found: Found) -> None:
    read = [layer_files(layer) for layer in layers]
    assert {
        each.cause: (
            each.size,
            each.files,
            [path.decode() for path in each.paths],
            list(each.layers),
        )
        for each in reclaimable(read, merge(read))
    } == found


def test_the_largest_cause_comes_first() -> None:
    read = [
        layer_files([file("a", 1), file("b", 5)]),
        layer_files([gone("a"), file("b", 5, user=1)]),
    ]
    assert [each.cause for each in reclaimable(read, merge(read))] == [
        "chown copy",
        "deleted later",
    ]


@pytest.mark.parametrize("wild", [False, True])
def test_sizes_add_up_on_random_images(wild: bool) -> None:
    causes: set[str] = set()
    for seed in range(IMAGES):
        read = [layer_files(layer) for layer in random_image(seed, wild=wild)]
        merged = merge(read)
        found = reclaimable(read, merged)
        assert _sum(found) == sum(layer.size for layer in read) - merged.size, seed
        assert all(each.size > 0 and each.files and each.paths for each in found), seed
        causes |= {each.cause for each in found}
    assert causes == {"chmod copy", "chown copy", "rewritten", "deleted later", "moved"}


def _sum(found: Sequence[Reclaimed]) -> int:
    return sum(each.size for each in found)
