"""Chooses evenly spread ones of many, so that neither time nor memory grows without end."""

from __future__ import annotations

from collections.abc import Iterable

_ENDS = 2
"""The first and the last one are always chosen."""


def evenly_spread(count: int, most: int, *, also: Iterable[int] = ()) -> list[int]:
    """Return the positions to take of ``count``: all, or ``most`` that include first and last.

    ``also`` names positions that are taken besides. The result ascends.
    """
    if count <= max(most, _ENDS):
        return list(range(count))
    steps = max(most, _ENDS) - 1
    return sorted({round(step * (count - 1) / steps) for step in range(steps + 1)} | set(also))
