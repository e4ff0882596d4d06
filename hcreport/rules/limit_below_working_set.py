"""What a container works with does not fit its memory limit.

What it checks:
Whether nearly all of the memory limit of a running container is used up by memory that the kernel
cannot take back. And whether the Compose file has a limit that is below what the container
holds now, so that it fits no more once Compose makes it anew.

Why it matters:
Nothing was killed yet. But the container has no page cache left, reads its files again and again,
and is slow. The next bit of growth gets a process killed.

How to fix it:
Raise the limit, or make the service need less.

Limits:
What it would use without the limit is not known: the new limit is what was seen, and some room.
Page cache alone fills a limit without harm and is not counted, so a database that wants more cache
is not found here. Where a process was killed already, see `container-oom-killed` and
`process-oom-killed`.
"""

from __future__ import annotations

from hcreport.estimate.held import held
from hcreport.estimate.memory import RUNNING
from hcreport.estimate.missing import why_missing
from hcreport.model import Container, Severity
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict
from hcreport.rules.kills import kill_of
from hcreport.rules.more_memory import limit_of, more_memory, outgrown, raise_in_file
from hcreport.units import Bytes, gib

RULE = Rule(
    id="limit-below-working-set",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("sizing/limit-reached",),
    points_at="memory",
)


def check(container: Container, case: Case) -> Verdict:
    """Compare what a container holds, in bytes, with its limit and with that of the file."""
    if container.state not in RUNNING:
        return NotApplicable("it does not run")
    limit, service = limit_of(container), case.service(container.service)
    declared = service.limits.memory if service else None
    if limit is None and declared is None:
        return NotApplicable("it has no memory limit")
    if kill_of(container, case.snapshot) is not None:
        return NotApplicable("a process was killed for lack of memory, which says more")
    if container.memory is None:
        return NotMeasured(why_missing("container.memory", case.snapshot, container.name))
    holds = held(container.memory)
    if holds is None:
        return NotMeasured("the engine does not tell page cache apart")
    squeezed = outgrown(container, case)
    if squeezed is not None and limit is not None:
        return _problem(container, squeezed, limit, case)
    if declared is not None and holds > declared:
        return _file_too_low(container, holds, declared, case)
    return None


def _problem(container: Container, holds: Bytes, limit: Bytes, case: Case) -> Problem:
    path = f"containers/{container.name}"
    return Problem(
        message=(
            f"{container.name} holds {gib(holds)} that cannot be taken back, of the {gib(limit)} "
            "that it may use: what it works with hardly fits."
        ),
        numbers=(
            case.number("memory that it holds", holds, f"{path}/memory"),
            case.number("memory limit", limit, f"{path}/limits"),
        ),
        remedies=more_memory(container, case, reached=True),
        confidence="likely",
    )


def _file_too_low(container: Container, holds: Bytes, declared: Bytes, case: Case) -> Problem:
    service = case.service(container.service)
    location = service.location if service else None
    name = container.service or container.name
    return Problem(
        message=(
            f"{container.name} holds {gib(holds)}, and the Compose file allows it only "
            f"{gib(declared)} once it is made anew."
        ),
        numbers=(
            case.number("memory that it holds", holds, f"containers/{container.name}/memory"),
            case.number(
                "memory limit in the file", declared, f"services/{name}/limits", location=location
            ),
        ),
        remedies=(raise_in_file(name, holds, case),),
        confidence="likely",
        location=location,
    )
