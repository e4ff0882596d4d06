"""A paused container is reported as unhealthy.

What it checks:
Whether a container is paused while the engine calls it unhealthy.

Why it matters:
The engine does not run the health check of a paused container and calls it unhealthy, whatever its
service was like. Who reads only the health looks for a fault that is not there. Services that wait
for it to be healthy do not start.

How to fix it:
Let it run again. If it is not needed, stop it: a paused container keeps all its memory.

Limits:
Whether it was healthy before the pause shows in its last probes only. Where they had failed, that
is said, and its health has to be looked at again once it runs.
"""

from __future__ import annotations

import shlex

from hcreport.model import Action, Container, Severity
from hcreport.rules.causes import health_cause
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict

RULE = Rule(
    id="paused-unhealthy",
    severity=Severity.LOW,
    each="container",
    needs=("containers",),
    cites=("docker/pause-turns-unhealthy",),
    points_at="health check",
)


def check(container: Container, case: Case) -> Verdict:
    """Report a container that is unhealthy because it is paused."""
    if container.state != "paused":
        return NotApplicable("it is not paused")
    if container.health is None:
        return NotApplicable("it has no health check")
    if container.health.status == "starting":
        return NotMeasured("its health check had not decided before it was paused")
    cause = health_cause(container, case)
    if cause is None or cause.kind != "paused":
        return None
    name = container.service or container.name
    quoted = shlex.quote(name)
    before = "" if cause.confidence == "certain" else f"; {cause.evidence}"
    return Problem(
        message=f"{container.name} is called unhealthy because it is paused{before}.",
        remedies=(
            Action(
                what=f"Let {name} run again",
                why="Only a container that runs is checked.",
                command=f"docker compose unpause {quoted}",
                gain="its health is checked again",
                verify=f"docker compose ps shows {name} as healthy after its next probe.",
                undo=f"docker compose pause {quoted}",
            ),
            Action(
                what=f"Stop {name} if it is not needed now",
                why="Pausing frees no memory, stopping frees all of it.",
                command=f"docker compose stop {quoted}",
                gain="the memory that it holds",
                effect=container.memory.shown if container.memory else None,
                verify=f"docker compose ps does not list {name}.",
                undo=f"docker compose up -d {quoted}",
            ),
        ),
        confidence=cause.confidence,
    )
