"""A service waits for another one that does not get ready.

What it checks:
For each service that Compose has not started: what is wrong with a service that it depends on. That
one may be unhealthy, keep restarting, have ended with an error, or have no health check where one
is waited for. It may also be healthy by now and have been called unhealthy while it started.

Why it matters:
Compose starts a service only when the condition in its `depends_on` holds. The service that does
not run is then not the one that is broken.

How to fix it:
Repair the service that is waited for; its own finding says how. Where nothing is wrong with it,
weaken the condition.

Limits:
Where a chain of services waits, the last one is named. A dependency whose health check has not
decided yet is not measured. A service without a container may have been left out on purpose, so
that its finding is likely, not certain. Dependencies with `required: false` are not looked at.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from hcreport.model import Action, Confidence, Container, Dependency, Service, Severity
from hcreport.rules.causes import health_cause
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, Problem, Rule, Verdict
from hcreport.rules.end_causes import exit_meaning

RULE = Rule(
    id="dependency-not-healthy",
    severity=Severity.HIGH,
    each="service",
    needs=("services", "containers"),
    cites=("docker/exit-codes",),
    points_at="dependencies",
)


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a dependency."""

    service: str
    state: str
    """A clause: ``is unhealthy``."""
    through: str = ""
    """The dependency between, where there is a chain."""
    kind: str = "broken"
    """``no check``: nothing is wrong but that it cannot be waited for; ``late``: it is well now."""


def check(service: Service, case: Case) -> Verdict:
    """Look for what keeps a service from being started."""
    needed = [each for each in service.depends_on if each.required]
    if not needed:
        return NotApplicable("it depends on no other service")
    containers = case.snapshot.containers_by_service.get(service.name, ())
    if any(_has_run(each) for each in containers):
        return None
    if any(each.start_error is not None for each in containers):
        return NotApplicable("it was to be started: see start-failed")
    undecided = ""
    for dependency in needed:
        fault = _fault_of(dependency, case, seen=(service.name,))
        if isinstance(fault, _Fault):
            sure = bool(containers) and fault.kind != "late"
            return _problem(service, dependency, fault, "certain" if sure else "likely")
        undecided = undecided or fault
    return NotMeasured(undecided) if undecided else None


def _has_run(container: Container) -> bool:
    return container.started_at is not None or container.state not in ("created", "removing")


def _fault_of(dependency: Dependency, case: Case, seen: tuple[str, ...]) -> _Fault | str:
    """Return what is wrong with a dependency, why it is not known, or nothing in words."""
    name = dependency.service
    containers = case.snapshot.containers_by_service.get(name, ())
    started = [each for each in containers if _has_run(each)]
    if not started:
        return _not_started(name, containers, case, seen)
    for container in started:
        fault = _of_container(container, dependency, case)
        if fault:
            return fault
    return ""


def _not_started(
    name: str, containers: tuple[Container, ...], case: Case, seen: tuple[str, ...]
) -> _Fault | str:
    """Return what keeps the dependency itself from being started."""
    if any(each.start_error is not None for each in containers):
        return _Fault(name, "could not be started")
    service = case.service(name)
    if service is None or name in seen:
        return ""
    undecided = ""
    for each in service.depends_on:
        fault = _fault_of(each, case, (*seen, name)) if each.required else ""
        if isinstance(fault, _Fault):
            return _Fault(fault.service, fault.state, through=name, kind=fault.kind)
        undecided = undecided or fault
    return undecided


def _of_container(container: Container, dependency: Dependency, case: Case) -> _Fault | str:
    name, code = dependency.service, container.exit_code
    if container.state == "restarting":
        return _Fault(name, "is restarted again and again")
    if container.state in ("exited", "dead"):
        done = dependency.condition == "service_completed_successfully" and code == 0
        if done or dependency.condition == "service_started":
            return ""
        why = "" if code is None else f" with exit code {code}: {exit_meaning(code)}"
        return _Fault(name, f"has ended{why}")
    if dependency.condition == "service_completed_successfully":
        return f"{name} has not ended yet"
    if dependency.condition != "service_healthy":
        return ""
    return _of_health(container, name, case)


def _of_health(container: Container, name: str, case: Case) -> _Fault | str:
    health, service = container.health, case.service(name)
    if health is None:
        declared = service.health_check if service else None
        if container.health_check is not None or (declared and declared.kind != "NONE"):
            return f"the health of {name} was not read"
        return _Fault(name, "has no health check, so that it can never be healthy", kind="no check")
    if health.status == "unhealthy":
        paused = " because it is paused" if container.state == "paused" else ""
        return _Fault(name, f"is unhealthy{paused}")
    if health.status == "starting":
        return f"the health check of {name} has not decided yet"
    cause = health_cause(container, case)
    if cause is not None and cause.kind == "starts slowly":
        return _Fault(name, "was called unhealthy while it started", kind="late")
    return ""


def _problem(
    service: Service, dependency: Dependency, fault: _Fault, confidence: Confidence
) -> Problem:
    chain = f", through {fault.through}," if fault.through else ""
    return Problem(
        message=(
            f"{service.name} was not started: it waits{chain} for {fault.service}, which "
            f"{fault.state}."
        ),
        remedies=_remedies(service, dependency, fault),
        confidence=confidence,
        location=service.location,
    )


def _remedies(service: Service, dependency: Dependency, fault: _Fault) -> tuple[Action, ...]:
    waits, name = shlex.quote(service.name), shlex.quote(fault.service)
    verify = f"docker compose ps shows {service.name} as up."
    weaker = Action(
        what=f"Set condition: service_started for {dependency.service} in the depends_on of "
        f"{service.name}",
        why=f"It is then started at once, and has to bear that {dependency.service} is not ready.",
        command=f"docker compose up -d {waits}",
        gain=f"{service.name} is started",
        verify=verify,
        undo=f"Put the old condition back, then docker compose up -d {waits}",
    )
    if fault.kind == "no check":
        mend = Action(
            what=f"Give {fault.service} a health check in the Compose file",
            why="Only a service with a health check can become healthy.",
            command=f"docker compose up -d {waits}",
            gain=f"{service.name} is started as soon as {fault.service} is ready",
            verify=f"docker compose ps shows {fault.service} as healthy, and {service.name} as up.",
            undo="Take the health check out again.",
        )
    elif fault.kind == "late":
        mend = Action(
            what=f"Start {service.name} now, and set a start_period for {fault.service} that is "
            "long enough",
            why=f"{fault.service} is healthy now, and turned unhealthy only while it started.",
            command=f"docker compose up -d {waits}",
            gain=f"{service.name} is started, the next time too",
            verify=verify,
        )
    else:
        mend = Action(
            what=f"Repair {fault.service} first, then start {service.name} again",
            why=f"Nothing is known to be wrong with {service.name} itself.",
            command=f"docker compose logs --tail 50 {name}\ndocker compose up -d {waits}",
            gain=f"{service.name} is started",
            verify=verify,
        )
    weakened = dependency.condition == "service_healthy" and not fault.through
    return (mend, weaker) if weakened else (mend,)
