"""Looks at this machine and its Docker engine, as far as it matters for running a scenario."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcreport.collect.compose_binary import typed_version
from hcreport.collect.engine import Connection, connect, read_engine
from hcreport.collect.engine_errors import WITHOUT_ENGINE, engine_failures, unreachable
from hcreport.collect.host_memory import inside_virtual_machine, this_machine
from hcreport.errors import EngineUnreachable
from hcreport.model import Engine, Machine
from hcreport.platforms import Platform, detect
from hcreport.units import Bytes

_ON_WSL_ITSELF = "wsl2"
"""The platform whose virtual machine is where we are, so that its disk can be looked at."""

_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Around:
    """What this machine says of itself, beside its engine."""

    kernel: str
    """As ``uname -r`` says it."""
    memory: Bytes | None
    """What its system reports; None where it does not say."""
    compose: str | None
    """Version of the Compose that a person can type here."""
    free: Callable[[str], Bytes | None]
    """Returns the bytes free on the disk of a folder; None where there is no such folder."""


def read_machine(host: str | None) -> Machine:
    """Return what can be read of this machine and of the engine at ``host``.

    None is ``DOCKER_HOST`` or the context of the Docker command line. Raises EngineUnreachable,
    also where the engine does not say how large it is.
    """
    try:
        connection, info = _ask(host)
    except EngineUnreachable as error:
        hint = error.hint.removesuffix(WITHOUT_ENGINE).rstrip()
        raise EngineUnreachable(error.message, hint=hint) from error
    around = Around(
        kernel=platform.release(),
        memory=this_machine(),
        compose=typed_version(),
        free=free_on_disk,
    )
    return machine_of(connection, info, around)


def _ask(host: str | None) -> tuple[Connection, Mapping[str, Any]]:
    connection = connect(host, seconds=_SECONDS)
    try:
        return connection, connection.client.info()
    except engine_failures() as error:
        address = connection.address
        raise unreachable(error, address.url, address.shown) from error
    finally:
        connection.client.close()


def machine_of(connection: Connection, info: Mapping[str, Any], around: Around) -> Machine:
    """Return a machine from the engine's replies and what the system around it says.

    Raises EngineUnreachable where the engine does not say how large it is.
    """
    try:
        engine = read_engine(connection, dict(info))
        memory, cpus = engine.memory_total, engine.cpus
        if memory is None or cpus is None or cpus < 1:
            raise ValueError
        root = info.get("DockerRootDir")
        folder = root if isinstance(root, str) else ""
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise EngineUnreachable(
            "The engine does not say how much memory and how many CPUs it has.",
            hint="See whether `docker info` prints both, then run this again.",
        ) from error
    found = detect(engine)
    memory_reason = _why_no_memory(engine, found, around)
    disk_reason = _why_no_disk(engine, found)
    free = around.free(folder) if folder and not disk_reason else None
    if free is None and not disk_reason:
        disk_reason = "the folder of Docker's data cannot be seen from here"
    return Machine(
        platform=found.id,
        docker_memory=memory,
        cpus=cpus,
        memory=None if memory_reason else around.memory,
        memory_reason=memory_reason,
        disk_free=free,
        disk_reason=disk_reason,
        compose=around.compose,
    )


def _why_no_memory(engine: Engine, found: Platform, around: Around) -> str:
    """Return why the memory of the machine around the engine is not known; empty where it is."""
    if engine.remote:
        return "Docker runs on another machine"
    if not found.virtual_machine:
        return "Docker sees all memory of this machine"
    if inside_virtual_machine(engine, around.kernel):
        return "this is the inside of the virtual machine"
    return "" if around.memory is not None else "this system does not say how much it has"


def _why_no_disk(engine: Engine, found: Platform) -> str:
    """Return why the disk of Docker's data cannot be looked at; empty where it may be."""
    if engine.remote:
        return "Docker runs on another machine"
    on_wsl = found.id == _ON_WSL_ITSELF and engine.client_os == "linux"
    if found.virtual_machine and not on_wsl:
        return "it lies in Docker's virtual machine"
    return ""


def free_on_disk(folder: str) -> Bytes | None:
    """Return the bytes that may be written to the disk of a folder; None where it is not there."""
    try:
        return Bytes(shutil.disk_usage(folder).free) if Path(folder).is_dir() else None
    except OSError:
        return None
