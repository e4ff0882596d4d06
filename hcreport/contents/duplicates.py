"""Finds files that an image holds more than once, by their size and both their ends."""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.contents.merged import Merged


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Files that are very likely equal."""

    size: int
    """Bytes that all of them but one take."""
    paths: tuple[bytes, ...]
    """Sorted."""


def duplicates(merged: Merged) -> tuple[Duplicate, ...]:
    """Return groups of equal files, those that take most first.

    Only files of at least 64 KiB have marks, and of several names of one file only the first.
    """
    found: dict[tuple[int, bytes], list[bytes]] = {}
    for path, layer, position in merged.items():
        mark = layer.marks.get(position)
        size = layer.sizes[position]
        if mark is not None:
            found.setdefault((size, mark), []).append(path)
    groups = (
        Duplicate(size=size * (len(paths) - 1), paths=tuple(sorted(paths)))
        for (size, _), paths in found.items()
        if len(paths) > 1
    )
    return tuple(sorted(groups, key=lambda each: (-each.size, each.paths)))
