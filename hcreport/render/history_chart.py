"""Lines over time as numbers: where each line runs, for one template to draw as SVG.

A chart is a picture of the table beside it. Across, places are in percent of the drawing; down,
they are in ``em``, the size of its text. What was not measured is a gap in the line, never a zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Look = Literal["solid", "dashed", "dotted"]

ACROSS = 94.0
"""Percent of the width that the lines take; their numbers stand in the rest."""

HEIGHT = 9.0
"""Height of the lines in em, from zero to the largest value."""

_TOP = 1.6
"""Where the lines begin, in em: above them stands the largest value."""

_LABEL = 1.15
"""How far numbers at the ends of lines stand apart at least, in em."""

_LIST = _TOP + HEIGHT + 2.9
"""Where the list of the lines begins, in em."""

_STEP = 1.6
"""Height of one line of the list, in em."""

_DOWN = 0.35
"""How far the line that letters stand on is below their middle, in em."""

DOTS = 31
"""Up to so many snapshots each measured point has a dot of its own."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One quantity over time."""

    label: str
    look: Look
    values: tuple[int | None, ...]
    """In bytes or a count, one for each snapshot; None is not measured."""


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One measured point: across in percent, down in em."""

    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series as it is drawn."""

    mark: str
    """Its number, which stands at its end and in the list below the drawing."""
    label: str
    look: Look
    value: str
    """Its last value in words."""
    path: str
    """For an inner drawing of 100 by 100 units that is stretched over the lines."""
    dots: tuple[Dot, ...]
    """Points to draw: all where there are few, else those without a neighbour."""
    end: Dot | None
    """Where its number stands; None where nothing was measured."""
    key_at: float
    """Height of its sample in the list below the drawing, in em."""

    @property
    def digit_at(self) -> float:
        """The line that the number at its end stands on, in em."""
        return round(self.end.y + _DOWN, 2) if self.end else 0.0

    @property
    def text_at(self) -> float:
        """The line that its words in the list stand on, in em."""
        return round(self.key_at + _DOWN, 2)


@dataclass(frozen=True, kw_only=True)
class HistoryChart:
    """Lines in one drawing, from zero to the largest value."""

    title: str
    description: str
    lines: tuple[Line, ...]
    largest: str
    """The value at the top, in words."""
    first_day: str
    last_day: str
    height: float
    """In em, with the list below the lines."""
    across: float = ACROSS
    label_at: float = _TOP - 0.5
    """Where the largest value stands, in em."""
    top: float = _TOP
    lines_high: float = HEIGHT
    bottom: float = _TOP + HEIGHT
    days_at: float = _TOP + HEIGHT + 1.4


def history_chart(
    *,
    title: str,
    times: Sequence[datetime],
    series: Sequence[Series],
    say: Callable[[int], str],
    day: Callable[[datetime], str],
) -> HistoryChart | None:
    """Return series over time as a drawing; None for fewer than two times or without a value.

    ``say`` prints a value, ``day`` a time. The times ascend.
    """
    known = [value for each in series for value in each.values if value is not None]
    largest = max(known, default=0)
    if len(times) < 2 or largest <= 0:
        return None
    places = _places(times)
    lines = [
        _line(each, places, largest, mark=str(number), say=say)
        for number, each in enumerate(series, start=1)
    ]
    return HistoryChart(
        title=title,
        description=_description(lines, series, first=day(times[0]), last=day(times[-1]), say=say),
        lines=_apart(lines),
        largest=say(largest),
        first_day=day(times[0]),
        last_day=day(times[-1]),
        height=round(_LIST + _STEP * len(lines) - 0.6, 2),
    )


def _places(times: Sequence[datetime]) -> list[float]:
    """Return where each time stands, from 0 to 100."""
    whole = (times[-1] - times[0]).total_seconds()
    if whole <= 0:
        return [100 * position / (len(times) - 1) for position in range(len(times))]
    return [round(100 * (each - times[0]).total_seconds() / whole, 2) for each in times]


def _line(
    series: Series,
    places: Sequence[float],
    largest: int,
    *,
    mark: str,
    say: Callable[[int], str],
) -> Line:
    points = [
        None if value is None else (place, round(100 - 100 * value / largest, 2))
        for place, value in zip(places, series.values, strict=True)
    ]
    measured = [each for each in points if each is not None]
    lonely = [
        point
        for position, point in enumerate(points)
        if point is not None
        and not any(points[max(position - 1, 0) : position])
        and not any(points[position + 1 : position + 2])
    ]
    last = series.values[-1]
    return Line(
        mark=mark,
        label=series.label,
        look=series.look,
        value="not measured" if last is None else say(last),
        path=_path(points),
        dots=tuple(_dot(each) for each in (measured if len(points) <= DOTS else lonely)),
        end=_dot(measured[-1]) if measured else None,
        key_at=round(_LIST + _STEP * (int(mark) - 1) + 0.3, 2),
    )


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Return the path of the points; it is broken where one is not measured."""
    words: list[str] = []
    pen_down = False
    for point in points:
        if point is not None:
            words.append(f"{'L' if pen_down else 'M'}{point[0]:g} {point[1]:g}")
        pen_down = point is not None
    return "".join(words)


def _dot(point: tuple[float, float]) -> Dot:
    return Dot(x=round(point[0] * ACROSS / 100, 2), y=round(_TOP + point[1] * HEIGHT / 100, 2))


def _apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Move the numbers at the ends apart where they would stand on each other."""
    ends = sorted((each.end.y, each.mark) for each in lines if each.end)
    heights = [height for height, _ in ends]
    for _ in ends:  # each round moves neighbours by the same way, up and down
        for upper in range(len(heights) - 1):
            overlap = heights[upper] + _LABEL - heights[upper + 1]
            if overlap > 0:
                heights[upper] -= overlap / 2
                heights[upper + 1] += overlap / 2
    placed = {mark: round(height, 2) for (_, mark), height in zip(ends, heights, strict=True)}
    return tuple(
        replace(each, end=Dot(x=each.end.x, y=placed[each.mark])) if each.end else each
        for each in lines
    )


def _description(
    lines: Sequence[Line],
    series: Sequence[Series],
    *,
    first: str,
    last: str,
    say: Callable[[int], str],
) -> str:
    """Return in words what the drawing shows."""
    sentences = [f"From {first} to {last}."]
    for line, each in zip(lines, series, strict=True):
        known = [value for value in each.values if value is not None]
        if not known:
            sentences.append(f"{line.mark} {line.label}: not measured.")
            continue
        gaps = len(each.values) - len(known)
        missing = f", {gaps} of {len(each.values)} not measured" if gaps else ""
        sentences.append(
            f"{line.mark} {line.label}: last {line.value}, "
            f"lowest {say(min(known))}, highest {say(max(known))}{missing}."
        )
    return " ".join(sentences)
