"""Suggested memory limits: never below what was needed, and none where only a bound is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.limits import LEAST_LIMIT, stated_limits, suggested_limits
from hcreport.estimate.requirements import started_requirement
from hcreport.model import Snapshot, SuggestedLimit
from hcreport.units import Bytes, mebibytes, total
from tests.fragments import snapshot_of
from tests.watched import watched

MIB = int(mebibytes(1))


def stack(
    *peaks: float | None, models: tuple[float, ...] = (), limit: int = 0, **service: Any
) -> Snapshot:
    """Return a service with one container for each peak in MiB; None is a peak nobody knows."""
    containers = [
        {
            "name": f"web-{number}",
            "service": "web",
            "number": number,
            "state": "running",
            "memory": {"usage": 10 * MIB} if peak is None else _peak(peak),
            "limits": {"memory": limit * MIB} if limit else {},
        }
        for number, peak in enumerate(peaks, 1)
    ]
    served = [
        {"name": f"m{index}", "service": "web", "memory": round(size * MIB)}
        for index, size in enumerate(models)
    ]
    replicas = {"replicas": len(peaks)} if peaks else {}
    return snapshot_of(
        {
            "services": [{"name": "web", **replicas, **service}],
            "containers": containers,
            "models": served,
        }
    )


def _peak(size: float) -> dict[str, int]:
    return {"usage": round(size * MIB), "peak": round(size * MIB)}


def suggested(snapshot: Snapshot) -> tuple[SuggestedLimit, ...]:
    return suggested_limits(started_requirement(snapshot), snapshot)


def stated(snapshot: Snapshot) -> dict[str, Bytes]:
    return dict(stated_limits(started_requirement(snapshot), snapshot))


# A service -> what each container needs, and the limit, in MiB.
CASES: dict[str, tuple[Snapshot, int, int]] = {
    # 1.03 x 100 = 103; 1.25 x 103 = 128.75; the next multiple of 16 is 144.
    "one container": (stack(100), 103, 144),
    # 1.03 x 200 = 206; 257.5; 272.
    "the hungriest of several": (stack(100, 200), 206, 272),
    # 1.03 x 2 = 2.06; engines accept no less than 6; 7.5; 16.
    "very little": (stack(2), 6, 16),
    # 1.03 x 62.13 = 63.99, in whole MiB 64; 80 is a multiple of 16 itself.
    "a whole multiple": (stack(62.13), 64, 80),
    "a reservation above it": (stack(100, limits={"memory_reservation": 301 * MIB}), 103, 304),
    "a reservation below it": (stack(100, limits={"memory_reservation": 50 * MIB}), 103, 144),
    # The container holds the model: 1.03 x 1000 = 1030; 1287.5; 1296.
    "a server and its model": (stack(1000, models=(500,)), 1030, 1296),
    # Each of two has loaded it: 1.03 x 1000 each, whatever the model.
    "two servers of one model": (stack(1000, 1000, models=(500,)), 1030, 1296),
    # What it used is less than its model: the model alone, 500; 625; 640.
    "a server that has not loaded it": (stack(100, models=(500,)), 500, 640),
}


@pytest.mark.parametrize(("snapshot", "needs", "limit"), CASES.values(), ids=CASES)
def test_a_limit_follows_from_the_need(snapshot: Snapshot, needs: int, limit: int) -> None:
    (found,) = suggested(snapshot)
    assert (found.needs, found.limit) == (needs * MIB, limit * MIB)
    assert stated(snapshot) == {"web": needs * MIB}


def test_a_limit_leaves_room_for_the_page_cache_in_regular_use() -> None:
    """It needs 1.1 x 4 + 2 = 6.4 MiB, and 1.25 x 1.03 x 200 = 257.5 MiB so as not to be slow."""
    series = watched(usage=200, held=4, warm=200, peak=200).model_dump()
    window = {"started_at": "2026-02-06T13:02:00Z", "seconds": 60, "interval_seconds": 1}
    snapshot = snapshot_of(
        {"services": [{"name": "web"}], "window": {**window, "rounds": 60, "series": [series]}}
    )
    (found,) = suggested(snapshot)
    assert (found.needs, found.limit) == (7 * MIB, 272 * MIB)


@pytest.mark.parametrize(
    "snapshot",
    [
        stack(None),
        stack(100, None),
        stack(),
        snapshot_of(
            "services: [{name: web}]\ncontainers: [{name: web, service: web, state: exited}]"
        ),
    ],
    ids=["one sample", "one container of two", "no container", "exited"],
)
def test_a_service_of_which_only_a_bound_is_known_gets_none(snapshot: Snapshot) -> None:
    assert suggested(snapshot) == ()


def test_a_lower_bound_is_stated_though_it_is_not_suggested() -> None:
    assert stated(stack(None)) == {"web": 10 * MIB}
    assert stated(stack()) == {}


def test_a_model_that_is_not_counted_makes_no_limit() -> None:
    """Of two models of one server the larger is counted, unless a scenario names both."""
    assert suggested(stack(1000, models=(100, 500)))[0].needs == 1030 * MIB
    assert stated(stack(50, models=(100, 500))) == {"web": 500 * MIB}


def test_a_server_that_did_not_run_gets_no_limit() -> None:
    """Its model alone is known, and a limit of that would kill it."""
    assert (suggested(stack(models=(500,))), stated(stack(models=(500,)))) == ((), {})


@pytest.mark.parametrize(
    ("snapshot", "current"),
    [
        (stack(100), None),
        (stack(100, limit=200), 200),
        (stack(100, limits={"memory": 300 * MIB}), None),
    ],
    ids=["none", "of the container", "of the file, lost"],
)
def test_the_limit_that_is_there_is_the_containers_own(
    snapshot: Snapshot, current: int | None
) -> None:
    expected = None if current is None else current * MIB
    assert suggested(snapshot)[0].current == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], ("deploy",)),
        (["mem_limit"], ("mem_limit",)),
        (["mem_limit", "deploy"], ("mem_limit", "deploy")),
    ],
)
def test_the_keys_are_those_that_compose_accepts(
    keys: list[str], expected: tuple[str, ...]
) -> None:
    assert suggested(stack(100, memory_limit_keys=keys))[0].keys == expected


@settings(deadline=None)
@given(
    st.lists(st.floats(min_value=0.01, max_value=1 << 20), min_size=1, max_size=4),
    st.integers(min_value=0, max_value=1 << 20),
    st.lists(st.floats(min_value=1, max_value=1 << 20), max_size=2),
)
def test_no_limit_is_below_the_need_the_reservation_or_what_engines_accept(
    peaks: list[float], reservation: int, models: list[float]
) -> None:
    limits = {"memory_reservation": reservation * MIB} if reservation else {}
    snapshot = stack(*peaks, models=tuple(models), limits=limits)
    requirement = started_requirement(snapshot)
    for each in suggested_limits(requirement, snapshot):
        assert each.limit >= each.needs >= LEAST_LIMIT == 6 * MIB
        assert each.limit >= reservation * MIB
        assert each.limit % mebibytes(16) == 0
        assert each.containers == len(peaks)
        # Every container may load the model, so its limit is at least what it held itself.
        assert each.limit >= max(peaks) * MIB
        parts = [part for part in requirement.parts if part.kind in ("service", "model")]
        known = total(Bytes(round(part.memory.value)) for part in parts if part.memory)
        assert each.limit * each.containers >= known
