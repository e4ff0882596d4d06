"""The predictor: what a container needs, by rule, and against minima found by experiment."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from functools import cache

import pytest

from hcreport.estimate.need import Need, container_need, need_of, single_sample
from hcreport.model import Runtime, Series
from hcreport.units import Bytes, mebibytes
from tests.fragments import snapshot_of
from tests.watched import measured, sampled, watched

PHASES = 5
"""The experiments were read five times a second, so one sample a second has five phases."""

RUNTIMES: dict[str, Runtime] = {"node": "node", "java": "java"}
"""What the sampler would have found among the processes of these services."""

FEWEST = 10


def trials(service: str) -> Iterator[tuple[Series, Need, int]]:
    """Yield series, need and true minimum of each run and phase, one sample a second."""
    known = measured()[service]
    for run in known["runs"]:
        for phase in range(PHASES):
            rows = run["rows"][phase::PHASES]
            series = sampled(rows, run["peak"], runtime=RUNTIMES.get(service))
            yield series, container_need(series), known["minimum"]


@cache
def judged() -> dict[str, list[tuple[Series, Need, int]]]:
    """Return the trials of each service whose minimum the product states, by its own rule."""
    found = {}
    for service in measured():
        kept = [each for each in trials(service) if not (each[1].elastic or each[1].page_cache)]
        if kept:
            found[service] = kept
    return found


def test_elastic_heaps_and_page_cache_are_told_apart_by_rule() -> None:
    left_out = set(measured()) - set(judged())
    assert left_out == {"node", "java", "nginx"}
    assert {len(each) for each in judged().values()} == {3 * PHASES}


@pytest.mark.parametrize("service", sorted(set(measured()) - {"node", "java", "nginx"}))
def test_the_minimum_was_sufficient_in_every_run_and_phase(service: str) -> None:
    for series, need, true in judged()[service]:
        assert need.exact
        assert need.high is not None
        assert series.peak is not None
        assert true <= need.minimum <= need.recommended
        assert need.low <= need.minimum <= need.high == math.ceil(1.03 * series.peak)


def test_the_excess_over_the_true_minimum_is_as_measured() -> None:
    every = [
        (need.minimum / true - 1, series.samples >= FEWEST)
        for found in judged().values()
        for series, need, true in found
    ]
    excess = sorted(each for each, _ in every)
    assert len(excess) == 165
    assert statistics.median(excess) == pytest.approx(0.124, abs=0.001)
    assert excess[0] == pytest.approx(0.045, abs=0.001)
    enough = sorted(each for each, whole in every if whole)
    assert len(enough) == 135
    assert enough[int(0.9 * len(enough))] == pytest.approx(0.211, abs=0.001)
    assert excess[-1] == pytest.approx(0.805, abs=0.001)


def test_what_others_state_was_not_sufficient() -> None:
    """The comparison that the guide makes: the highest `docker stats` figure plus 15 %."""
    shown = [
        series.shown * 1.15 >= true for found in judged().values() for series, _, true in found
    ]
    assert sum(shown) < 0.7 * len(shown)


def mib(size: Bytes | None) -> float | None:
    """Return MiB, rounded up to what a page of the report could show."""
    return None if size is None else round(size / int(mebibytes(1)), 2)


# usage, held and peak in MiB (and what else the case is about) -> minimum, recommended, exact.
RULES = {
    "the highest value and 3 %": (
        {"usage": 100, "peak": 100},
        103.0,
        128.75,
        True,
    ),
    "what could not be taken back, 10 % and 2 MiB": (
        {"usage": 400, "held": 100, "peak": 400},
        112.0,
        140.0,
        True,
    ),
    "what rose above all samples was needed, and may rise higher": (
        {"usage": 400, "held": 100, "peak": 450},
        222.0,
        277.5,
        True,
    ),
    "never more than the highest value and 3 %": (
        {"usage": 100, "held": 95, "peak": 150},
        154.5,
        193.12,
        True,
    ),
    "files written faster than the disk takes them": (
        {"usage": 400, "held": 100, "write_burst": 12, "peak": 400},
        412.0,
        515.0,
        True,
    ),
    "a disk takes a little in time": (
        {"usage": 400, "held": 100, "write_burst": 11, "peak": 400},
        112.0,
        140.0,
        True,
    ),
    "warm page cache is recommended, not needed": (
        {"usage": 400, "held": 100, "warm": 200, "peak": 400},
        112.0,
        277.5,
        True,
    ),
    "no highest value: a lower bound": (
        {"usage": 400, "held": 100},
        112.0,
        140.0,
        False,
    ),
    "few samples: the highest value": (
        {"usage": 400, "held": 100, "peak": 400, "samples": FEWEST - 1},
        412.0,
        515.0,
        True,
    ),
    "just enough samples": (
        {"usage": 400, "held": 100, "peak": 400, "samples": FEWEST},
        112.0,
        140.0,
        True,
    ),
    "few samples and no highest value: what was seen": (
        {"usage": 400, "held": 100, "samples": FEWEST - 1},
        100.0,
        125.0,
        False,
    ),
    "page cache not told apart: the highest value": (
        {"usage": 400, "shown": 300, "held": None, "peak": 450},
        463.5,
        579.38,
        True,
    ),
    "page cache not told apart, no highest value: as shown": (
        {"usage": 400, "shown": 300, "held": None},
        300.0,
        375.0,
        False,
    ),
    "files on somebody else's account count as its own": (
        {"usage": 100, "held": 100, "mapped": 0, "program_files": 10, "peak": 100},
        113.3,
        141.63,
        True,
    ),
    "a mapped model on somebody else's account": (
        {"usage": 400, "held": 100, "mapped": 0, "program_files": 200, "peak": 400},
        332.0,
        415.0,
        True,
    ),
    "files that are on its own account count once": (
        {"usage": 400, "held": 100, "mapped": 10, "program_files": 9, "peak": 400},
        112.0,
        140.0,
        True,
    ),
    "a limit holds for what was on its account": (
        {
            "usage": 100,
            "held": 100,
            "mapped": 0,
            "program_files": 10,
            "peak": 100,
            "limit": 102,
        },
        112.0,
        141.63,
        False,
    ),
    "within its limit": (
        {"usage": 100, "peak": 100, "held": 98, "limit": 102.5},
        102.5,
        128.75,
        True,
    ),
    "its limit was reached by page cache alone": (
        {"usage": 200, "held": 100, "peak": 200, "limit": 200},
        112.0,
        140.0,
        True,
    ),
    "its limit was reached by what it holds": (
        {"usage": 200, "held": 199, "peak": 200, "limit": 200},
        200.0,
        257.5,
        False,
    ),
    "killed for want of memory: more than its limit": (
        {"usage": 100, "held": 60, "peak": 100, "limit": 100, "oom_kills": 1},
        100.0,
        125.0,
        False,
    ),
    "killed without a limit: at least what was needed": (
        {"usage": 100, "peak": 100, "oom_kills": 2},
        103.0,
        128.75,
        False,
    ),
}


@pytest.mark.parametrize(("values", "minimum", "recommended", "exact"), RULES.values(), ids=RULES)
def test_each_rule(
    values: dict[str, float], minimum: float, recommended: float, exact: bool
) -> None:
    need = container_need(watched(**values))
    assert (mib(need.minimum), mib(need.recommended)) == (minimum, recommended)
    assert need.exact is exact
    assert need.peak is ("peak" in values)
    assert need.low <= need.minimum <= need.recommended
    assert need.high is None or need.minimum <= need.high


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ({"usage": 400, "held": 100, "peak": 400}, 100, 412),
        ({"usage": 400, "held": 100, "peak": 400, "limit": 410}, 100, 410),
        ({"usage": 400, "held": 100}, 100, 202),
        ({"usage": 400, "held": 100, "limit": 150}, 100, 150),
        ({"usage": 400, "held": 100, "samples": FEWEST - 1}, 100, None),
        ({"usage": 400, "held": 399, "peak": 400, "limit": 400}, 399, None),
        ({"usage": 400, "held": 399, "peak": 400, "limit": 400, "oom_kills": 1}, 399, None),
    ],
)
def test_the_range_is_from_what_was_held_to_what_is_surely_enough(
    values: dict[str, float], low: float, high: float | None
) -> None:
    need = container_need(watched(**values))
    assert (mib(need.low), mib(need.high)) == (low, high)


@pytest.mark.parametrize(
    ("values", "notes"),
    [
        ({"peak": 100}, []),
        ({"runtime": "java", "peak": 100}, ["-Xmx"]),
        ({"runtime": "node", "peak": 100}, ["--max-old-space-size"]),
        ({"runtime": "dotnet", "peak": 100}, ["DOTNET_GCHeapHardLimit"]),
        ({"usage": 301, "held": 100, "warm": 300, "peak": 301}, []),
        ({"usage": 301, "held": 100, "warm": 301, "peak": 301}, ["lives from page cache"]),
        ({"peak": 100, "limit": 103}, []),
        ({"peak": 100, "limit": 102}, ["it reached its limit"]),
        ({"usage": 100, "held": 50, "peak": 100, "limit": 100}, []),
        ({"peak": 100, "limit": 100, "oom_kills": 1}, ["killed for want of memory at its limit"]),
        ({"peak": 100, "oom_kills": 1}, ["killed for want of memory while it was watched"]),
        ({"peak": 100, "samples": FEWEST - 1}, ["only 9 samples"]),
        ({"peak": 100, "samples": FEWEST - 1, "ended": "exited"}, []),
        ({"peak": 100, "samples": 1}, []),
    ],
)
def test_what_a_reader_should_know_is_noted(values: dict[str, object], notes: list[str]) -> None:
    found = container_need(watched(**values)).notes
    assert len(found) == len(notes)
    assert all(part in note for part, note in zip(notes, found, strict=True))


def test_the_elastic_heap_and_the_page_cache_are_named() -> None:
    assert container_need(watched(runtime="node")).elastic == "--max-old-space-size"
    assert container_need(watched(usage=400, held=10, warm=300)).page_cache
    assert not container_need(watched(usage=400, held=None)).page_cache


def test_of_several_lives_each_figure_is_the_largest() -> None:
    small = watched(usage=50, held=40, peak=50, samples=20)
    large = watched(usage=400, held=100, warm=110, peak=400, samples=30)
    both = need_of([small, large])
    assert both == need_of([large, small])
    assert (mib(both.minimum), mib(both.low), mib(both.high)) == (112, 100, 412)
    assert (both.exact, both.peak, both.samples) == (True, True, 50)


@pytest.mark.parametrize(
    ("other", "exact", "high"),
    [
        ({"usage": 50, "peak": 50}, True, True),
        ({"usage": 50}, False, True),
        ({"usage": 50, "samples": 3}, False, False),
        ({"usage": 50, "peak": 50, "limit": 50, "oom_kills": 1}, False, False),
    ],
)
def test_one_life_that_is_only_a_bound_makes_the_whole_one(
    other: dict[str, float], exact: bool, high: bool
) -> None:
    both = need_of([watched(usage=400, peak=400), watched(**other)])
    assert (both.exact, both.high is not None) == (exact, high)
    assert mib(both.minimum) == 412


def test_notes_of_several_lives_stand_once() -> None:
    killed = watched(peak=100, oom_kills=1)
    both = need_of([killed, killed, watched(runtime="java")])
    assert len(both.notes) == 2
    assert both.elastic


def container(more: str) -> Series | None:
    use = f"{{usage: !memory 100MiB{more}}}"
    snapshot = snapshot_of(
        "containers: [{name: web-2, id: abc, service: web, number: 2, state: running, "
        f"limits: {{memory: !memory 300MiB}}, memory: {use}}}]"
    )
    return single_sample(snapshot.containers[0])


def test_one_sample_is_a_lower_bound_unless_the_highest_value_is_known() -> None:
    one = container("")
    assert one is not None
    assert (one.samples, one.number, one.limit) == (1, 2, mebibytes(300))
    need = container_need(one)
    assert (mib(need.minimum), need.exact, need.high) == (100, False, None)
    peaked = container(", peak: !memory 200MiB")
    assert peaked is not None
    assert mib(container_need(peaked).minimum) == 206
    assert container_need(peaked).exact


def test_a_container_without_a_sample_has_none() -> None:
    snapshot = snapshot_of("containers: [{name: web, state: exited}]")
    assert single_sample(snapshot.containers[0]) is None
