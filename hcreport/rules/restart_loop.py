"""A container starts again and again.

What it checks:
Whether a container was restarting when the snapshot was taken, or runs after many restarts of
which the last was recent.

Why it matters:
The service works for moments at most, and each start costs the others memory and time.

How to fix it:
Read the last lines that it wrote before it ended; they name the cause.

Limits:
The engine counts restarts since the container was created, not when they happened. Restarts by
hand, or by creating the container anew, are not counted.
"""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

from hcreport.estimate.missing import why_missing
from hcreport.model import Action, Container, Number, Severity
from hcreport.rules.contract import (
    Case,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    counted,
)

RULE = Rule(
    id="restart-loop",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    thresholds={
        "restarts_count": Threshold(
            value=5, because="A few restarts can follow from the order in which services start."
        ),
        "recent_seconds": Threshold(
            value=600, because="A container that has run for ten minutes is out of the loop."
        ),
    },
)


def check(container: Container, case: Case) -> Verdict:
    """Judge the state, and else the number of restarts and the time since the last start."""
    restarts = container.restart_count
    code = "" if not container.exit_code else f"; its last exit code was {container.exit_code}"
    if container.state == "restarting":
        times = f" after {counted(restarts, 'restart')}" if restarts else ""
        return _problem(container, f"{container.name} is restarting{times}{code}.", case)
    if container.state != "running":
        return None
    if restarts is None:
        return NotMeasured(why_missing("container.restart_count", case.snapshot, container.name))
    if restarts < case.thresholds["restarts_count"]:
        return None
    if container.started_at is None:
        return NotMeasured("it is not known when it started last")
    age = _seconds(case.snapshot.taken_at, container.started_at)
    if age > case.thresholds["recent_seconds"]:
        return None
    message = (
        f"{container.name} was restarted {counted(restarts, 'time')}, the last time {age:.0f} "
        f"seconds before the snapshot{code}."
    )
    return _problem(container, message, case)


def _seconds(later: datetime, earlier: datetime) -> float:
    """Return the time between two moments; one without a zone counts as UTC."""
    moments = [each if each.tzinfo else each.replace(tzinfo=UTC) for each in (later, earlier)]
    return max(0.0, (moments[0] - moments[1]).total_seconds())


def _problem(container: Container, message: str, case: Case) -> Problem:
    name = container.service or container.name
    numbers: tuple[Number, ...] = ()
    if container.restart_count is not None:
        path = f"containers/{container.name}/restart_count"
        numbers = (case.number("restarts", container.restart_count, path, unit="count"),)
    return Problem(
        message=message,
        numbers=numbers,
        remedies=(
            Action(
                what=f"Read the last lines that {name} wrote, and remove the cause they name",
                command=f"docker compose logs --tail 50 {shlex.quote(name)}",
                gain="the service keeps running",
                verify=f"docker compose ps shows {name} as up for more than ten minutes.",
            ),
        ),
    )
