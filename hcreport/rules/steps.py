"""Steps that several rules advise, so that the plan shows each of them once."""

from __future__ import annotations

import math
import re
import shlex

from hcreport.compose_files import compose_with
from hcreport.estimate.served import is_ollama_image
from hcreport.estimate.sleep import sleepers
from hcreport.facts import fact_value
from hcreport.model import Action, Image, Sleeper, Snapshot
from hcreport.rules.contract import Case
from hcreport.units import MIB, Bytes, gb, gib, total

_LIMIT_STEP = 64 * MIB
"""Limits are advised in steps of this many bytes: finer ones pretend to a precision nobody has."""

_NAMED = 3
"""Services that a step names; the command has all."""

_FOUND_BY_COMPOSE = frozenset(
    f"{stem}{kind}.{suffix}"
    for stem in ("compose", "docker-compose")
    for kind in ("", ".override")
    for suffix in ("yaml", "yml")
)
"""Names of files that Compose finds by itself: the Compose documentation."""

_PLAIN_COMPOSE = re.compile(r"\bdocker compose(?= )(?! -f )")
"""The command where it names no file yet."""


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


def is_ollama(service: str | None, case: Case) -> bool:
    """Tell whether a service runs Ollama's own image, so that Ollama's settings apply to it."""
    declared = case.service(service)
    seen = case.snapshot.containers_by_service.get(service or "", ())
    images = [declared.image if declared else None, *(each.image for each in seen)]
    return any(map(is_ollama_image, images))


def compose(snapshot: Snapshot) -> str:
    """Return the command, without its verb, that Compose takes for the project's own files."""
    files = snapshot.project.compose_files
    return "docker compose" if set(files) <= _FOUND_BY_COMPOSE else compose_with(files)


def with_project_files(action: Action, snapshot: Snapshot) -> Action:
    """Return a step whose commands name the Compose files, where Compose finds them only then."""
    command = compose(snapshot)
    texts = {name: getattr(action, name) for name in ("what", "command", "verify", "undo")}
    named = {name: _PLAIN_COMPOSE.sub(lambda _: command, text) for name, text in texts.items()}
    return action.model_copy(update=named)


def profiles(snapshot: Snapshot) -> str:
    """Return the options that switch on the profiles with which the project was read."""
    active = snapshot.project.active_profiles
    return "".join(f" --profile {shlex.quote(each)}" for each in active)


def compose_up(case: Case) -> str:
    """Return the command that starts the project as its own files say."""
    return f"docker compose{profiles(case.snapshot)} up -d"


def start_fewer(case: Case) -> Action:
    """Return the step that stops what need not run; pausing it would free nothing.

    What was idle while it was watched is named with what stopping it frees. Else the services that
    use most are named, where every running container was measured.
    """
    wake = (
        "Pausing frees nothing. Docker starts a stopped one again in "
        f"{fact_value('docker/start-seconds-low'):g} to "
        f"{fact_value('docker/start-seconds-high'):g} s, and its own start comes on top."
    )
    idle = _idle(case)
    if idle:
        return _stop(idle, wake)
    complete = case.budget.measured_containers == case.budget.running_containers
    largest = heaviest(case)[:_NAMED] if complete else []
    named = ", ".join(f"{name} ({gib(used)})" for name, used in largest)
    return Action(
        what="Stop the services that you do not need now"
        + (f"; the largest are {named}" if named else ""),
        why=wake,
        command="docker stats --no-stream",
        gain="what the stopped services use",
        verify="docker stats --no-stream lists only what you need.",
        undo=compose_up(case),
    )


def _idle(case: Case) -> list[Sleeper]:
    """Return the services that used no CPU while watched and that nothing else needs.

    A local model is another option's matter, and one whose use was not measured frees nobody
    knows what.
    """
    idle = [
        each
        for each in sleepers(case.snapshot)
        if each.idle and each.frees is not None and not each.serves_model
    ]
    while True:
        names = {each.service for each in idle}
        alone = [each for each in idle if names.issuperset(each.needed_by)]
        if len(alone) == len(idle):
            return idle
        idle = alone


def _stop(idle: list[Sleeper], why: str) -> Action:
    frees = total(Bytes(round(each.frees.value)) for each in idle if each.frees is not None)
    names = [each.service for each in idle]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    quoted = " ".join(shlex.quote(each) for each in sorted(names))
    return Action(
        what=f"Stop what was idle while it was watched: {', '.join(names[:_NAMED])}{more}",
        why=why,
        command=f"docker compose stop {quoted}",
        gain=f"{gib(frees)} is freed",
        effect=frees,
        verify="docker compose ps lists none of them.",
        undo=f"docker compose start {quoted}",
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
