"""The experiment behind "minimum memory": its pure parts, and the results that are published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bench.sizing.predict import OTHERS, apart, others, percentile
from bench.sizing.results import Machine, Results, Row, Settings, summarise
from bench.sizing.search import PRECISION, SMALLEST, bisect, true_minimum
from bench.sizing.services import OWN, PACKAGES, SERVERS, SERVICES
from bench.sizing.stack import MODES, members
from bench.sizing.table import bars, table
from bench.sizing.trial import MOST_REFAULTS, SOME_REFAULTS, Observation, judge
from hcreport.model import Runtime, Series
from hcreport.units import MIB, Bytes


def from_size(threshold: int) -> Callable[[int], bool]:
    """Return a service that runs in ``threshold`` bytes and no less."""
    return lambda limit: limit >= threshold


@pytest.mark.parametrize(
    ("threshold", "low", "high"),
    [
        (100 * MIB, 50 * MIB, 300 * MIB),
        (100 * MIB, 99 * MIB, 101 * MIB),
        (100 * MIB, 200 * MIB, 300 * MIB),
        (300 * MIB, 50 * MIB, 300 * MIB),
        (7 * MIB, 500 * MIB, 900 * MIB),
        (SMALLEST + 1, MIB, 30 * MIB),
        (100 * MIB, 120 * MIB, 110 * MIB),
    ],
)
def test_bisection_ends_just_above_what_is_needed(threshold: int, low: int, high: int) -> None:
    found, attempts = bisect(from_size(threshold), low, high)
    assert threshold <= found <= threshold * PRECISION
    assert attempts < 30


def test_bisection_ends_at_the_smallest_limit_of_the_engine() -> None:
    assert bisect(lambda _: True, 100 * MIB, 200 * MIB)[0] == SMALLEST


def test_the_minimum_is_confirmed_three_times() -> None:
    asked: list[int] = []

    def holds(limit: int) -> bool:
        asked.append(limit)
        return limit >= 100 * MIB

    found = true_minimum(holds, 50 * MIB, 300 * MIB)
    assert found.confirmed
    assert found.attempts == len(asked)
    assert asked.count(found.limit) == 3


def test_a_limit_that_fails_once_is_left_behind() -> None:
    passes: dict[int, int] = {}

    def holds(limit: int) -> bool:
        passes[limit] = passes.get(limit, 0) + 1
        # Between 100 and 110 MiB it holds the first time only.
        return limit >= 110 * MIB or (limit >= 100 * MIB and passes[limit] == 1)

    found = true_minimum(holds, 50 * MIB, 300 * MIB)
    assert found.confirmed
    assert 110 * MIB <= found.limit < 110 * MIB * 1.03


def test_the_search_gives_up_and_says_so() -> None:
    first: set[int] = set()

    def holds(limit: int) -> bool:
        new = limit not in first
        first.add(limit)
        return new and limit > 100 * MIB

    assert not true_minimum(holds, 50 * MIB, 300 * MIB, most_steps=4).confirmed


GOOD = Observation(
    service="one",
    ready=True,
    running=True,
    oom_killed=False,
    errors="",
    work_per_second=10,
    refaults=0,
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"oom_killed": True, "ready": False}, "killed for want of memory"),
        ({"ready": False}, "not ready"),
        ({"running": False}, "ended"),
        ({"errors": "status 502"}, "errors: status 502"),
        ({"refaults": MOST_REFAULTS + 1}, "reads the same files again and again"),
        ({"refaults": MOST_REFAULTS}, ""),
        ({"work_per_second": 0.9}, "hardly any work done"),
        ({"work_per_second": 1.0}, ""),
        ({"work_per_second": 4.9, "refaults": SOME_REFAULTS}, ""),
        ({"work_per_second": 5.0, "refaults": SOME_REFAULTS + 1}, ""),
        (
            {"work_per_second": 4.9, "refaults": SOME_REFAULTS + 1},
            "less than half the work done, because files are read again",
        ),
    ],
)
def test_judge(changes: dict[str, object], reason: str) -> None:
    seen = Observation(**{**vars(GOOD), **changes})
    assert judge(seen, 10) == reason


def test_a_page_cache_server_may_read_its_files_again() -> None:
    seen = Observation(**{**vars(GOOD), "refaults": MOST_REFAULTS * 9})
    assert judge(seen, 10, page_cache=True) == ""


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([5], 0.95, 5), ([3, 1, 2], 0.5, 2), (range(1, 21), 0.95, 19), (range(1, 21), 0.9, 18)],
)
def test_percentile(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def watched(
    usages: list[int], inactive: int = 0, warm: int = 0, runtime: Runtime | None = None
) -> Series:
    """Return a series of one container in MiB; ``held`` is all but the inactive file cache."""
    return Series(
        container="one",
        id="1",
        first_at=0,
        last_at=len(usages),
        samples=len(usages),
        usage=Bytes(max(usages) * MIB),
        shown=Bytes((max(usages) - inactive) * MIB),
        held=Bytes((max(usages) - inactive) * MIB),
        warm=Bytes((warm or max(usages) - inactive) * MIB),
        peak=Bytes(max(usages) * MIB),
        runtime=runtime,
        points=tuple(
            (second * 1000, use * MIB, 0, 0, inactive * MIB, 0, 0, 0)
            for second, use in enumerate(usages)
        ),
    )


def test_other_predictors_use_the_same_samples() -> None:
    said = others([watched([*range(101, 121), 60], inactive=20)])
    assert said == {
        "once": 40 * MIB,
        "p95": 99 * MIB,
        "krr": 115 * MIB,
        "dockpulse": round(119 * MIB * 1.2),
    }
    assert set(said) == set(OTHERS)


def test_dockpulse_goes_no_lower_than_16_mb() -> None:
    assert others([watched([5] * 20)])["dockpulse"] == 16 * MIB


def test_what_is_listed_apart_is_decided_by_the_products_rules() -> None:
    plain, heap = watched([100] * 20), watched([100] * 20, runtime="node")
    cached = watched([100] * 20, inactive=90, warm=90)
    reasons = [apart([series]) for series in (plain, heap, cached)]
    assert reasons == ["", "elastic heap", "page cache"]


def row(name: str, predicted: int, true: int, *trials: str, **more: object) -> Row:
    """Return a row in MiB, whose other predictors all say 50 MiB."""
    fields: dict[str, object] = {
        "name": name,
        "what": "a test",
        "predicted": predicted * MIB,
        "true_minimum": true * MIB,
        "confirmed": True,
        "search_trials": 9,
        "trials": trials,
        "others": dict.fromkeys(OTHERS, 50 * MIB),
        "samples": 20,
        "peak": 200 * MIB,
        "held": 40 * MIB,
    }
    return Row(**{**fields, **more})


ROWS = (
    row("exact", 100, 100, "", "", ""),
    row("over", 60, 50, "", "", ""),
    row("far", 80, 50, "", "", ""),
    row("short", 40, 50, "", "killed for want of memory", ""),
    row("web", 10, 90, "slow", apart="page cache", package="nginx-light"),
)


def test_the_summary_leaves_out_what_is_listed_apart() -> None:
    summary = summarise(ROWS)
    assert summary is not None
    assert (summary.services, summary.trials, summary.sufficient) == (4, 12, 11)
    assert (summary.median_over, summary.p90_over) == (0.1, 0.6)
    assert summary.predictors["hcreport"].sufficient == 3
    assert summary.predictors["hcreport"].worst_under == -0.2
    assert summary.predictors["once"].sufficient == 3
    assert summary.predictors["once"].worst_under == -0.5
    assert summarise(ROWS[4:]) is None


def results(services: tuple[Row, ...], stacks: tuple[Row, ...] = ()) -> Results:
    """Return results with these rows."""
    machine = Machine(
        engine="20.10",
        kernel="6.1",
        cgroup="1",
        cpus=2,
        memory=MIB,
        compose="5.0",
        packages={},
    )
    settings = Settings(window_seconds=20, load_seconds=7, trials=3, stack_trials=2, lanes=1)
    return Results(
        date="2026-01-02",
        machine=machine,
        settings=settings,
        services=services,
        stacks=stacks,
        summary=summarise(services),
    )


def test_the_table_marks_what_is_too_low_and_lists_apart() -> None:
    lines = table(results(ROWS)).splitlines()
    exact = next(line for line in lines if line.startswith("exact"))
    assert exact.split() == ["exact", "100.0", "100.0", "+0%", "3/3", *["50.0!"] * 4]
    web = next(line for line in lines if line.startswith("web"))
    assert web.endswith("page cache")
    assert lines.index(web) > next(i for i, line in enumerate(lines) if "listed apart" in line)
    assert any(line.startswith("11 of 12 trials of 4 services held") for line in lines)


@pytest.mark.parametrize(
    ("stack", "missed"),
    [
        (row("step", 140, 100, "", ""), set()),
        (row("step", 141, 100, "", ""), {"stack, step: at most 40 % above"}),
        (row("step", 140, 100, "", "one: ended"), {"stack, step: sufficient in every trial"}),
    ],
)
def test_bars(stack: Row, missed: set[str]) -> None:
    services = tuple(row(f"own-{n}", 110, 100, *[""] * 5) for n in range(14))
    assert {bar for bar, met in bars(results(services, (stack,))) if not met} == missed


@pytest.mark.parametrize(
    ("services", "missed"),
    [
        ((row("a", 150, 100, *[""] * 60),), {"at least 14 services of our own", "median"}),
        ((row("a", 170, 100, *[""] * 60),), {"at least 14", "median", "90th percentile"}),
        ((row("a", 100, 100, "ended", ""),), {"at least 14", "at least 60", "sufficient"}),
    ],
)
def test_missed_bars(services: tuple[Row, ...], missed: set[str]) -> None:
    found = [bar for bar, met in bars(results(services)) if not met]
    assert len(found) == len(missed)
    assert all(any(bar.startswith(start) for start in missed) for bar in found)


def test_the_services_are_as_many_and_as_various_as_promised() -> None:
    assert len(OWN) >= 14
    assert all(service.package is None for service in OWN)
    assert {"redis-server", "postgresql-15", "nginx-light", "memcached"} <= set(PACKAGES)
    assert len(SERVICES) == len(OWN) + len(SERVERS)


@pytest.mark.parametrize("mode", MODES)
def test_the_stack_has_seventeen_containers(mode: str) -> None:
    assert sum(member.replicas for member in members(in_step=MODES[mode])) == 17


PUBLISHED = Path(__file__).parents[1] / "bench" / "sizing" / "results.json"


def test_the_published_results_say_what_they_hold() -> None:
    """The table in the guide is made of them; nobody wrote a figure by hand."""
    found = Results.model_validate_json(PUBLISHED.read_text(encoding="utf-8"))
    date.fromisoformat(found.date)
    assert found.summary == summarise(found.services)
    assert [row.name for row in found.services] == list(SERVICES)
    assert [row.name for row in found.stacks] == list(MODES)
    assert set(found.machine.packages) == set(PACKAGES)
    for row in found.services:
        assert (row.what, row.package) == (SERVICES[row.name].what, SERVICES[row.name].package)
        assert len(row.trials) == found.settings.trials
    for row in found.stacks:
        assert row.containers == 17
        assert len(row.trials) == found.settings.stack_trials
    for row in (*found.services, *found.stacks):
        assert row.confirmed
        assert row.samples > 0
        assert row.others.keys() == OTHERS.keys()
