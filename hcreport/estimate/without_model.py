"""Which services start no more when some are left out, and what the others need changed for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hcreport.estimate.memory import is_one_of_ours
from hcreport.estimate.served import is_ollama_image
from hcreport.facts import fact, fact_value
from hcreport.model import Dependency, Service, ServiceAddress, Snapshot

_VERSION = re.compile(r"([0-9]+)\.([0-9]+)")
_AWAITED_JOB = "service_completed_successfully"
_CONDITIONS = ("service_started", "service_healthy", _AWAITED_JOB)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Services that are to start no more, and those that depend on them."""

    services: tuple[str, ...]
    """By name: those that were asked for, and the helpers that serve nobody else."""
    helpers: tuple[str, ...] = ()
    """Those of ``services`` that nobody asked for, see :func:`left_out`."""
    dependents: Mapping[str, Mapping[str, str]]
    """Each service that stays and requires one of them: the condition by the service required."""
    obstacle: str = ""
    """Why a Compose file cannot do it, as one clause; empty where it can."""
    needs: str = ""
    """Key of the fact about the oldest Compose that will do; empty where every one will."""


@dataclass(frozen=True, kw_only=True)
class WithoutModel(LeftOut):
    """The project without the services of its local models."""

    addresses: tuple[tuple[str, ServiceAddress], ...] = ()
    """A service that stays, and the variable in which it names the address of a model's service."""
    host_obstacle: str = ""
    """Why a Compose file cannot send the others to a model on the machine; empty where it can."""


def without_model(snapshot: Snapshot) -> WithoutModel | None:
    """Return what starting without the local models takes; None where no service of one starts.

    Where no model is known, those with Ollama's image count.
    """
    started = {each.name for each in snapshot.services if is_one_of_ours(each)}
    known = {each.service for each in snapshot.models if each.service is not None}
    serving = known & started or _servers(snapshot) & started
    if not serving:
        return None
    rest = left_out(snapshot, serving)
    addresses = tuple(_addresses(snapshot, serving, set(rest.services)))
    return WithoutModel(
        services=rest.services,
        helpers=rest.helpers,
        dependents=rest.dependents,
        obstacle=rest.obstacle,
        needs=rest.needs,
        addresses=addresses,
        host_obstacle=rest.obstacle or _host_obstacle(addresses, snapshot),
    )


def _servers(snapshot: Snapshot) -> set[str]:
    """Return the services with Ollama's image that ask no other service with it."""
    found = {each.name for each in snapshot.services if is_ollama_image(each.image)}
    return {name for name in found if not _needed(snapshot.services_by_name[name]) & found}


def left_out(snapshot: Snapshot, names: Iterable[str]) -> LeftOut:
    """Return what leaving out the named services takes; names that no service has are ignored.

    A *helper* is left out with them: a one-time job that needs nothing but them, such as the one
    that pulls a model. Kept, it could only fail, and what waits for it would not start. A job is
    known by a service that waits for its end, or by Ollama's image: there it is a client. What it
    needs is what it depends on, shares something with, or has the address of. A job that needs
    other services too stays, but those that wait for it start although it fails. Not known is
    which service turns unhealthy without the others: what waits for its health does not start.
    """
    wanted = {name for name in names if name in snapshot.services_by_name}
    helpers: set[str] = set()
    while found := _helpers(snapshot, wanted | helpers):
        helpers |= found
    asleep = wanted | helpers
    dependents = _dependents(snapshot, asleep)
    needs = _needs(snapshot, asleep, dependents)
    return LeftOut(
        services=tuple(sorted(asleep)),
        helpers=tuple(sorted(helpers)),
        dependents=dependents,
        obstacle=_obstacle(snapshot, asleep, dependents) or _too_old(needs, snapshot),
        needs=needs,
    )


def _helpers(snapshot: Snapshot, asleep: set[str]) -> set[str]:
    awaited = _awaited(snapshot)
    return {
        each.name
        for each in snapshot.services
        if each.name not in asleep
        and (each.name in awaited or is_ollama_image(each.image))
        and (needed := _needed(each))
        and needed <= asleep
    }


