"""Services have no memory limit.

What it checks:
Which services may use all the memory that the engine has, because nothing was set for them.

Why it matters:
One service that grows can take the memory of all the others, and the kernel then kills whichever
process it finds. A limit keeps the harm in the service that caused it.

How to fix it:
Measure each service under load and set its limit above its highest use, the heaviest first. A
limit that is too low gets the service killed.

Limits:
A limit protects the others, and does not make a service need less. The finding is medium
where a service without a limit serves a local model or already uses a large share of the engine.
"""

from __future__ import annotations

from hcreport.model import Action, Severity, Snapshot
from hcreport.rules import steps
from hcreport.rules.contract import Case, Problem, Rule, Threshold, Verdict, counted
from hcreport.units import Bytes, gib

RULE = Rule(
    id="services-without-limit",
    severity=Severity.LOW,
    each="project",
    needs=("services",),
    thresholds={
        "heavy_ratio": Threshold(
            value=0.25, because="Four services of that share fill the engine by themselves."
        )
    },
)

_NAMED = 4


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Name the services without a memory limit, the heaviest first."""
    unlimited = set(case.budget.unlimited)
    if not unlimited:
        return None
    everything = len(unlimited) + len(case.budget.limited)
    used = dict(steps.heaviest(case))
    serving = {each.service for each in snapshot.models}
    order = sorted(unlimited, key=lambda name: (name not in serving, -used.get(name, 0), name))
    named = [f"{each} ({gib(used[each])})" if each in used else each for each in order[:_NAMED]]
    rest = len(order) - len(named)
    listed = ", ".join(named) + (f" and {rest} more" if rest else "")
    heavy = any(each in serving or _is_heavy(used.get(each), case) for each in unlimited)
    return Problem(
        message=(
            f"{len(unlimited)} of {counted(everything, 'service')} "
            f"{'has' if len(unlimited) == 1 else 'have'} no memory limit: {listed}."
        ),
        numbers=(
            case.computed(
                "services without a limit", len(unlimited), "count of services", unit="count"
            ),
            case.computed("services that start", everything, "count of services", unit="count"),
        ),
        remedies=(
            Action(
                what=f"Measure under load and set mem_limit above the highest use of {listed}",
                command="docker stats --no-stream",
                effort="an hour",
                gain="a service that grows is stopped before the others lack memory",
                verify="docker stats shows the service's own limit, not the engine's memory.",
                undo="Remove mem_limit again.",
            ),
        ),
        severity=Severity.MEDIUM if heavy else None,
    )


def _is_heavy(used: Bytes | None, case: Case) -> bool:
    total = case.budget.engine_total
    if used is None or total is None:
        return False
    return used > total.value * case.thresholds["heavy_ratio"]
