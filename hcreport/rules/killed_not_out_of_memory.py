"""A container ended with exit code 137, and not for lack of memory.

What it checks:
Whether a container ended by SIGKILL (exit code 137) without any trace of lack of memory, and which
signals the engine sent it before.

Why it matters:
Exit code 137 is often taken for lack of memory, and memory is then bought that nobody needs. What
usually happened is that docker stop sent SIGTERM, the program did not react, and Docker killed it
when the grace period was over. The program could not save its work, and every stop takes so long.

How to fix it:
Let the program react to SIGTERM. Where it is a shell script, put exec before the last command, so
that the program itself is the first process. As the first process, a program without a handler of
its own ignores SIGTERM: set `init: true`. Where it expects another signal, name it with
`stop_signal`.

Limits:
The engine forgets its events soon; then nobody knows who sent the signal. It may miss a kill for
lack of memory right after a start, so that a brief life under a limit is only possibly this. Where
a container has no limit and memory is short on the whole machine, the kernel of the machine leaves
the same traces. A program may also end with 137 by itself.
"""

from __future__ import annotations

import shlex

from hcreport.model import Action, Container, Severity
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict
from hcreport.rules.end_causes import EndCause, end_cause
from hcreport.rules.kills import KILLED
from hcreport.rules.more_memory import more_memory

RULE = Rule(
    id="killed-not-out-of-memory",
    severity=Severity.LOW,
    each="container",
    needs=("containers",),
    cites=(
        "docker/oom-is-not-137",
        "docker/kill-missed-at-start",
        "docker/stop-grace-period",
        "docker/exit-codes",
    ),
)


def check(container: Container, case: Case) -> Verdict:
    """Say why an ended container has exit code 137, where lack of memory is not the reason."""
    if container.state not in ("exited", "dead"):
        return NotApplicable("it has not ended")
    if container.exit_code is None:
        return NotMeasured("the engine did not say with which exit code it ended")
    if container.exit_code != KILLED:
        return None
    if container.oom_killed is None:
        return NotMeasured("the engine did not say whether memory was the reason")
    cause = end_cause(container, case)
    if cause is None or cause.kind == "out of memory":
        return NotApplicable("memory was the reason: see container-oom-killed")
    return Problem(
        message=f"{container.name} ended with exit code {KILLED}, {_in_words(cause)}.",
        remedies=_remedies(container, cause, case),
        confidence=cause.confidence,
    )


def _in_words(cause: EndCause) -> str:
    if cause.kind == "stopped":
        return (
            "not for lack of memory: it did not end when the engine asked it to, so the engine "
            "killed it"
        )
    if cause.kind == "machine":
        return (
            "which was not its own limit; memory of the whole machine is short, so the kernel may "
            "have chosen it"
        )
    if cause.kind == "killed elsewhere":
        return (
            "and no trace of lack of memory; the engine sent it no signal, so something else "
            "killed it, or it chose that code"
        )
    if cause.kind == "perhaps memory":
        return f"and no trace of lack of memory; yet {cause.evidence}"
    if cause.confidence == "certain":
        return "not for lack of memory: it was killed through the engine, as docker kill does"
    return "and no trace of lack of memory: most likely it was stopped and did not react in time"


def _remedies(container: Container, cause: EndCause, case: Case) -> tuple[Action, ...]:
    if cause.kind in ("machine", "perhaps memory"):
        return (_ask_the_kernel(container), *more_memory(container, case, reached=True))
    if cause.kind == "killed elsewhere":
        return (_ask_the_kernel(container), _start_again(container))
    if cause.kind == "killed" and cause.confidence == "certain":
        return (_start_again(container),)
    name = container.service or container.name
    quoted = shlex.quote(name)
    verify = f"docker compose stop {quoted} ends at once, and docker compose ps -a shows exit 143."
    return (
        Action(
            what=f"Set init: true for {name} in the Compose file, so that SIGTERM reaches it",
            why="As the first process, a program without a handler of its own ignores SIGTERM.",
            command=f"docker compose up -d {quoted}",
            gain=f"{name} stops at once, not after the grace period",
            verify=verify,
            undo=f"Take init: true out again, then docker compose up -d {quoted}",
        ),
        Action(
            what=f"Make the program of {name} end by itself when it gets SIGTERM; in a shell "
            "script, put exec before the last command",
            why="Then it can save its work, too.",
            command=f"docker compose up -d --build {quoted}",
            effort="an hour",
            gain=f"{name} stops at once, and saves its work before",
            verify=f"docker compose stop {quoted} ends at once, and docker compose ps -a shows "
            "exit 0 or 143.",
            undo="Put the old start command back.",
        ),
    )


def _ask_the_kernel(container: Container) -> Action:
    """The step that tells lack of memory from a stop: the kernel's log names what it killed."""
    quoted = shlex.quote(container.service or container.name)
    return Action(
        what="Ask the kernel of the machine that runs Docker whether it killed the program",
        why="Only if it did does more memory help.",
        command="sudo dmesg | grep -i 'killed process'",
        gain="certainty about the cause",
        verify=f"A line names the program of {container.service or container.name} at the time of "
        f"its end, which docker compose logs -t --tail 5 {quoted} shows.",
    )


def _start_again(container: Container) -> Action:
    quoted = shlex.quote(container.service or container.name)
    return Action(
        what=f"Start {container.service or container.name} again if it was not killed on purpose; "
        "no memory has to change",
        command=f"docker compose up -d {quoted}",
        gain="the service runs again",
        verify=f"docker compose ps shows {container.service or container.name} as up.",
        undo=f"docker compose stop {quoted}",
    )
