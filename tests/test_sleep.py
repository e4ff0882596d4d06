"""What stopping services frees: only what was measured, and never more than there is."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.estimate.requirements import requirements
from hcreport.estimate.sleep import sleepers
from hcreport.model import Sleeper, Snapshot
from hcreport.units import mebibytes
from tests.fragments import snapshot_of
from tests.watched import watched

MIB = int(mebibytes(1))

STACK = """
services:
  - {name: web, depends_on: [{service: api}], limits: {memory: !memory 512MiB}}
  - {name: api, addresses: [{variable: DB, service: db}]}
  - {name: db, restart: always}
  - {name: proxy, tied_to: [web]}
  - {name: job}
containers:
  - name: web-1
    service: web
    state: running
    limits: {memory: !memory 512MiB}
    memory: {usage: !memory 100MiB, inactive_file: !memory 10MiB, active_file: !memory 30MiB}
  - name: web-2
    service: web
    state: paused
    limits: {memory: !memory 512MiB}
    memory: {usage: !memory 50MiB, inactive_file: 0, active_file: 0}
  - name: api-1
    service: api
    state: running
    memory: {usage: !memory 80MiB}
  - {name: db-1, service: db, state: running, restart_policy: unless-stopped}
  - {name: proxy-1, service: proxy, state: paused, health: {status: unhealthy}}
  - {name: job-1, service: job, state: exited, memory: {usage: !memory 9GiB}}
