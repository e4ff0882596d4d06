"""The kernel killed a container because memory ran out.

What it checks:
Whether the first process of a container was killed for lack of memory, so that the container
ended with it. That shows in the engine's record (State.OOMKilled), in its events, or in the
kernel's counter while the stack was watched.

Why it matters:
The process ended in the middle of its work, and it will end so again under the same load.

How to fix it:
If the container has a limit, raise it above the highest use, or make the service need less. If it
has none, the engine itself ran out: give Docker more memory or run fewer services.

Limits:
Exit code 137 alone is no such case: see `killed-not-out-of-memory`. Where another process in the
container was killed and the container runs on, see `process-oom-killed`. A program that gives up by
itself when memory is short, as Java does, leaves no trace here. If the container ended with another
exit code after a kill in it, that the kill was the reason is likely, not certain. One record can
have two causes: another process in it was killed, and Docker stopped it by force later. Where the
engine has forgotten that stop, it looks as if the first process had been killed.
"""

from __future__ import annotations

from hcreport.estimate.missing import why_missing
from hcreport.model import Container, Number, Severity
from hcreport.rules.contract import Case, NotMeasured, Problem, Rule, Verdict, counted
from hcreport.rules.kills import KILLED, kill_of
from hcreport.rules.more_memory import limit_of, more_memory
from hcreport.units import gib

RULE = Rule(
    id="container-oom-killed",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("docker/oom-is-not-137", "docker/oom-killed-while-running"),
    points_at="memory",
)


def check(container: Container, case: Case) -> Verdict:
    """Report a kill for lack of memory that ended the container."""
    kill = kill_of(container, case.snapshot)
    if kill is None or kill.victim != "container":
        if container.oom_killed is None:
            return NotMeasured(why_missing("container.oom_killed", case.snapshot, container.name))
        return None
    limit, engine = limit_of(container), case.budget.engine_total
    numbers: tuple[Number, ...] = ()
    if limit is not None:
        where = f" at its limit of {gib(limit)}"
        numbers = (case.number("memory limit", limit, f"containers/{container.name}/limits"),)
    elif engine is not None:
        where = f"; it has no limit, and the engine has {gib(case.engine_memory)}"
        numbers = (engine,)
    else:
        where = "; it has no limit"
    return Problem(
        message=f"The kernel killed {_victim(container)} for lack of memory{where}"
        f"{_since(container)}.",
        numbers=numbers,
        remedies=more_memory(container, case, reached=True),
        confidence=kill.confidence,
    )


def _victim(container: Container) -> str:
    """Return what was killed, as far as the exit code tells."""
    alone = container.state == "exited" and container.exit_code not in (None, KILLED)
    return f"a process of {container.name}" if alone else container.name


def _since(container: Container) -> str:
    """Return what has become of it since, as the end of the sentence."""
    if container.state == "exited":
        known_end = container.exit_code in (None, KILLED)
        return "" if known_end else f"; it then ended with exit code {container.exit_code}"
    if container.restart_count:
        return f"; it was restarted {counted(container.restart_count, 'time')}"
    return "; it was started again" if container.state == "running" else ""
