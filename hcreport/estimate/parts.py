"""The parts of a requirement: each model, each service, Docker itself and the system around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hcreport.estimate.memory import RUNNING, memory_number
from hcreport.estimate.missing import why_missing
from hcreport.estimate.models import model_need
from hcreport.estimate.need import Need, need_of, single_sample
from hcreport.estimate.scenarios import Plan, replicas
from hcreport.estimate.served import (
    Served,
    covered_part,
    is_covered,
    less,
    prompt_note,
    served_models,
    without_models,
)
from hcreport.estimate.sharing import not_needed_at_once, shared_need
from hcreport.facts import fact_bytes
from hcreport.model import (
    LocalModel,
    Number,
    Origin,
    RequirementPart,
    Series,
    Service,
    Snapshot,
)
from hcreport.units import Bytes, total

_Lives = dict[str, dict[str, list[Series]]]
"""What was seen of each container of a service: its lives, by its place among the replicas."""


def requirement_parts(plan: Plan, snapshot: Snapshot) -> tuple[RequirementPart, ...]:
    """Return models, services, their margins, Docker itself and the system, in this order."""
    lives = _lives(snapshot)
    loaded = plan.loaded
    models = [_model_part(each, loaded, snapshot) for each in plan.models]
    served = served_models(loaded)
    services = [
        _service_part(each, lives.get(each.name, {}), served.get(each.name), snapshot)
        for each in plan.services
    ]
    services = _awake(services, plan)
    unknown = [RequirementPart(name=name, reason=reason) for name, reason in plan.unknown]
    containers = sum(each.containers for each in services)
    rest = (*_shared_part(services, snapshot), _engine_part(containers), _system_part())
    return (*models, *services, *unknown, *rest)


def _awake(parts: list[RequirementPart], plan: Plan) -> list[RequirementPart]:
    """Return the parts without the members of the group that sleep: the least hungry ones.

    A member that is not measured counts as the hungriest, since it may be.
    """
    if plan.awake is None:
        return parts
    members = [each for each in parts if each.name in plan.group]
    members.sort(key=lambda each: (each.memory is not None, -_size(each), each.name))
    asleep = {each.name for each in members[plan.awake :]}
    return [each for each in parts if each.name not in asleep]


def _size(part: RequirementPart) -> float:
    return part.memory.value if part.memory else 0


def _model_part(
    model: LocalModel, loaded: Sequence[LocalModel], snapshot: Snapshot
) -> RequirementPart:
    need = model_need(model, snapshot)
    if need is None:
        reason = "its need is neither declared nor measured"
        return RequirementPart(name=model.name, kind="model", reason=reason)
    if not any(model is each for each in loaded):
        reason = "not added: a larger model of the same service is, and both need not be loaded"
        return RequirementPart(name=model.name, kind="model", left_out=True, reason=reason)
    notes = prompt_note(model)
    return RequirementPart(name=model.name, kind="model", memory=need, exact=True, notes=notes)


def _service_part(
    service: Service,
    containers: Mapping[str, list[Series]],
    served: Served | None,
    snapshot: Snapshot,
) -> RequirementPart:
    """Return what all containers of a service need, less what is counted as its models."""
    count = replicas(service)
    if service.provider:
        reason = "a provider runs it, not a container"
        return RequirementPart(name=service.name, reason=reason)
    covered = is_covered(service, served)
    if len(containers) < count:
        if served is not None and covered:
            return covered_part(service, served, largest=None)
        reason = _why_unmeasured(service, len(containers), snapshot)
        return RequirementPart(name=service.name, containers=count, reason=reason)
    lives = [containers[place] for place in sorted(containers)]
    needs = [need_of(each) for each in lives]
    if served is not None:
        used = total(each.minimum for each in needs)
        if used <= served.memory and covered:
            return covered_part(service, served, largest=Bytes(0), notes=_notes(needs))
        if used <= served.memory:
            reason = "its own use cannot be told from that of its model, which is counted above"
            return RequirementPart(
                name=service.name, containers=count, largest=Bytes(0), reason=reason
            )
    largest = max(each.minimum for each in needs)
    if served is not None:
        largest = less(largest, served.memory)
        needs = without_models(needs, served.memory)
    part = _measured_part(service, needs, snapshot, beyond_model=served is not None)
    each = tuple(shared_need(need, seen) for need, seen in zip(needs, lives, strict=True))
    return part.model_copy(update={"largest": largest, "each": each})


def _measured_part(
    service: Service, needs: Sequence[Need], snapshot: Snapshot, *, beyond_model: bool
) -> RequirementPart:
    exact = all(each.exact for each in needs)
    name = "needed for what was seen" if exact else "seen in use"
    if beyond_model:
        name = f"{name}, beyond its model"
    origin = _origin(service, needs, snapshot)
    highs = [each.high for each in needs if each.high is not None]
    return RequirementPart(
        name=service.name,
        memory=memory_number(
            name,
            total(each.minimum for each in needs),
            origin,
            low=total(each.low for each in needs),
            high=total(highs) if len(highs) == len(needs) else None,
        ),
        recommended=memory_number(
            "with its page cache and room to grow",
            total(each.recommended for each in needs),
            origin.model_copy(update={"fact": "sizing/recommended-headroom"}),
        )
        if exact
        else None,
        containers=len(needs),
        exact=exact,
        elastic=next((each.elastic for each in needs if each.elastic), ""),
        notes=_notes(needs),
    )


def _notes(needs: Sequence[Need]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for each in needs for note in each.notes))


def _origin(service: Service, needs: Sequence[Need], snapshot: Snapshot) -> Origin:
    """Return where a service's figure comes from: samples, and the kernel's highest value."""
    samples = sum(each.samples for each in needs)
    watched = snapshot.window is not None and samples > len(needs)
    if snapshot.window is not None and watched:
        evidence = f"{samples} samples in {snapshot.window.seconds:.0f} s"
        origin = Origin(kind="estimated", evidence=evidence)
    else:
        names = [each.name for each in snapshot.containers_by_service.get(service.name, ())]
        origin = snapshot.origin_of(f"containers/{names[0]}/memory" if names else "containers")
    if len(needs) > 1:
        evidence = f"{origin.evidence}; sum over {len(needs)} containers"
        origin = origin.model_copy(update={"evidence": evidence})
    if not all(each.peak for each in needs):
        return origin
    return Origin(
        kind="estimated",
        evidence=f"{origin.evidence}; the kernel's highest value since the start",
        fact="sizing/held-factor" if watched else "sizing/peak-factor",
    )


def _lives(snapshot: Snapshot) -> _Lives:
    """Return what was seen of each service's containers; watched ones count, else one sample.

    A container that was made anew has the place of the one before: only one of them runs.
    """
    found: _Lives = {}
    watched: set[str] = set()
    for series in snapshot.window.series if snapshot.window else ():
        watched |= {each for each in (series.container, series.id) if each}
        if series.service is not None:
            places = found.setdefault(series.service, {})
            places.setdefault(f"{series.number}", []).append(series)
    for container in snapshot.containers:
        sample = single_sample(container) if container.state in RUNNING else None
        if container.service is None or sample is None or watched & {container.name, container.id}:
            continue
        found.setdefault(container.service, {})[container.name] = [sample]
    return found


def _why_unmeasured(service: Service, seen: int, snapshot: Snapshot) -> str:
    containers = snapshot.containers_by_service.get(service.name, ())
    running = [each for each in containers if each.state in RUNNING]
    for each in running:
        if each.memory is None:
            return why_missing("container.memory", snapshot, each.name)
    if running or seen:
        return f"{max(len(running), seen)} of {replicas(service)} containers ran"
    if containers:
        return "it did not run when the snapshot was taken"
    return why_missing("containers", snapshot) if not snapshot.containers else "it has no container"


def _shared_part(
    services: Sequence[RequirementPart], snapshot: Snapshot
) -> Iterator[RequirementPart]:
    """Yield the part that takes off what services do not need at once; none where all is needed."""
    needs = [each for part in services for each in part.each]
    spare = not_needed_at_once(needs, snapshot.held_together)
    if spare <= 0:
        return
    origin = Origin(
        kind="estimated",
        evidence="each container has a margin of its own, and files of programs can be read again",
        fact="sizing/shared-margin",
    )
    yield RequirementPart(
        name="Not needed at once",
        kind="margin",
        memory=memory_number("margins and files that services share", Bytes(-spare), origin),
        recommended=memory_number("everything is kept", Bytes(0), origin),
        exact=True,
    )


def _engine_part(containers: int) -> RequirementPart:
    """Return what Docker itself needs for a number of containers.

    Formula: a fixed amount plus one per container (facts ``docker/engine-memory-…``), measured
    without page cache; the range is from the leanest to the heaviest setting that was measured.
    """
    middle, low, high = (
        fact_bytes(f"docker/engine-memory-fixed{which}")
        + fact_bytes(f"docker/engine-memory-per-container{which}") * containers
        for which in ("", "-low", "-high")
    )
    origin = Origin(
        kind="estimated",
        evidence=f"fixed amount and {containers} times an amount per container, both measured once",
        fact="docker/engine-memory-per-container",
    )
    number = memory_number("Docker itself", middle, origin, low=low, high=high)
    heaviest = memory_number("Docker itself at its heaviest", high, origin)
    return RequirementPart(
        name="Docker itself", kind="engine", memory=number, recommended=heaviest, exact=True
    )


def _system_part() -> RequirementPart:
    """Return what the kernel keeps of the memory that it reports as total."""
    origin = Origin(
        kind="estimated",
        evidence="in use after the start, and kept free, in one small virtual machine",
        fact="sizing/system-memory",
    )
    number: Number = memory_number(
        "the system around Docker", fact_bytes("sizing/system-memory"), origin
    )
    return RequirementPart(
        name="The system around Docker", kind="system", memory=number, exact=True
    )
