"""Ollama refused to load a model because memory is short.

What it checks:
Whether the last lines of Ollama's log, or a probe of its health check, hold its own refusal of a
model. The wording up to 0.29 and the one since 0.30 are known.

Why it matters:
The server runs on and looks well, but every request for the model fails.

How to fix it:
Give Docker, or the service, the memory that the model needs, or make the model need less.

Limits:
Only the last lines of the log are looked at, and only the form of the refusal is kept. The wording
since 0.30 does not say how much is missing, and may have another reason than memory. So this
finding is likely, not certain.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.models import model_size
from hcreport.estimate.served import is_ollama_image
from hcreport.estimate.shortage import shortage
from hcreport.model import Action, Container, LocalModel, Number, Refusal, Severity
from hcreport.rules.contract import Case, NotApplicable, Problem, Rule, Verdict
from hcreport.rules.memory_options import memory_options
from hcreport.rules.more_memory import limit_of
from hcreport.rules.raise_memory import raise_engine_memory
from hcreport.rules.steps import limit_for, raise_limit, start_fewer
from hcreport.units import Bytes, gib

RULE = Rule(
    id="ollama-refused-model",
    severity=Severity.HIGH,
    each="container",
    needs=("containers",),
    cites=("ollama/refusal-until-029", "ollama/failed-load-since-030"),
)


def check(container: Container, case: Case) -> Verdict:
    """Report a refusal to load a model that Ollama noted itself."""
    probes = container.health.probes if container.health else ()
    told = any(each.outcome == "model not loaded" for each in probes)
    if not container.refusals and not told:
        return _why_quiet(container, case)
    refusal = _largest(container.refusals)
    needs = refusal.needs if refusal else None
    available = refusal.available if refusal else None
    model = _refused_model(container, needs, case)
    return Problem(
        message=f"{_in_words(container.name, needs, available)}.",
        numbers=_numbers(container, needs, available, case),
        remedies=_remedies(container, refusal, model, case),
        confidence="certain" if needs is not None else "likely",
    )


def _why_quiet(container: Container, case: Case) -> Verdict:
    serves = any(each.service == container.service for each in case.snapshot.models)
    if not (is_ollama_image(container.image) or (serves and container.service)):
        return NotApplicable("it does not serve a model")
    if container.state not in ("running", "paused"):
        return NotApplicable("it does not run")
    return None


def _largest(refusals: tuple[Refusal, ...]) -> Refusal | None:
    return max(refusals, key=lambda each: each.needs or 0, default=None)


def _in_words(name: str, needs: Bytes | None, available: Bytes | None) -> str:
    if needs is None:
        return f"Ollama in {name} could not load a model, for lack of memory by its own words"
    found = f" and found {gib(available)} free" if available is not None else ""
    return f"Ollama in {name} refused a model for which it wanted {gib(needs)}{found}"


def _numbers(
    container: Container, needs: Bytes | None, available: Bytes | None, case: Case
) -> tuple[Number, ...]:
    path = f"containers/{container.name}/refusals"
    sizes = (("memory that Ollama wanted", needs), ("memory that Ollama found", available))
    return tuple(case.number(name, size, path) for name, size in sizes if size is not None)


def _refused_model(container: Container, needs: Bytes | None, case: Case) -> LocalModel | None:
    """Return the model of the service whose need is nearest to what was asked for.

    Where the amount is not known, the largest. None where the service's models are not known.
    """
    sizes = [
        (size, each)
        for each in case.snapshot.models
        if each.service == container.service and (size := model_size(each)) is not None
    ]
    if not sizes:
        return None
    if needs is None:
        return max(sizes, key=lambda entry: entry[0])[1]
    return min(sizes, key=lambda entry: abs(entry[0] - needs))[1]


def _remedies(
    container: Container, refusal: Refusal | None, model: LocalModel | None, case: Case
) -> tuple[Action, ...]:
    """Return the options about the model where its need is known, else what the refusal says."""
    size, limit = model_size(model) if model else None, limit_of(container)
    short = shortage(case.snapshot)
    below = size is not None and limit is not None and limit < size
    if model is not None and (below or (short is not None and short.short)):
        return memory_options(case, model=model)
    return (
        *_more_for(container, refusal, case),
        _smaller(container, refusal.available if refusal else None),
        start_fewer(case),
    )


def _more_for(container: Container, refusal: Refusal | None, case: Case) -> list[Action]:
    """Return the step that gives Ollama what it asked for: of its own limit, or of the engine."""
    if refusal is None or refusal.needs is None:
        return []
    limit, name = limit_of(container), container.service or container.name
    if limit is not None and limit < refusal.needs:
        higher = limit_for(refusal.needs, case)
        if case.budget.engine_total is None or higher <= case.engine_memory:
            return [raise_limit(name, higher)]
    if case.budget.engine_total is None or refusal.available is None:
        return []
    in_use = max(0, int(case.engine_memory) - int(refusal.available))
    raised = raise_engine_memory(case, least=refusal.needs + Bytes(in_use))
    return [raised] if isinstance(raised, Action) else []


def _smaller(container: Container, available: Bytes | None) -> Action:
    quoted = shlex.quote(container.service or container.name)
    most = f" that needs at most {gib(available)}" if available else ""
    return Action(
        what=f"Choose a smaller model or a shorter context{most}",
        command=f"docker compose exec {quoted} ollama list",
        effort="an hour",
        gain="a model that the memory holds",
        verify="The first request to the model is answered.",
        undo="Go back to the old model.",
    )
