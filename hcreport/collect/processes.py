"""Asks the engine which processes a container has, and how much memory they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError

from hcreport.collect.engine import Connection
from hcreport.model import Runtime
from hcreport.units import KIB, Bytes

# Docker shows the processes as `ps` on the engine's host does; BusyBox's has no -e.
_LISTINGS = ("-eo pid,rss,comm,args", "-o pid,rss,comm,args")

_RUNTIMES: dict[str, Runtime] = {
    "java": "java",
    "node": "node",
    "nodejs": "node",
    "dotnet": "dotnet",
}


@dataclass(frozen=True, kw_only=True)
class Processes:
    """The processes of one container."""

    count: int = 0
    resident: Bytes | None = None
    """Their resident memory added up, so that what they share counts more than once; None where
    the list does not tell."""
    names: frozenset[str] = frozenset()
    """Names of the programs, to be compared and not kept."""


def processes(connection: Connection, container: str) -> Processes:
    """Return the processes of a container.

    Raises whatever the Docker SDK raises, for example where the container does not run.
    """
    for last, listing in enumerate(_LISTINGS, start=1):
        try:
            reply = connection.client.top(container, ps_args=listing)
        except APIError as error:
            if last == len(_LISTINGS) or error.status_code in (404, 409):
                raise
            continue
        return read_processes(reply)
    return Processes()


def read_processes(reply: Mapping[str, Any]) -> Processes:
    """Return what a list of processes says: rows of number, resident KiB, name and command line."""
    rows = [row for row in reply.get("Processes") or () if isinstance(row, list)]
    return Processes(
        count=len(rows),
        resident=_resident("".join(row[1:2]) for row in rows),
        names=frozenset(_program(word) for row in rows for word in row[2:4] if word),
    )


def runtime_among(names: Iterable[str]) -> Runtime | None:
    """Return the runtime that one of the programs is; of several the first by name."""
    return min((_RUNTIMES[each] for each in names if each in _RUNTIMES), default=None)


def _resident(sizes: Iterable[str]) -> Bytes | None:
    """Add up sizes in KiB; BusyBox writes large ones in other units, which are not read."""
    texts = list(sizes)
    if not all(each.isdecimal() for each in texts):
        return None
    return Bytes(sum(int(each) for each in texts) * KIB)


def _program(text: str) -> str:
    words = text.split(maxsplit=1)
    return words[0].rpartition("/")[2] if words else ""
