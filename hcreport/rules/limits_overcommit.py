"""The memory limits add up to more than the engine has.

What it checks:
Whether the limits of all services together are above the engine's memory: the worst case.

Why it matters:
A limit is a ceiling, not a use. As long as few services reach theirs nothing happens. If many do
at once, memory runs out although no service broke its limit, and the kernel kills one of them.

How to fix it:
Lower the limits to what each service is measured to need under load, the largest first, or start
fewer services at a time.

Limits:
This is no shortage and says nothing about the use of today. Services without a limit are not in
the sum; they are named, because each of them may use all there is. Where there is swap, Docker
allows as much swap again as memory, which is not counted.
"""

from __future__ import annotations

from hcreport.estimate.memory import service_limits
from hcreport.model import Action, Severity, Snapshot
from hcreport.rules import steps
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    Problem,
    Rule,
    Threshold,
    Verdict,
    counted,
    known,
)
from hcreport.units import gib

RULE = Rule(
    id="limits-overcommit",
    severity=Severity.MEDIUM,
    each="project",
    needs=("services", "engine.memory_total"),
    thresholds={
        "overcommit_ratio": Threshold(
            value=1.0, because="Up to 1 every service can have all it may use, at the same time."
        )
    },
    cites=("docker/swap-doubles-limit",),
)


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Compare the sum of limits with the engine's memory, in bytes."""
    limits = case.budget.limits
    if limits is None:
        return NotApplicable("no service has a memory limit")
    ratio = limits.value / max(1, case.engine_memory)
    if ratio <= case.thresholds["overcommit_ratio"]:
        return None
    limited, unlimited = case.budget.limited, case.budget.unlimited
    verb = "has" if len(unlimited) == 1 else "have"
    tail = f"; {counted(len(unlimited), 'service')} {verb} none" if unlimited else ""
    return Problem(
        message=(
            f"The limits of {counted(len(limited), 'service')} allow {gib(round(limits.value))}, "
            f"{ratio:.2f} times the engine's {gib(case.engine_memory)}{tail}."
        ),
        numbers=(
            limits,
            known(case.budget.engine_total),
            case.computed("overcommit", ratio, "sum of limits / memory", unit="ratio"),
        ),
        remedies=(_lower(snapshot, case), steps.start_fewer(case)),
    )


def _lower(snapshot: Snapshot, case: Case) -> Action:
    limits = [(name, limit) for name, limit in service_limits(snapshot).items() if limit]
    largest = sorted(limits, key=lambda entry: (-entry[1], entry[0]))[:3]
    named = ", ".join(f"{name} ({gib(limit)})" for name, limit in largest)
    return Action(
        what=f"Lower the limits to what each service needs under load, the largest first: {named}",
        command="docker stats --no-stream",
        effort="an hour",
        gain=f"a worst case of {gib(case.engine_memory)} or less",
        verify=f"The limits that docker compose config prints add up to {gib(case.engine_memory)} "
        "or less.",
        undo="Put the old limits back.",
    )
