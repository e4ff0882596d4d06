"""Whether a scenario runs on a machine: twelve recorded machines, and every size that is sold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jsonschema import validate

from hcreport.collect.compose_binary import OVERRIDE_VARIABLE, typed_version
from hcreport.errors import EngineUnreachable
from hcreport.estimate.doctor import FINE, examine, machine_check
from hcreport.estimate.machines import machine_needs, reported_at_least
from hcreport.estimate.requirements import requirements
from hcreport.estimate.will_it_run import DockerNeed, will_it_run
from hcreport.facts import fact_bytes
from hcreport.model import (
    Limits,
    Machine,
    MachineCheck,
    MachineNeeds,
    Project,
    Requirement,
    ScenarioAnswer,
    Service,
    Snapshot,
)
from hcreport.platforms import PLATFORMS
from hcreport.render.requirements_schema import requirements_schema
from hcreport.requirements_file import read_requirements
from hcreport.units import Bytes, gibibytes, mebibytes
from tests.doctor_case import (
    MACHINES,
    SCENARIOS,
    TAKEN_AT,
    THREE,
    read_machine_file,
    recorded_machine,
    requirement,
    three_requirements,
)

NEEDS = {each.scenario: each for each in read_requirements(THREE).scenarios}

ROOMY = MachineCheck(docker_memory=gibibytes(2), exact=True, disk=Bytes(5))
"""A check that the machine below meets."""


def machine(**other: Any) -> Machine:
    """Return a machine of Docker Desktop on which everything is enough, with changes."""
    told: dict[str, Any] = {
        "platform": "docker-desktop-mac",
        "docker_memory": gibibytes(4),
        "cpus": 4,
        "memory": gibibytes(16),
        "disk_free": Bytes(5),
        "compose": "2.40.3",
    }
    return Machine(**(told | other))


def answer(check: MachineCheck, found: Machine) -> ScenarioAnswer:
    """Return what comes of one check on a machine."""
    return examine(MachineNeeds(scenario="one", check=check), found)


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_the_verdicts_on_a_recorded_machine_are_those_worked_out_by_hand(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = recorded_machine(path)
    found = read_machine_file(recorded, monkeypatch)
    assert found.platform == recorded["platform"]
    verdicts = {each: examine(NEEDS[each], found).verdict for each in SCENARIOS}
    assert verdicts == recorded["verdicts"]


def test_only_what_belongs_to_the_engine_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote machine's memory and disk are not this one's, and WSL sees only its own."""
    found = {path.stem: read_machine_file(recorded_machine(path), monkeypatch) for path in MACHINES}
    assert {name for name, each in found.items() if each.memory is not None} == {
        "colima",
        "docker-desktop-mac-16",
        "docker-desktop-mac-8",
        "docker-desktop-windows",
        "rancher-desktop-mac",
    }
    assert {name for name, each in found.items() if each.disk_free is not None} == {
        "linux-cloud",
        "linux-compose-1",
        "linux-little-disk",
        "linux-small",
        "wsl2-engine",
    }
    for each in found.values():
        assert (each.memory is None) is bool(each.memory_reason)
        assert (each.disk_free is None) is bool(each.disk_reason)


def test_there_are_twelve_machines_and_every_verdict_but_one_occurs() -> None:
    found = [recorded_machine(path)["verdicts"] for path in MACHINES]
    assert sum(map(len, found)) == 36
    assert {each for verdicts in found for each in verdicts.values()} == {
        "runs",
        "may run",
        "runs after a change",
        "does not run",
    }


def test_the_three_scenarios_are_what_is_published_today() -> None:
    text = THREE.read_text(encoding="utf-8")
    assert text == three_requirements(), "write it anew: python -m tests.doctor_case"
    validate(json.loads(text), requirements_schema())


