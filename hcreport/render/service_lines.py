"""The table on a service's page: what the Compose file says, then what the engine says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hcreport.estimate.missing import why_missing
from hcreport.model import Container, Health, Number, Origin, Service, Snapshot, Unit
from hcreport.render.words import counted


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a service's table: a number, or words with their origin."""

    name: str
    number: Number | None = None
    text: str = ""
    origin: Origin | None = None
    """Where the words come from; a number carries its own."""
    why: str = "not measured"
    """What stands in the place of an origin where there is none."""

    @property
    def source(self) -> Origin | None:
        """Where the number or the words come from."""
        return self.number.origin if self.number else self.origin


def service_lines(
    service: Service, containers: tuple[Container, ...], snapshot: Snapshot
) -> Iterator[Line]:
    """Yield the lines of the service's table: first what the file says, then what was seen."""
    declared = snapshot.origin_of(f"services/{service.name}", service.location)
    limits = service.limits
    values: tuple[tuple[str, float | None, Unit], ...] = (
        ("Declared memory limit", limits.memory, "bytes"),
        ("Declared memory reservation", limits.memory_reservation, "bytes"),
        ("Declared CPU limit", limits.cpus, "cpus"),
        ("Declared process limit", limits.pids, "count"),
        ("Size of /dev/shm", limits.shm_size, "bytes"),
    )
    # Where the engine enforces no limit of its own, the service's memory limit is the declared one.
    enforced = any(each.limits.memory is not None for each in containers)
    for name, value, unit in values if enforced else values[1:]:
        if value is not None:
            yield Line(name=name, number=declared_number(snapshot, service, name, value, unit))
        elif name in ("Declared memory limit", "Declared CPU limit"):
            yield Line(name=name, text="none set", origin=declared)
    policy = service.restart_policy or service.restart
    yield Line(name="Restart policy", text=policy or "none set", origin=declared)
    yield Line(name="Health check", text=_health_check(service), origin=declared)
    if service.replicas != 1:
        yield Line(
            name="Replicas",
            number=declared_number(snapshot, service, "replicas", service.replicas, "count"),
        )
    if service.profiles:
        yield Line(name="Profiles", text=", ".join(service.profiles), origin=declared)
    for container in containers:
        yield from _seen(container, snapshot)
        if len(containers) > 1:
            yield from _memory(container, snapshot)


def _memory(container: Container, snapshot: Snapshot) -> Iterator[Line]:
    """Yield limit and use of one container of several; those of a single one are the service's."""
    path, name = f"containers/{container.name}", container.name
    if container.limits.memory is not None:
        yield Line(
            name=f"{name}: enforced memory limit",
            number=seen_number(snapshot, "memory limit", container.limits.memory, f"{path}/limits"),
        )
    if container.memory is not None:
        yield Line(
            name=f"{name}: memory in use",
            number=seen_number(snapshot, "memory in use", container.memory.shown, f"{path}/memory"),
        )
    else:
        yield Line(
            name=f"{name}: memory in use",
            text=f"not measured: {why_not_in_use((container,), snapshot)}",
        )


def _seen(container: Container, snapshot: Snapshot) -> Iterator[Line]:
    path = f"containers/{container.name}"
    origin = snapshot.origin_of(path)
    name = container.name
    text = _container_state(container)
    if container.health is not None:
        text += f", {_probes(container.health)}"
    yield Line(name=f"State of {name}", text=text, origin=origin)
    if container.cpu is not None and container.cpu.average_ratio is not None:
        yield Line(
            name=f"{name}: CPUs in use",
            number=seen_number(
                snapshot,
                "CPUs in use",
                container.cpu.average_ratio,
                f"{path}/cpu",
                "cpus",
            ),
        )
    if container.restart_count is not None:
        yield Line(
            name=f"{name}: restarts by Docker",
            number=seen_number(
                snapshot,
                "restarts",
                container.restart_count,
                f"{path}/restart_count",
                "count",
            ),
        )


def _container_state(container: Container) -> str:
    text: str = container.state
    if container.exit_code is not None and container.state in (
        "exited",
        "dead",
        "restarting",
    ):
        text += f" with code {container.exit_code}"
    if container.oom_killed:
        text += ", the kernel killed a process for memory"
    return text


def _probes(health: Health) -> str:
    text: str = health.status
    if health.failing_streak:
        text += f", failed {counted(health.failing_streak, 'time')} in a row"
    if health.probes:
        text += f"; last check: {health.probes[-1].outcome}"
    return text


def _health_check(service: Service) -> str:
    check = service.health_check
    if check is None:
        return "none in the Compose file"
    if check.kind == "NONE":
        return "switched off"
    if check.kind == "image":
        return "the image's own, with other times"
    return f"runs {check.probe}" if check.probe else "runs a command"


def why_not_in_use(containers: tuple[Container, ...], snapshot: Snapshot) -> str:
    """Return one clause that says why the memory in use is not known."""
    if not containers:
        return why_missing("containers", snapshot)
    if not any(each.state in ("running", "paused") for each in containers):
        return "it does not run"
    return why_missing("container.memory", snapshot, containers[0].name)


def declared_number(
    snapshot: Snapshot, service: Service, name: str, value: float, unit: Unit = "bytes"
) -> Number:
    """Return a number of the Compose file, with its place there."""
    path = f"services/{service.name}/limits"
    return Number(
        name=name,
        value=float(value),
        unit=unit,
        family="memory" if unit == "bytes" else None,
        origin=snapshot.origin_of(path, service.location),
    )


def seen_number(
    snapshot: Snapshot, name: str, value: float, path: str, unit: Unit = "bytes"
) -> Number:
    """Return a number that the engine said, with its origin."""
    return Number(
        name=name,
        value=float(value),
        unit=unit,
        family="memory" if unit == "bytes" else None,
        origin=snapshot.origin_of(path),
    )
