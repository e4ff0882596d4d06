"""A container starts again and again.

What it checks:
Whether a container was restarting when the snapshot was taken, or ended after as many restarts as
its policy allows. Also whether it runs after many restarts with a recent one, or after some with
the last of them a moment ago.

Why it matters:
The service works for moments at most, and each start costs the others memory and time.

How to fix it:
The exit code says which kind of end it is. Where memory is the reason, give it more. Otherwise
read the last lines that it wrote before it ended; they name the cause.

Limits:
The engine counts restarts since the container was created, not when they happened. Restarts by
hand, or by creating the container anew, are not counted. While it runs again, its last exit code
is known only as long as the engine keeps its events.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.missing import why_missing
from hcreport.model import Action, Container, Number, Severity
from hcreport.rules.check_times import age_seconds
from hcreport.rules.contract import (
    Case,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    counted,
)
from hcreport.rules.end_causes import EndCause, end_cause, exit_meaning, last_exit_code
from hcreport.rules.more_memory import more_memory

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
            value=600,
            because="A container that has run for ten minutes no longer starts again and again.",
        ),
        "few_count": Threshold(
            value=3, because="So few count only where the last was within the last minute."
        ),
        "fresh_seconds": Threshold(
            value=60, because="What waited for another service has found it after a minute."
        ),
    },
    cites=("docker/exit-codes",),
)


def check(container: Container, case: Case) -> Verdict:
    """Judge the state, and else the number of restarts and the time since the last start."""
    restarts = container.restart_count
    if container.state == "restarting":
        times = f" after {counted(restarts, 'restart')}" if restarts else ""
        return _problem(container, f"{container.name} is restarting{times}", case)
    if container.state == "exited":
        return _gave_up(container, case)
    if container.state != "running":
        return None
    if restarts is None:
        return NotMeasured(why_missing("container.restart_count", case.snapshot, container.name))
    if restarts < case.thresholds["few_count"]:
        return None
    age = age_seconds(container, case)
    if age is None:
        return NotMeasured("it is not known when it started last")
    if age > _longest_age(container, restarts, case):
        return None
    message = (
        f"{container.name} was restarted {counted(restarts, 'time')}, the last time {age:.0f} "
        "seconds before the snapshot"
    )
    return _problem(container, message, case)


def _longest_age(container: Container, restarts: int, case: Case) -> float:
    """Return the seconds since the last start up to which so many restarts are a loop."""
    if restarts >= case.thresholds["restarts_count"]:
        return case.thresholds["recent_seconds"]
    well = container.health is not None and container.health.status == "healthy"
    return -1 if well else case.thresholds["fresh_seconds"]


def _gave_up(container: Container, case: Case) -> Verdict:
    """Judge a container that ended, and whose policy allows only so many restarts."""
    policy, _, most = (container.restart_policy or "").partition(":")
    restarts = container.restart_count or 0
    if policy != "on-failure" or not most.isdecimal() or not container.exit_code:
        return None
    if not 0 < int(most) <= restarts:
        return None
    tried = f"{container.name} ended again after each of {counted(restarts, 'restart')}"
    return _problem(container, tried, case)


def _problem(container: Container, message: str, case: Case) -> Problem:
    cause = end_cause(container, case)
    numbers: tuple[Number, ...] = ()
    if container.restart_count is not None:
        path = f"containers/{container.name}/restart_count"
        numbers = (case.number("restarts", container.restart_count, path, unit="count"),)
    return Problem(
        message=f"{message}{_ending(container, cause)}.",
        numbers=numbers,
        remedies=_remedies(container, cause, case),
    )


def _ending(container: Container, cause: EndCause | None) -> str:
    """Return how it ended last, as the end of a sentence."""
    code = last_exit_code(container)
    if cause is not None and cause.kind == "out of memory":
        last = "" if code is None else f" (exit code {code})"
        return f"; each time it is killed for lack of memory{last}"
    if code is None:
        return ""
    return f"; its last exit code was {code}: {exit_meaning(code)}"


def _remedies(container: Container, cause: EndCause | None, case: Case) -> tuple[Action, ...]:
    if cause is not None and cause.kind == "out of memory":
        return more_memory(container, case, reached=True)
    name = container.service or container.name
    quoted = shlex.quote(name)
    read = Action(
        what=f"Read the last lines that {name} wrote, and remove the cause they name",
        command=f"docker compose logs --tail 50 {quoted}",
        gain="the service keeps running",
        verify=f"docker compose ps shows {name} as up for more than ten minutes.",
    )
    if last_exit_code(container) != 0:
        return (read,)
    once = Action(
        what=f'Set restart: "no" for {name} in the Compose file if it is to run once',
        why="Exit code 0 is no error: it did its work, and the policy starts it again.",
        command=f"docker compose up -d {quoted}",
        gain="it runs once",
        verify=f"docker compose ps -a shows {name} as exited (0), and its restarts do not rise.",
        undo=f"Put the old restart policy back, then docker compose up -d {quoted}",
    )
    return (once, read)
