"""The containers use most of the engine's memory.

What it checks:
Whether the measured use of all running containers of the project is more than 80 % of the
engine's memory.

Why it matters:
What is left must serve Docker itself, the kernel, other projects and every peak. When it is used
up the kernel kills a process.

How to fix it:
Give Docker more memory, or run fewer services at a time. Where there is a local model, running
without it or with a smaller one helps too.

Limits:
The use is that of one moment, as docker stats shows it; it holds file cache that was used lately.
Containers of other projects on the same engine are not counted, so the true share may be higher.
"""

from __future__ import annotations

from hcreport.facts import fact_value
from hcreport.model import Severity, Snapshot
from hcreport.rules.contract import (
    Case,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    counted,
    known,
)
from hcreport.rules.memory_options import CITES, memory_options
from hcreport.units import gib, percent

RULE = Rule(
    id="engine-memory-near-full",
    severity=Severity.MEDIUM,
    each="project",
    needs=("engine.memory_total", "containers"),
    thresholds={
        "usage_ratio": Threshold(
            value=fact_value("docker/container-memory-alert-ratio"),
            cites="docker/container-memory-alert-ratio",
        ),
        "high_ratio": Threshold(
            value=0.95, because="With less than a twentieth left Docker itself runs short."
        ),
    },
    cites=CITES,
)


def check(_snapshot: Snapshot, case: Case) -> Verdict:
    """Compare the sum of measured use with the engine's memory, in bytes."""
    budget = case.budget
    if budget.measured is None:
        return NotMeasured("the memory of no container was measured")
    ratio = budget.measured.value / max(1, case.engine_memory)
    if ratio <= case.thresholds["usage_ratio"]:
        missing = budget.running_containers - budget.measured_containers
        if missing:
            return NotMeasured(f"{counted(missing, 'running container')} not measured")
        return None
    return Problem(
        message=(
            f"{counted(budget.measured_containers, 'container')} together use "
            f"{gib(round(budget.measured.value))} of the engine's {gib(case.engine_memory)}, "
            f"{percent(ratio)} of it."
        ),
        numbers=(
            budget.measured,
            known(budget.engine_total),
            case.computed("share of the engine", ratio, "use / memory", unit="ratio"),
        ),
        remedies=memory_options(case),
        severity=Severity.HIGH if ratio > case.thresholds["high_ratio"] else None,
    )
