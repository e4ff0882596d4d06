"""What the page about sleeping says, tried on a real engine: pausing, page cache, waking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hcreport.analyze import analyze
from hcreport.collect import CollectOptions, collect
from hcreport.compose_files import ASLEEP_FILE
from hcreport.config import Config
from hcreport.model import Sleeper, SleepGroup, Snapshot
from hcreport.render.overrides import overrides
from hcreport.render.view import View
from hcreport.units import mebibytes
from tests.engine.stack import BASE, IMAGE, Stack, compose, wait_until
from tests.engine_fixture import RunningEngine

pytestmark = pytest.mark.engine

SECONDS = 90

HELD, CACHED = 40, 48
"""MiB that one container holds, and that another has in page cache."""

SLACK = mebibytes(8)
"""What a small program and its files may take beside."""

CONFIG = Config(groups=(SleepGroup(name="both", services=("cached", "holding"), awake=0),))

_READS_AGAIN = "while true; do cat /file > /dev/null; sleep 1; done"
_STARTS_SLOWLY = "sleep 3; touch /dev/shm/ready; sleep 100000"

SERVICES: dict[str, dict[str, Any]] = {
    "holding": {
        "command": ["sh", "-c", f"dd if=/dev/zero bs={HELD}M count=1 | sleep 100000"],
        "healthcheck": {"test": ["CMD", "true"], "interval": "1s"},
    },
    # Files that are read again and again count as used: docker stats shows them.
    "cached": {
        "command": [
            "sh",
            "-c",
            f"dd if=/dev/zero of=/file bs=1M count={CACHED}; sync; {_READS_AGAIN}",
        ],
    },
    # Long enough between two probes that the first one is still kept when all is in place.
    "slow": {
        "command": ["sh", "-c", _STARTS_SLOWLY],
        "healthcheck": {"test": ["CMD", "test", "-e", "/dev/shm/ready"], "interval": "10s"},
    },
}


@pytest.fixture(scope="module")
def team(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a running project of the three services."""
    engine.build(IMAGE, BASE)
    folder = tmp_path_factory.mktemp("sleepers")
    common = {"image": IMAGE, "network_mode": "none", "stop_grace_period": "0s"}
    services = {name: {**common, **each} for name, each in SERVICES.items()}
    (folder / "compose.yaml").write_text(yaml.safe_dump({"services": services}), encoding="utf-8")
    stack = Stack(engine=engine, folder=folder, name="hcreport-sleepers")
    try:
        compose(stack, "up", "--detach")
        yield stack
    finally:
        compose(stack, "down", "--timeout", "0")


def _taken(team: Stack) -> tuple[Snapshot, dict[str, Sleeper]]:
    snapshot = collect(CollectOptions(compose=team.request, host=team.engine.host))
    return snapshot, {each.service: each for each in analyze(snapshot).sleep.services}


def _held(sleeper: Sleeper) -> tuple[float, float]:
    """Return what a service uses and what stopping it frees, in bytes; 0 is not measured."""
    uses, frees = sleeper.uses, sleeper.frees
    return (uses.value if uses else 0, frees.value if frees else 0)


@pytest.fixture(scope="module")
def before(team: Stack) -> tuple[Snapshot, dict[str, Sleeper]]:
    """Return a snapshot and its sleepers when memory and page cache are what they will be."""
    found: list[tuple[Snapshot, dict[str, Sleeper]]] = []

    def settled() -> bool:
        found[:] = [_taken(team)]
        sleepers = found[0][1]
        return (
            sleepers.keys() == SERVICES.keys()
            and _held(sleepers["holding"])[0] >= mebibytes(HELD)
            and _held(sleepers["cached"])[0] >= mebibytes(CACHED)
            and sleepers["slow"].ready_after is not None
        )

    wait_until(settled, SECONDS, "all memory")
    return found[0]


def test_page_cache_is_in_use_and_would_not_be_freed(
    before: tuple[Snapshot, dict[str, Sleeper]],
) -> None:
    uses, frees = _held(before[1]["holding"])
    assert mebibytes(HELD) <= frees <= uses <= mebibytes(HELD) + SLACK
    uses, frees = _held(before[1]["cached"])
    assert uses >= mebibytes(CACHED)
    assert 0 < frees <= SLACK


def test_the_first_passed_probe_is_no_earlier_than_the_service_was_ready(
    before: tuple[Snapshot, dict[str, Sleeper]],
) -> None:
    ready = before[1]["slow"].ready_after
    assert ready is not None
    assert ready >= 3  # it was told to wait so long


def test_pausing_frees_nothing_and_is_unhealthy_at_once(
    team: Stack, before: tuple[Snapshot, dict[str, Sleeper]]
) -> None:
    container = team.engine.client.containers.get(team.inspected()[team.container("holding")]["Id"])
    container.pause()
    try:
        container.reload()
        state = container.attrs["State"]
        assert (state["Status"], state["Health"]["Status"]) == ("paused", "unhealthy")
        assert state["Health"]["FailingStreak"] == 0
        paused = _taken(team)[1]["holding"]
        assert paused.paused
        assert _held(paused)[1] == pytest.approx(_held(before[1]["holding"])[1], abs=mebibytes(1))
    finally:
        container.unpause()

    def healthy() -> bool:
        container.reload()
        return str(container.attrs["State"]["Health"]["Status"]) == "healthy"

    wait_until(healthy, SECONDS, "healthy again")


def test_one_that_sleeps_is_woken_by_its_name(
    team: Stack, before: tuple[Snapshot, dict[str, Sleeper]]
) -> None:
    snapshot = before[0]
    assessment = analyze(snapshot, CONFIG)
    text = overrides(snapshot, assessment)[ASLEEP_FILE]
    (team.folder / ASLEEP_FILE).write_text(text, encoding="utf-8")
    page = View(snapshot, assessment).sleep
    assert page.override == text
    for command, running in (
        (page.stop, {"slow"}),
        (page.start, {"slow"}),
        (page.wake, {"slow", "cached"}),
        (page.undo, set(SERVICES)),
    ):
        words = command.split()
        assert words[:2] == ["docker", "compose"]
        compose(team, *words[2:])
        assert _taken(team)[1].keys() == running, command
