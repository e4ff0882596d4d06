"""A local model needs more memory than it can have.

What it checks:
Whether the need of a local language model is above the engine's whole memory, or above the memory
limit of the service that serves it. A declared need counts; else it is computed from the header
of the model's file.

Why it matters:
The model cannot be loaded. The server starts and looks well, and each request for the model ends
in an error or in a killed process.

How to fix it:
Give Docker and the service enough memory, run without the local model, or choose a smaller model or
a shorter context. Where that is better, run it on the machine itself.

Limits:
The need is what the project declares, a cited measurement, or computed for a context and a number
of slots; hcreport did not load the model. A GPU is not counted. Swap is not counted: a model in
swap answers too slowly to be of use. A model that fits alone may still not fit beside the other
containers, which the rule `engine-memory-short` looks at.
"""

from __future__ import annotations

from hcreport.estimate.memory import engine_memory
from hcreport.estimate.missing import why_missing
from hcreport.estimate.models import model_fit, model_need, service_limit
from hcreport.model import LocalModel, Number, Severity
from hcreport.rules.contract import Case, NotMeasured, Problem, Rule, Verdict, known
from hcreport.rules.memory_options import CITES, memory_options
from hcreport.units import gib

RULE = Rule(
    id="model-does-not-fit",
    severity=Severity.CRITICAL,
    each="model",
    cites=("docker/compose-dependency-on-missing", *CITES),
)


def check(model: LocalModel, case: Case) -> Verdict:
    """Compare the model's need, in bytes, with the engine's memory and its service's limit."""
    fit = model_fit(model, case.snapshot)
    if fit.needs is None:
        return NotMeasured(why_missing("model.memory", case.snapshot, model.name))
    if fit.fits is None:
        return NotMeasured(fit.reason)
    if fit.fits:
        return None
    need = known(model_need(model, case.snapshot))
    engine = _if_too_small(engine_memory(case.snapshot), need)
    limit = _if_too_small(service_limit(model.service, case.snapshot), need)
    short_of = [
        *([f"the engine has {gib(round(engine.value))} in all"] if engine else []),
        *([f"the limit of {model.service} is {gib(round(limit.value))}"] if limit else []),
    ]
    return Problem(
        message=f"{model.name} needs {gib(round(need.value))}, but {' and '.join(short_of)}.",
        numbers=(need, *(each for each in (engine, limit) if each)),
        remedies=memory_options(case, model=model),
        confidence="likely",
        location=model.location,
    )


def _if_too_small(has: Number | None, need: Number) -> Number | None:
    return has if has is not None and has.value < need.value else None
