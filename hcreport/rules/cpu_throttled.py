"""A container waits for CPU because of its own limit.

What it checks:
How often a container with a CPU limit was made to wait, as a share of the periods in which it had
work to do. They are counted while the stack was watched, else since the container started.

Why it matters:
Once its share of a period is used up, the kernel lets it wait, however idle the machine is. Answers
come late, and health checks may run out of time.

How to fix it:
Raise the limit, or let it do less at a time.

Limits:
A batch job may wait in every period and be well. Since the start a busy beginning counts for as
much as the time after it, and containers that had hardly anything to do are not judged. What it
would use without the limit is not known, so the new limit is a step, not an answer.
"""

from __future__ import annotations

import math
import shlex

from hcreport.estimate.memory import RUNNING
from hcreport.estimate.missing import why_missing
from hcreport.facts import fact_value
from hcreport.model import Action, Container, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.units import NANO_CPUS_PER_CPU, percent

RULE = Rule(
    id="cpu-throttled",
    severity=Severity.MEDIUM,
    each="container",
    needs=("containers",),
    thresholds={
        "throttled_ratio": Threshold(
            value=fact_value("docker/cpu-throttling-alert-ratio"),
            cites="docker/cpu-throttling-alert-ratio",
        ),
        "periods_count": Threshold(
            value=50, because="With fewer periods of work, five seconds in all, it was idle."
        ),
        "longer_ratio": Threshold(
            value=2, because="Twice as much shows whether the limit is what it waits for."
        ),
    },
    points_at="cpus",
)


def check(container: Container, case: Case) -> Verdict:
    """Compare the periods in which it had to wait with all in which it had work."""
    if container.state not in RUNNING:
        return NotApplicable("it does not run")
    limit = container.limits.cpus
    if not limit:
        return NotApplicable("it has no CPU limit")
    counts, when = _periods(container, case)
    if counts is None:
        return NotMeasured(why_missing("container.cpu", case.snapshot, container.name))
    periods, throttled = counts
    if periods < case.thresholds["periods_count"]:
        return NotMeasured(f"it had work in {periods} periods only, too few to judge")
    share = throttled / periods
    if share <= case.thresholds["throttled_ratio"]:
        return None
    path = f"containers/{container.name}"
    return Problem(
        message=(
            f"{container.name} had to wait for CPU in {percent(share)} of its periods {when}; its "
            f"limit is {limit:g} CPUs."
        ),
        numbers=(
            case.number("CPU limit", limit, f"{path}/limits", unit="cpus"),
            case.computed("share of periods", share, "throttled / all periods", unit="ratio"),
        ),
        remedies=_remedies(container, limit, case),
    )


def _periods(container: Container, case: Case) -> tuple[tuple[int, int] | None, str]:
    """Return the periods with work and those of them with a wait, and over which time."""
    window, cpu = case.snapshot.window, container.cpu
    enough = case.thresholds["periods_count"]
    for each in window.series if window else ():
        if each.container != container.name or each.started_at != container.started_at:
            continue
        if (each.periods or 0) >= enough and each.throttled_periods is not None:
            return (each.periods or 0, each.throttled_periods), "while it was watched"
    if cpu is None or cpu.periods is None or cpu.throttled_periods is None:
        return None, ""
    return (cpu.periods, cpu.throttled_periods), "since it started"


def _remedies(container: Container, limit: float, case: Case) -> tuple[Action, ...]:
    name = container.service or container.name
    quoted = shlex.quote(name)
    engine = case.snapshot.engine
    most = engine.cpus if engine and engine.cpus else math.inf
    higher = min(limit * case.thresholds["longer_ratio"], most)
    less = Action(
        what=f"Let {name} do less at a time, for example with fewer workers or threads",
        why="Threads that compete for the same CPU time make each other wait.",
        effort="an hour",
        gain="shorter waits with the same limit",
        verify="The next report has a share below the threshold.",
        undo="Put the old settings back.",
    )
    if higher <= limit:
        return (less,)
    form = "{{.HostConfig.NanoCpus}}"
    nano = round(higher * NANO_CPUS_PER_CPU)
    raised = Action(
        what=f"Raise the CPU limit of {name} from {limit:g} to {higher:g} CPUs in the Compose file",
        command=f"docker compose up -d {quoted}",
        gain=f"up to {higher - limit:g} CPUs more when it has work",
        verify=f"docker inspect --format '{form}' {shlex.quote(container.name)} prints {nano}.",
        undo=f"Put the old limit back, then docker compose up -d {quoted}",
    )
    return (raised, less)
