"""Searches the smallest limit under which a trial holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hcreport.units import MIB

PRECISION = 1.025
STEP = 1.03
CONFIRMATIONS = 3
SMALLEST = 6 * MIB
"""The engine refuses limits below this."""

Holds = Callable[[int], bool]


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """The result of a search, in bytes."""

    limit: int
    """The smallest limit that held three times of three."""
    attempts: int
    confirmed: bool = True
    """False where the search gave up before a limit had held three times."""


def bisect(holds: Holds, low: int, high: int) -> tuple[int, int]:
    """Return the smallest limit found that holds, and how many trials it took.

    ``low`` is where to try first. ``high`` must hold by construction and is not tried. The answer
    is less than 2.5 % above a limit that failed, unless :data:`SMALLEST` itself holds.
    """
    attempts = 0
    low = max(min(low, high), SMALLEST)
    while True:
        attempts += 1
        if not holds(low):
            break
        high = low
        if low == SMALLEST:
            return high, attempts
        low = max(low * 4 // 5, SMALLEST)
    while high > low * PRECISION:
        middle = round((low * high) ** 0.5)
        attempts += 1
        if holds(middle):
            high = middle
        else:
            low = middle
    return high, attempts


def true_minimum(holds: Holds, low: int, high: int, *, most_steps: int = 12) -> Minimum:
    """Bisect, then go up by 3 % until a limit holds three times of three.

    The bisection's own success counts as the first of the three.
    """
    limit, attempts = bisect(holds, low, high)
    tried = limit < high
    for _ in range(most_steps):
        passed = int(tried)
        while passed < CONFIRMATIONS:
            attempts += 1
            if not holds(limit):
                break
            passed += 1
        if passed == CONFIRMATIONS:
            return Minimum(limit=limit, attempts=attempts)
        limit, tried = round(limit * STEP), False
    return Minimum(limit=limit, attempts=attempts, confirmed=False)
