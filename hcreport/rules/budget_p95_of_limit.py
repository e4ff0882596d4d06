"""A container uses more of its memory limit than the project allows.

What it checks:
How much of its limit a container used nearly all the time that it was watched: what few samples
exceed. It is compared with `budgets: p95_of_limit_ratio` in hcreport.yml.

Why it matters:
The project set itself this bound, so that a busy hour does not end at the limit.

How to fix it:
Raise the limit, make the service need less, or raise the budget where the project agrees.

Limits:
The use is what `docker stats` shows, with file cache that was used lately. Of a long window every
second sample or fewer are kept, those with more memory, so the share is rather too high than too
low. Containers that ran only for a few samples, or have no limit, are not judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hcreport.estimate.memory import RUNNING
from hcreport.model import POINT_COLUMNS, Action, Container, Severity
from hcreport.rules import budget_steps, steps
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    known,
)
from hcreport.rules.more_memory import limit_of
from hcreport.units import MIB, Bytes, gib, percent

RULE = Rule(
    id="budget-p95-of-limit",
    severity=Severity.HIGH,
    each="container",
    needs=("containers", "window"),
    thresholds={
        "samples_count": Threshold(
            value=20, because="Of fewer samples a single one is more than one in twenty."
        ),
        "counted_ratio": Threshold(
            value=0.95, because="One sample in twenty may be higher: a short peak is no budget."
        ),
    },
    budget="p95_of_limit_ratio",
)

_USAGE, _INACTIVE = (POINT_COLUMNS.index(each) for each in ("usage", "inactive_file"))


def check(container: Container, case: Case) -> Verdict:
    """Compare the use that nearly all samples did not exceed with the limit, in bytes."""
    if container.state not in RUNNING:
        return NotApplicable("it does not run")
    limit = limit_of(container)
    if limit is None:
        return NotApplicable("it has no memory limit")
    uses = sorted(_uses(container, limit, case))
    if len(uses) < case.thresholds["samples_count"]:
        return NotMeasured(f"it was sampled {len(uses)} times under this limit, too few to judge")
    used = uses[math.ceil(len(uses) * case.thresholds["counted_ratio"]) - 1]
    allowed, ratio = known(case.budgets.p95_of_limit_ratio), used / limit
    if ratio <= allowed:
        return None
    service = case.service(container.service)
    return Problem(
        message=(
            f"{container.name} used up to {gib(used)} nearly all the time, {percent(ratio)} of its "
            f"limit of {gib(limit)}; the project allows {percent(allowed)}."
        ),
        numbers=(
            case.number("use in nearly all samples", used, f"containers/{container.name}/memory"),
            case.number("memory limit", limit, f"containers/{container.name}/limits"),
            case.computed("share of the limit", ratio, "use / limit", unit="ratio"),
            case.declared("share allowed", allowed, unit="ratio"),
        ),
        remedies=(_more(container, used, allowed, case), budget_steps.allow_ratio(ratio)),
        location=service.location if service else None,
    )


def _uses(container: Container, limit: Bytes, case: Case) -> Iterator[Bytes]:
    """Yield what ``docker stats`` would have shown at each point of the container's lives."""
    window = known(case.snapshot.window)
    for life in window.series:
        if life.container != container.name or life.limit != limit:
            continue
        for point in life.points:
            usage, inactive = point[_USAGE], point[_INACTIVE] or 0
            if usage is not None:
                yield Bytes(usage - inactive if inactive < usage else usage)


def _more(container: Container, used: Bytes, allowed: float, case: Case) -> Action:
    """Return the step that makes the use a share that is allowed: a higher limit, or less use."""
    name = container.service or container.name
    enough = Bytes(math.ceil(int(used) / allowed / MIB) * MIB)
    if case.budget.engine_total is None or enough <= case.engine_memory:
        return steps.raise_limit(name, enough)
    return Action(
        what=f"Make {name} need less: fewer workers, smaller caches, less data at a time",
        effort="an hour",
        gain="not measured: it depends on what it keeps in memory",
        verify="The next report has a share below the budget.",
        undo="Put the old settings back.",
    )