@pytest.mark.parametrize(
    ("check", "found", "verdict"),
    [
        ({}, {}, "runs"),
        ({"exact": False}, {}, "may run"),
        ({"disk": None}, {}, "may run"),
        ({}, {"disk_free": None}, "may run"),
        ({}, {"docker_memory": gibibytes(2)}, "runs"),
        ({}, {"docker_memory": gibibytes(2) - Bytes(1)}, "runs after a change"),
        ({"exact": False}, {"docker_memory": gibibytes(1)}, "runs after a change"),
        ({}, {"docker_memory": gibibytes(1), "memory": None}, "does not run"),
        ({}, {"docker_memory": gibibytes(1), "platform": "linux"}, "does not run"),
        ({}, {"docker_memory": gibibytes(1), "memory": gibibytes(5)}, "does not run"),
        ({"cpus_at_least": 4}, {}, "runs"),
        ({"cpus_at_least": 5}, {}, "does not run"),
        ({}, {"disk_free": Bytes(4)}, "does not run"),
        ({"compose_at_least": "2.40"}, {}, "runs"),
        ({"compose_at_least": "2.41"}, {}, "runs after a change"),
        ({"compose_at_least": "2.41"}, {"compose": "5.0.1"}, "runs"),
        ({}, {"compose": None}, "runs after a change"),
        ({"compose_at_least": "2.41"}, {"disk_free": Bytes(4)}, "does not run"),
        ({"docker_memory": None}, {}, "not measured"),
        ({"docker_memory": None}, {"compose": None}, "not measured"),
        ({"docker_memory": None, "cpus_at_least": 5}, {}, "does not run"),
    ],
)
def test_the_worst_comparison_decides(
    check: dict[str, Any], found: dict[str, Any], verdict: str
) -> None:
    asked = ROOMY.model_copy(
        update={"setting": gibibytes(3), "machine_reports": gibibytes(6)} | check
    )
    assert answer(asked, machine(**found)).verdict == verdict


@pytest.mark.parametrize(("memory", "setting"), [(20, 10), (14, 10), (13, 8), (12, 8), (11, None)])
def test_as_much_is_advised_as_the_machine_has_room_for(memory: int, setting: int | None) -> None:
    """8 GiB for the minimum need a machine of 12, and 10 GiB for the recommended one of 14."""
    reports = mebibytes(1024 * memory * 0.94)
    found = machine(docker_memory=gibibytes(4), memory=reports)
    memory_check, *_ = examine(NEEDS["Middle"], found).checks
    assert memory_check.setting == (None if setting is None else gibibytes(setting))


