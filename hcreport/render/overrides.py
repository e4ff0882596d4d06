"""The Compose files that leave services out: the local model's, or those that may sleep.

Each is used after the project's own files and changes nothing in them. A service is left out by a
profile that nobody switches on. Compose refuses a project in which another requires a service that
is off, so each that does is told that it may be absent, under the condition that it had.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hcreport.compose_files import (
    ASLEEP_FILE,
    MODEL_ON_HOST_FILE,
    WITHOUT_MODEL_FILE,
    compose_with,
)
from hcreport.estimate.without_model import LeftOut, WithoutModel, left_out, without_model
from hcreport.facts import fact
from hcreport.model import Assessment, Service, ServiceAddress, Sleep, Snapshot
from hcreport.render.compose_text import Replacing, compose_text
from hcreport.render.marker import FILE_MARK

HOST_NAME = "host.docker.internal"
"""Name under which a container reaches the machine that runs it."""

_MODEL_PROFILE = "local-model"
_ASLEEP_PROFILE = "asleep"

_Entries = dict[str, dict[str, Any]]


def overrides(snapshot: Snapshot, assessment: Assessment) -> dict[str, str]:
    """Return the files that are of use and possible, by name."""
    found = {
        WITHOUT_MODEL_FILE: without_model_override(snapshot),
        MODEL_ON_HOST_FILE: model_on_host_override(snapshot),
        ASLEEP_FILE: asleep_override(snapshot, asleep_services(snapshot, assessment.sleep)),
    }
    return {name: text for name, text in found.items() if text}


def without_model_override(snapshot: Snapshot) -> str:
    """Return the file that starts the project without its local models.

    It is empty where no model has a service that starts, or where
    :attr:`~hcreport.estimate.without_model.LeftOut.obstacle` says why it cannot be.
    """
    found = without_model(snapshot)
    if found is None or found.obstacle:
        return ""
    purpose = ("Starts the project without its local model. These stay off:", _named(found))
    entries = _entries(found, snapshot, _MODEL_PROFILE)
    return _file(WITHOUT_MODEL_FILE, purpose, found, entries, snapshot)


def model_on_host_override(snapshot: Snapshot) -> str:
    """Return the file that has the project ask a model that runs on the machine itself.

    Ports stay what they are. It is empty where :func:`without_model_override` is, or where
    :attr:`~hcreport.estimate.without_model.WithoutModel.host_obstacle` says why it cannot be.
    """
    found = without_model(snapshot)
    if found is None or found.host_obstacle:
        return ""
    entries = _entries(found, snapshot, _MODEL_PROFILE)
    for name, address in found.addresses:
        entry = entries.setdefault(name, {})
        entry.setdefault("environment", {})[address.variable] = _on_host(address)
        entry["extra_hosts"] = [f"{HOST_NAME}:host-gateway"]
    purpose = tuple(_host_purpose(found))
    return _file(MODEL_ON_HOST_FILE, purpose, found, dict(sorted(entries.items())), snapshot)


def asleep_override(snapshot: Snapshot, names: Iterable[str]) -> str:
    """Return the file that starts the project without the named services.

    It is empty where no service is named, or where
    :attr:`~hcreport.estimate.without_model.LeftOut.obstacle` says why it cannot be.
    """
    found = left_out(snapshot, names)
    if not found.services or found.obstacle:
        return ""
    purpose = ("Starts the project without the services that need not run now:", _named(found))
    entries = _entries(found, snapshot, _ASLEEP_PROFILE)
    return _file(ASLEEP_FILE, purpose, found, entries, snapshot)


def asleep_services(snapshot: Snapshot, sleep: Sleep) -> tuple[str, ...]:
    """Return the services that sleep, by name: in each group those that free least.

    So what is saved is the least that the group can save. A group is left alone where no Compose
    file can put its services to sleep, and so is a service that another group keeps awake.
    """
    frees = {each.service: each.frees.value for each in sleep.services if each.frees}
    chosen: set[str] = set()
    awake: set[str] = set()
    for saving in sleep.groups:
        # One that was not measured may be the hungriest, so it is the first to stay awake.
        order = sorted(saving.running, key=lambda name: (frees.get(name, math.inf), name))
        sleeping = set(order[: saving.asleep])
        awake |= set(order) - sleeping
        if not left_out(snapshot, chosen | sleeping).obstacle:
            chosen |= sleeping
    return tuple(sorted(chosen - awake))


def _entries(found: LeftOut, snapshot: Snapshot, profile: str) -> _Entries:
    """Return what the file says of each service: those that stay off first, then the others."""
    taken = set(snapshot.project.profiles)
    while profile in taken:
        profile += "-off"
    off = {
        name: {
            "profiles": Replacing([profile])
            if snapshot.services_by_name[name].profiles
            else [profile]
        }
        for name in found.services
    }
    others = {
        name: {"depends_on": _loosened(snapshot.services_by_name[name], conditions)}
        for name, conditions in sorted(found.dependents.items())
    }
    return {**off, **others}


def _loosened(service: Service, conditions: Mapping[str, str]) -> dict[str, Any]:
    """Return entries of ``depends_on`` as they were, but that the other may be absent.

    ``restart`` is repeated too: a dependency that Compose concludes from a link has it, and an
    entry that is written takes the place of a concluded one.
    """
    restarted = {each.service for each in service.depends_on if each.restart}
    return {
        name: {
            "condition": condition,
            **({"restart": True} if name in restarted else {}),
            "required": False,
        }
        for name, condition in sorted(conditions.items())
    }


def _host_purpose(found: WithoutModel) -> Iterator[str]:
    """Yield what the reader has to do beside using the file."""
    yield "Has the project ask a model that runs on the machine itself. These stay off:"
    yield _named(found)
    ports = sorted({address.port for _, address in found.addresses if address.port is not None})
    listed = f" on port {', '.join(map(str, ports))}" if ports else ""
    yield f"Start the model on the machine first. It has to listen{listed}."
    yield "On Linux it must also answer at the address of Docker's bridge, not only at 127.0.0.1."
    silent = sorted(set(found.dependents) - {name for name, _ in found.addresses})
    if silent:
        yield f"Give these the new address yourself, it was not found: {', '.join(silent)}"
    yield f"{HOST_NAME} needs {fact('compose/host-gateway').applies_to}."


def _file(
    name: str,
    purpose: tuple[str, ...],
    found: LeftOut,
    entries: Mapping[str, object],
    snapshot: Snapshot,
) -> str:
    project = snapshot.project
    before = compose_with(project.compose_files, profiles=project.active_profiles)
    after = compose_with(project.compose_files, name, profiles=project.active_profiles)
    head = (
        f"{FILE_MARK} from what the project declares; edit nothing here.",
        *purpose,
        *_needs(found),
        "Copy it beside the project's own file. To use it, add your own options and run:",
        f"{before} stop {shlex.join(found.services)}",
        f"{after} up -d",
        "To undo it:",
        f"{before} up -d",
    )
    return compose_text(head, entries)


def _needs(found: LeftOut) -> Iterator[str]:
    """Yield which Compose the file needs, where not every one will do."""
    if found.needs:
        yield f"Needs {fact(found.needs).applies_to.partition(';')[0]}."


def _named(found: LeftOut) -> str:
    helpers = ", ".join(found.helpers)
    beside = f" (with {helpers}, which only served them)" if helpers else ""
    others = [name for name in found.services if name not in found.helpers]
    return f"{', '.join(others)}{beside}"


def _on_host(address: ServiceAddress) -> str:
    """Return the address of the same port on the machine."""
    scheme = f"{address.scheme}://" if address.scheme else ""
    port = f":{address.port}" if address.port is not None else ""
    return f"{scheme}{HOST_NAME}{port}{address.path}"
