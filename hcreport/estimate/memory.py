"""The three memory figures of a stack: measured use, worst case, and what the engine has."""

from __future__ import annotations

from hcreport.model import Container, Limits, MemoryBudget, Number, Origin, Service, Snapshot
from hcreport.units import Bytes, total

RUNNING = ("running", "paused")
"""States in which a container holds memory; pausing one frees nothing."""


def memory_number(
    name: str, size: Bytes, origin: Origin, *, low: Bytes | None = None, high: Bytes | None = None
) -> Number:
    """Return an amount of memory, in bytes, as a number with its origin."""
    return Number(
        name=name,
        value=float(size),
        unit="bytes",
        family="memory",
        origin=origin,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
    )


def is_one_of_ours(service: Service) -> bool:
    """Tell whether a service takes part when the stack is started: active, with a container."""
    return service.active and not service.provider and service.replicas > 0


def started_services(snapshot: Snapshot) -> tuple[Service, ...]:
    """Return the services that ``docker compose up`` starts, in the order of the snapshot."""
    return tuple(service for service in snapshot.services if is_one_of_ours(service))


def memory_budget(snapshot: Snapshot) -> MemoryBudget:
    """Return the memory figures of a snapshot, in bytes, each with its origin.

    *measured* is the sum of what ``docker stats`` would show for each sampled container. *limits*
    is the sum of the limits that the engine enforces where containers were seen, else of the
    declared ones times replicas; services without a limit are named, never counted as zero.
    """
    running = [each for each in snapshot.containers if each.state in RUNNING]
    sampled = [each for each in running if each.memory is not None]
    limits = service_limits(snapshot)
    limited = {name: limit for name, limit in limits.items() if limit is not None}
    return MemoryBudget(
        engine_total=engine_memory(snapshot),
        measured=_measured(sampled, running, snapshot),
        measured_containers=len(sampled),
        running_containers=len(running),
        limits=_sum_of_limits(limited),
        limited=tuple(limited),
        unlimited=tuple(name for name, limit in limits.items() if limit is None),
    )


def knows_limits(container: Container, snapshot: Snapshot) -> bool:
    """Tell whether a container's limits were read: none set differs from none published."""
    if container.limits != Limits():
        return True
    return snapshot.origin_of(f"containers/{container.name}/limits").kind == "measured"


def service_limits(snapshot: Snapshot) -> dict[str, Bytes | None]:
    """Return the memory limit of each started service in bytes, all replicas; None is unlimited.

    A running container's own limit counts more than the file's: the file may have changed since.
    A service with one unlimited container is unlimited.
    """
    enforced: dict[str, list[Container]] = {}
    for container in snapshot.containers:
        if container.service is None or container.state == "removing":
            continue
        if knows_limits(container, snapshot):
            enforced.setdefault(container.service, []).append(container)
    result: dict[str, Bytes | None] = {}
    for service in started_services(snapshot):
        limits = [each.limits.memory for each in enforced.get(service.name, ())]
        if not limits:
            limits = [service.limits.memory] * service.replicas
        known = [limit for limit in limits if limit is not None]
        result[service.name] = total(known) if len(known) == len(limits) else None
    return result


def engine_memory(snapshot: Snapshot) -> Number | None:
    """Return the engine's whole memory in bytes; None where it is not known."""
    if snapshot.engine is None or snapshot.engine.memory_total is None:
        return None
    return memory_number(
        "memory of the engine",
        snapshot.engine.memory_total,
        snapshot.origin_of("engine/memory_total"),
    )


def _measured(
    sampled: list[Container], running: list[Container], snapshot: Snapshot
) -> Number | None:
    if not sampled:
        return None
    used = total(each.memory.shown for each in sampled if each.memory is not None)
    first = snapshot.origin_of(f"containers/{sampled[0].name}/memory")
    evidence = f"{first.evidence}; sum over {len(sampled)} of {len(running)} running containers"
    return memory_number(
        "memory in use", used, Origin(kind=first.kind, evidence=evidence, fact=first.fact)
    )


def _sum_of_limits(limited: dict[str, Bytes]) -> Number | None:
    if not limited:
        return None
    evidence = f"sum of the memory limits, services in it: {len(limited)}"
    return memory_number(
        "sum of limits", total(limited.values()), Origin(kind="estimated", evidence=evidence)
    )