@given(
    need=some.integers(mebibytes(64), gibibytes(700)),
    platform=some.sampled_from(sorted(PLATFORMS)),
    told=some.integers(9300, 10_000),
    given_to_docker=some.integers(9300, 10_000),
)
def test_a_machine_of_a_size_that_is_named_as_enough_never_fails(
    need: int, platform: str, told: int, given_to_docker: int
) -> None:
    """Sizes are named for what is sold; a machine reports 93 to 100 % of it, and Docker too."""
    memory = Bytes(need)
    check = machine_check(requirement("one", memory, recommended=memory), _nothing())
    named = next(each for each in machine_needs(memory) if each.platform == platform)

    def verdict(reports: int, docker: int) -> str:
        seen = Bytes(docker * given_to_docker // 10_000)
        found = machine(platform=platform, docker_memory=seen, memory=Bytes(reports))
        return answer(check.model_copy(update={"disk": Bytes(5)}), found).verdict

    if named.when_set is not None:
        reports = int(named.when_set) * told // 10_000
        if named.setting is None:
            assert verdict(reports, int(named.when_set)) in FINE
        else:
            assert verdict(reports, int(named.setting)) in FINE
            assert verdict(reports, 1) == "runs after a change"
    share = PLATFORMS[platform].default_share
    if named.by_default is not None and share is not None:
        reports = int(named.by_default) * told // 10_000
        most = PLATFORMS[platform].default_most_fact
        by_default = int(reports * share)
        given = min(by_default, int(fact_bytes(most))) if most else by_default
        assert verdict(reports, given) in FINE


@given(need=some.integers(64, 60_000), more=some.integers(0, 9000), sold=some.integers(1, 99_000))
def test_the_change_is_the_one_that_the_page_names(need: int, more: int, sold: int) -> None:
    """The page says what a machine of a size does; sizes are in MiB, Docker has next to nothing."""
    minimum, recommended = mebibytes(need), mebibytes(need + more)
    memory = mebibytes(sold)
    asked = DockerNeed(minimum=minimum, exact=True, recommended=recommended)
    page = will_it_run(asked, memory, PLATFORMS["colima"])
    check = machine_check(requirement("one", minimum, recommended=recommended), _nothing())
    found = machine(docker_memory=Bytes(1), memory=reported_at_least(memory))
    told = answer(check, found)
    assert (told.verdict == "runs after a change") is (page.runs == "after a change")
    assert told.checks[0].setting == page.setting


def _nothing() -> Snapshot:
    return Snapshot(taken_at=TAKEN_AT, tool="hcreport", project=Project(name="one"))


@pytest.mark.parametrize(
    ("cpus", "needs"), [((), None), ((None,), None), ((0.5,), 1), ((2.0, 3.01), 4), ((2.0,), 2)]
)
def test_the_highest_cpu_limit_is_what_docker_has_to_have(
    cpus: tuple[float | None, ...], needs: int | None
) -> None:
    services = [Service(name=f"s{i}", limits=Limits(cpus=each)) for i, each in enumerate(cpus)]
    other = Service(name="other", limits=Limits(cpus=16))
    snapshot = _nothing().model_copy(update={"services": (*services, other)})
    asked = Requirement(scenario="one", services=tuple(each.name for each in services))
    assert machine_check(asked, snapshot).cpus_at_least == needs


@pytest.mark.parametrize(
    ("service", "version"),
    [({}, "2"), ({"provider": True}, "2.36"), ({"models": ("llm",)}, "2.38")],
)
def test_what_stands_in_the_files_asks_for_a_compose(service: Any, version: str) -> None:
    services = (Service(name="app"), Service(name="other", **service))
    snapshot = _nothing().model_copy(update={"services": services})
    # Compose refuses the whole file, whatever a scenario starts of it.
    asked = Requirement(scenario="one", services=("app",))
    assert machine_check(asked, snapshot).compose_at_least == version


def test_nothing_known_is_no_need_of_nothing() -> None:
    snapshot = _nothing().model_copy(update={"services": (Service(name="app", image="app"),)})
    (asked,) = requirements(snapshot)
    check = machine_check(asked, snapshot)
    assert (check.docker_memory, check.setting, check.machine_reports) == (None, None, None)


@pytest.mark.parametrize(("total", "cpus"), [(0, 4), (None, 4), (4096, 0), ("many", 4)])
def test_an_engine_that_does_not_say_how_large_it_is_is_an_error(
    total: Any, cpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = recorded_machine(MACHINES[0])
    recorded["info"] |= {"MemTotal": total, "NCPU": cpus}
    with pytest.raises(EngineUnreachable, match="does not say"):
        read_machine_file(recorded, monkeypatch)


@pytest.mark.parametrize(
    ("plugin", "alone", "found"),
    [
        ("2.40.3", "1.29.2", "2.40.3"),
        ("v2.40.3-desktop.1", None, "2.40.3-desktop.1"),
        ("", "1.29.2", "1.29.2"),
        ("Docker Compose is not here", None, None),
        (None, None, None),
    ],
)
def test_the_compose_of_this_machine_is_the_one_that_is_typed(
    plugin: str | None, alone: str | None, found: str | None, tmp_path: Path
) -> None:
    for name, says in (("docker", plugin), ("docker-compose", alone)):
        if says is not None:
            file = tmp_path / name
            file.write_text(f"#!/bin/sh\necho '{says}'\n[ -n '{says}' ]\n", encoding="utf-8")
            file.chmod(0o755)
    assert typed_version({"PATH": str(tmp_path)}) == found
    assert typed_version({"PATH": str(tmp_path), OVERRIDE_VARIABLE: "nobody"}) is None
