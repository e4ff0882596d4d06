"""Each staged fault is called by its right name and by no other, on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hcreport.model import Assessment
from hcreport.rules import load_rules
from tests.engine.faults.ends import AT_ONCE, ENDS, PORTS, VOLUMES
from tests.engine.faults.fault import Fault
from tests.engine.faults.health import HEALTH
from tests.engine.faults.staging import Staged, build_images, staged
from tests.engine_fixture import RunningEngine, engine_of_its_own

__all__ = ["engine_of_its_own"]

pytestmark = pytest.mark.engine

OUT_OF_MEMORY_RULES = {"container-oom-killed", "process-oom-killed"}

CAUSES = OUT_OF_MEMORY_RULES | {
    "container-unhealthy",
    "cpu-throttled",
    "dependency-not-healthy",
    "healthcheck-program-missing",
    "healthcheck-times-out",
    "killed-not-out-of-memory",
    "limit-below-working-set",
    "limit-differs-from-file",
    "memory-near-limit",
    "ollama-refused-model",
    "paused-unhealthy",
    "restart-loop",
    "start-failed",
    "start-period-too-short",
    "stopped-still-unhealthy",
}
"""The rules that name what befell a container."""


@dataclass(frozen=True, kw_only=True)
class Reports:
    """What was said of the two projects, and of the first of them when its events were lost."""

    ends: tuple[Staged, Assessment]
    health: tuple[Staged, Assessment]
    late: tuple[Staged, Assessment]
    traced: frozenset[str]
    """Those of ``AT_ONCE`` whose kill the engine noted."""


ALL = (*ENDS, *HEALTH)


@pytest.fixture(scope="module")
def reports(
    engine_of_its_own: RunningEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reports]:
    """Stage everything on an engine of its own, and yield what is said of it.

    The lives come first: probes fill the engine's list of events.
    """
    build_images(engine_of_its_own)
    folder = tmp_path_factory.mktemp("faults")
    with staged(engine_of_its_own, folder / "ends", (*ENDS, *AT_ONCE), VOLUMES) as ends:
        early, traced = ends.assessed(), ends.with_trace(AT_ONCE)
        with staged(engine_of_its_own, folder / "health", HEALTH) as health:
            checked = health.assessed()
            ends.drown_the_events()
            late = ends.assessed()
            yield Reports(
                ends=(ends, early), health=(health, checked), late=(ends, late), traced=traced
            )


def named(project: Staged, assessment: Assessment, fault: Fault) -> set[str]:
    """Return the rules about a cause that name a fault."""
    found = {each.rule for each in project.found(assessment, fault.name)}
    return found & CAUSES


def test_there_are_faults_enough_and_every_rule_exists() -> None:
    assert len([each for each in ALL if each.rules]) >= 22
    assert len({each.name for each in ALL}) == len(ALL)
    assert {rule for each in ALL for rule in each.rules} <= CAUSES
    assert set(load_rules()) >= CAUSES


CASES = [(when, fault) for when, faults in (("ends", ENDS), ("health", HEALTH)) for fault in faults]


@pytest.mark.parametrize(("when", "fault"), CASES, ids=[fault.name for _, fault in CASES])
def test_a_fault_is_called_by_its_name(reports: Reports, when: str, fault: Fault) -> None:
    project, assessment = getattr(reports, when)
    said = project.said(assessment, fault)
    assert named(project, assessment, fault) == set(fault.rules), said
    for found in project.found(assessment, fault.name):
        if found.rule in fault.rules[:1]:
            assert found.confidence in fault.confidence


@pytest.mark.parametrize("fault", ENDS, ids=lambda fault: str(fault.name))
def test_a_fault_keeps_its_name_without_events(reports: Reports, fault: Fault) -> None:
    """An engine on which much happens has forgotten the kill, and then less can be told."""
    project, assessment = reports.late
    found, said = named(project, assessment, fault), project.said(assessment, fault)
    if fault.needs_events:
        assert found <= OUT_OF_MEMORY_RULES, said
    else:
        assert found == set(fault.rules), said


def test_the_kernels_own_count_needs_no_events(reports: Reports) -> None:
    project, assessment = reports.late
    if not project.stack.engine.started_here:
        pytest.skip("the engine's control groups are on another machine")
    fault = next(each for each in ENDS if each.name == "oom-child")
    assert named(project, assessment, fault) == {"process-oom-killed"}


def test_a_kill_without_events_is_not_called_certain(reports: Reports) -> None:
    _, assessment = reports.late
    found = [each for each in assessment.findings if each.rule == "killed-not-out-of-memory"]
    assert found
    assert "certain" not in {each.confidence for each in found}


def test_only_what_ran_out_of_memory_is_called_so(reports: Reports) -> None:
    names = {each.name for each in ALL if OUT_OF_MEMORY_RULES & set(each.rules)}
    names |= {each.name for each in AT_ONCE}
    for project, assessment in (reports.ends, reports.health, reports.late):
        subjects = {subject for name in names for subject in project.subjects(name)}
        found = [each for each in assessment.findings if each.rule in OUT_OF_MEMORY_RULES]
        assert {each.subject for each in found} <= subjects


@pytest.mark.parametrize("fault", AT_ONCE, ids=lambda fault: str(fault.name))
def test_a_kill_that_left_no_trace_is_not_ruled_out(reports: Reports, fault: Fault) -> None:
    """Engines can miss the kill of a container that has just begun: nothing then tells it."""
    project, assessment = reports.ends
    found = {each.rule: each for each in project.found(assessment, fault.name)}
    causes = named(project, assessment, fault)
    if fault.name in reports.traced:
        assert causes == {"container-oom-killed"}
    else:
        assert causes == {"killed-not-out-of-memory"}
        assert found["killed-not-out-of-memory"].confidence == "possible"


LEFT_OPEN = [(when, fault) for when, fault in CASES if fault.left_open]


@pytest.mark.parametrize(("when", "fault"), LEFT_OPEN, ids=[fault.name for _, fault in LEFT_OPEN])
def test_what_is_not_known_is_left_open(reports: Reports, when: str, fault: Fault) -> None:
    project, assessment = getattr(reports, when)
    assert_left_open(project, assessment, fault)


def test_a_port_that_is_taken_is_left_open(
    engine_of_its_own: RunningEngine, tmp_path: Path
) -> None:
    build_images(engine_of_its_own)
    with staged(engine_of_its_own, tmp_path / "ports", PORTS) as project:
        assessment = project.assessed()
        for fault in PORTS:
            assert named(project, assessment, fault) == set()
        assert_left_open(project, assessment, PORTS[-1])


def assert_left_open(project: Staged, assessment: Assessment, fault: Fault) -> None:
    """Check that a rule neither passes over a fault nor names a cause, and says why."""
    found = [
        each
        for each in assessment.outcomes
        if each.rule == fault.left_open and each.subject in project.subjects(fault.name)
    ]
    assert [each.status for each in found] == ["not measured"]
    assert found[0].reason
