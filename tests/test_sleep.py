"""What stopping services frees: only what was measured, and never more than there is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.errors import ConfigError
from hcreport.estimate.memory import memory_budget, memory_number
from hcreport.estimate.requirements import requirements
from hcreport.estimate.sleep import group_saving, sleep_choices, sleepers
from hcreport.model import GroupSaving, Origin, Sleeper, SleepGroup, Snapshot
from hcreport.units import KIB, Bytes, mebibytes
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


AGENTS = """
services:
  - {name: a}
  - {name: b}
  - {name: c}
  - {name: d}
containers:
  - &a
    name: a
    service: a
    state: running
    limits: {memory: !memory 512MiB}
    memory: {usage: !memory 100MiB, inactive_file: 0, active_file: 0}
  - {<<: *a, name: b, service: b, memory: {usage: !memory 200MiB, inactive_file: 0, active_file: 0}}
  - {<<: *a, name: c, service: c, memory: {usage: !memory 300MiB, inactive_file: 0, active_file: 0}}
  - {<<: *a, name: d, service: d, state: exited}
"""


def saving(snapshot: Snapshot, *services: str, awake: int) -> GroupSaving:
    """Return what one group saves."""
    group = SleepGroup(name="agents", services=services, awake=awake)
    (found,) = sleep_choices(snapshot, (), [group]).groups
    return found


def _figures(found: GroupSaving) -> tuple[float, ...]:
    assert found.saves is not None
    assert found.saves_on_average is not None
    assert found.saves_most is not None
    sizes = (found.saves.value, found.saves_on_average, found.saves_most)
    return tuple(each / MIB for each in sizes)


@pytest.mark.parametrize(
    ("awake", "asleep", "figures"),
    [
        (0, 3, (600, 600, 600)),
        # The two smallest, two thirds of the sum, the two largest.
        (1, 2, (300, 400, 500)),
        (2, 1, (100, 200, 300)),
        (3, 0, (0, 0, 0)),
        (4, 0, (0, 0, 0)),
    ],
)
def test_a_group_saves_between_the_smallest_and_the_largest(
    awake: int, asleep: int, figures: tuple[float, ...]
) -> None:
    found = saving(snapshot_of(AGENTS), "a", "b", "c", "d", awake=awake)
    assert found.running == ("a", "b", "c")  # d does not run and frees nothing more
    assert found.asleep == asleep
    assert _figures(found) == figures
    assert found.limits_freed == mebibytes(512) * asleep


def test_limits_are_added_up_only_where_they_are_the_same() -> None:
    other = AGENTS.replace("name: b, service: b,", "name: b, service: b, limits: {},")
    assert saving(snapshot_of(other), "a", "b", "c", awake=1).limits_freed is None
    assert saving(snapshot_of(other), "a", "c", awake=1).limits_freed == mebibytes(512)


def test_a_group_with_an_unmeasured_member_saves_what_nobody_knows() -> None:
    unknown = AGENTS.replace(
        "service: b, memory: {usage: !memory 200MiB, inactive_file: 0, active_file: 0}",
        "service: b, memory: null",
    )
    found = saving(snapshot_of(unknown), "a", "b", "c", awake=1)
    assert (found.saves, found.saves_on_average, found.saves_most) == (None, None, None)
    assert found.unmeasured == ("b",)
    # Its limit is known, and stands for itself.
    assert found.limits_freed == mebibytes(1024)


def test_a_group_of_which_nothing_runs_saves_nothing_that_is_a_number() -> None:
    found = saving(snapshot_of(AGENTS), "d", awake=0)
    assert (found.running, found.asleep, found.saves) == ((), 0, None)


def test_names_are_only_unknown_where_the_snapshot_has_no_services() -> None:
    group = SleepGroup(name="agents", services=("agent-a", "b"), awake=1)
    config = Config(groups=(group,))
    with pytest.raises(ConfigError, match="the snapshot has no service agent-a") as caught:
        analyze(snapshot_of("services: [{name: agent_a}, {name: b}]"), config)
    assert caught.value.hint == "Did you mean agent_a?"
    with pytest.raises(ConfigError) as caught:
        analyze(snapshot_of("services: [{name: x}]"), config)
    assert "Did you mean" not in caught.value.hint
    (found,) = analyze(snapshot_of({}), config).sleep.groups
    assert found.unknown == ("agent-a", "b")


_CONTAINER = st.fixed_dictionaries(
    {
        "service": st.sampled_from(("a", "b", "c", "d", "e")),
        "state": st.sampled_from(("running", "paused", "exited", "restarting")),
        "usage": st.none() | st.integers(min_value=0, max_value=1 << 30),
        "inactive": st.none() | st.integers(min_value=0, max_value=1 << 31),
        "active": st.none() | st.integers(min_value=0, max_value=1 << 31),
        "limit": st.none() | st.sampled_from((512 * MIB, 256 * MIB)),
    }
)


def _random(seen: list[dict[str, Any]]) -> Snapshot:
    containers = []
    for number, each in enumerate(seen, 1):
        use = {"usage": each["usage"], "inactive_file": each["inactive"]}
        containers.append(
            {
                "name": f"c{number}",
                "service": each["service"],
                "number": number,
                "state": each["state"],
                "limits": {"memory": each["limit"]},
                "memory": None if each["usage"] is None else {**use, "active_file": each["active"]},
            }
        )
    services = [{"name": name} for name in "abcde"]
    return snapshot_of({"services": services, "containers": containers})


@settings(max_examples=300, deadline=None)
@given(
    seen=st.lists(_CONTAINER, max_size=8),
    awake=st.integers(min_value=0, max_value=3),
    cut=st.integers(min_value=1, max_value=4),
)
def test_no_group_saves_more_than_is_measured_nor_less_than_nothing(
    seen: list[dict[str, Any]], awake: int, cut: int
) -> None:
    snapshot = _random(seen)
    names = tuple("abcde")
    groups = [
        SleepGroup(name="first", services=names[:cut], awake=min(awake, cut)),
        SleepGroup(name="second", services=names[cut:], awake=min(awake, len(names) - cut)),
    ]
    sleep = sleep_choices(snapshot, requirements(snapshot), groups)
    measured = memory_budget(snapshot).measured
    at_most = 0
    for each in sleep.groups:
        assert 0 <= each.asleep <= len(each.running)
        if each.saves is None:
            assert each.saves_most is None
            continue
        assert each.saves_on_average is not None
        assert each.saves_most is not None
        # A byte of rounding.
        assert 0 <= each.saves.value <= each.saves_on_average + 1
        assert each.saves_on_average <= each.saves_most + 1
        at_most += each.saves_most
    assert at_most <= (measured.value if measured else 0)
    for one in sleep.services:
        if one.frees is not None:
            assert one.uses is not None
            assert 0 <= one.frees.value <= one.uses.value


@settings(max_examples=100, deadline=None)
@given(sizes=st.lists(st.integers(min_value=0, max_value=1 << 40), min_size=1, max_size=6))
def test_more_that_sleep_save_no_less(sizes: list[int]) -> None:
    names = tuple(f"s{number}" for number in range(len(sizes)))
    snapshot = snapshot_of({"services": [{"name": name} for name in names]})
    origin = Origin(kind="measured", evidence="a test")
    held = [
        Sleeper(service=name, containers=1, frees=memory_number("held", Bytes(size), origin))
        for name, size in zip(names, sizes, strict=True)
    ]
    before = -1.0
    for awake in range(len(sizes), -1, -1):
        group = SleepGroup(name="g", services=names, awake=awake)
        found = group_saving(group, held, snapshot)
        assert found.saves is not None
        assert found.saves.value >= before
        before = found.saves.value
    assert before == sum(sizes)


def test_a_kibibyte_is_no_rounding() -> None:
    one = AGENTS.replace("usage: !memory 100MiB", f"usage: {100 * MIB + KIB}")
    found = saving(snapshot_of(one), "a", "b", "c", awake=2)
    assert found.saves is not None
    assert found.saves.value == 100 * MIB + KIB