"""


def by_name(snapshot: Snapshot) -> dict[str, Sleeper]:
    """Return the running services of a snapshot, by name."""
    return {each.service: each for each in sleepers(snapshot, requirements(snapshot))}


def test_what_stopping_frees_is_the_use_without_page_cache() -> None:
    found = by_name(snapshot_of(STACK))
    web = found["web"]
    assert web.containers == 2
    assert web.uses is not None
    assert web.uses.value == mebibytes(140)
    assert web.frees is not None
    assert web.frees.value == mebibytes(110)
    assert "sum over 2 containers" in web.frees.origin.evidence
    # The engine does not tell page cache apart, and nothing is guessed.
    assert (found["api"].uses is not None, found["api"].frees) == (True, None)
    assert (found["db"].uses, found["db"].frees) == (None, None)


def test_those_that_use_most_stand_first_and_a_stopped_one_nowhere() -> None:
    assert list(by_name(snapshot_of(STACK))) == ["web", "api", "db", "proxy"]


def test_one_unmeasured_container_leaves_its_service_unmeasured() -> None:
    snapshot = snapshot_of("""
        services: [{name: web}]
        containers:
          - {name: a, service: web, state: running, memory: {usage: 5}}
          - {name: b, service: web, state: running}
    """)
    assert by_name(snapshot)["web"].uses is None


def test_who_needs_a_service_is_known_in_each_of_three_ways() -> None:
    found = by_name(snapshot_of(STACK))
    assert found["web"].needed_by == ("proxy",)  # shares its network
    assert found["api"].needed_by == ("web",)  # depends_on
    assert found["db"].needed_by == ("api",)  # holds its address
    assert found["proxy"].needed_by == ()


def test_a_service_that_does_not_run_needs_nothing() -> None:
    stopped = STACK
    for state in ("running", "paused"):
        stopped = stopped.replace(f"web\n    state: {state}", "web\n    state: exited")
    assert by_name(snapshot_of(stopped))["api"].needed_by == ()


def test_the_policy_of_the_container_counts_more_than_that_of_the_file() -> None:
    assert not by_name(snapshot_of(STACK))["db"].returns
    without = STACK.replace(", restart_policy: unless-stopped", "")
    assert by_name(snapshot_of(without))["db"].returns


def test_paused_is_all_of_its_containers() -> None:
    found = by_name(snapshot_of(STACK))
    assert {name for name, each in found.items() if each.paused} == {"proxy"}
    assert {name for name, each in found.items() if each.has_health_check} == {"proxy"}


def _probed(*probes: str, check: str = "") -> Snapshot:
    """Return a service with one container and its probes: ``passed@12+0.5``, ``failed@`` …"""
    found: list[dict[str, Any]] = []
    for each in probes:
        outcome, _, times = each.partition("@")
        began, _, seconds = times.partition("+")
        probe: dict[str, Any] = {"exit_code": int(outcome != "passed"), "outcome": outcome}
        if began:
            probe |= {"began_after": float(began), "seconds": float(seconds or 0)}
        found.append(probe)
    container: dict[str, Any] = {"name": "a", "service": "web", "state": "running"}
    if probes:
        container["health"] = {"status": "healthy", "probes": found}
    if check:
        container["health_check"] = {"kind": check}
    return snapshot_of({"services": [{"name": "web"}], "containers": [container]})


@pytest.mark.parametrize(
    ("probes", "seconds"),
    [
        ((), None),
        (("passed@12+0.5",), 12.5),
        (("failed@5+1", "passed@10+0.25"), 10.25),
        (("failed@5", "failed@10"), None),
        # Five are kept, and the first may be gone.
        (("passed@5", "passed@10", "passed@15", "passed@20", "passed@25"), None),
        # The oldest began before the last start, so the first one after it is there.
        (("passed@", "failed@3", "passed@6+0.5", "passed@9", "passed@12"), 6.5),
        (("passed@", "passed@"), None),
    ],
)
def test_the_first_passed_probe_tells_how_long_a_start_takes(
    probes: tuple[str, ...], seconds: float | None
) -> None:
    assert by_name(_probed(*probes))["web"].ready_after == seconds


@pytest.mark.parametrize(("kind", "checked"), [("", False), ("NONE", False), ("CMD", True)])
def test_a_health_check_that_is_switched_off_is_none(kind: str, checked: bool) -> None:
    assert by_name(_probed(check=kind))["web"].has_health_check is checked


@pytest.mark.parametrize(
    ("cpu_seconds", "rounds", "idle"),
    [(0.3, 60, True), (0.6, 60, False), (0.3, 2, None), (None, 60, None)],
)
def test_idle_is_what_used_next_to_no_cpu_while_watched(
    cpu_seconds: float | None, rounds: int, idle: bool | None
) -> None:
    series = watched(cpu_seconds=cpu_seconds).model_dump()
    window = {"started_at": "2026-02-06T13:02:00Z", "seconds": 60, "interval_seconds": 1}
    snapshot = snapshot_of(
        {
            "services": [{"name": "web"}],
            "containers": [{"name": "web-1", "service": "web", "state": "running"}],
            "window": {**window, "rounds": rounds, "series": [series]},
        }
    )
    assert by_name(snapshot)["web"].idle is idle


def _ollama(**changed: Any) -> Sleeper:
    service = {"name": "llm", "image": "ollama/ollama:0.30.0", **changed}
    snapshot = snapshot_of(
        {
            "services": [service],
            "containers": [{"name": "llm-1", "service": "llm", "state": "running"}],
            "models": [
                {"name": "a", "service": "llm", "loaded": 100 * MIB},
                {"name": "b", "service": "llm", "loaded": 50 * MIB},
                {"name": "c", "service": "llm"},
                {"name": "d", "loaded": 900 * MIB},
            ],
        }
    )
    return by_name(snapshot)["llm"]


def test_a_keep_alive_of_nothing_frees_what_ollama_said_is_loaded() -> None:
    found = _ollama()
    assert (found.is_ollama, found.serves_model, found.unloads_already) == (True, True, False)
    assert found.unloads is not None
    assert found.unloads.value == mebibytes(150)
    assert _ollama(settings={"OLLAMA_KEEP_ALIVE": "0s"}).unloads_already
    assert not _ollama(settings={"OLLAMA_KEEP_ALIVE": "10m"}).unloads_already


def test_what_ollama_says_counts_only_where_its_container_holds_as_much() -> None:
    snapshot = snapshot_of("""
        services: [{name: llm, image: ollama/ollama}]
        containers:
          - {name: a, service: llm, state: running, memory: {usage: !memory 100MiB}}
        models: [{name: m, service: llm, loaded: !memory 100MiB}]
    """)
    assert by_name(snapshot)["llm"].unloads is not None
    (model,) = snapshot.models
    more = model.model_copy(update={"loaded": model.loaded and model.loaded + 1})
    assert by_name(snapshot.model_copy(update={"models": (more,)}))["llm"].unloads is None


def test_another_server_of_models_has_no_keep_alive() -> None:
    found = _ollama(image="example/llama-server:1")
    assert (found.is_ollama, found.serves_model, found.unloads) == (False, True, None)


def test_a_lower_limit_is_the_one_that_the_limits_page_suggests() -> None:
    peak = {"usage": 40 * MIB, "peak": 40 * MIB}
    container = {"name": "a", "service": "web", "state": "running", "memory": peak}
    snapshot = snapshot_of(
        {
            "services": [{"name": "web"}],
            "containers": [{**container, "limits": {"memory": 512 * MIB}}],
        }
    )
    web = by_name(snapshot)["web"]
    # 1.03 x 40 = 41.2, in whole MiB 42; 1.25 x 42 = 52.5; the next multiple of 16 is 64.
    assert (web.limit, web.lower_limit) == (mebibytes(512), mebibytes(64))
