"""Watches the containers of a throwaway: the engine's events as they come, and their states."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from hcreport.collect.engine import connect
from hcreport.collect.engine_errors import engine_failures
from hcreport.errors import EngineUnreachable
from hcreport.prove.cleaning import PROJECT_LABEL
from hcreport.prove.judge import Event, EventKind, State

if TYPE_CHECKING:
    from docker.api.client import APIClient

Json = dict[str, Any]

_SERVICE_LABEL = "com.docker.compose.service"

_KINDS: Mapping[str, EventKind] = {
    "start": "start",
    "kill": "kill",
    "oom": "out of memory",
    "die": "die",
    "health_status: unhealthy": "unhealthy",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The containers of a throwaway at one time."""

    states: tuple[State, ...]
    """By service and name."""
    processes: tuple[int, ...]
    """Identifiers of their first processes, as the engine's machine counts them."""


class Watch:
    """Takes the engine's events in a thread of its own while its ``with`` block runs."""

    def __init__(self, host: str | None, project: str) -> None:
        self._project = project
        # A stream without end keeps its connection for itself.
        self._connection = connect(host)
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._lost = False
        self._began = time.monotonic()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._take, daemon=True)

    def __enter__(self) -> Self:
        try:
            self._stream = self._connection.client.events(
                decode=True,
                filters={"type": "container", "label": f"{PROJECT_LABEL}={self._project}"},
            )
        except engine_failures() as error:
            raise _lost() from error
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(*engine_failures()):
            self._stream.close()
        self._connection.client.close()
        self._thread.join(1)

    def restart_clock(self) -> None:
        """Count seconds from now on, and forget what was seen before."""
        with self._changed:
            self._began = time.monotonic()
            self._events.clear()

    @property
    def seconds(self) -> float:
        """Time since the clock was started."""
        return time.monotonic() - self._began

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened so far. Raises EngineUnreachable where the engine stopped telling."""
        with self._changed:
            if self._lost:
                raise _lost()
            return tuple(self._events)

    def wait(self, seconds: float) -> None:
        """Wait until something happens, or for a time at most."""
        with self._changed:
            self._changed.wait(max(0.0, seconds))

    def _take(self) -> None:
        try:
            for each in self._stream:
                event = self._read(each)
                if event is not None:
                    with self._changed:
                        self._events.append(event)
                        self._changed.notify_all()
        except engine_failures():
            pass
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def _read(self, raw: Json) -> Event | None:
        kind = _KINDS.get(str(raw.get("Action") or raw.get("status") or ""))
        actor = raw.get("Actor") or {}
        container = actor.get("ID") or raw.get("id")
        if kind is None or not container:
            return None
        code = (actor.get("Attributes") or {}).get("exitCode")
        return Event(
            seconds=self.seconds,
            kind=kind,
            container=container,
            exit_code=int(code) if kind == "die" and code is not None else None,
        )


def look(client: APIClient, project: str) -> Seen:
    """Return the containers of a throwaway as they are now. Raises EngineUnreachable."""
    from docker.errors import NotFound

    found, processes = [], []
    try:
        listed = client.containers(all=True, filters={"label": f"{PROJECT_LABEL}={project}"})
        for each in listed:
            with contextlib.suppress(NotFound):
                reply = client.inspect_container(each["Id"])
                found.append(read_state(reply))
                processes.append(int(reply["State"].get("Pid") or 0))
    except engine_failures() as error:
        raise _lost() from error
    found.sort(key=lambda each: (each.service, each.name))
    return Seen(states=tuple(found), processes=tuple(each for each in processes if each))


def read_state(reply: Json) -> State:
    """Return a container's state from the engine's reply to inspect."""
    state = reply["State"]
    health = (state.get("Health") or {}).get("Status")
    return State(
        id=reply["Id"],
        name=reply["Name"].removeprefix("/"),
        service=((reply.get("Config") or {}).get("Labels") or {}).get(_SERVICE_LABEL, ""),
        status=state["Status"],
        exit_code=state.get("ExitCode") or 0,
        out_of_memory=bool(state.get("OOMKilled")),
        health=None if health in (None, "", "none") else health,
        restarts=reply.get("RestartCount") or 0,
    )


def _lost() -> EngineUnreachable:
    return EngineUnreachable(
        "The engine stopped answering while the scenario ran.",
        hint="Nothing was proven. Start the engine and run it again: what is left is removed then.",
    )
