"""How much memory Docker should have for a stack, and how much of it is missing."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hcreport.estimate.memory import engine_memory, memory_budget
from hcreport.estimate.model_room import need_alone
from hcreport.estimate.models import model_size
from hcreport.estimate.requirements import started_requirement
from hcreport.facts import fact_value
from hcreport.model import Requirement, Snapshot
from hcreport.units import Bytes


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """What Docker should have, what it has, and how much of it nobody measured."""

    wanted: Bytes
    """See :func:`wanted_memory`."""
    has: Bytes
    services: int
    """How many start."""
    unmeasured: int
    """Parts of the need that have no number, so that more may be wanted."""

    @property
    def short(self) -> Bytes:
        """Return the bytes that are missing; 0 where nothing is."""
        return self.left_after(Bytes(0))

    def left_after(self, effect: Bytes) -> Bytes:
        """Return the bytes still missing when there are ``effect`` bytes more, or less needed.

        Formula: wanted less has less effect, and never below 0.
        """
        return max(Bytes(0), self.wanted - self.has - effect)


def shortage(snapshot: Snapshot) -> Shortage | None:
    """Return how much memory is missing; None where the engine's memory is not known."""
    engine = engine_memory(snapshot)
    if engine is None:
        return None
    requirement = started_requirement(snapshot)
    unknown = [each for each in requirement.parts if each.memory is None and not each.left_out]
    return Shortage(
        wanted=_wanted(requirement, snapshot),
        has=Bytes(round(engine.value)),
        services=len(requirement.services),
        unmeasured=len(unknown),
    )


def wanted_memory(snapshot: Snapshot) -> Bytes:
    """Return the bytes that Docker should have at least for all that a snapshot knows of.

    The largest of: the known need of everything that starts; the memory in use divided by the
    share at which an alert is due (fact ``docker/container-memory-alert-ratio``); and what a model
    that is not among what starts needs, with nothing else beside it.
    """
    return _wanted(started_requirement(snapshot), snapshot)


def saved_without(services: Collection[str], snapshot: Snapshot) -> Bytes:
    """Return by how many bytes less is needed where these services do not start.

    The room that Docker should have besides (see :func:`wanted_memory`) is no part of it: what is
    freed is what they hold, or would hold with their model loaded.
    """
    needed = started_requirement(snapshot).at_least
    return max(
        Bytes(0), needed - started_requirement(without_services(services, snapshot)).at_least
    )


def without_services(names: Collection[str], snapshot: Snapshot) -> Snapshot:
    """Return the snapshot as it were if these services did not start, nor the models they serve.

    They stay known, so that nothing is taken for a name that nobody knows.
    """
    return _changed(
        snapshot,
        services=tuple(
            each.model_copy(update={"active": False}) if each.name in names else each
            for each in snapshot.services
        ),
        containers=tuple(each for each in snapshot.containers if each.service not in names),
        models=tuple(each for each in snapshot.models if each.service not in names),
    )


def with_engine_memory(size: Bytes, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot as it were if its engine had so many bytes; it needs an engine."""
    if snapshot.engine is None:
        raise LookupError("a snapshot without an engine was asked about its engine's memory")
    return _changed(snapshot, engine=snapshot.engine.model_copy(update={"memory_total": size}))


def _changed(snapshot: Snapshot, **parts: object) -> Snapshot:
    """Return a copy with other parts; a plain copy would keep what was looked up in the old."""
    known = {name: getattr(snapshot, name) for name in Snapshot.model_fields}
    return Snapshot.model_validate(known | parts)


def _wanted(requirement: Requirement, snapshot: Snapshot) -> Bytes:
    wanted = max((requirement.at_least, *_alone(requirement, snapshot)))
    used = memory_budget(snapshot).measured
    if used is None:
        return wanted
    share = fact_value("docker/container-memory-alert-ratio")
    return max(wanted, Bytes(math.ceil(used.value / share)))


def _alone(requirement: Requirement, snapshot: Snapshot) -> Iterator[Bytes]:
    """Yield what each model needs that is not among what starts."""
    counted = {part.name for part in requirement.parts if part.kind == "model"}
    for model in snapshot.models:
        size = model_size(model)
        if size is not None and model.name not in counted:
            yield need_alone(size)
