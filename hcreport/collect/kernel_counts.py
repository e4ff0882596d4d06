"""Reads the kernel's own count of processes that it killed in a container, where it is at hand.

It is where the engine runs on this machine's kernel: the container's first process is then in
``/proc`` here, and its control group, whose path holds the container's full id, is below
``/sys/fs/cgroup``. Nothing runs in the container, and no rights are needed but to read.

Sources: docs.kernel.org, "Memory Resource Controller" (``memory.oom_control``, key ``oom_kill``,
cgroup v1, Linux 4.13) and "Control Group v2" (``memory.events``, key ``oom_kill``). Both count
processes of the group, killed for the group's limit or for want of memory on the whole machine.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hcreport.collect.compose_values import mapping
from hcreport.collect.engine import Connection

Json = dict[str, Any]

_ROOT = Path("/")

_ID = re.compile(r"[0-9a-f]{64}")

_V1_FILE = "memory.oom_control"
_V2_FILE = "memory.events"
_COUNTER = "oom_kill"

_MOST = 10_000
"""Characters of a file of the kernel that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What the engine says about a container, and what the kernel counted in it."""

    reply: Json
    oom_kills: int | None = None
    """None where it was not read: the container does not run, or it runs somewhere else."""


def inspect(connection: Connection, container: str) -> Inspected:
    """Inspect a container, and read the kernel's count.

    Raises what the Docker SDK raises, and TypeError for a reply of another form than the API's.
    """
    reply: object = connection.client.inspect_container(container)
    if not isinstance(reply, dict):
        raise TypeError("the reply is no object")
    if connection.address.remote or platform.system() != "Linux":
        return Inspected(reply=reply)
    return Inspected(reply=reply, oom_kills=oom_kills(reply, _ROOT))


def oom_kills(reply: Json, root: Path) -> int | None:
    """Return how many processes the kernel killed in an inspected container since its start.

    None where it is not known. ``root`` is the folder that holds ``proc`` and ``sys``.
    """
    process, key = mapping(reply.get("State")).get("Pid"), str(reply.get("Id"))
    if not isinstance(process, int) or process <= 0 or not _ID.fullmatch(key):
        return None
    try:
        lines = _text(root / "proc" / str(process) / "cgroup").splitlines()
        file = next(_counter_files(lines, key, root), None)
        return _counter(_text(file)) if file else None
    except (OSError, ValueError):
        # The container ended meanwhile, or this user may not look.
        return None


def _counter_files(lines: list[str], key: str, root: Path) -> Iterator[Path]:
    """Yield the file with the counter; none where the process is not the container's.

    Lines are ``7:memory:/docker/ID`` (cgroup v1) or ``0::/system.slice/docker-ID.scope`` (v2). On a
    machine with both, the memory controller is where v1 names it.
    """
    groups = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    for wanted, folder, file in (("memory", "memory", _V1_FILE), ("", "", _V2_FILE)):
        for _, controllers, path in groups:
            names = controllers.split(",") if controllers else [""]
            group = _group_of(path, key) if wanted in names else None
            if group is not None:
                yield root / "sys" / "fs" / "cgroup" / folder / group / file


def _group_of(path: str, key: str) -> PurePosixPath | None:
    """Return the container's own group, as a relative path; a process may be in one below it."""
    parts = PurePosixPath(path.lstrip("/")).parts
    for index, part in enumerate(parts):
        if key in part and ".." not in parts:
            return PurePosixPath(*parts[: index + 1])
    return None


def _counter(text: str) -> int | None:
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == _COUNTER:
            return max(int(value), 0)
    return None


def _text(file: Path) -> str:
    with file.open(encoding="ascii", errors="replace") as opened:
        return opened.read(_MOST)
