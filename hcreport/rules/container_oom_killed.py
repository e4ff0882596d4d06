"""The kernel killed a container because memory ran out.

What it checks:
Whether the engine recorded that a container was killed for lack of memory (State.OOMKilled).

Why it matters:
The process ended in the middle of its work, and it will end so again under the same load.

How to fix it:
If the container has a limit, raise it above the highest use, or make the service need less. If it
has none, the engine itself ran out: give Docker more memory or run fewer services.

Limits:
Exit code 137 alone is no such case: a forced stop ends with it too. If only a child process was
killed, engines before 23 may record nothing. The record is that of the container's last start.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.missing import why_missing
from hcreport.model import Action, Container, Number, Severity
from hcreport.rules import steps
from hcreport.rules.contract import Case, NotMeasured, Problem, Rule, Verdict
from hcreport.units import Bytes, gib

RULE = Rule(
    id="container-oom-killed",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("docker/oom-is-not-137",),
)


def check(container: Container, case: Case) -> Verdict:
    """Report the engine's record of a kill for lack of memory."""
    if container.oom_killed is None:
        return NotMeasured(why_missing("container.oom_killed", case.snapshot, container.name))
    if not container.oom_killed:
        return None
    limit = container.limits.memory
    engine = case.budget.engine_total
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
        message=(
            f"The kernel killed {container.name}, or a process in it, for lack of memory{where}."
        ),
        numbers=numbers,
        remedies=_remedies(container, limit, case),
    )


def _remedies(container: Container, limit: Bytes | None, case: Case) -> tuple[Action, ...]:
    name = container.service or container.name
    if limit is None:
        return (steps.start_fewer(case),)
    return (
        Action(
            what=f"Raise the memory limit of {name} above {gib(limit)}, in steps, under load",
            command=f"docker compose up -d {shlex.quote(name)}",
            gain="no kill at the load that was tried",
            verify="docker inspect shows OOMKilled as false after the same load.",
            undo="Put the old limit back.",
        ),
        Action(
            what=f"Make {name} need less than {gib(limit)}, with fewer workers or smaller caches",
            effort="a day",
            gain="no kill without more memory",
            verify=f"docker stats stays below {gib(limit)} for {name} under load.",
            undo="Put the old settings back.",
        ),
    )
