"""Whether each local language model fits into the memory it is given."""

from __future__ import annotations

from hcreport.estimate.llm_memory import llm_memory
from hcreport.estimate.memory import engine_memory, knows_limits, memory_number
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import (
    LocalModel,
    ModelFit,
    ModelMemory,
    Number,
    Origin,
    RunnerSettings,
    Snapshot,
)
from hcreport.units import Bytes, gib


def model_fits(snapshot: Snapshot) -> tuple[ModelFit, ...]:
    """Return one entry per model, in the order of the snapshot; sizes in bytes.

    A model fits if its need is at most the engine's whole memory and its service's limit. That is
    the model alone: what the other containers use comes on top, and is the requirement's matter.
    """
    return tuple(model_fit(model, snapshot) for model in snapshot.models)


def model_fit(model: LocalModel, snapshot: Snapshot) -> ModelFit:
    """Return whether one model fits, what it has to fit into, and why."""
    needs = model_need(model, snapshot)
    engine = engine_memory(snapshot)
    limit = service_limit(model.service, snapshot)
    known = [each for each in (engine, limit) if each is not None]
    fits, reason = _verdict(needs, engine, limit)
    return ModelFit(
        model=model.name,
        service=model.service,
        needs=needs,
        has=min(known, key=lambda each: each.value, default=None),
        fits=fits,
        reason=reason,
    )


def model_need(model: LocalModel, snapshot: Snapshot) -> Number | None:
    """Return what a model needs, in bytes, with its origin; None where nobody knows.

    What is declared counts. Else it is computed from the header: what the model's process holds
    with a full context, what the kernel takes for it, and the server that starts it (fact
    ``ollama/serve-idle``).
    """
    if model.memory is not None:
        origin = snapshot.origin_of(f"models/{model.name}", model.location)
        if model.fact:
            origin = origin.model_copy(update={"fact": model.fact})
        return memory_number(f"need of {model.name}", model.memory, origin)
    computed, settings = model_memory(model), runner_settings(model)
    if computed is None:
        return None
    origin = Origin(
        kind="estimated",
        evidence=f"computed for {settings.context} tokens from {_HEADERS[model.shape_from]}",
        fact=model.fact or "ollama/runner-overhead-fixed",
    )
    beside = fact_bytes("ollama/serve-idle") + computed.filling + computed.kernel
    low, high = computed.low + beside, computed.high + beside
    name = f"need of {model.name}"
    return memory_number(name, computed.load + beside, origin, low=low, high=high)


def model_size(model: LocalModel) -> Bytes | None:
    """Return the bytes of :func:`model_need`."""
    if model.memory is not None:
        return model.memory
    computed = model_memory(model)
    if computed is None:
        return None
    return computed.full + computed.kernel + fact_bytes("ollama/serve-idle")


def model_memory(model: LocalModel) -> ModelMemory | None:
    """Return a model's need by parts; None where its header was not read."""
    return None if model.shape is None else llm_memory(model.shape, runner_settings(model))


def runner_settings(model: LocalModel) -> RunnerSettings:
    """Return how a model is run: as stated, else as Ollama does without any setting."""
    if model.settings is not None:
        return model.settings
    usual = round(fact_value("ollama/default-context"))
    longest = model.shape.context_length if model.shape else None
    context = model.context_length or (min(usual, longest) if longest else usual)
    return RunnerSettings(context=context)


_HEADERS = {
    "ollama": "the header that Ollama told",
    "file": "the header of its file",
    "registry": "the header of its file in the registry",
    "catalogue": "the shape in our cited list",
    None: "its stated shape",
}


def service_limit(name: str | None, snapshot: Snapshot) -> Number | None:
    """Return the memory limit of one container of a service, in bytes; None where it has none.

    It is the smallest limit that the engine enforces, else the declared one.
    """
    if name is None:
        return None
    seen = [
        each
        for each in snapshot.containers_by_service.get(name, ())
        if knows_limits(each, snapshot)
    ]
    limits = [
        (each.limits.memory, snapshot.origin_of(f"containers/{each.name}/limits"))
        for each in seen
        if each.limits.memory is not None
    ]
    if not seen:
        limits = [
            (each.limits.memory, snapshot.origin_of(f"services/{name}/limits", each.location))
            for each in snapshot.services
            if each.name == name and each.limits.memory is not None
        ]
    if not limits:
        return None
    size, origin = min(limits, key=lambda limit: limit[0])
    return memory_number(f"memory limit of {name}", size, origin)


def _verdict(
    needs: Number | None, engine: Number | None, limit: Number | None
) -> tuple[bool | None, str]:
    if needs is None:
        return None, "Its memory need is neither declared nor measured."
    short_of = [
        f"{what} {gib(round(each.value))}"
        for what, each in (("the engine has", engine), ("its service's limit is", limit))
        if each is not None and needs.value > each.value
    ]
    if short_of:
        return False, f"It needs {gib(round(needs.value))}, but {' and '.join(short_of)}."
    if engine is None:
        return None, "The memory of the engine is not known."
    return True, "It fits alone; what other containers use comes on top."
