"""A running container fails its health check.

What it checks:
Whether the engine reports a running container as unhealthy, and whether the probe itself can run.

Why it matters:
Services that wait for it do not start. Where the probe's program is missing from the image, the
service may be well, and nobody can tell.

How to fix it:
Read what the last probes printed. If their program is missing, use one that the image holds.

Limits:
Only running containers are judged. A stopped one keeps its last state, and a paused one turns
unhealthy by itself. Of what the probes printed only the kind is in the snapshot. Lack of memory
shows here only where Ollama says so; container-oom-killed looks for what the kernel did.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.missing import gaps_about
from hcreport.estimate.served import is_ollama_image
from hcreport.model import Action, Container, Severity
from hcreport.rules import steps
from hcreport.rules.contract import (
    FETCHERS,
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
    counted,
)

RULE = Rule(
    id="container-unhealthy",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=(
        "docker/pause-turns-unhealthy",
        "docker/stopped-keeps-health",
        "docker/missing-probe-program",
        "docker/ollama-image-has-no-curl",
        "ollama/refusal-until-029",
        "ollama/failed-load-since-030",
    ),
)


def check(container: Container, case: Case) -> Verdict:
    """Judge the health of a running container, and name the likely cause where it shows."""
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
    if health.status == "healthy":
        return None
    cause, remedies = _cause(container, case)
    streak = health.failing_streak or 0
    after = f" after {counted(streak, 'failed probe')}" if streak else ""
    path = f"containers/{container.name}/health"
    failed = case.number("failed probes in a row", streak, path, unit="count")
    return Problem(
        message=f"{container.name} is unhealthy{after}{cause}.",
        numbers=(failed,) if streak else (),
        remedies=remedies,
        confidence="likely" if cause else "certain",
    )


def _cause(container: Container, case: Case) -> tuple[str, tuple[Action, ...]]:
    """Return the likely cause, as the end of a sentence, and what to do."""
    service = case.service(container.service)
    check_ = service.health_check if service else None
    program = (check_.probe if check_ else None) or "its program"
    probes = container.health.probes if container.health else ()
    image = container.image or (service.image if service else None) or ""
    if any(each.outcome == "program not found" for each in probes):
        return f": its health check runs {program}, which its image does not hold", (
            steps.other_probe(container.service or container.name, image),
            _look(container),
        )
    if any(each.outcome == "model not loaded" for each in probes):
        return ": memory is short for the model that its health check asks for", (_look(container),)
    if program in FETCHERS and is_ollama_image(image):
        return f"; its health check runs {program}, which the image of Ollama does not hold", (
            steps.other_probe(container.service or container.name, image),
            _look(container),
        )
    if probes and all(each.outcome == "timed out" for each in probes):
        return ": its probes take longer than they may", (_look(container),)
    return "", (_look(container),)


def _look(container: Container) -> Action:
    form = "{{json .State.Health.Log}}"
    return Action(
        what=f"Read what the last probes of {container.name} printed, and remove that cause",
        command=f"docker inspect --format '{form}' {shlex.quote(container.name)}",
        gain="the cause in the words of the probe",
        verify=f"docker compose ps -a shows {container.name} as healthy.",
    )
