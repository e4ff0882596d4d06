"""What it frees to stop services that are not needed all the time, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hcreport.estimate.cpu import cpu_needs
from hcreport.estimate.held import without_files
from hcreport.estimate.limits import largest_suggested
from hcreport.estimate.memory import RUNNING, knows_limits, memory_number
from hcreport.estimate.served import is_ollama_image
from hcreport.facts import fact_value
from hcreport.model import (
    Container,
    GroupSaving,
    Number,
    Origin,
    Requirement,
    Service,
    Sleep,
    Sleeper,
    SleepGroup,
    Snapshot,
)
from hcreport.units import Bytes, total

_UNLOADED_AT_ONCE = re.compile(r"0(\.0+)?(ms|s|m|h)?")
"""Forms of a keep-alive after which a model is unloaded at once."""


def sleep_choices(
    snapshot: Snapshot, requirements: Iterable[Requirement], groups: Iterable[SleepGroup] = ()
) -> Sleep:
    """Return every running service with what stopping it frees, and what each group saves."""
    services = sleepers(snapshot, requirements)
    return Sleep(
        services=services,
        groups=tuple(group_saving(each, services, snapshot) for each in groups),
    )


def sleepers(snapshot: Snapshot, requirements: Iterable[Requirement] = ()) -> tuple[Sleeper, ...]:
    """Return the services that have a running container, those that use most first.

    A container that is stopped holds no memory, so that its service is not among them. Sizes are
    bytes, at the moment of the snapshot. ``requirements`` are those whose suggested limits count.
    """
    running = _running(snapshot)
    lower = {
        each.service: each.limit
        for each in largest_suggested(requirements, snapshot)
        if each.current is not None and each.limit < each.current
    }
    idle = _idle_services(running, snapshot)
    needed_by = _needed_by(running, snapshot)
    found = [
        _sleeper(service, running[service.name], snapshot).model_copy(
            update={
                "lower_limit": lower.get(service.name),
                "idle": idle.get(service.name),
                "needed_by": needed_by.get(service.name, ()),
            }
        )
        for service in snapshot.services_by_name.values()
        if service.name in running
    ]
    return tuple(sorted(found, key=_order))


def group_saving(group: SleepGroup, services: Sequence[Sleeper], snapshot: Snapshot) -> GroupSaving:
    """Return what a group saves where only ``awake`` of its running services stay awake.

    Which of them sleep is not known, so there are three figures in bytes. At least: the hungriest
    stay awake, and only what is no page cache counts. At most: the hungriest sleep. On average:
    each sleeps as often as any other, which is the sum of all times the share that sleeps.
    """
    names = set(group.services)
    members = [each for each in services if each.service in names]
    asleep = max(0, len(members) - group.awake)
    frees = sorted(each.frees.value for each in members if each.frees)
    saving = GroupSaving(
        group=group,
        running=tuple(sorted(each.service for each in members)),
        asleep=asleep,
        limits_freed=_limits_freed(members, asleep),
        unmeasured=tuple(sorted(each.service for each in members if each.frees is None)),
        unknown=tuple(sorted(names - snapshot.services_by_name.keys())),
    )
    if len(frees) < len(members) or not members:
        return saving
    awake = len(members) - asleep
    evidence = f"the {asleep} of {len(members)} running services that hold least, no page cache"
    at_least = memory_number(
        "saved at least",
        Bytes(round(sum(frees[:asleep]))),
        Origin(kind="estimated", evidence=evidence),
    )
    return saving.model_copy(
        update={
            "saves": at_least,
            "saves_on_average": Bytes(round(sum(frees) * asleep / len(members))),
            "saves_most": Bytes(round(sum(frees[awake:]))),
        }
    )


def _running(snapshot: Snapshot) -> dict[str, tuple[Container, ...]]:
    """Return the containers that hold memory, by service; services without one are left out."""
    found = {
        name: tuple(each for each in containers if each.state in RUNNING)
        for name, containers in snapshot.containers_by_service.items()
    }
    return {name: containers for name, containers in found.items() if containers}


def _sleeper(service: Service, containers: Sequence[Container], snapshot: Snapshot) -> Sleeper:
    models = [each for each in snapshot.models if each.service == service.name]
    images = [service.image, *(each.image for each in containers)]
    is_ollama = any(is_ollama_image(each) for each in images)
    uses = _uses(containers, snapshot)
    policies: list[str | None] = [each.restart_policy for each in containers if each.restart_policy]
    return Sleeper(
        service=service.name,
        containers=len(containers),
        paused=all(each.state == "paused" for each in containers),
        uses=uses,
        frees=_frees(containers, snapshot),
        limit=_limit(containers, snapshot),
        has_health_check=any(_is_checked(each) for each in containers),
        ready_after=_ready_after(containers),
        returns="always" in (policies or [service.restart_policy or service.restart]),
        serves_model=bool(models),
        is_ollama=is_ollama,
        unloads=_unloads([each.loaded for each in models], uses, snapshot) if is_ollama else None,
        unloads_already=bool(
            _UNLOADED_AT_ONCE.fullmatch(service.settings.get("OLLAMA_KEEP_ALIVE", ""))
        ),
    )


def _order(sleeper: Sleeper) -> tuple[bool, float, str]:
    """Sort those that use most first, and those that were not measured last."""
    used = sleeper.uses.value if sleeper.uses else 0
    return sleeper.uses is None, -used, sleeper.service


def _uses(containers: Sequence[Container], snapshot: Snapshot) -> Number | None:
    shown = [each.memory.shown for each in containers if each.memory is not None]
    return _sum("memory in use", shown, containers, snapshot)


def _frees(containers: Sequence[Container], snapshot: Snapshot) -> Number | None:
    sizes = [without_files(each.memory) for each in containers if each.memory is not None]
    known = [each for each in sizes if each is not None]
    return _sum("memory without page cache", known, containers, snapshot)


def _sum(
    name: str, sizes: Sequence[Bytes], containers: Sequence[Container], snapshot: Snapshot
) -> Number | None:
    """Return the sum over all containers of a service; None where one of them is not known."""
    if len(sizes) < len(containers):
        return None
    origin = snapshot.origin_of(f"containers/{containers[0].name}/memory")
    if len(containers) > 1:
        evidence = f"{origin.evidence}; sum over {len(containers)} containers"
        origin = origin.model_copy(update={"evidence": evidence})
    return memory_number(name, total(sizes), origin)


def _limit(containers: Sequence[Container], snapshot: Snapshot) -> Bytes | None:
    limits = [each.limits.memory for each in containers if knows_limits(each, snapshot)]
    known = [each for each in limits if each is not None]
    return max(known) if len(known) == len(containers) else None


def _is_checked(container: Container) -> bool:
    """Tell whether a container has a health check that is not switched off."""
    check = container.health_check
    return container.health is not None or (check is not None and check.kind != "NONE")


def _ready_after(containers: Sequence[Container]) -> float | None:
    """Return the seconds after which the slowest container passed its first probe."""
    found = [_first_pass(each) for each in containers]
    known = [each for each in found if each is not None]
    return max(known) if known and len(known) == len(found) else None


def _first_pass(container: Container) -> float | None:
    """Return the seconds from the last start to the end of the first passed probe.

    The engine keeps the last probes only (fact ``docker/health-probes-kept``). The first one is
    among them where there are fewer than it keeps, or where an older one stands before it, which
    began before the last start.
    """
    probes = container.health.probes if container.health else ()
    of_this_start = [each for each in probes if each.began_after is not None]
    if len(of_this_start) == len(probes) >= fact_value("docker/health-probes-kept"):
        return None
    for each in of_this_start:
        if each.outcome == "passed" and each.began_after is not None:
            return each.began_after + (each.seconds or 0)
    return None


def _unloads(
    loaded: Sequence[Bytes | None], uses: Number | None, snapshot: Snapshot
) -> Number | None:
    """Return the bytes of loaded models, as Ollama told.

    None where it told of none, or of more than its container uses: then they are on a GPU, or are
    files that the kernel can take back.
    """
    known = [each for each in loaded if each]
    held = total(known)
    if not known or (uses is not None and held > uses.value):
        return None
    evidence = f"what the running Ollama told of loaded models: {len(known)}"
    origin = Origin(kind=snapshot.origin_of("containers").kind, evidence=evidence)
    return memory_number("models loaded", held, origin)


def _needed_by(running: Iterable[str], snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Return the running services that depend on each service, sorted."""
    found: dict[str, set[str]] = {}
    for name in running:
        service = snapshot.services_by_name.get(name)
        if service is None:
            continue
        needs = {each.service for each in service.depends_on} | set(service.tied_to)
        for needed in needs | {each.service for each in service.addresses}:
            if needed != name:
                found.setdefault(needed, set()).add(name)
    return {name: tuple(sorted(others)) for name, others in found.items()}


def _idle_services(running: Iterable[str], snapshot: Snapshot) -> Mapping[str, bool]:
    """Return for each service that was watched whether it used next to no CPU.

    The bound is the fact ``sizing/idle-service-cpus``; too few rounds say nothing.
    """
    window = snapshot.window
    if window is None or window.rounds < fact_value("sizing/fewest-samples"):
        return {}
    most = fact_value("sizing/idle-service-cpus")
    return {each.service: each.average.value < most for each in cpu_needs(running, snapshot)}


def _limits_freed(members: Sequence[Sleeper], asleep: int) -> Bytes | None:
    """Return what the limits of the sleeping ones add up to, where it is the same for all."""
    sums = {int(each.limit) * each.containers if each.limit else None for each in members}
    one = sums.pop() if len(sums) == 1 else None
    return None if one is None else Bytes(one * asleep)
