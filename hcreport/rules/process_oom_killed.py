"""The kernel killed a process in a container because memory ran out, and the container ran on.

What it checks:
Whether a process other than the first one was killed for lack of memory. That shows in the
kernel's counter of the container's control group, in the engine's events, and with engines from
24 on in State.OOMKilled of a container that runs.

Why it matters:
The container looks well although a part of it is gone: a worker, a query, the process that holds
a language model. Requests fail, or work is done again and again.

How to fix it:
Raise the limit above the highest use, or make the service need less.

Limits:
Engines before 24 do not note such a kill while the container runs, and events are soon forgotten,
so the kernel's counter must be readable. A peak that reached the limit is no proof of a kill, and
is not taken for one.
"""

from __future__ import annotations

from hcreport.estimate.missing import why_missing
from hcreport.model import Container, Number, Severity
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict
from hcreport.rules.kills import kill_of, would_show
from hcreport.rules.more_memory import limit_of, more_memory
from hcreport.units import gib

RULE = Rule(
    id="process-oom-killed",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("docker/oom-is-not-137", "docker/oom-killed-while-running"),
    points_at="memory",
)


def check(container: Container, case: Case) -> Verdict:
    """Report a kill for lack of memory that the container outlived."""
    if container.state in ("created", "removing"):
        return NotApplicable("it has not run")
    kill = kill_of(container, case.snapshot)
    if kill is not None and kill.victim == "container":
        return NotApplicable("its first process was killed: see container-oom-killed")
    if kill is None:
        if would_show(container, case.snapshot):
            return None
        if container.oom_killed is None:
            return NotMeasured(why_missing("container.oom_killed", case.snapshot, container.name))
        return NotMeasured("this engine does not note it, and the kernel's counter was not read")
    limit, path = limit_of(container), f"containers/{container.name}"
    where = f" at its limit of {gib(limit)}" if limit is not None else "; it has no limit"
    numbers: list[Number] = []
    if limit is not None:
        numbers.append(case.number("memory limit", limit, f"{path}/limits"))
    if container.oom_kills:
        count = case.number("kills", container.oom_kills, f"{path}/oom_kills", unit="count")
        numbers.append(count)
    ran_on = "runs on" if container.state in ("running", "paused") else "ran on"
    return Problem(
        message=(
            f"The kernel killed a process in {container.name} for lack of memory{where}; "
            f"the container {ran_on}, and {kill.evidence}."
        ),
        numbers=tuple(numbers),
        remedies=more_memory(container, case, reached=True),
        confidence=kill.confidence,
    )
