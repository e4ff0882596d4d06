"""The process that removes a throwaway, whatever happens to the one that started it.

It is started before anything else, in a session of its own. When the pipe that it reads closes, the
other process has ended, in order or not: then it kills what that one had started and removes all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import asdict, dataclass
from json import dumps, loads
from pathlib import Path

from hcreport.errors import HcreportError

READY = "ready"
CLEAN = "clean"
ORDERLY = "end"
GROUP = "group"
OVER = "over"

_PART = 512


@dataclass(frozen=True, kw_only=True)
class Order:
    """What there is to guard."""

    project: str
    """Compose project name of the throwaway; also the name of its parent cgroup."""
    host: str | None
    """Address of the engine, as for ``--host``."""
    folder: str
    """The private folder."""
    lock: str
    """The lock file, which the guardian holds too and removes at the end."""

    def text(self) -> str:
        """Return the order as one word for a command line."""
        return dumps(asdict(self))


def main(word: str) -> None:
    """Clean, wait until the pipe closes, clean again; say how it went."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    order = Order(**loads(word))
    problem = clean(order, interrupted=False)
    _tell(problem or READY)
    if not problem:
        groups, orderly = _listen()
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        problem = clean(order, interrupted=not orderly)
    Path(order.lock).unlink(missing_ok=True)
    _tell(problem or CLEAN)


def clean(order: Order, *, interrupted: bool) -> str:
    """Remove everything of a throwaway. Returns what could not be removed, empty if all could."""
    from hcreport.collect.engine import connect
    from hcreport.collect.engine_errors import engine_failures
    from hcreport.prove.cleaning import remove_from_engine, remove_from_machine

    problem = ""
    try:
        connection = connect(order.host)
        try:
            if not remove_from_engine(connection.client, order.project, interrupted=interrupted):
                problem = "The engine did not remove all of it in time."
        finally:
            connection.client.close()
    except HcreportError as error:
        problem = error.message
    except engine_failures():
        problem = "The engine stopped answering."
    if not remove_from_machine(order.project, Path(order.folder)) and not problem:
        problem = "The control group or the folder of it could not be removed."
    return problem


def _listen() -> tuple[set[int], bool]:
    """Read until the pipe closes; return the groups that still run, and whether it was in order."""
    groups: set[int] = set()
    orderly, rest = False, b""
    while part := os.read(0, _PART):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            word, _, number = line.decode("ascii", "replace").partition(" ")
            if word == ORDERLY:
                orderly = True
            elif word == GROUP and number.isdigit():
                groups.add(int(number))
            elif word == OVER and number.isdigit():
                groups.discard(int(number))
    return groups, orderly


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1])
