"""Files that are there twice count once less than they are there."""

from __future__ import annotations

from hcreport.contents.duplicates import Duplicate, duplicates
from hcreport.contents.layer import Kind, LayerFiles
from hcreport.contents.merged import merge

SIZE = 70_001


def layer(*files: tuple[str, int, bytes | None], links: dict[str, str] | None = None) -> LayerFiles:
    """Return a layer of files, each its path, its size and its mark."""
    made = LayerFiles()
    for path, size, mark in files:
        position = made.add(path.encode(), Kind.FILE, size=size)
        if mark is not None:
            made.marks[position] = mark
    for path, target in (links or {}).items():
        made.links[made.add(path.encode(), Kind.HARDLINK)] = target.encode()
    return made


def test_equal_files_in_all_layers_that_are_seen() -> None:
    first = layer(("a", SIZE, b"1"), ("b", SIZE, b"2"), ("big", 3 * SIZE, b"3"), ("c", SIZE, b"1"))
    second = layer(("d", SIZE, b"1"), ("copy", 3 * SIZE, b"3"), ("b", SIZE, b"1"))
    assert duplicates(merge([first, second])) == (
        Duplicate(size=3 * SIZE, paths=(b"a", b"b", b"c", b"d")),
        Duplicate(size=3 * SIZE, paths=(b"big", b"copy")),
    )


def test_one_mark_with_two_sizes_is_two_files() -> None:
    assert duplicates(merge([layer(("a", SIZE, b"1"), ("b", SIZE + 1, b"1"))])) == ()


def test_small_files_and_names_of_one_file_are_none() -> None:
    made = layer(("a", SIZE, b"1"), ("x", 5, None), ("y", 5, None), links={"b": "a"})
    assert duplicates(merge([made])) == ()
