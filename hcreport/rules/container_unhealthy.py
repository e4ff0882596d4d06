"""A running container fails its health check, and the cause does not show.

What it checks:
Whether the engine reports a running container as unhealthy while no other rule knows why.

Why it matters:
Services that wait for it do not start, and it may not answer those that run.

How to fix it:
Read what the last probes printed, then what the service itself wrote.

Limits:
Only running containers are judged. Of what the probes printed only the kind is in the snapshot.
Causes that show have rules of their own: `healthcheck-program-missing`, `healthcheck-times-out`,
`ollama-refused-model`, `process-oom-killed`. A container that was started shortly before and has
only failed so far may be slow to start: `start-period-too-short` says so, and what else it may be.
`paused-unhealthy` and `stopped-still-unhealthy` are about containers that do not run.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.memory import is_one_of_ours
from hcreport.estimate.missing import gaps_about
from hcreport.model import Action, Container, Severity
from hcreport.rules.causes import HealthCause, health_cause
from hcreport.rules.check_times import health_check_of
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
    counted,
)
from hcreport.rules.healthcheck_program_missing import missing_program, remedies
from hcreport.rules.kills import kill_of

RULE = Rule(
    id="container-unhealthy",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("docker/pause-turns-unhealthy", "docker/stopped-keeps-health"),
    points_at="health check",
)

_NAMED_BY = {
    "model not loaded": "ollama-refused-model",
    "program missing": "healthcheck-program-missing",
    "starts slowly": "start-period-too-short",
    "times out": "healthcheck-times-out",
}


def check(container: Container, case: Case) -> Verdict:
    """Report an unhealthy container of which no other rule names the cause."""
    if container.state == "paused":
        return NotApplicable("it is paused, and a paused container turns unhealthy by itself")
    if container.state != "running":
        return NotApplicable("it does not run")
    health = container.health
    if health is None:
        for gap in gaps_about("container", case.snapshot, container.name):
            return NotMeasured(gap.reason)
        return NotApplicable("it has no health check")
    if health.status == "starting":
        return NotMeasured("its health check had not decided yet")
    return None if health.status == "healthy" else _judge(container, case)


def _judge(container: Container, case: Case) -> Verdict:
    """Tell whether another rule knows why the container is unhealthy."""
    cause = health_cause(container, case)
    if cause is not None and cause.kind == "program missing" and not _has_service(container, case):
        return _program_missing(container, cause, case)
    if cause is not None and cause.kind in _NAMED_BY:
        known = "possible" if cause.confidence == "possible" else "known"
        return NotApplicable(f"a cause is {known}: see {_NAMED_BY[cause.kind]}")
    kill = kill_of(container, case.snapshot)
    if kill is not None and kill.victim == "process":
        return NotApplicable("a process in it was killed: see process-oom-killed")
    return _problem(container, case)


def _has_service(container: Container, case: Case) -> bool:
    """Tell whether healthcheck-program-missing, which is asked about services, speaks of it."""
    service = case.service(container.service)
    return service is not None and is_one_of_ours(service)


def _program_missing(container: Container, cause: HealthCause, case: Case) -> Problem:
    program = missing_program(health_check_of(container, case))
    name = container.service or container.name
    return Problem(
        message=(
            f"{container.name} is unhealthy: its health check runs {program}, which its image does "
            "not hold."
        ),
        remedies=tuple(remedies(name, container.image, program, case.service(container.service))),
        confidence=cause.confidence,
    )


def _problem(container: Container, case: Case) -> Problem:
    streak = container.health.failing_streak if container.health else 0
    after = f" after {counted(streak, 'failed probe')}" if streak else ""
    path = f"containers/{container.name}/health"
    failed = case.number("failed probes in a row", streak, path, unit="count")
    return Problem(
        message=f"{container.name} is unhealthy{after}; why does not show from outside.",
        numbers=(failed,) if streak else (),
        remedies=(read_probes(container),),
    )


def read_probes(container: Container) -> Action:
    """Return the step that shows what probes and the service itself printed."""
    form = "{{range .State.Health.Log}}{{.ExitCode}} {{.Output}}{{println}}{{end}}"
    name = container.service or container.name
    return Action(
        what=f"Read what the last probes of {container.name} printed, then its log, and "
        "remove the cause that they name",
        command=f"docker inspect --format '{form}' {shlex.quote(container.name)}\n"
        f"docker compose logs --tail 50 {shlex.quote(name)}",
        gain="the cause in the words of the probe",
        verify=f"docker compose ps -a shows {container.name} as healthy.",
    )
