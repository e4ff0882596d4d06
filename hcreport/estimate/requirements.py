"""What each way of running the stack needs: memory by parts, and disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hcreport.estimate.disk import disk_need
from hcreport.estimate.memory import RUNNING, is_one_of_ours, memory_number
from hcreport.estimate.missing import why_missing
from hcreport.estimate.models import model_need
from hcreport.facts import fact_bytes
from hcreport.model import (
    Container,
    LocalModel,
    MemoryUse,
    Origin,
    Requirement,
    RequirementPart,
    Scenario,
    Service,
    Snapshot,
)
from hcreport.platforms import PLATFORMS, host_memory_when_set
from hcreport.units import Bytes, total

_Sample = tuple[Container, MemoryUse]
_Samples = dict[str, list[_Sample]]

EVERYTHING = "everything that starts"
"""Name of the scenario of a plain ``docker compose up``."""

WITHOUT_MODEL = "without the local model"


def requirements(snapshot: Snapshot) -> tuple[Requirement, ...]:
    """Return one requirement per scenario: the declared ones, else those that follow of themselves.

    Without a declared scenario there are: everything that starts, everything without the service
    of the local model, and for each Compose profile what starts without any profile plus it.
    """
    declared = [_Plan.of(each, snapshot) for each in snapshot.scenarios]
    return tuple(_requirement(each, snapshot) for each in declared or _derived(snapshot))


def started_requirement(snapshot: Snapshot) -> Requirement:
    """Return what a plain ``docker compose up`` needs, whatever scenarios are declared."""
    return _requirement(_everything(snapshot), snapshot)


class _Plan:
    """The services and models of one scenario."""

    def __init__(
        self,
        scenario: str,
        description: str,
        services: Iterable[Service],
        models: Iterable[LocalModel],
        *,
        unknown: Iterable[str] = (),
        chosen: bool = False,
    ) -> None:
        self.scenario = scenario
        self.description = description
        self.services = tuple(services)
        self.models = tuple(models)
        self.unknown = tuple(unknown)
        """Names that a declared scenario uses and the snapshot does not hold."""
        self.chosen = chosen
        """Its models were named for it, so all of them are loaded together."""

    @classmethod
    def of(cls, scenario: Scenario, snapshot: Snapshot) -> _Plan:
        """Return a declared scenario with its services and models looked up."""
        known = {each.name for each in snapshot.services} | {each.name for each in snapshot.models}
        wanted = (*scenario.services, *scenario.models)
        return cls(
            scenario.name,
            scenario.description,
            [each for each in snapshot.services if each.name in scenario.services],
            [each for each in snapshot.models if each.name in scenario.models],
            unknown=sorted(set(wanted) - known),
            chosen=True,
        )


def _everything(snapshot: Snapshot) -> _Plan:
    services = [each for each in snapshot.services if is_one_of_ours(each)]
    known = {each.name for each in snapshot.services}
    names = {each.name for each in services}
    # A model of which nobody said who serves it is counted: leaving it out would be a guess.
    models = [
        each for each in snapshot.models if each.service in names or each.service not in known
    ]
    description = "What docker compose up starts, with every local model that is named."
    return _Plan(EVERYTHING, description, services, models)


def _derived(snapshot: Snapshot) -> Iterator[_Plan]:
    everything = _everything(snapshot)
    yield everything
    if everything.models:
        serving = {each.service for each in everything.models}
        rest = [each for each in everything.services if each.name not in serving]
        left_out = [each.name for each in everything.services if each.name in serving]
        description = f"The same without {', '.join(left_out) or 'any local model'}."
        yield _Plan(WITHOUT_MODEL, description, rest, ())
    for profile in sorted(set(snapshot.project.profiles)):
        services = [
            each
            for each in snapshot.services
            if not each.provider
            and each.replicas > 0
            and (not each.profiles or profile in each.profiles)
        ]
        names = {each.name for each in services}
        models = [each for each in snapshot.models if each.service in names]
        description = f"What docker compose --profile {profile} up starts."
        yield _Plan(f"profile {profile}", description, services, models)


def _requirement(plan: _Plan, snapshot: Snapshot) -> Requirement:
    samples = _samples(snapshot)
    peaks = _all_peaks(plan, samples)
    parts = tuple(_parts(plan, samples, snapshot, peaks=peaks))
    at_least = total(Bytes(round(each.memory.value)) for each in parts if each.memory)
    complete = bool(plan.services) and all(each.memory for each in parts)
    return Requirement(
        scenario=plan.scenario,
        description=plan.description,
        services=tuple(each.name for each in plan.services),
        parts=parts,
        at_least=at_least,
        complete=complete,
        docker_memory=at_least if complete and peaks else None,
        host_memory={
            platform.id: host_memory_when_set(at_least, platform) for platform in PLATFORMS.values()
        }
        if any(each.memory for each in parts[:-1])
        else {},
        disk=disk_need(plan.services, snapshot),
    )


def _parts(
    plan: _Plan, samples: _Samples, snapshot: Snapshot, *, peaks: bool
) -> Iterator[RequirementPart]:
    """Yield models, services and Docker itself, in this order; the engine is always the last."""
    loaded = _loaded_together(plan)
    for model in plan.models:
        yield _model_part(model, loaded, snapshot)
    needs: dict[str, Bytes] = {}
    for model in loaded:
        if model.service is not None and model.memory is not None:
            needs[model.service] = needs.get(model.service, Bytes(0)) + model.memory
    for service in plan.services:
        measured = samples.get(service.name, [])
        if service.provider:
            yield RequirementPart(name=service.name, reason="a provider runs it, not a container")
        elif len(measured) < _replicas(service):
            yield RequirementPart(name=service.name, reason=_why_unmeasured(service, snapshot))
        else:
            yield _service_part(
                service.name, measured, needs.get(service.name), snapshot, peaks=peaks
            )
    for name in plan.unknown:
        yield RequirementPart(name=name, reason="the snapshot holds nothing of that name")
    yield _engine_part(sum(_replicas(each) for each in plan.services))


def _loaded_together(plan: _Plan) -> list[LocalModel]:
    """Return the models to add up: all that a scenario names, else the largest of each service.

    One server may load several models one after another, so only one of them is certain.
    """
    if plan.chosen:
        return list(plan.models)
    largest: dict[str | None, LocalModel] = {}
    for model in plan.models:
        known = largest.get(model.service)
        if known is None or (model.memory or 0) > (known.memory or 0):
            largest[model.service] = model
    return list(largest.values())


def _model_part(model: LocalModel, loaded: list[LocalModel], snapshot: Snapshot) -> RequirementPart:
    need = model_need(model, snapshot)
    if need is None:
        return RequirementPart(name=model.name, reason="its need is neither declared nor measured")
    if not any(model is each for each in loaded):
        reason = "not added: a larger model of the same service is, and both need not be loaded"
        return RequirementPart(name=model.name, reason=reason)
    return RequirementPart(name=model.name, memory=need)


def _service_part(
    service: str,
    samples: list[_Sample],
    model_memory: Bytes | None,
    snapshot: Snapshot,
    *,
    peaks: bool,
) -> RequirementPart:
    """Return what all containers of a service use, less what is counted as its models."""
    used = total(_figure(use, peaks=peaks) for _, use in samples)
    name = "highest use since start" if peaks else "in use when the snapshot was taken"
    if model_memory is not None:
        if used <= model_memory:
            reason = "its own use cannot be told from that of its model, which is counted above"
            return RequirementPart(name=service, reason=reason)
        used, name = used - model_memory, f"{name}, beyond its model"
    origin = snapshot.origin_of(f"containers/{samples[0][0].name}/memory")
    if len(samples) > 1:
        evidence = f"{origin.evidence}; sum over {len(samples)} containers"
        origin = origin.model_copy(update={"evidence": evidence})
    return RequirementPart(name=service, memory=memory_number(name, used, origin))


def _replicas(service: Service) -> int:
    """Return the containers of a service; a scenario that names one with none means one."""
    return 0 if service.provider else max(1, service.replicas)


def _samples(snapshot: Snapshot) -> _Samples:
    """Return the containers with a measured use, by service."""
    found: _Samples = {}
    for each in snapshot.containers:
        if each.service is not None and each.state in RUNNING and each.memory is not None:
            found.setdefault(each.service, []).append((each, each.memory))
    return found


def _figure(use: MemoryUse, *, peaks: bool) -> Bytes:
    return use.peak if peaks and use.peak is not None else use.shown


def _all_peaks(plan: _Plan, samples: _Samples) -> bool:
    """Tell whether the highest use since start is known of every container of a plan.

    A sum mixes either peaks or moments, never both: the one is enough, the other a lower bound.
    """
    found = [sample for each in plan.services for sample in samples.get(each.name, ())]
    wanted = sum(_replicas(each) for each in plan.services)
    return len(found) >= wanted > 0 and all(use.peak is not None for _, use in found)


def _why_unmeasured(service: Service, snapshot: Snapshot) -> str:
    containers = snapshot.containers_by_service.get(service.name, ())
    running = [each for each in containers if each.state in RUNNING]
    for each in running:
        if each.memory is None:
            return why_missing("container.memory", snapshot, each.name)
    if running:
        return f"{len(running)} of {_replicas(service)} containers ran"
    if containers:
        return "it did not run when the snapshot was taken"
    return why_missing("containers", snapshot) if not snapshot.containers else "it has no container"


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
    return RequirementPart(name="Docker itself", memory=number)
