"""What stopping each service of a scenario saves, in time that grows as the number of services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hcreport.estimate.models import model_size
from hcreport.estimate.sharing import not_needed_at_once, not_needed_without_each
from hcreport.facts import fact_bytes
from hcreport.model import ContainerNeed, LocalModel, Requirement, RequirementPart, Snapshot
from hcreport.units import Bytes, total


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What Docker needs less when one service is stopped."""

    service: str
    saves: Bytes | None
    """Bytes: its containers, its models, and what Docker itself keeps for them. None where its
    own need is not known."""
    exact: bool
    """False where it saves at least that much."""
    models: tuple[str, ...]
    """Models that it serves, which go with it."""
    needed_by: tuple[str, ...]
    """Services of the scenario that do not start without it."""
    replaced: bool
    """Another service of its group may run in its place."""


def savings(requirement: Requirement, snapshot: Snapshot) -> tuple[Saving, ...]:
    """Return what each service of a scenario saves when it is stopped, the most first."""
    services = snapshot.services_by_name
    parts = tuple(each for each in requirement.parts if each.kind in ("model", "service"))
    names = {each.name for each in parts if each.kind == "service"}
    shares = _shares(parts, snapshot)
    models = _models(parts, snapshot)
    needed_by = _needed_by(names, snapshot)
    group = next(
        (each.group for each in snapshot.scenarios if each.name == requirement.scenario), ()
    )
    turns = set(group) if set(group) - names else set()
    found = [
        Saving(
            service=each.name,
            saves=_saves(each, models.get(each.name, ()), shares[each.name]),
            exact=each.exact,
            models=tuple(model.name for model in models.get(each.name, ())),
            needed_by=tuple(sorted(needed_by.get(each.name, ()))),
            replaced=each.name in turns,
        )
        for each in parts
        if each.kind == "service" and each.name in services and not services[each.name].provider
    ]
    return tuple(
        sorted(found, key=lambda each: (each.saves is None, -(each.saves or 0), each.service))
    )


def _saves(part: RequirementPart, models: Sequence[LocalModel], share: int) -> Bytes | None:
    """Return what a part and its models need, less its share of what is not needed at once."""
    if part.memory is None and not models:
        return None
    own = Bytes(round(part.memory.value)) if part.memory else Bytes(0)
    kept = fact_bytes("docker/engine-memory-per-container") * part.containers
    return own + total(size for each in models if (size := model_size(each))) + kept - share


def _shares(parts: Sequence[RequirementPart], snapshot: Snapshot) -> Mapping[str, int]:
    """Return by name how many bytes more are not needed at once with a part than without it."""
    by_name: dict[str, list[ContainerNeed]] = {}
    for part in parts:
        by_name.setdefault(part.name, []).extend(part.each)
    together = snapshot.held_together
    every = not_needed_at_once([need for needs in by_name.values() for need in needs], together)
    rests = not_needed_without_each([*by_name.values()], together)
    return {name: int(every) - int(rest) for name, rest in zip(by_name, rests, strict=True)}


def _models(
    parts: Sequence[RequirementPart], snapshot: Snapshot
) -> Mapping[str, Sequence[LocalModel]]:
    """Return by service the models that are counted in the scenario."""
    counted = {each.name for each in parts if each.kind == "model" and each.memory}
    found: dict[str, list[LocalModel]] = {}
    for each in snapshot.models:
        if each.service is not None and each.name in counted:
            found.setdefault(each.service, []).append(each)
    return found


def _needed_by(names: set[str], snapshot: Snapshot) -> Mapping[str, set[str]]:
    """Return by service which of ``names`` do not start without it."""
    found: dict[str, set[str]] = {}
    for each in snapshot.services:
        for other in each.depends_on if each.name in names else ():
            if other.required:
                found.setdefault(other.service, set()).add(each.name)
    return found
