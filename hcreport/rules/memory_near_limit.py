"""A container uses most of its memory limit.

What it checks:
Whether a running container uses more than 80 % of the memory that it may use.

Why it matters:
At the limit the kernel first takes back file cache, which makes the container slow, and then
kills a process in it.

How to fix it:
Raise the limit above the highest use, or make the service need less.

Limits:
The use is that of one moment, as docker stats shows it. It holds file cache that was used lately,
which the kernel can take back, so a database near its limit may be well. A lower figure is no proof
of the opposite: the peak may come later. Where a process was killed already, or what it holds does
not fit, `container-oom-killed`, `process-oom-killed` or `limit-below-working-set` says so.
"""

from __future__ import annotations

from hcreport.estimate.memory import RUNNING
from hcreport.estimate.missing import why_missing
from hcreport.facts import fact_value
from hcreport.model import Container, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.rules.kills import kill_of
from hcreport.rules.more_memory import limit_of, more_memory, outgrown
from hcreport.units import gib, percent

RULE = Rule(
    id="memory-near-limit",
    severity=Severity.MEDIUM,
    each="container",
    needs=("containers",),
    thresholds={
        "usage_ratio": Threshold(
            value=fact_value("docker/container-memory-alert-ratio"),
            cites="docker/container-memory-alert-ratio",
        ),
        "high_ratio": Threshold(
            value=0.95, because="With less than a twentieth left any growth ends at the limit."
        ),
    },
    points_at="memory",
)


def check(container: Container, case: Case) -> Verdict:
    """Compare the container's use with its own limit, in bytes."""
    if container.state not in RUNNING:
        return NotApplicable("it does not run")
    use = container.memory
    limit = limit_of(container)
    if limit is None:
        return NotApplicable("it has no memory limit")
    if kill_of(container, case.snapshot) is not None:
        return NotApplicable("a process was killed for lack of memory, which says more")
    if use is None:
        return NotMeasured(why_missing("container.memory", case.snapshot, container.name))
    ratio = use.shown / limit
    if ratio <= case.thresholds["usage_ratio"]:
        return None
    if outgrown(container, case) is not None:
        return NotApplicable("what it holds does not fit: see limit-below-working-set")
    path = f"containers/{container.name}"
    return Problem(
        message=(
            f"{container.name} uses {gib(use.shown)} of the {gib(limit)} it may use, "
            f"{percent(ratio)} of its limit."
        ),
        numbers=(
            case.number("memory in use", use.shown, f"{path}/memory"),
            case.number("memory limit", limit, f"{path}/limits"),
            case.computed("share of the limit", ratio, "use / limit", unit="ratio"),
        ),
        remedies=more_memory(container, case, reached=False),
        severity=Severity.HIGH if ratio > case.thresholds["high_ratio"] else None,
    )
