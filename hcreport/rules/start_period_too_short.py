"""A container needs longer to start than its health check allows.

What it checks:
Whether probes that failed had made a container unhealthy before the first one passed, by the
probes that are kept or by the engine's events. For a container that was started shortly before the
snapshot and has only failed so far: whether it may be so.

Why it matters:
Services that wait for it give up when it turns unhealthy, although it would have been ready a
little later. The start of the whole project then fails now and then, mostly on slow machines.

How to fix it:
Set `start_period` in its health check to more than it was seen to need. Failures within that time
do not count, and a probe that passes ends it at once, so a long period costs nothing.

Limits:
An engine keeps the last five probes. Where earlier ones are lost, whether the container had been
healthy before is not known. The finding is then likely, not certain. Where too few failures are
kept to make it unhealthy, it is only possible. While nothing has passed yet, a slow start and a
service that is broken look alike: the finding then says may. A container that has failed for more
than five minutes is not called slow.
"""

from __future__ import annotations

import math
import shlex

from hcreport.model import Action, Container, Severity
from hcreport.rules.causes import HealthCause, health_cause
from hcreport.rules.check_times import CheckTimes, health_check_of, spoken, times_of
from hcreport.rules.container_unhealthy import read_probes
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
    id="start-period-too-short",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    thresholds={
        "headroom_ratio": Threshold(
            value=2, because="A start on a busy machine may well take twice as long."
        )
    },
    cites=(
        "docker/health-interval",
        "docker/health-retries",
        "docker/health-start-period",
        "docker/health-probes-kept",
    ),
    points_at="health check",
)

_STEP_SECONDS = 5
"""Periods are advised in steps of this many seconds."""


def check(container: Container, case: Case) -> Verdict:
    """Compare the time to the first probe that passed with what the health check allows."""
    if container.state not in ("running", "paused"):
        return NotApplicable("it does not run")
    if container.health is None:
        return NotApplicable("it has no health check")
    if container.health.status == "starting":
        return NotMeasured("its health check had not decided yet")
    cause = health_cause(container, case)
    if cause is None or cause.kind != "starts slowly" or cause.seconds is None:
        return None
    times = times_of(health_check_of(container, case))
    path = f"containers/{container.name}/health"
    started = container.health.status == "healthy"
    took = "time to the first probe that passed" if started else "time since the start"
    return Problem(
        message=_message(container.name, cause, times, started=started),
        numbers=(
            case.number(took, cause.seconds, path, unit="seconds"),
            case.computed(
                "time that the check allows",
                times.allowed,
                "start period + interval x retries",
                unit="seconds",
            ),
        ),
        remedies=_remedies(container, cause, case),
        confidence=cause.confidence,
        severity=Severity.MEDIUM if started else None,
    )


def _message(name: str, cause: HealthCause, times: CheckTimes, *, started: bool) -> str:
    allowed, took = spoken(times.allowed), spoken(cause.seconds or 0)
    if not started:
        return (
            f"{name} is unhealthy, and all probes failed in the {took} since its start: it may "
            f"need longer than its check allows ({allowed})."
        )
    called = "may have been" if cause.confidence == "possible" else "was"
    return (
        f"{name} {called} called unhealthy while it started: its first probe passed after {took}, "
        f"its health check allows about {allowed}."
    )


def _remedies(container: Container, cause: HealthCause, case: Case) -> tuple[Action, ...]:
    longer = _longer(container, cause.seconds or 0, case)
    started = container.health is not None and container.health.status == "healthy"
    return (longer,) if started else (longer, read_probes(container))


def _longer(container: Container, seconds: float, case: Case) -> Action:
    name = container.service or container.name
    quoted = shlex.quote(name)
    wanted = seconds * case.thresholds["headroom_ratio"]
    period = math.ceil(wanted / _STEP_SECONDS) * _STEP_SECONDS
    return Action(
        what=f"Set start_period: {period}s in the health check of {name}",
        why="Failures within that time do not count; the first probe that passes ends it.",
        command=f"docker compose up -d {quoted}",
        gain=f"{name} may take {spoken(period)} to start",
        verify=f"docker compose ps shows {name} as health: starting, then as healthy, and never "
        "as unhealthy.",
        undo=f"Put the old start_period back, then docker compose up -d {quoted}",
    )
