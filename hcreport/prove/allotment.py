"""Shares out the memory that is left for containers when Docker and the system have theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hcreport.errors import UsageError
from hcreport.estimate.limits import LEAST_LIMIT, stated_limits
from hcreport.model import Requirement, Snapshot
from hcreport.units import Bytes, gib, total

_COLLECT = "Collect a snapshot with `hcreport collect --window 60s` while all of them run"


@dataclass(frozen=True, kw_only=True)
class Allotment:
    """Who gets how much. All sizes are in bytes."""

    docker_memory: Bytes
    """The memory of Docker that this stands for."""
    containers_memory: Bytes
    """What all containers together may use."""
    limits: Mapping[str, Bytes]
    """For each container of a service; empty where all share one limit."""
    replicas: Mapping[str, int]
    """How many containers each service has."""
    notes: tuple[str, ...] = ()

    @property
    def together(self) -> bool:
        """All containers share one limit."""
        return not self.limits


def allot(
    requirement: Requirement, snapshot: Snapshot, *, memory: Bytes | None, together: bool
) -> Allotment:
    """Return what each container of a scenario may use, in bytes.

    Without ``memory`` each has its stated limit. With it, what Docker and the system need is taken
    off and the rest is shared out in proportion to the stated limits. ``together`` gives the rest
    to all of them as one. Raises UsageError where a size that is needed is not known.
    """
    replicas = {
        part.name: max(1, part.containers) for part in requirement.parts if part.kind == "service"
    }
    if not replicas:
        raise UsageError(
            f"The scenario {requirement.scenario} has no service to start.",
            hint="Choose another scenario.",
        )
    if together:
        return _shared(requirement, replicas, memory or requirement.docker_memory)
    stated = stated_limits(requirement, snapshot)
    providers = {each.name for each in snapshot.services if each.provider}
    unmeasured = sorted(replicas.keys() - stated.keys() - providers)
    if unmeasured:
        raise UsageError(
            f"What {', '.join(unmeasured)} needs was not measured, so there is no limit to prove.",
            hint=f"{_COLLECT}, or prove one limit for all with --memory and --together.",
        )
    limits = {name: stated[name] for name in sorted(replicas) if name in stated}
    if memory is None:
        return _stated(requirement, replicas, limits)
    rest, notes = _rest(requirement, replicas, memory)
    limits = shares(rest, limits, replicas)
    return Allotment(
        docker_memory=others_memory(requirement) + rest if notes else memory,
        containers_memory=_sum(limits, replicas),
        limits=limits,
        replicas=replicas,
        notes=notes,
    )


def shares(
    rest: Bytes, stated: Mapping[str, Bytes], replicas: Mapping[str, int]
) -> dict[str, Bytes]:
    """Return limits in proportion to the stated ones that add up to ``rest`` at most, in bytes.

    None is below the engine's least; those that would be get it, and the others share what is left.
    """
    least: set[str] = set()
    while True:
        free = int(rest) - int(LEAST_LIMIT) * sum(replicas[name] for name in least)
        wanted = sum(int(stated[name]) * replicas[name] for name in stated if name not in least)
        found = {
            name: LEAST_LIMIT if name in least else Bytes(max(0, free) * int(size) // wanted)
            for name, size in stated.items()
        }
        small = {name for name, size in found.items() if size < LEAST_LIMIT}
        if not small:
            return found
        least |= small


def others_memory(requirement: Requirement) -> Bytes:
    """Return what Docker itself and the system around it need, in bytes."""
    return total(
        Bytes(round(part.memory.value))
        for part in requirement.parts
        if part.kind in ("engine", "system") and part.memory is not None
    )


def _stated(
    requirement: Requirement, replicas: Mapping[str, int], limits: Mapping[str, Bytes]
) -> Allotment:
    containers = _sum(limits, replicas)
    whole = containers + others_memory(requirement)
    tier = requirement.docker_memory
    notes: tuple[str, ...] = ()
    if tier is not None and whole > tier:
        added = f"The limits and what Docker and the system need add up to {gib(whole)}"
        notes = (f"{added}: every container may use what the hungriest of its service needs.",)
    return Allotment(
        docker_memory=tier or whole,
        containers_memory=containers,
        limits=limits,
        replicas=replicas,
        notes=notes,
    )


def _shared(
    requirement: Requirement, replicas: Mapping[str, int], memory: Bytes | None
) -> Allotment:
    if memory is None:
        raise UsageError(
            f"The minimum of the scenario {requirement.scenario} is not known.",
            hint=f"{_COLLECT}, or say what to try with --memory.",
        )
    rest, notes = _rest(requirement, replicas, memory)
    return Allotment(
        docker_memory=others_memory(requirement) + rest if notes else memory,
        containers_memory=rest,
        limits={},
        replicas=replicas,
        notes=notes,
    )


def _rest(
    requirement: Requirement, replicas: Mapping[str, int], memory: Bytes
) -> tuple[Bytes, tuple[str, ...]]:
    """Return what is left of the memory of Docker for containers, and a note where it was raised.

    An engine starts no container with less than its least limit, so that is what there is.
    """
    rest = max(0, int(memory) - int(others_memory(requirement)))
    least = LEAST_LIMIT * sum(replicas.values())
    if rest >= least:
        return Bytes(rest), ()
    text = f"{gib(memory)} was asked for; containers had the least that an engine allows"
    return least, (f"{text}, {gib(LEAST_LIMIT)} each.",)


def _sum(limits: Mapping[str, Bytes], replicas: Mapping[str, int]) -> Bytes:
    return total(limits[name] * replicas[name] for name in limits)
