"""Judges what the engine reported of the throwaway's containers: what broke first, if anything.

Pure: events and states go in, a verdict comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hcreport.model import FailureKind

EventKind = Literal["start", "kill", "out of memory", "die", "unhealthy"]

KILLED = 137
"""Exit code of a program that was ended with SIGKILL: 128 + 9."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to a container."""

    seconds: float
    """Since the containers of the run were started."""
    kind: EventKind
    container: str
    """Its identifier."""
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """One container as the engine shows it."""

    id: str
    name: str
    service: str
    status: str
    """``created``, ``running``, ``exited`` …"""
    exit_code: int = 0
    out_of_memory: bool = False
    health: str | None = None
    """``starting``, ``healthy``, ``unhealthy``; None without a health check."""
    restarts: int = 0

    @property
    def done(self) -> bool:
        """It ran to its end and reported success."""
        return self.status == "exited" and self.exit_code == 0

    @property
    def ready(self) -> bool:
        """It runs, and is healthy where that is tested; or it is done."""
        return self.done or (self.status == "running" and self.health in (None, "healthy"))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What broke first."""

    kind: FailureKind
    seconds: float
    container: str | None = None
    """Its identifier; None where it could not be told."""
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a verdict rests on."""

    events: Sequence[Event]
    """In the order in which they came."""
    states: Sequence[State] = ()
    lasting: frozenset[str] = frozenset()
    """Services that are to run all the time."""
    ready_seconds: float | None = None
    """When everything was ready; a health check that fails earlier may still succeed."""
    shared: bool = False
    """All containers share one limit. Then the kernel tells each of them of a want of memory."""
    victims: frozenset[str] = frozenset()
    """Containers in which the kernel counted a process that it killed for want of memory."""
    kernel_killed: bool = False
    """The kernel's count of such processes rose on the machine that runs the containers."""


def first_failure(case: Case) -> Verdict | None:
    """Return what broke first in time; None where nothing did.

    An exit by SIGKILL is one for want of memory where the engine or the kernel says so, whichever
    of the two events came first. An exit that was asked for (``docker compose restart`` in the
    load) is none. An exit with 0 is one only where the service is to run all the time.
    """
    asked: set[str] = set()
    services = {each.id: each.service for each in case.states}
    for event in case.events:
        if event.kind == "kill":
            asked.add(event.container)
        elif event.kind == "start":
            asked.discard(event.container)
        elif event.kind == "out of memory":
            return _want_of_memory(case, event)
        elif event.kind == "unhealthy" and _counts(event, case.ready_seconds):
            return Verdict(kind="unhealthy", seconds=event.seconds, container=event.container)
        elif event.kind == "die" and event.container not in asked:
            lasting = services.get(event.container) in case.lasting
            if event.exit_code or lasting:
                return _death(case, event)
    return None


def failure_at_end(case: Case, seconds: float) -> Verdict | None:
    """Return what is broken at the end of a run, for events that were missed; None for nothing."""
    for each in case.states:
        kind = _broken(each, case)
        if kind is not None:
            code = each.exit_code if each.status != "running" else None
            return Verdict(kind=kind, seconds=seconds, container=each.id, exit_code=code)
    return None


def _broken(state: State, case: Case) -> FailureKind | None:
    if state.out_of_memory and not case.shared:
        return "memory"
    ended = state.status != "running" and not (state.done and state.service not in case.lasting)
    if state.restarts or ended:
        return "exited"
    return "unhealthy" if state.health == "unhealthy" else None


def not_ready(states: Iterable[State], seconds: float) -> Verdict:
    """Return the failure of a start that took too long: the first container that is not ready."""
    for each in states:
        if not each.ready:
            kind: FailureKind = "unhealthy" if each.health == "unhealthy" else "not ready"
            return Verdict(kind=kind, seconds=seconds, container=each.id)
    return Verdict(kind="not ready", seconds=seconds)


def _counts(event: Event, ready_seconds: float | None) -> bool:
    return ready_seconds is not None and event.seconds >= ready_seconds


def _want_of_memory(case: Case, event: Event) -> Verdict:
    """Return the failure that an event of the engine tells of, with the victim it had."""
    if not case.shared:
        code = _exit_code(case, event.container)
        return Verdict(
            kind="memory", seconds=event.seconds, container=event.container, exit_code=code
        )
    deaths = [each.container for each in case.events if each.kind == "die" and each.exit_code]
    victims = deaths or sorted(case.victims)
    container = victims[0] if victims else None
    code = _exit_code(case, container) if container else None
    return Verdict(kind="memory", seconds=event.seconds, container=container, exit_code=code)


def _death(case: Case, event: Event) -> Verdict:
    told = {each.container for each in case.events if each.kind == "out of memory"}
    told |= {each.id for each in case.states if each.out_of_memory}
    killed = event.exit_code == KILLED and case.kernel_killed
    memory = (event.exit_code and event.container in told) or killed
    return Verdict(
        kind="memory" if memory else "exited",
        seconds=event.seconds,
        container=event.container,
        exit_code=event.exit_code,
    )


def _exit_code(case: Case, container: str) -> int | None:
    codes = [
        each.exit_code
        for each in case.events
        if each.container == container and each.kind == "die" and each.exit_code is not None
    ]
    return codes[0] if codes else None
