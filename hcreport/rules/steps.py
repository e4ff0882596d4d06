"""Steps that several rules advise, so that the plan shows each of them once."""

from __future__ import annotations

import math
import shlex

from hcreport.estimate.model_room import room_for
from hcreport.estimate.models import model_size, service_limit
from hcreport.estimate.requirements import started_requirement
from hcreport.estimate.served import is_ollama_image
from hcreport.facts import fact_value
from hcreport.model import Action, Image, LocalModel, Snapshot
from hcreport.platforms import Platform, candidates, setting_for
from hcreport.rules.contract import Case, known
from hcreport.units import MIB, Bytes, gb, gib

_LIMIT_STEP = 64 * MIB
"""Limits are advised in steps of this many bytes: finer ones pretend to a precision nobody has."""


def wanted_memory(case: Case) -> Bytes:
    """Return the bytes that Docker should have at least, the same for every rule of a snapshot.

    The larger of the known need of everything that starts, and the memory in use divided by the
    share at which an alert is due.
    """
    wanted = started_requirement(case.snapshot).at_least
    if case.budget.measured is not None:
        share = fact_value("docker/container-memory-alert-ratio")
        wanted = max(wanted, Bytes(math.ceil(case.budget.measured.value / share)))
    return wanted


def raise_engine_memory(case: Case, *, also: str = "") -> Action:
    """Return the step that gives Docker more memory, in the words of its platform.

    ``also`` is a second half of the step where it does not help alone. Needs a snapshot with an
    engine whose memory is known.
    """
    engine = case.snapshot.engine
    if engine is None:
        raise LookupError("the rule advises on an engine that its `needs` do not name")
    wanted, platforms = wanted_memory(case), candidates(engine)
    setting = max(setting_for(wanted, platform) for platform in platforms)
    certain = platforms[0] if len(platforms) == 1 else None
    commands = certain.commands(setting) if certain and not engine.remote else ()
    return Action(
        what=_raise_in_words(platforms, setting, remote=engine.remote) + also,
        command="\n".join(commands),
        effort="minutes" if any(each.virtual_machine for each in platforms) else "a day",
        gain=f"{gib(wanted - case.engine_memory)} more than the engine has",
        verify=f"{platforms[0].verify_command} prints {int(wanted)} or more.",
        undo="Put the old amount back.",
    )


def _raise_in_words(platforms: tuple[Platform, ...], setting: Bytes, *, remote: bool) -> str:
    place = " on the machine that runs it" if remote else ""
    platform = platforms[0]
    if len(platforms) > 1:
        names = " or ".join(each.name for each in platforms) if len(platforms) == 2 else ""
        step = f"Give Docker at least {gib(setting)} of memory{place}"
        return f"{step}: the requirements page says how on {names or 'each platform'}"
    if not platform.virtual_machine:
        step = f"Give the machine that runs Docker at least {gib(setting)} of memory"
        return f"{step}, or start fewer services"
    step = f"Raise the memory of {platform.name} to at least {gib(setting)}{place}"
    if platform.settings_file:
        lines = " ".join(platform.settings(setting).split())
        return f"{step}: write {lines} into {platform.settings_file}"
    return step


def fit_model(model: LocalModel, case: Case) -> Action:
    """Return the step that gives a model the memory it needs, where it has too little.

    That is the engine's memory, its service's limit, or both in one step. Needs a model of known
    need that does not fit.
    """
    need = known(model_size(model))
    limit = service_limit(model.service, case.snapshot)
    short_limit = limit is not None and limit.value < need
    new_limit = limit_for(need, case)
    engine = case.budget.engine_total
    if engine is None or engine.value >= need:
        return raise_limit(known(model.service), new_limit)
    size = compose_size(new_limit)
    also = f"; then set the memory limit of {model.service} to {size} in the Compose file"
    return raise_engine_memory(case, also=also if short_limit else "")


def smaller_model(model: LocalModel, case: Case) -> list[Action]:
    """Return the step to a model of less need; none where there is no room for any."""
    need, room = known(model_size(model)), room_for(model, case.snapshot)
    if room is None or not 0 < room < need:
        return []
    return [
        Action(
            what=f"Choose a smaller model or a shorter context that needs at most {gib(room)}",
            effort="an hour",
            gain=f"{gib(need - room)} less than {model.name}, or more",
            verify="The first request to the model is answered.",
            undo=f"Go back to {model.name}.",
        )
    ]


