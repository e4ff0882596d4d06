"""The probes of a health check take longer than they may.

What it checks:
Whether a running container is unhealthy because its last probes were stopped at their timeout.

Why it matters:
The probe says nothing about the service then: it may work and be slow to answer, or hang. Services
that wait for it do not start.

How to fix it:
Find out how long the probe takes. If it answers late, give it more time or a lighter question. If
it never answers, the service hangs, and more time does not help.

Limits:
A probe that gives up by itself, such as curl with a time limit of its own, counts as failed, not as
late. Where the container waits for CPU, `cpu-throttled` says so, and that is often the reason.
"""

from __future__ import annotations

import math
import shlex

from hcreport.model import Action, Container, Severity
from hcreport.rules.causes import health_cause
from hcreport.rules.check_times import health_check_of, spoken, times_of
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)

RULE = Rule(
    id="healthcheck-times-out",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    thresholds={
        "longer_ratio": Threshold(
            value=3, because="A probe that needs more than three times as long most likely hangs."
        )
    },
    cites=("docker/health-timeout", "docker/health-probes-kept"),
    points_at="health check",
)


def check(container: Container, case: Case) -> Verdict:
    """Report an unhealthy container whose probes were stopped at their timeout."""
    if container.state != "running":
        return NotApplicable("it does not run")
    if container.health is None:
        return NotApplicable("it has no health check")
    if container.health.status == "starting":
        return NotMeasured("its health check had not decided yet")
    cause = health_cause(container, case)
    if cause is None or cause.kind != "times out":
        return None
    timeout = times_of(health_check_of(container, case)).timeout
    path = f"containers/{container.name}/health_check"
    return Problem(
        message=(
            f"{container.name} is unhealthy because its probes take longer than the "
            f"{spoken(timeout)} that they may: {cause.evidence}."
        ),
        numbers=(case.number("timeout of a probe", timeout, path, unit="seconds"),),
        remedies=_remedies(container, timeout, case),
        confidence=cause.confidence,
    )


def _remedies(container: Container, timeout: float, case: Case) -> tuple[Action, ...]:
    name = container.service or container.name
    quoted = shlex.quote(name)
    longer = math.ceil(timeout * case.thresholds["longer_ratio"])
    form = "{{range .State.Health.Log}}{{.Start}} {{.End}} {{.ExitCode}}{{println}}{{end}}"
    look = f"docker inspect --format '{form}' {shlex.quote(container.name)}"
    return (
        Action(
            what=f"Set timeout: {longer}s in the health check of {name}",
            why="If the probe is only slow, it passes then; its record shows how long it took.",
            command=f"docker compose up -d {quoted}",
            gain="the state says what the service does, not how slow the probe is",
            verify=f"docker compose ps shows {name} as healthy; else {look} shows that it hangs.",
            undo=f"Put the old timeout back, then docker compose up -d {quoted}",
        ),
        Action(
            what=f"Ask {name} something lighter in its health check, such as a page without work",
            why="A probe is run again and again, and should cost nearly nothing.",
            command=look,
            effort="an hour",
            gain="probes that end within their time",
            verify=f"docker compose ps shows {name} as healthy.",
            undo="Put the old health check back.",
        ),
    )
