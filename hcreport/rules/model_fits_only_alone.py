"""A local model fits only where little else runs.

What it checks:
Whether a model that fits into the engine by itself still fits beside everything else that starts:
the other services, Docker itself and the system around it.

Why it matters:
The model is loaded when the first request asks for it, often long after the start. Memory then
runs out at once, and the kernel kills a process that it chooses.

How to fix it:
Give Docker more memory, choose a smaller model or a shorter context, or stop the services that
are not needed while the model works.

Limits:
The use of the other services is what was measured; where it was measured at one moment, the need
can be higher. Prompts that the server remembers come on top: see `prompt-cache-unbounded`.
"""

from __future__ import annotations

from hcreport.estimate.model_room import need_alone, need_beside, unmeasured_beside
from hcreport.estimate.models import model_fit
from hcreport.estimate.requirements import started_requirement
from hcreport.model import LocalModel, Severity
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
from hcreport.units import Bytes, gib

RULE = Rule(
    id="model-fits-only-alone",
    severity=Severity.HIGH,
    each="model",
    needs=("services", "engine.memory_total"),
    cites=("ollama/loads-on-request", "docker/engine-memory-fixed", "sizing/system-memory", *CITES),
)


def check(model: LocalModel, case: Case) -> Verdict:
    """Compare the model's need, in bytes, with what all else that starts leaves of the engine."""
    fit = model_fit(model, case.snapshot)
    if fit.needs is None or fit.fits is None:
        return NotMeasured(fit.reason)
    if not fit.fits:
        return NotApplicable("it does not even fit alone: see model-does-not-fit")
    rest = started_requirement(case.snapshot)
    need, beside = Bytes(round(fit.needs.value)), need_beside(model, rest, case.snapshot)
    if max(beside, need_alone(need)) > case.engine_memory:
        return NotApplicable("memory is short without it too: see engine-memory-short")
    if need + beside <= case.engine_memory:
        unknown = unmeasured_beside(model, rest)
        if not unknown:
            return None
        parts = counted(unknown, "part")
        return NotMeasured(f"it fits beside what is known, but {parts} could not be measured")
    left = gib(case.engine_memory - beside)
    return Problem(
        message=(
            f"{model.name} needs {gib(need)} and fits alone, but the rest that starts leaves "
            f"{left} of the engine's {gib(case.engine_memory)}."
        ),
        numbers=(
            fit.needs,
            case.computed("known need of the rest", beside, "sum of its known parts"),
            known(case.budget.engine_total),
        ),
        remedies=memory_options(case, model=model),
        confidence="likely",
        location=model.location,
    )
