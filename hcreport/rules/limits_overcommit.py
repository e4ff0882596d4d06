"""The memory limits add up to more than the engine has.

What it checks:
Whether the limits of all services together are above the engine's memory: the worst case.

Why it matters:
A limit is a ceiling, not a use. As long as few services reach theirs nothing happens. If many do
at once, memory runs out although no service broke its limit, and the kernel kills one of them.

How to fix it:
Use the limits that follow from what was measured, which the site offers as a Compose file. Where
nothing was measured, lower them by hand to what each service needs under load, the largest first.

Limits:
This is no shortage and says nothing about the use of today. Services without a limit are not in
the sum; they are named, because each of them may use all there is. Where there is swap, Docker
allows as much swap again as memory, which is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from hcreport.compose_files import LIMITS_FILE, compose_with
from hcreport.estimate.limits import largest_suggested
from hcreport.estimate.memory import is_one_of_ours, service_limits
from hcreport.estimate.requirements import requirements
from hcreport.estimate.scenarios import replicas
from hcreport.model import Action, Severity, Snapshot, SuggestedLimit
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
from hcreport.units import Bytes, gib, total

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
        remedies=_suggested(snapshot, case),
    )


def _suggested(snapshot: Snapshot, case: Case) -> tuple[Action, ...]:
    """Return the steps to lower limits: from what was measured, by hand, or both.

    What was measured is enough by itself where the engine has room for all limits then. Where it
    lowers none of them, the limits are to be found by hand.
    """
    now = {name: limit for name, limit in service_limits(snapshot).items() if limit}
    suggested = largest_suggested(requirements(snapshot), snapshot)
    then = now | {
        each.service: each.limit * replicas(snapshot.services_by_name[each.service])
        for each in suggested
        if is_one_of_ours(snapshot.services_by_name[each.service])
    }
    by_hand = _by_hand(now, case)
    if total(then[name] for name in now) >= total(now.values()):
        return (by_hand,)
    allowed, more = total(then.values()), len(then) - len(now)
    left = allowed - case.engine_memory
    step = Action(
        what=f"Use the limits that fit what was measured: {LIMITS_FILE} sets them",
        why="A limit frees no memory. It decides which service is stopped when memory runs out.",
        command=f"{compose_with(snapshot.project.compose_files, LIMITS_FILE)}"
        f"{steps.profiles(snapshot)} up -d",
        files=(LIMITS_FILE,),
        gain=f"the limits allow {gib(allowed)} instead of {gib(total(now.values()))}"
        + (f", with limits for {counted(more, 'service')} more" if more else "")
        + (f"; still {gib(left)} more than the engine has" if left > 0 else ""),
        effect=Bytes(0),
        verify=f"docker stats --no-stream shows {_shown(suggested[0])}.",
        undo=steps.compose_up(case),
    )
    return (step, by_hand) if left > 0 else (step,)


def _shown(suggested: SuggestedLimit) -> str:
    return f"{gib(suggested.limit)} as the limit of {suggested.service}"


def _by_hand(limits: Mapping[str, Bytes], case: Case) -> Action:
    largest = sorted(limits.items(), key=lambda entry: (-entry[1], entry[0]))[:3]
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
