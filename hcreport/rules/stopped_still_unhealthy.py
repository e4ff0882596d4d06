"""A container that does not run is still recorded as unhealthy.

What it checks:
Whether the engine's record of an ended container says unhealthy.

Why it matters:
When a container ends, its health check ends too, and the engine writes unhealthy whatever the last
probes found. The record is stale. Scripts and people that read it look for a fault in vain.

How to fix it:
Judge the health of containers that run only. Remove the ended container, or start it again.

Limits:
This says nothing about why the container ended: its exit code does.
"""

from __future__ import annotations

import shlex

from hcreport.model import Action, Container, Severity
from hcreport.rules.causes import health_cause
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict
from hcreport.rules.end_causes import exit_meaning

RULE = Rule(
    id="stopped-still-unhealthy",
    severity=Severity.LOW,
    each="container",
    needs=("containers",),
    cites=("docker/stopped-keeps-health",),
    points_at="health check",
)


def check(container: Container, case: Case) -> Verdict:
    """Report a stale record of the health of an ended container."""
    if container.state not in ("exited", "dead"):
        return NotApplicable("it has not ended")
    if container.health is None:
        return NotApplicable("it has no health check")
    if container.health.status == "starting":
        return NotMeasured("it ended before its health check had decided")
    cause = health_cause(container, case)
    if cause is None or cause.kind != "stopped":
        return None
    code = container.exit_code
    ended = "" if code is None else f" (exit code {code}: {exit_meaning(code)})"
    name = container.service or container.name
    quoted = shlex.quote(name)
    return Problem(
        message=f"{container.name} does not run{ended}; that it is unhealthy is a stale record.",
        remedies=(
            Action(
                what=f"Start {name} again if it is needed",
                command=f"docker compose up -d {quoted}",
                gain="its health is checked again",
                verify=f"docker compose ps shows {name} as healthy after its first probes.",
                undo=f"docker compose stop {quoted}",
            ),
            Action(
                what=f"Remove the ended container of {name} if it is not needed",
                why="What it wrote outside its volumes goes with it.",
                command=f"docker compose rm {quoted}",
                gain="no stale record",
                verify=f"docker compose ps -a does not list {name}.",
                undo=f"docker compose up -d {quoted}",
            ),
        ),
    )
