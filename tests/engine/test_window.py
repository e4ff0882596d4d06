"""Watching containers of a real engine: some stay, some appear, die, restart or are renamed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hcreport.collect import CollectOptions, WindowOptions, collect, window_ask
from hcreport.collect.compose import ComposeRequest
from hcreport.units import MIB
from tests.engine.stack import wait_until
from tests.engine.yard import FOREVER, PROJECT, Yard, lives

pytestmark = pytest.mark.engine

# A child that takes more than its container may have; the container itself goes on.
GREEDY_CHILD = f"dd if=/dev/zero of=/dev/null bs=64M count=1; {FOREVER}"

# 40 MB for the two seconds that nobody reads what dd has to write.
BURST = f"dd if=/dev/zero bs=40M count=1 2>/dev/null | (sleep 2; cat > /dev/null); {FOREVER}"

Json = dict[str, Any]


def test_containers_that_come_and_go_are_accounted_for(yard: Yard) -> None:
    containers = yard.engine.client.containers
    for service in ("idle", "killed", "restarted", "renamed", "removed"):
        yard.start(service, FOREVER)

    def act() -> None:
        containers.get(f"{PROJECT}-renamed-1").rename(f"{PROJECT}-other-1")
        containers.get(f"{PROJECT}-killed-1").kill()
        containers.get(f"{PROJECT}-removed-1").remove(force=True)
        containers.get(f"{PROJECT}-restarted-1").restart(timeout=0)
        yard.start("late", FOREVER)
        yard.start("greedy", GREEDY_CHILD, mem_limit="16m")

    snapshot = yard.watch(act)
    found = lives(snapshot)
    assert found.keys() == {
        *("idle", "killed", "restarted", "renamed", "removed", "late", "greedy")
    }
    assert {service: [each.ended for each in series] for service, series in found.items()} == {
        "idle": ["running"],
        "killed": ["exited"],
        "restarted": ["exited", "running"],
        "renamed": ["running"],
        "removed": ["removed"],
        "late": ["running"],
        "greedy": ["running"],
    }
    assert found["killed"][0].exit_code == 137
    assert found["renamed"][0].container == f"{PROJECT}-other-1"
    assert [each.from_start for each in found["restarted"]] == [False, True]
    assert found["late"][0].from_start
    assert found["late"][0].first_at > 1
    (greedy,) = found["greedy"]
    assert greedy.oom_kills >= 1
    assert greedy.limit == 16 * MIB
    assert all(each.oom_kills == 0 for each in found["idle"])
    assert [gap for gap in snapshot.gaps if gap.source == "window"] == []
    idle = found["idle"][0]
    assert snapshot.window is not None
    assert idle.samples == snapshot.window.rounds >= 3
    at_the_end = {each.name: each.state for each in snapshot.containers}
    assert at_the_end[f"{PROJECT}-killed-1"] == "exited"
    assert f"{PROJECT}-removed-1" not in at_the_end


def sampled(yard: Yard, names: list[str]) -> dict[str, Json]:
    """Return raw samples by container name, asked for independently of hcreport."""
    api = yard.engine.client.api
    with ThreadPoolExecutor(len(names)) as pool:
        replies = pool.map(lambda name: api.stats(name, stream=False, one_shot=True), names)
        return {name: reply["memory_stats"] for name, reply in zip(names, replies, strict=True)}


def _shown(memory: Json) -> int:
    """Return what ``docker stats`` shows: docker/cli, stats_helpers.go."""
    counters = memory["stats"]
    cache = counters.get("total_inactive_file", counters.get("inactive_file", 0))
    return int(memory["usage"]) - int(cache)


def test_sums_are_the_engines_own(yard: Yard) -> None:
    """Each holds another amount in a tmpfs, and nothing moves: so one moment is like another.

    The amounts are large enough that what asked for readiness, just gone, is no hundredth of them.
    """
    sizes = (40, 50, 60)
    names = [
        yard.start(
            "holder",
            f"dd if=/dev/zero of=/hold/it bs=1M count={size}; : > /hold/ready; {FOREVER}",
            number,
            tmpfs={"/hold": "size=64m"},
        )
        for number, size in enumerate(sizes, start=1)
    ]
    containers = yard.engine.client.containers
    ready = ["test", "-e", "/hold/ready"]
    wait_until(
        lambda: all(containers.get(name).exec_run(ready).exit_code == 0 for name in names),
        30,
        "the holders",
    )
    snapshot, raw = yard.watch(), sampled(yard, names)
    series = {each.container: each for each in lives(snapshot)["holder"]}
    for name in names:
        assert series[name].shown == pytest.approx(_shown(raw[name]), rel=0.01), name
        assert series[name].usage == pytest.approx(raw[name]["usage"], rel=0.01), name
        assert series[name].peak == raw[name].get("max_usage"), name
    together = snapshot.window.together if snapshot.window else None
    assert together is not None
    assert together.containers == 3
    assert together.shown == pytest.approx(sum(map(_shown, raw.values())), rel=0.01)
    assert together.held == pytest.approx(sum(sizes) * MIB, rel=0.1)
    assert series[names[2]].held == pytest.approx(sizes[2] * MIB, rel=0.1)


def test_a_burst_after_the_start_is_seen(yard: Yard) -> None:
    """A sample afterwards does not show it, but the kernel's peak and the series do."""
    snapshot = yard.watch(lambda: yard.start("burst", BURST))
    (burst,) = lives(snapshot)["burst"]
    (container,) = [each for each in snapshot.containers if each.service == "burst"]
    assert burst.from_start
    assert container.memory is not None
    assert burst.shown > 10 * int(container.memory.shown)
    assert burst.cpu_seconds is not None
    assert burst.peak is None or burst.peak >= burst.usage


def test_watching_can_begin_before_the_project(yard: Yard) -> None:
    """The command starts it, as `docker compose up` would."""
    host, folder = yard.engine.host, yard.folder
    started = folder / "started"

    def start() -> None:
        wait_until(started.exists, 60, "the load command")
        yard.start("idle", FOREVER)

    starter = threading.Thread(target=start)
    starter.start()
    request = ComposeRequest(folder=folder)
    options = WindowOptions(
        seconds=3.0, interval=0.5, from_start=True, load=f": > {started}; sleep 100"
    )
    snapshot = collect(CollectOptions(compose=request, host=host, window=options))
    starter.join()
    (idle,) = lives(snapshot)["idle"]
    assert snapshot.window is not None
    assert snapshot.window.from_start
    assert snapshot.window.load is not None
    assert snapshot.window.load.exit_code is None
    assert idle.from_start
    assert idle.samples >= 1


def test_a_peak_can_be_read_in_a_container(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """With cgroup v1 the kernel's file has another name, and the API says the same number."""
    name = yard.start("idle", FOREVER)
    api = yard.engine.client.api
    version = str(api.info().get("CgroupVersion"))
    if version == "1":
        monkeypatch.setattr(
            window_ask, "_PEAK_FILE", "/sys/fs/cgroup/memory/memory.max_usage_in_bytes"
        )
    from hcreport.collect.engine import connect

    connection = connect(yard.engine.host)
    try:
        before = sampled(yard, [name])[name]
        peak = window_ask.read_peak(connection, name)
        after = sampled(yard, [name])[name]
    finally:
        connection.client.close()
    if version == "1":
        assert before["max_usage"] <= peak <= after["max_usage"]
    assert peak >= before["usage"]
