"""The stack is known to need more memory than the engine has.

What it checks:
Whether everything that starts needs more memory than the Docker engine has, by what is known. That
is what the containers use, what the local models and Docker itself need, and what the system around
it keeps.

Why it matters:
Where memory runs out the kernel kills a process, and which one it takes cannot be foreseen.

How to fix it:
Give Docker more memory, run without the local model, choose a smaller one, or run fewer services
at a time. Each step says what is still missing after it.

Limits:
A use measured at one moment is not a need: under load it can be more. Where the highest use since
start is known it is counted instead; it holds file cache that the kernel could take back, and the
highest uses need not coincide. Watching the stack under load says more: see collect --window. A
model that does not even fit alone is reported by the rule `model-does-not-fit`, and only there.
"""

from __future__ import annotations

from hcreport.estimate.models import model_size
from hcreport.estimate.requirements import started_requirement
from hcreport.model import Requirement, Severity, Snapshot
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
    counted,
    known,
)
from hcreport.rules.memory_options import CITES, memory_options
from hcreport.units import gib

RULE = Rule(
    id="engine-memory-short",
    severity=Severity.HIGH,
    each="project",
    needs=("services", "engine.memory_total"),
    cites=(
        "docker/engine-memory-fixed",
        "docker/engine-memory-per-container",
        "sizing/system-memory",
        "docker/compose-dependency-on-missing",
        *CITES,
    ),
)


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Compare the known need of everything that starts with the engine's memory, in bytes."""
    need = started_requirement(snapshot)
    counted_parts = {part.name for part in need.parts if part.memory is not None}
    for model in snapshot.models:
        if model.name in counted_parts and (model_size(model) or 0) > case.engine_memory:
            return NotApplicable(
                f"{model.name} alone needs more than the engine has: see model-does-not-fit"
            )
    unknown = [part for part in need.parts if part.memory is None and not part.left_out]
    if all(part.memory is None for part in need.parts if part.kind in ("service", "model")):
        return NotMeasured("no service was measured and no need of a model is known")
    at_least, has = gib(need.at_least), gib(case.engine_memory)
    if need.at_least <= case.engine_memory:
        if not unknown:
            return None
        return NotMeasured(
            f"the known parts need {at_least} of {has}, and "
            f"{counted(len(unknown), 'part')} could not be measured"
        )
    return Problem(
        message=f"What starts needs at least {at_least}, but the engine has {has} in all.",
        numbers=(
            case.computed("known need of what starts", need.at_least, "sum of its known parts"),
            known(case.budget.engine_total),
        ),
        remedies=memory_options(case),
        confidence="possible" if _from_peaks_alone(need, snapshot) else "likely",
    )


def _from_peaks_alone(need: Requirement, snapshot: Snapshot) -> bool:
    """Tell whether the sum holds page cache that may not be needed: nothing was watched."""
    return need.docker_memory is not None and snapshot.window is None
