"""The series of one life: exact extremes, a bounded number of points, and the size of a day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hcreport.collect.processes import Processes
from hcreport.collect.series import Life, Reading, SeriesBuilder
from hcreport.model import (
    MOST_POINTS,
    POINT_COLUMNS,
    CpuUse,
    MemoryUse,
    Project,
    Series,
    Snapshot,
    Window,
)
from hcreport.snapshot import format_snapshot, parse_snapshot
from hcreport.units import MB, MIB, NANOSECONDS_PER_SECOND, Bytes

DAY_SECONDS = 86_400


def memory(usage: int, cache: int | None = 0, **more: int) -> MemoryUse:
    parts = (
        {"inactive_file": cache, "active_file": 0, "mapped_file": 0} if cache is not None else {}
    )
    return MemoryUse.model_validate({"usage": Bytes(usage), **parts, **more})


def series_of(*readings: Reading, life: Life | None = None) -> Series:
    builder = SeriesBuilder()
    for reading in readings:
        builder.add(reading)
    found = builder.series(life or Life(container="shop-web-1", id="0" * 64))
    assert found is not None
    return found


def at(second: float, usage: int = 1, cpu: float | None = None, **counters: int) -> Reading:
    """Return a sample, with CPU time in seconds."""
    use = None
    if cpu is not None:
        use = CpuUse(total_nanoseconds=round(cpu * NANOSECONDS_PER_SECOND), **counters)
    return Reading(at=second, memory=memory(usage), cpu=use)


def test_files_on_whoevers_account_are_the_most_that_was_listed() -> None:
    builder = SeriesBuilder()
    listed = Processes(count=1, resident=Bytes(50 * MIB))
    builder.processes(listed)
    for second, anonymous in enumerate((40, 45)):
        use = memory(60 * MIB, anonymous=anonymous * MIB)
        builder.add(Reading(at=second, memory=use))
        builder.processes(listed)
    builder.processes(Processes(count=1))
    found = builder.series(Life(container="a", id="b"))
    assert found is not None
    assert found.program_files == 10 * MIB
    assert (found.without_files, found.mapped) == (60 * MIB, 0)


def test_no_sample_is_no_series() -> None:
    assert SeriesBuilder().series(Life(container="a", id="b")) is None


def test_what_is_known_of_the_life_is_kept() -> None:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    life = Life(
        container="shop-web-1",
        id="0123456789abcdef",
        service="web",
        number=2,
        started_at=started,
        from_start=True,
        limit=Bytes(64 * MIB),
        oom_kills=3,
        ended="exited",
        exit_code=137,
        runtime="java",
    )
    found = series_of(at(0.5), at(2.25), life=life)
    assert (found.container, found.id, found.service, found.number) == (
        *("shop-web-1", "0123456789ab", "web", 2),
    )
    assert (found.started_at, found.from_start, found.limit) == (started, True, 64 * MIB)
    assert (found.oom_kills, found.ended, found.exit_code) == (3, "exited", 137)
    assert (found.runtime, found.first_at, found.last_at, found.samples) == ("java", 0.5, 2.25, 2)


@pytest.mark.parametrize(
    ("field", "expected"),
    [("usage", 90), ("shown", 60), ("held", 50), ("warm", 60), ("peak", 99)],
)
def test_each_extreme_is_the_highest_of_its_own(field: str, expected: int) -> None:
    """They lie in different samples; none is the sum or the difference of other extremes."""
    uses = [
        memory(90, 80, peak=90),
        memory(60, 10, peak=99),
        memory(50, 0, peak=99),
        MemoryUse(
            usage=Bytes(60),
            inactive_file=Bytes(0),
            active_file=Bytes(20),
            mapped_file=Bytes(0),
            peak=Bytes(99),
        ),
    ]
    found = series_of(*(Reading(at=float(n), memory=each) for n, each in enumerate(uses)))
    assert getattr(found, field) == expected
    assert found.peak_source == "engine"


@pytest.mark.parametrize(
    ("unwritten", "burst"),
    [
        ([None, None], None),
        ([5], None),
        ([9, 2, 6, 5], 4),
        ([9, 8], 0),
        ([1, None, 7], None),
    ],
    ids=["not reported", "one sample", "grew once", "shrank", "a sample between is missing"],
)
def test_a_burst_of_writing_is_the_largest_growth_between_two_samples(
    unwritten: list[int | None], burst: int | None
) -> None:
    readings = [
        Reading(at=second, memory=memory(10).model_copy(update={"unwritten": size}))
        for second, size in enumerate(unwritten)
    ]
    assert series_of(*readings).write_burst == burst


def test_an_engine_that_reports_usage_alone_has_no_parts() -> None:
    found = series_of(
        Reading(at=0, memory=memory(70, None)), Reading(at=1, memory=memory(50, None))
    )
    assert (found.usage, found.shown, found.held, found.warm, found.peak) == (
        70,
        70,
        None,
        None,
        None,
    )
    assert found.peak_source is None


def test_a_peak_read_in_the_container_says_so() -> None:
    builder = SeriesBuilder()
    builder.add(at(0, 10))
    builder.read_in_container(25)
    found = builder.series(Life(container="a", id="b"))
    assert found is not None
    assert (found.peak, found.peak_source) == (25, "container")


@pytest.mark.parametrize(
    ("readings", "used", "highest"),
    [
        ([at(0, cpu=5)], None, None),
        ([at(0), at(1)], None, None),
        ([at(0, cpu=5), at(1, cpu=5.5), at(3, cpu=8.5)], 3.5, 1.5),
        # Two samples within a hundredth of a second say nothing about a rate.
        ([at(0, cpu=5), at(1, cpu=5.5), at(1.01, cpu=5.6), at(2, cpu=6)], 1, 0.5),
        ([at(0, cpu=5), at(1, cpu=4)], 0, 0),
    ],
)
def test_cpu_time_is_what_was_used_between_samples(
    readings: list[Reading], used: float | None, highest: float | None
) -> None:
    found = series_of(*readings)
    assert found.cpu_seconds == (None if used is None else pytest.approx(used))
    assert found.cpu_highest == (None if highest is None else pytest.approx(highest))


def test_the_engines_clock_counts_for_a_rate() -> None:
    """An answer that came late was not read late."""
    readings = [
        Reading(
            at=arrived,
            memory=memory(1),
            cpu=CpuUse(total_nanoseconds=seconds * NANOSECONDS_PER_SECOND),
            engine_nanoseconds=seconds * NANOSECONDS_PER_SECOND,
        )
        for seconds, arrived in ((100, 0.0), (101, 1.9), (102, 2.1))
    ]
    assert series_of(*readings).cpu_highest == 1


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ({"periods": 10, "throttled_periods": 1}, {"periods": 25, "throttled_periods": 9}, (15, 8)),
        ({}, {}, (None, None)),
    ],
)
def test_throttling_is_what_grew(
    first: dict[str, int], last: dict[str, int], expected: tuple[int | None, int | None]
) -> None:
    found = series_of(at(0, cpu=1, **first), at(1, cpu=2, **last))
    assert (found.periods, found.throttled_periods) == expected


@pytest.mark.parametrize("count", [1, 2, 239, 240, 241, 242, 479, 480, 481, 5000])
def test_points_are_bounded_and_hold_the_heaviest(count: int) -> None:
    usages = [(number * 7919) % 5003 for number in range(count)]
    found = series_of(*(at(float(number), usage) for number, usage in enumerate(usages)))
    assert found.samples == count
    assert len(found.points) == count if count <= MOST_POINTS else len(found.points) <= MOST_POINTS
    assert len(found.points) > MOST_POINTS / 2 or count <= MOST_POINTS / 2
    taken = {(number * 1000, usage) for number, usage in enumerate(usages)}
    rows = [(row[0], row[1]) for row in found.points]
    assert set(rows) <= taken
    assert rows == sorted(rows)
    # Each point stands for as many samples as every other, and is the heaviest of them.
    stride = 1
    while count > MOST_POINTS * stride:
        stride *= 2
    blocks = [usages[start : start + stride] for start in range(0, count, stride)]
    assert [row[1] for row in rows] == [max(block) for block in blocks]


def test_a_row_holds_the_counters_as_they_were_read() -> None:
    use = MemoryUse(
        usage=Bytes(9),
        anonymous=Bytes(2),
        shared=Bytes(1),
        inactive_file=Bytes(3),
        active_file=Bytes(4),
        mapped_file=Bytes(5),
    )
    reading = Reading(at=1.2345, memory=use, cpu=CpuUse(total_nanoseconds=6))
    (row,) = series_of(reading).points
    assert dict(zip(POINT_COLUMNS, row, strict=True)) == {
        "milliseconds": 1234,
        "usage": 9,
        "anonymous": 2,
        "shared": 1,
        "inactive_file": 3,
        "active_file": 4,
        "mapped_file": 5,
        "cpu_nanoseconds": 6,
    }


@pytest.fixture(scope="module")
def a_day() -> Series:
    """Return the series of a container that was sampled each second for a day; large numbers."""
    builder = SeriesBuilder()
    uses = [
        MemoryUse(
            usage=Bytes(64_000_000_000 + number),
            anonymous=Bytes(48_000_000_000 + number),
            shared=Bytes(10_000_000_000),
            inactive_file=Bytes(10_000_000_000),
            active_file=Bytes(10_000_000_000),
            mapped_file=Bytes(10_000_000_000),
        )
        for number in range(100)
    ]
    for second in range(DAY_SECONDS):
        cpu = CpuUse(total_nanoseconds=(10**6 + 4 * second) * NANOSECONDS_PER_SECOND)
        builder.add(Reading(at=float(second), memory=uses[second % 100], cpu=cpu))
    found = builder.series(Life(container="shop-web-1", id="0" * 64, service="web"))
    assert found is not None
    return found


@pytest.mark.parametrize("containers", [17, 100])
def test_a_day_stays_a_small_file(a_day: Series, containers: int) -> None:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    snapshot = Snapshot(
        taken_at=started + timedelta(days=1),
        tool="hcreport test",
        project=Project(name="shop"),
        window=Window(
            started_at=started,
            seconds=DAY_SECONDS,
            interval_seconds=1,
            rounds=DAY_SECONDS,
            series=(a_day,) * containers,
        ),
    )
    text = format_snapshot(snapshot)
    assert a_day.samples == DAY_SECONDS
    assert len(text.encode()) < 20 * MB
    assert parse_snapshot(text) == snapshot


def test_a_row_of_numbers_is_one_line() -> None:
    found = series_of(at(0, 5), at(1, 6, cpu=1.0))
    window = Window(
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        seconds=1,
        interval_seconds=1,
        rounds=2,
        series=(found,),
    )
    title = "[\n 1,\n 2\n]"
    snapshot = Snapshot(
        taken_at=window.started_at,
        tool="hcreport test",
        title=title,
        project=Project(name="shop"),
        window=window,
    )
    text = format_snapshot(snapshot)
    assert "[0, 5, null, null, 0, 0, 0, null],\n" in text
    assert "[1000, 6, null, null, 0, 0, 0, 1000000000]\n" in text
    assert json.loads(text)["title"] == title
    assert parse_snapshot(text) == snapshot
