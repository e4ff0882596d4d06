"""Whether each local language model fits into the memory it is given."""

from __future__ import annotations

from hcreport.estimate.memory import engine_memory, knows_limits, memory_number
from hcreport.model import LocalModel, ModelFit, Number, Snapshot
from hcreport.units import gib


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
    """Return what a model needs, in bytes, with its origin; None where nobody said."""
    if model.memory is None:
        return None
    origin = snapshot.origin_of(f"models/{model.name}", model.location)
    if model.fact:
        origin = origin.model_copy(update={"fact": model.fact})
    return memory_number(f"need of {model.name}", model.memory, origin)


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