def set_variable(service: str | None, name: str, value: str, *, gain: str) -> Action:
    """Return the step that gives a service another value of an environment variable."""
    quoted = shlex.quote(service) if service else ""
    return Action(
        what=f"Set {name}={value} in the environment of {service or 'the server of the model'}",
        command=f"docker compose up -d {quoted}" if service else "",
        gain=gain,
        verify=f"docker compose exec {quoted} printenv {name} prints {value}."
        if service
        else f"The server's environment holds {name}={value}.",
        undo=f"Put the old {name} back.",
    )


def other_probe(service: str, image: str) -> Action:
    """Return the step that has a health check run a program that the image holds."""
    example = "ollama list" if is_ollama_image(image) else "a program of the service itself"
    return Action(
        what=f"Change the health check of {service} to a program that its image holds: {example}",
        command=f"docker compose up -d {shlex.quote(service)}",
        gain="the state says what the service does, not what the probe lacks",
        verify=f"docker compose ps shows {service} as healthy after its next probes.",
        undo="Put the old health check back.",
    )


def start_without(service: str, snapshot: Snapshot, *, gain: str) -> Action:
    """Return the step that leaves out the service of a local model, now and for good.

    Commenting the service out would make Compose refuse the project where another depends on it.
    """
    dependents = sorted(
        each.name
        for each in snapshot.services
        if any(dependency.service == service for dependency in each.depends_on)
    )
    lasting = f"for good, give {service} a profile of its own"
    if dependents:
        lasting += f", and set required: false where {', '.join(dependents)} depends on it"
    return Action(
        what=f"Start without the local model: stop {service} now; {lasting}",
        command=f"docker compose stop {shlex.quote(service)}",
        gain=gain,
        verify=f"docker compose ps does not list {service}, and docker compose config accepts it.",
        undo=f"docker compose up -d {shlex.quote(service)}",
    )


def start_fewer(case: Case) -> Action:
    """Return the step that runs fewer containers at a time.

    The services that use most are named only where every running container was measured.
    """
    complete = case.budget.measured_containers == case.budget.running_containers
    largest = heaviest(case)[:3] if complete else []
    named = ", ".join(f"{name} ({gib(used)})" for name, used in largest)
    return Action(
        what="Stop the services that you do not need now"
        + (f"; the largest are {named}" if named else ""),
        command="docker stats --no-stream",
        gain="what the stopped services use; pausing them frees nothing",
        verify="docker stats --no-stream lists only what you need.",
        undo="docker compose up -d",
    )


def heaviest(case: Case) -> list[tuple[str, Bytes]]:
    """Return the services with a measured use, in bytes over their containers, largest first."""
    used: dict[str, Bytes] = {}
    for each in case.snapshot.containers:
        if each.service is not None and each.memory is not None:
            used[each.service] = used.get(each.service, Bytes(0)) + each.memory.shown
    return sorted(used.items(), key=lambda entry: (-entry[1], entry[0]))


def limit_for(need: Bytes, case: Case) -> Bytes:
    """Return a limit for a use: the use divided by the alert share, rounded up to 64 MiB.

    Where the engine has less than that but more than the use, all that the engine has, in MiB.
    """
    share = fact_value("docker/container-memory-alert-ratio")
    limit = Bytes(math.ceil(int(need) / share / _LIMIT_STEP) * _LIMIT_STEP)
    if case.budget.engine_total is None or limit <= case.engine_memory:
        return limit
    whole = Bytes(int(case.engine_memory) // MIB * MIB)
    return whole if need <= whole else limit


def compose_size(limit: Bytes) -> str:
    """Return a limit as it is written in a Compose file, in whole MiB: ``640m``."""
    return f"{math.ceil(int(limit) / MIB)}m"


def raise_limit(service: str, limit: Bytes) -> Action:
    """Return the step that gives one service a higher limit, in bytes."""
    return Action(
        what=f"Set the memory limit of {service} to {compose_size(limit)} in the Compose file",
        command=f"docker compose up -d {shlex.quote(service)}",
        gain=f"{service} may use {gib(limit)}",
        verify=f"docker stats --no-stream shows {gib(limit)} as the limit of {service}.",
        undo=f"Put the old limit back, then docker compose up -d {shlex.quote(service)}",
    )


def ignore_in_build(image: Image, copied: Bytes) -> Action:
    """Return the step that keeps files out of the build context of an image."""
    return Action(
        what="List in .dockerignore what the image does not need, for example .git, virtual "
        f"environments, models and data, then build {image.name} again",
        command=f"docker history --no-trunc {shlex.quote(image.name)}",
        effort="an hour",
        gain=f"up to {gb(copied)}",
        verify=f"docker history {shlex.quote(image.name)} shows a smaller COPY.",
        undo="Delete the lines from .dockerignore.",
    )
