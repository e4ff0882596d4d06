"""Collecting a real Compose project from a real engine: what we say is what the engine says."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import CollectOptions, SilentProgress, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.model import Container, Limits, Snapshot
from hcreport.snapshot import format_snapshot, parse_snapshot
from hcreport.units import GIB, KIB, MIB, Bytes, parse_docker_stats_memory
from tests.engine.stack import IMAGE, Stack, take
from tests.engine_fixture import CANARY, RunningEngine

pytestmark = pytest.mark.engine

UNSTEADY = {"web", "llm", "no-program", "slow-probe", "crashing"}
"""Services whose memory does not stand still: their probes run every second, or they crash, so that
one look may find them and the next may not."""

Json = dict[str, Any]


def by_name(snapshot: Snapshot) -> dict[str, Container]:
    return {each.name: each for each in snapshot.containers}


def unexpected_gaps(snapshot: Snapshot, stack: Stack) -> set[str]:
    """Return what is missing; the crashing container may run for a moment, too short to sample."""
    return {gap.subject or gap.source for gap in snapshot.gaps} - {stack.container("crashing")}


def sampled(stack: Stack) -> dict[str, Json]:
    """Return raw samples by container name, asked for independently of hcreport."""
    api = stack.engine.client.api
    names = [
        name
        for name, reply in stack.inspected().items()
        if reply["State"]["Status"] in ("running", "paused")
    ]
    with ThreadPoolExecutor(len(names)) as pool:
        replies = pool.map(lambda name: api.stats(name, stream=False, one_shot=True), names)
        return {name: reply["memory_stats"] for name, reply in zip(names, replies, strict=True)}


def test_every_container_is_there_and_nothing_is_missing(snapshot: Snapshot, stack: Stack) -> None:
    assert unexpected_gaps(snapshot, stack) == set()
    assert len(snapshot.containers) == 17
    assert by_name(snapshot).keys() == stack.inspected().keys()
    assert {each.service for each in snapshot.containers} == {
        each.name for each in snapshot.services if each.active
    }
    assert parse_snapshot(format_snapshot(snapshot)) == snapshot


def test_limits_are_those_of_inspect_to_the_byte(snapshot: Snapshot, stack: Stack) -> None:
    containers = by_name(snapshot)
    for name, reply in stack.inspected().items():
        host, limits = reply["HostConfig"], containers[name].limits
        assert (limits.memory or 0) == host["Memory"], name
        assert (limits.memory_reservation or 0) == host["MemoryReservation"], name
        swap = -1 if limits.swap_unlimited else (limits.memory_swap or 0)
        assert swap == host["MemorySwap"], name
        assert round((limits.cpus or 0) * 1e9) == host["NanoCpus"], name
        assert (limits.pids or 0) == (host["PidsLimit"] or 0), name
        assert limits.shm_size == host["ShmSize"], name


def test_limits_are_those_of_the_compose_file(snapshot: Snapshot, stack: Stack) -> None:
    containers = by_name(snapshot)
    assert containers[stack.container("db")].limits == Limits(
        memory=Bytes(96 * MIB),
        memory_swap=containers[stack.container("db")].limits.memory_swap,
        cpus=1.5,
        pids=50,
        shm_size=Bytes(32 * MIB),
        swap_unlimited=containers[stack.container("db")].limits.swap_unlimited,
    )
    assert containers[stack.container("agent-3")].limits.memory == 32 * MIB
    assert containers[stack.container("worker", 2)].limits.memory is None


def test_states_are_those_of_inspect(stack: Stack) -> None:
    inspected, snapshot = stack.inspected(), take(stack)

    def facts(reply: Json) -> tuple[object, ...]:
        state = reply["State"]
        code = state["ExitCode"] if state["Status"] == "exited" else None
        return state["Status"], code, state["OOMKilled"], reply["RestartCount"]

    for name, container in by_name(snapshot).items():
        seen = (
            *(container.state, container.exit_code),
            *(container.oom_killed, container.restart_count),
        )
        assert seen == facts(inspected[name]) or name == stack.container("crashing"), name


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("paused", ("paused", None, False)),
        ("done", ("exited", 0, False)),
        ("killed", ("exited", 137, True)),
    ],
)
def test_states_are_what_was_done_to_them(
    snapshot: Snapshot, stack: Stack, service: str, expected: tuple[str, int | None, bool]
) -> None:
    container = by_name(snapshot)[stack.container(service)]
    assert (container.state, container.exit_code, container.oom_killed) == expected
    assert (container.memory is None) is (container.state == "exited")


def test_a_crashing_container_counts_its_restarts(snapshot: Snapshot, stack: Stack) -> None:
    container = by_name(snapshot)[stack.container("crashing")]
    assert container.restart_count is not None
    assert container.restart_count >= 5
    assert container.restart_policy == "always"


@pytest.mark.parametrize(
    ("service", "status", "outcome"),
    [
        ("web", "healthy", "passed"),
        ("llm", "unhealthy", "failed"),
        ("no-program", "unhealthy", "program not found"),
        ("slow-probe", "unhealthy", "timed out"),
    ],
)
def test_health_is_what_the_probes_say(
    snapshot: Snapshot, stack: Stack, service: str, status: str, outcome: str
) -> None:
    health = by_name(snapshot)[stack.container(service)].health
    assert health is not None
    assert health.status == status
    assert health.probes[-1].outcome == outcome
    assert (health.failing_streak == 0) is (status == "healthy")
    assert by_name(snapshot)[stack.container("db")].health is None


def test_memory_is_what_the_engine_counts(stack: Stack) -> None:
    """Between two looks an idle container's counters move little, and ours lie in between."""
    before, snapshot, after = sampled(stack), take(stack), sampled(stack)
    seen = 0
    for container in snapshot.containers:
        if container.service in UNSTEADY or container.name not in before:
            continue
        memory = container.memory
        assert memory is not None, container.name
        raw = [each[container.name] for each in (before, after)]
        low, high = min(each["usage"] for each in raw), max(each["usage"] for each in raw)
        assert low <= memory.usage <= high, container.name
        v1 = "total_inactive_file" in raw[0]["stats"]
        for field, key in (
            ("inactive_file", "total_inactive_file" if v1 else "inactive_file"),
            ("active_file", "total_active_file" if v1 else "active_file"),
            ("anonymous", "total_rss" if v1 else "anon"),
        ):
            counters = [each["stats"].get(key) for each in raw]
            assert min(counters) <= getattr(memory, field) <= max(counters), (container.name, field)
        seen += 1
    assert seen >= 9


