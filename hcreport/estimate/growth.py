"""Whether a container went on growing while it was watched."""

from __future__ import annotations

import statistics
from itertools import combinations

from hcreport.estimate.held import held
from hcreport.facts import fact_value
from hcreport.model import POINT_COLUMNS, MemoryUse, Point, Series
from hcreport.units import MILLISECONDS_PER_SECOND, Bytes, gib, mebibytes

_MOST_POINTS = 60
"""Points that are compared pair by pair; more would not change a median."""

_SMALLEST = mebibytes(1)


def growth_note(series: Series) -> str:
    """Return one clause about growth in the last half of the window; empty where there was none.

    The slope is Theil and Sen's: the median of the slopes between all pairs of points, which single
    bursts do not move. A leak and a warm-up look the same in a minute, so neither is named.
    """
    seconds = (series.last_at - series.first_at) / 2
    slope = growth(series)
    if slope is None or series.held is None:
        return ""
    grown = slope * seconds
    if grown < max(series.held * fact_value("sizing/growth-share"), int(_SMALLEST)):
        return ""
    return (
        f"still growing: {gib(round(grown))} more in the last {seconds:.0f} s, "
        "which may be a leak or a warm-up"
    )


def growth(series: Series) -> float | None:
    """Return by how many bytes a second a container grew in the last half of its samples.

    None with fewer samples than ``sizing/fewest-samples`` in that half, or without page cache told
    apart.
    """
    points = series.points[len(series.points) // 2 :]
    if len(points) < fact_value("sizing/fewest-samples"):
        return None
    step = -(-len(points) // _MOST_POINTS)
    sizes = [(_seconds(each), _held(each)) for each in points[::step]]
    slopes = [
        (later - earlier) / (after - before)
        for (before, earlier), (after, later) in combinations(
            [(moment, size) for moment, size in sizes if size is not None], 2
        )
        if after > before
    ]
    return statistics.median(slopes) if slopes else None


def _seconds(point: Point) -> float:
    return (point[0] or 0) / MILLISECONDS_PER_SECOND


def _held(point: Point) -> Bytes | None:
    named = {
        name: None if value is None else Bytes(value)
        for name, value in zip(POINT_COLUMNS, point, strict=True)
    }
    usage = named["usage"]
    if usage is None:
        return None
    use = MemoryUse(
        usage=usage,
        shared=named["shared"],
        inactive_file=named["inactive_file"],
        active_file=named["active_file"],
        mapped_file=named["mapped_file"],
    )
    return held(use)