def _awaited(snapshot: Snapshot) -> set[str]:
    """Return the services for whose end another one waits."""
    return {
        dependency.service
        for service in snapshot.services
        for dependency in service.depends_on
        if dependency.condition == _AWAITED_JOB
    }


def _needed(service: Service) -> set[str]:
    return {
        *(each.service for each in service.depends_on),
        *service.tied_to,
        *(each.service for each in service.addresses),
    }


def _dependents(snapshot: Snapshot, asleep: set[str]) -> dict[str, dict[str, str]]:
    """Return the conditions to loosen; services that start only with a profile count too."""
    awaited = _awaited(snapshot)
    jobs = {
        each.name for each in snapshot.services if each.name in awaited and _needed(each) & asleep
    }
    found = {
        each.name: {
            dependency.service: dependency.condition
            for dependency in each.depends_on
            if _to_loosen(dependency, asleep, jobs)
        }
        for each in sorted(snapshot.services, key=lambda each: each.name)
        if each.name not in asleep
    }
    return {name: conditions for name, conditions in found.items() if conditions}


def _to_loosen(dependency: Dependency, asleep: set[str], jobs: set[str]) -> bool:
    waits = dependency.condition == _AWAITED_JOB and dependency.service in jobs
    return dependency.required and (dependency.service in asleep or waits)


def _addresses(
    snapshot: Snapshot, serving: set[str], asleep: set[str]
) -> Iterator[tuple[str, ServiceAddress]]:
    """Yield the variables of services that stay which hold the address of a model's service.

    Of several services with Ollama's image one starts, and answers to the name of another that
    does not: ``http://ollama`` where ``ollama-cpu`` runs.
    """
    names = serving | {
        each.name
        for each in snapshot.services
        if is_ollama_image(each.image) and not is_one_of_ours(each)
    }
    for service in sorted(snapshot.services, key=lambda each: each.name):
        if service.name not in asleep:
            yield from ((service.name, each) for each in service.addresses if each.service in names)


def _obstacle(
    snapshot: Snapshot, asleep: set[str], dependents: Mapping[str, Mapping[str, str]]
) -> str:
    for service in sorted(snapshot.services, key=lambda each: each.name):
        tied = sorted(asleep.intersection(service.tied_to))
        if service.name not in asleep and tied:
            return f"{service.name} shares something with {tied[0]} and cannot run without it"
    for name, conditions in dependents.items():
        if not set(conditions.values()) <= set(_CONDITIONS):
            return f"how {name} depends on other services is not known"
    if not any(is_one_of_ours(each) for each in snapshot.services if each.name not in asleep):
        return "no other service would be left to start"
    if "*" in snapshot.project.active_profiles:
        return "all profiles are switched on, so none can keep a service from starting"
    return ""


def _needs(snapshot: Snapshot, asleep: set[str], dependents: Mapping[str, object]) -> str:
    """Return the key of the fact: profiles that a service has would keep it starting."""
    if any(snapshot.services_by_name[name].profiles for name in asleep):
        return "compose/list-is-replaced"
    return "compose/dependency-may-be-absent" if dependents else ""


def _too_old(needs: str, snapshot: Snapshot) -> str:
    """Return that the Compose which read the project is too old, where its version is known."""
    version = _VERSION.match(snapshot.project.compose_version or "")
    if not needs or version is None:
        return ""
    if (int(version[1]), int(version[2])) >= (2, int(fact_value(needs))):
        return ""
    wanted = fact(needs).applies_to.partition(";")[0]
    return f"it needs {wanted}, and this is {version[0]}"


def _host_obstacle(addresses: Iterable[tuple[str, ServiceAddress]], snapshot: Snapshot) -> str:
    named = {name for name, _ in addresses}
    if not named:
        return "no variable is known that holds the address of the model's service"
    for name in sorted(named):
        if snapshot.services_by_name[name].tied_to:
            return f"{name} shares something with another service, maybe its network"
    return ""