def test_memory_is_what_docker_stats_prints(stack: Stack) -> None:
    """Four digits are printed, so a hundredth of the value is more than print and drift need."""
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command line")
    snapshot = take(stack)
    words = ["docker", "--host", stack.engine.host, "stats", "--no-stream", "--format"]
    template = "{{.Name}} {{.MemUsage}}"
    done = subprocess.run([*words, template], capture_output=True, text=True, check=True)
    printed = dict(line.split(" / ")[0].split(" ", 1) for line in done.stdout.splitlines())
    for container in snapshot.containers:
        if container.memory is not None and container.service not in UNSTEADY:
            shown = parse_docker_stats_memory(printed[container.name])
            allowed = max(int(shown) // 100, 16 * KIB)
            assert abs(container.memory.shown - shown) <= allowed, container.name


def test_a_service_is_as_compose_made_it(snapshot: Snapshot) -> None:
    """Compose's hash of each service is on its container: nothing was edited since."""
    hashes = {each.name: each.config_hash for each in snapshot.services}
    for container in snapshot.containers:
        assert container.config_hash == hashes[str(container.service)] is not None
        assert container.compose_version == snapshot.project.compose_version


def test_the_engine_is_described(snapshot: Snapshot, stack: Stack) -> None:
    info = stack.engine.client.info()
    seen = snapshot.engine
    assert seen is not None
    assert (seen.memory_total, seen.cpus) == (info["MemTotal"], info["NCPU"])
    assert seen.version == info["ServerVersion"]
    assert seen.storage_driver == info["Driver"]
    assert seen.memory_total is not None
    assert seen.memory_total > GIB / 4


def test_nothing_private_gets_out(snapshot: Snapshot, stack: Stack) -> None:
    text = format_snapshot(snapshot)
    assert CANARY not in text
    assert json.dumps(stack.engine.client.info()["Name"]) not in text
    replies = json.dumps([*stack.inspected().values()])
    api = stack.engine.client.images.get("hcreport-test/api:1")
    # The canary was there to be found.
    assert replies.count(CANARY) > 10
    assert CANARY in json.dumps(api.history())
    if stack.engine.started_here:
        assert CANARY in json.dumps(stack.engine.client.info()["Labels"])


class Removing(SilentProgress):
    """Stops one container and removes another as soon as the first answer about any came in."""

    def __init__(self, stack: Stack, stopped: str, removed: str) -> None:
        self._containers = stack.engine.client.containers
        self._names: tuple[str, str] | None = (stopped, removed)

    def start(self, total: int) -> None:
        if self._names is not None and total > 20:
            stopped, removed = self._names
            self._names = None
            self._containers.get(removed).remove(force=True)
            self._containers.get(stopped).kill()


def test_containers_that_go_away_leave_the_others_alone(stack: Stack) -> None:
    """Both are listed as running; what came of them depends on who was faster."""
    engine, name = stack.engine, "hcreport-test-gone"
    labels = {
        "com.docker.compose.project": stack.name,
        "com.docker.compose.service": "gone",
        "com.docker.compose.oneoff": "False",
    }
    made = [
        engine.client.containers.run(
            IMAGE,
            ["sleep", "100000"],
            name=f"{name}-{number}",
            labels=labels,
            network_mode="none",
            detach=True,
        )
        for number in (1, 2)
    ]
    try:
        snapshot = take(stack, progress=Removing(stack, f"{name}-1", f"{name}-2"))
    finally:
        made[0].remove(force=True)
    containers = by_name(snapshot)
    assert unexpected_gaps(snapshot, stack) <= {f"{name}-1", f"{name}-2"}
    assert containers.keys() - {f"{name}-2"} == {*stack.inspected(), f"{name}-1"}
    for other in stack.inspected().keys() - {stack.container("crashing")}:
        running = containers[other].state in ("running", "paused")
        assert (containers[other].memory is not None) is running, other
    gone = containers.get(f"{name}-2")
    assert gone is None or gone.memory is not None or snapshot.gaps


def test_a_project_that_does_not_run_has_no_containers(engine: RunningEngine, stack: Stack) -> None:
    request = ComposeRequest(folder=Path(stack.folder), project_name="hcreport-test-idle")
    snapshot = collect(CollectOptions(compose=request, host=engine.host))
    assert (snapshot.containers, snapshot.gaps) == ((), ())
    assert [each.name for each in snapshot.images] == [
        *("hcreport-test/api:1", "hcreport-test/base:1", "hcreport-test/web:1")
    ]
