"""Tells by its name whether a snapshot is that of a release: ``v1.4.0.json``, ``2026.5.json``."""

from __future__ import annotations

import re
from pathlib import Path

_VERSION = re.compile(r"[vV]?([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})")
"""Two to four numbers with points between. A date with hyphens is none, and a version with a word
behind it, such as ``1.4.0-rc1``, is no release yet."""


def release_name(path: Path) -> str | None:
    """Return the version that is the name of a file, without ``v``; None for any other name."""
    found = _VERSION.fullmatch(path.stem)
    return found[1] if found and path.suffix == ".json" else None


def release_order(version: str) -> tuple[int, ...]:
    """Return what versions are compared by: ``1.10`` is greater than ``1.9``, as ``1.10.0`` is."""
    numbers = [int(each) for each in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
