"""One service as its page and the tables show it: what was declared beside what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hcreport.model import (
    Assessment,
    Container,
    Finding,
    ImageTarget,
    LocalModel,
    Number,
    Origin,
    Service,
    Snapshot,
)
from hcreport.names import slug
from hcreport.render.service_lines import (
    Line,
    declared_number,
    seen_number,
    service_lines,
    why_not_in_use,
)
from hcreport.render.service_words import memory_sentence, mount_lines, verdict
from hcreport.render.words import capital
from hcreport.units import total


@dataclass(frozen=True, kw_only=True)
class ServiceView:
    """A service with its containers, its problems and its image."""

    service: Service
    path: str
    """Its page, relative to the first page."""
    containers: tuple[Container, ...]
    findings: tuple[Finding, ...]
    image: ImageTarget | None
    models: tuple[LocalModel, ...]
    state: str
    """``running``, ``2 running, 1 exited``, ``not started``, ``not measured``."""
    health: str
    limit: Number | None
    """Memory limit of one container, in bytes; None where there is none."""
    in_use: Number | None
    """Memory in use by its sampled containers together, in bytes; None is not measured."""
    why_not_in_use: str
    lines: tuple[Line, ...]
    mounts: tuple[str, ...]
    """Its mounts, one clause each."""

    @property
    def verdict(self) -> str:
        """How it is and how its memory compares with its limit, in one or two sentences."""
        return verdict(self.name, self.state, self.health, self._memory)

    @property
    def _memory(self) -> str:
        return memory_sentence(self.limit, self.in_use, sampled=self.sampled)

    @cached_property
    def table(self) -> tuple[Line, ...]:
        """Return its table: limit and use, then what the file and the engine say."""
        limit = Line(
            name="Memory limit of one container",
            number=self.limit,
            text="no limit",
            why="It may use all memory that Docker has",
        )
        in_use = Line(
            name="Memory in use",
            number=self.in_use,
            text="not measured",
            why=capital(self.why_not_in_use),
        )
        return (limit, in_use, *self.lines)

    @cached_property
    def shared_origins(self) -> tuple[Origin, ...]:
        """Return the origins of its table, one of each kind; none where a kind has several.

        They then stand below the table once, and its rows say the kind alone.
        """
        found = {line.source for line in self.table if line.source is not None}
        kinds = {each.kind for each in found}
        if self.models or len(kinds) < len(found) or any(each.fact for each in found):
            return ()
        return tuple(sorted(found, key=lambda each: each.kind))

    @property
    def sampled(self) -> int:
        """How many of its containers have a sample of memory."""
        return sum(1 for each in self.containers if each.memory is not None)

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name


def service_path(name: str) -> str:
    """Return the page of a service; no two share one.

    ``index`` is the list of all services. A service of that name gets a point, which
    no slug has.
    """
    stem = slug(name)
    return f"services/{'index.service' if stem == 'index' else stem}.md"


def service_views(snapshot: Snapshot, assessment: Assessment) -> tuple[ServiceView, ...]:
    """Return every service of the snapshot by name, started or not."""
    containers: dict[str, list[Container]] = {}
    for container in sorted(snapshot.containers, key=lambda each: (each.number, each.name)):
        containers.setdefault(container.service or "", []).append(container)
    findings: dict[str, list[Finding]] = {}
    for finding in assessment.findings:
        findings.setdefault(finding.subject, []).append(finding)
    images = {name: image for image in assessment.images for name in image.services}
    models: dict[str, list[LocalModel]] = {}
    for model in snapshot.models:
        models.setdefault(model.service or "", []).append(model)
    return tuple(
        _view(
            service,
            snapshot,
            containers=tuple(containers.get(service.name, ())),
            findings=findings,
            image=images.get(service.name),
            models=tuple(models.get(service.name, ())),
        )
        for service in sorted(snapshot.services, key=lambda each: each.name)
    )


def _view(
    service: Service,
    snapshot: Snapshot,
    *,
    containers: tuple[Container, ...],
    findings: dict[str, list[Finding]],
    image: ImageTarget | None,
    models: tuple[LocalModel, ...],
) -> ServiceView:
    subjects = dict.fromkeys(
        [
            service.name,
            *(each.name for each in containers),
            *([image.image] if image else []),
            *(each.name for each in models),
        ]
    )
    own = {each.anchor: each for name in subjects for each in findings.get(name, ())}
    in_use = _in_use(containers, snapshot)
    return ServiceView(
        service=service,
        path=service_path(service.name),
        containers=containers,
        findings=tuple(sorted(own.values(), key=lambda each: (each.severity.rank, each.anchor))),
        image=image,
        models=models,
        state=_state(service, containers, snapshot),
        health=_health(service, containers),
        limit=_limit(service, containers, snapshot),
        in_use=in_use,
        why_not_in_use="" if in_use else why_not_in_use(containers, snapshot),
        lines=tuple(service_lines(service, containers, snapshot)),
        mounts=tuple(mount_lines(service)),
    )


def _state(service: Service, containers: tuple[Container, ...], snapshot: Snapshot) -> str:
    if not containers:
        if not service.active or service.replicas == 0:
            return "not started"
        return "not measured" if snapshot.engine is None else "no container"
    states = [each.state for each in containers]
    if len(states) == 1:
        return states[0]
    return ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))


def _health(service: Service, containers: tuple[Container, ...]) -> str:
    known = [each.health.status for each in containers if each.health is not None]
    if known:
        worst = min(known, key=("unhealthy", "starting", "healthy").index)
        if len(known) == 1:
            return worst
        return f"{known.count(worst)} of {len(known)} {worst}"
    if service.health_check is not None and service.health_check.kind == "NONE":
        return "check switched off"
    if service.health_check is None and containers:
        return "no check"
    return "not measured"


def _limit(
    service: Service, containers: tuple[Container, ...], snapshot: Snapshot
) -> Number | None:
    """The engine's word counts more than the file's: the file may have changed since."""
    for container in containers:
        if container.limits.memory is not None:
            return seen_number(
                snapshot,
                "memory limit",
                container.limits.memory,
                f"containers/{container.name}/limits",
            )
    if service.limits.memory is None:
        return None
    return declared_number(snapshot, service, "memory limit", service.limits.memory)


def _in_use(containers: tuple[Container, ...], snapshot: Snapshot) -> Number | None:
    sampled = [each for each in containers if each.memory is not None]
    if not sampled:
        return None
    used = total(each.memory.shown for each in sampled if each.memory is not None)
    return seen_number(snapshot, "memory in use", used, f"containers/{sampled[0].name}/memory")
