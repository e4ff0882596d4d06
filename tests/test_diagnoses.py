"""The diagnoses together: a symptom has one cause, and no lack of memory is named in vain."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from hcreport.analyze import analyze, case_of, run_rule
from hcreport.model import Finding, Snapshot
from hcreport.rules import load_rules
from tests.fragments import read_yaml, snapshot_of

FOLDER = Path(__file__).parent / "rules"

SYMPTOMS = {
    "its health": {
        "container-unhealthy",
        "healthcheck-program-missing",
        "healthcheck-times-out",
        "paused-unhealthy",
        "start-period-too-short",
        "stopped-still-unhealthy",
    },
    "its end": {"container-oom-killed", "killed-not-out-of-memory", "start-failed"},
    "its memory": {
        "container-oom-killed",
        "limit-below-working-set",
        "memory-near-limit",
        "process-oom-killed",
    },
}
"""Rules that speak of the same symptom of one container."""

DIAGNOSES = sorted(
    set().union(*SYMPTOMS.values())
    | {"cpu-throttled", "dependency-not-healthy", "ollama-refused-model", "restart-loop"}
)

LACK_OF_MEMORY = {"container-oom-killed", "process-oom-killed"}


def snapshots() -> Iterator[Any]:
    """Yield the snapshots of all cases of the diagnoses."""
    for rule in DIAGNOSES:
        cases = read_yaml((FOLDER / f"{rule}.yaml").read_text(encoding="utf-8"))
        for case in (each for kind in cases.values() for each in kind):
            yield pytest.param(snapshot_of(case["snapshot"]), id=f"{rule}-{case['name']}")


def containers() -> Iterator[dict[str, Any]]:
    """Yield a container in every mixture of traces, whether an engine would leave it or not."""
    pasts: list[dict[str, Any] | None] = [
        None,
        {},
        {"oom_kills": 1},
        {"signals": [15, 9]},
        {"signals": [9], "oom_kills": 1},
        {"exit_codes": [137]},
        {"exit_codes": [137], "oom_kills": 1},
        {"exit_codes": [1], "oom_kills": 2},
    ]
    for state, code, killed, past, restarts, count in product(
        ("created", "running", "restarting", "exited"),
        (None, 0, 1, 127, 137, 143),
        (None, False, True),
        pasts,
        (0, 6),
        (None, 0, 1),
    ):
        ended = state in ("restarting", "exited")
        yield {
            "name": "w-1",
            "service": "w",
            "state": state,
            "exit_code": code if ended else None,
            "oom_killed": killed,
            "past": past,
            "restart_count": restarts,
            "oom_kills": None if ended else count,
            "started_at": "2026-02-06T13:02:30Z",
            "limits": {"memory": 64 << 20},
        }


def checked(outcome: str, streak: int, **more: Any) -> dict[str, Any]:
    """Return the health of a container whose last probe had an outcome."""
    code = {"passed": 0, "failed": 1}.get(outcome, -1)
    probes = [{"exit_code": code, "outcome": outcome, "began_after": 20.0}]
    return {"failing_streak": streak, "probes": probes, **more}


def diagnosed(snapshot: Snapshot) -> list[Finding]:
    """Return what the diagnoses find in a snapshot."""
    rules, case = load_rules(), case_of(snapshot)
    outcomes = [each for rule in DIAGNOSES for each in run_rule(rules[rule], case)]
    return [each.finding for each in outcomes if each.finding is not None]


def clashes(findings: list[Finding], snapshot: Snapshot) -> list[str]:
    """Return the symptoms for which one container has two causes."""
    service_of = {each.name: each.service or each.name for each in snapshot.containers}
    found = []
    for symptom, rules in SYMPTOMS.items():
        for service in {service_of.get(each.subject, each.subject) for each in findings}:
            named = [
                each.rule
                for each in findings
                if each.rule in rules and service_of.get(each.subject, each.subject) == service
            ]
            if len(named) > 1:
                found.append(f"{symptom} of {service}: {named}")
    return found


def shows_lack_of_memory(container: dict[str, Any]) -> bool:
    past = container["past"] or {}
    return bool(container["oom_killed"] or container["oom_kills"] or past.get("oom_kills"))


@pytest.mark.parametrize("snapshot", list(snapshots()))
def test_a_symptom_has_one_cause_in_every_case_of_the_rules(snapshot: Snapshot) -> None:
    findings = list(analyze(snapshot).findings)
    assert clashes(findings, snapshot) == []


@pytest.mark.parametrize("version", ["20.10.24", "28.5.2", None])
def test_whatever_the_traces_one_end_has_one_cause(version: str | None) -> None:
    for container in containers():
        snapshot = snapshot_of({"engine": {"version": version}, "containers": [container]})
        findings = diagnosed(snapshot)
        rules = {each.rule for each in findings}
        assert clashes(findings, snapshot) == [], container
        if not shows_lack_of_memory(container):
            assert not rules & LACK_OF_MEMORY, container
        if container["state"] == "exited" and container["exit_code"] == 137:
            ended = {"container-oom-killed", "killed-not-out-of-memory"}
            assert rules & ended or container["oom_killed"] is None, container


def test_whatever_the_health_it_has_one_cause() -> None:
    states = ("running", "paused", "restarting", "exited")
    statuses = ("healthy", "unhealthy", "starting")
    outcomes = ("passed", "failed", "timed out", "program not found", "model not loaded")
    for state, status, outcome, streak, kills in product(
        states, statuses, outcomes, (0, 1, 5), (0, 1)
    ):
        container = {
            "name": "w-1",
            "service": "w",
            "state": state,
            "oom_kills": kills,
            "started_at": "2026-02-06T13:02:30Z",
            "health": checked(outcome, streak, status=status),
        }
        services = [{"name": "w", "health_check": {"kind": "CMD"}}]
        snapshot = snapshot_of({"services": services, "containers": [container]})
        findings = diagnosed(snapshot)
        assert clashes(findings, snapshot) == [], container
        if status == "unhealthy":
            told = SYMPTOMS["its health"] | LACK_OF_MEMORY | {"ollama-refused-model"}
            assert any(each.rule in told for each in findings) or state == "restarting", container


def test_two_causes_of_one_end_are_a_clash() -> None:
    snapshot = snapshot_of(
        {"containers": [{"name": "w-1", "state": "exited", "exit_code": 137, "oom_killed": True}]}
    )
    (finding,) = diagnosed(snapshot)
    other = finding.model_copy(update={"rule": "killed-not-out-of-memory"})
    assert clashes([finding, other], snapshot) == [
        "its end of w-1: ['container-oom-killed', 'killed-not-out-of-memory']"
    ]
