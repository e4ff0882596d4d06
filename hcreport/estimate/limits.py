"""Memory limits that follow from what was measured: for each service, never below its need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from hcreport.estimate.models import model_size
from hcreport.facts import fact_value
from hcreport.model import Requirement, RequirementPart, Service, Snapshot, SuggestedLimit
from hcreport.units import Bytes, mebibytes

LEAST_LIMIT = mebibytes(6)
"""The smallest memory limit that an engine accepts, in bytes: docker/docs, "Runtime options with
Memory"."""

_STEP = mebibytes(16)
"""Suggested limits are multiples of this."""


def stated_limits(requirement: Requirement, snapshot: Snapshot) -> Mapping[str, Bytes]:
    """Return the bytes that each container of a service needs, in whole MiB, rounded up.

    It is the need of the hungriest container with those of the models that the service serves.
    A service whose need is not known has no entry.
    """
    models = _model_memory(requirement, snapshot)
    found: dict[str, Bytes] = {}
    for part in requirement.parts:
        serves = models.get(part.name)
        if part.kind != "service" or part.largest is None:
            continue
        size = int(part.largest) + int(serves or 0)
        found[part.name] = max(LEAST_LIMIT, _rounded_up(size, mebibytes(1)))
    return found


def suggested_limits(requirement: Requirement, snapshot: Snapshot) -> tuple[SuggestedLimit, ...]:
    """Return a limit for each service whose need is known, in the order of the parts.

    Formula: the need of its hungriest container and what is recommended on top (fact
    ``sizing/recommended-headroom``), rounded up to 16 MiB; never below its reservation, which
    engines refuse, nor below what keeps its page cache, without which it would be slow. Services
    of which only a lower bound is known are left out: a limit could kill them.
    """
    services = {each.name: each for each in snapshot.services}
    stated = stated_limits(requirement, snapshot)
    return tuple(
        _suggested(services[part.name], stated[part.name], part, snapshot)
        for part in requirement.parts
        if part.kind == "service"
        and part.name in stated
        and (part.exact or part.memory is None)
        and part.name in services
    )


def largest_suggested(
    requirements: Iterable[Requirement], snapshot: Snapshot
) -> tuple[SuggestedLimit, ...]:
    """Return one limit for each service, by name: the largest that any scenario suggests.

    The scenarios differ in which models a service is counted with.
    """
    largest: dict[str, SuggestedLimit] = {}
    for requirement in requirements:
        for each in suggested_limits(requirement, snapshot):
            known = largest.get(each.service)
            if known is None or each.limit > known.limit:
                largest[each.service] = each
    return tuple(largest[name] for name in sorted(largest))


def _suggested(
    service: Service, needs: Bytes, part: RequirementPart, snapshot: Snapshot
) -> SuggestedLimit:
    roomy = math.ceil(int(needs) * (1 + fact_value("sizing/recommended-headroom")))
    cached = math.ceil(part.recommended.value / part.containers) if part.recommended else 0
    least = max(roomy, cached, int(service.limits.memory_reservation or 0))
    return SuggestedLimit(
        service=service.name,
        limit=_rounded_up(least, _STEP),
        needs=needs,
        current=_current(service, snapshot),
        containers=part.containers,
        keys=service.memory_limit_keys or ("deploy",),
    )


def _current(service: Service, snapshot: Snapshot) -> Bytes | None:
    seen = [each.limits.memory for each in snapshot.containers_by_service.get(service.name, ())]
    limits = seen or [service.limits.memory]
    known = [each for each in limits if each is not None]
    return min(known) if known and len(known) == len(limits) else None


def _model_memory(requirement: Requirement, snapshot: Snapshot) -> dict[str, Bytes]:
    """Return what the models that are counted need, by the service that serves them."""
    counted = {part.name for part in requirement.parts if part.kind == "model" and part.memory}
    found: dict[str, Bytes] = {}
    for model in snapshot.models:
        size = model_size(model)
        if model.name in counted and model.service is not None and size is not None:
            found[model.service] = found.get(model.service, Bytes(0)) + size
    return found


def _rounded_up(size: int, step: Bytes) -> Bytes:
    return Bytes(-(-size // int(step)) * int(step))
