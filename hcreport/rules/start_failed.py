"""A container could not be started.

What it checks:
Whether the engine noted an error when it was to start a container. Also whether a container ended
at once because its command was not found or could not be run (exit codes 127 and 126).

Why it matters:
The service is not there at all. Compose stops the start of those that depend on it.

How to fix it:
Where the program is missing, correct command or entrypoint in the Compose file, or put the program
into the image. Otherwise read the engine's own words.

Limits:
Other reasons are a port that is taken, or a folder that cannot be mounted. They stand in a text
that is not kept, because it may hold paths and addresses. They are not measured, and the outcome
names the command that prints the text. A program may end with 126 or 127 by itself.
"""

from __future__ import annotations

import shlex

from hcreport.model import Action, Container, Severity
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict
from hcreport.rules.end_causes import end_cause

RULE = Rule(
    id="start-failed",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("docker/exit-codes",),
)


def check(container: Container, case: Case) -> Verdict:
    """Report a container whose program is missing, or name the command that says what is wrong."""
    if container.state in ("running", "paused"):
        return None
    if container.state == "restarting" and container.start_error is None:
        return NotApplicable("it starts, and ends again: see restart-loop")
    cause = end_cause(container, case)
    if cause is None:
        return None
    if cause.kind == "not started":
        form = "{{.State.Error}}"
        command = f"docker inspect --format '{form}' {shlex.quote(container.name)}"
        return NotMeasured(f"the engine could not start it; {command} prints why")
    if cause.kind != "not found":
        return None
    code = "" if container.exit_code is None else f" (exit code {container.exit_code})"
    what = f"could not be started{code}" if cause.confidence == "certain" else f"ended{code}"
    why = "its program is not in the image" if cause.confidence == "certain" else cause.evidence
    return Problem(
        message=f"{container.name} {what}: {why}.",
        remedies=_remedies(container),
        confidence=cause.confidence,
    )


def _remedies(container: Container) -> tuple[Action, ...]:
    name = container.service or container.name
    quoted = shlex.quote(name)
    form = "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{.State.Error}}"
    return (
        Action(
            what=f"Correct command or entrypoint of {name}: compare them with the image's programs",
            why="The command shows what was to be started, and the engine's or the shell's words.",
            command=f"docker inspect --format '{form}' {shlex.quote(container.name)}\n"
            f"docker compose logs --tail 50 {quoted}",
            gain=f"{name} starts",
            verify=f"docker compose up -d {quoted}, then docker compose ps shows {name} as up.",
            undo="Put the old command back.",
        ),
        Action(
            what=f"Put the program into the image of {name}, and make sure that it may be run",
            command=f"docker compose build {quoted}",
            effort="an hour",
            gain=f"{name} starts",
            verify=f"docker compose up -d {quoted}, then docker compose ps shows {name} as up.",
            undo="Build the old image again.",
        ),
    )
