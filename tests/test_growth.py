"""Growth in the last half of a window: what is noted, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hcreport.estimate.growth import growth, growth_note
from hcreport.model import Point, Series
from hcreport.units import mebibytes
from tests.watched import watched

SECONDS = 60


def series(size: Callable[[int], float], *, seconds: int = SECONDS, step: int = 1) -> Series:
    """Return a window with one point for each ``step`` seconds; sizes in MiB."""
    moments = range(0, seconds + 1, step)
    points = tuple(point(moment, size(moment)) for moment in moments)
    return watched(
        usage=max(size(moment) for moment in moments),
        last_at=seconds,
        samples=len(points),
        points=points,
    )


def point(second: int, size: float, cache: float | None = 0) -> Point:
    files = None if cache is None else int(mebibytes(cache))
    return (second * 1000, int(mebibytes(size)), None, 0, 0, files, 0, None)


CASES: dict[str, tuple[Callable[[int], float], str]] = {
    "level": (lambda _: 100, ""),
    "a leak of 2 MiB a second": (lambda second: 20 + 2 * second, "60 MiB more in the last 30 s"),
    "a warm-up that is over in the first half": (lambda second: min(100, 4 * second), ""),
    "growth that began in the last half": (
        lambda second: 100 + max(0, second - 31),
        "more in the last 30 s",
    ),
    "4 % more": (lambda second: 1000 + second / 30 * 40, ""),
    "6 % more": (lambda second: 1000 + second / 30 * 66, "66 MiB more"),
    "half a MiB more of very little": (lambda second: 1 + second / 60, ""),
    "single bursts": (lambda second: 200 if second % 5 == 0 else 20, ""),
    "a burst at the very end": (lambda second: 200 if second == SECONDS else 20, ""),
    "shrinking": (lambda second: 200 - 2 * second, ""),
    "a leak under bursts": (
        lambda second: 20 + 2 * second + (150 if second % 5 == 0 else 0),
        "60 MiB more",
    ),
}


@pytest.mark.parametrize(("size", "note"), CASES.values(), ids=CASES)
def test_growth_is_noted_where_it_was_seen(size: Callable[[int], float], note: str) -> None:
    found = growth_note(series(size))
    assert note in found
    assert bool(found) is bool(note)
    assert found == "" or found.endswith("which may be a leak or a warm-up")


def test_the_slope_is_in_bytes_a_second() -> None:
    assert growth(series(lambda second: 2 * second)) == pytest.approx(mebibytes(2))


def test_many_points_are_thinned_and_say_the_same() -> None:
    long = series(lambda second: 100 + second, seconds=479)
    assert growth(long) == pytest.approx(mebibytes(1))


@pytest.mark.parametrize(("seconds", "known"), [(17, False), (18, True)])
def test_few_points_say_nothing(seconds: int, known: bool) -> None:
    assert (growth(series(lambda second: second, seconds=seconds)) is not None) is known


def test_page_cache_is_no_growth() -> None:
    points = tuple(point(second, 100 + second, second) for second in range(SECONDS + 1))
    assert growth_note(watched(usage=160, held=100, points=points)) == ""


def test_without_page_cache_told_apart_nothing_is_said() -> None:
    points = tuple(point(second, 20 + 2 * second, None) for second in range(SECONDS + 1))
    unknown = watched(usage=140, held=None, points=points)
    assert growth(unknown) is None
    assert growth_note(unknown) == ""


def test_points_of_one_moment_have_no_slope() -> None:
    assert growth(watched(points=(point(1, 100),) * 30)) is None
