"""How much memory a local model can have beside everything else that starts."""

from __future__ import annotations

from hcreport.estimate.memory import engine_memory
from hcreport.estimate.models import service_limit
from hcreport.estimate.requirements import started_requirement
from hcreport.facts import fact_bytes
from hcreport.model import LocalModel, Requirement, Snapshot
from hcreport.units import Bytes, total


def room_for(model: LocalModel, snapshot: Snapshot) -> Bytes | None:
    """Return the bytes that a model can have beside all that starts; None where nobody knows.

    It takes the place of the models of the same server, and is at most the limit of its service.
    """
    limit, engine = service_limit(model.service, snapshot), engine_memory(snapshot)
    rooms = [round(limit.value)] if limit is not None else []
    if engine is not None:
        beside = need_beside(model, started_requirement(snapshot), snapshot)
        rooms.append(round(engine.value) - beside)
    return Bytes(max(0, min(rooms))) if rooms else None


def need_beside(model: LocalModel, requirement: Requirement, snapshot: Snapshot) -> Bytes:
    """Return the bytes that a requirement is known to hold, but for the models of its server."""
    served = {each.name for each in snapshot.models if each.service == model.service}
    return requirement.at_least - total(
        Bytes(round(part.memory.value))
        for part in requirement.parts
        if part.kind == "model" and part.memory and part.name in served
    )


def unmeasured_beside(model: LocalModel, requirement: Requirement) -> int:
    """Return how many parts beside a model and its server have no number and should have one."""
    own = (model.name, model.service)
    return sum(
        part.memory is None and not part.left_out and part.name not in own
        for part in requirement.parts
    )


def need_alone(need: Bytes) -> Bytes:
    """Return the bytes that Docker must have for one container with a model, and nothing else.

    Formula: the need, what Docker itself and the system around it need (facts
    ``docker/engine-memory-fixed``, ``docker/engine-memory-per-container``,
    ``sizing/system-memory``).
    """
    return (
        need
        + fact_bytes("docker/engine-memory-fixed")
        + fact_bytes("docker/engine-memory-per-container")
        + fact_bytes("sizing/system-memory")
    )
