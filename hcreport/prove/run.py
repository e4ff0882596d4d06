"""One run of a throwaway: starts it, waits until it is ready, makes load, and watches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from subprocess import Popen
from typing import IO, TYPE_CHECKING

from hcreport.collect.compose import reason_given
from hcreport.errors import ProveError
from hcreport.model import Pressure
from hcreport.prove.cgroup import holds, victims
from hcreport.prove.guard import Guard
from hcreport.prove.judge import (
    Case,
    State,
    Verdict,
    failure_at_end,
    first_failure,
    not_ready,
)
from hcreport.prove.kernel import PressureGauge, kill_count
from hcreport.prove.watch import Seen, Watch, look

if TYPE_CHECKING:
    from docker.api.client import APIClient

_LOOK_SECONDS = 0.5
_SETTLE_SECONDS = 1.0
"""The engine may hear of a kill after it heard of the exit, and of another victim later."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What every run of a throwaway has in common."""

    compose: tuple[str, ...]
    """The words that start Compose."""
    environment: Mapping[str, str]
    """In which ``docker compose`` reaches the throwaway."""
    client: APIClient
    host: str | None
    containers: int
    """How many there are to be."""
    lasting: frozenset[str]
    shared: bool
    here: bool
    """This machine's kernel runs the containers."""
    ready_within: float
    seconds: float
    """How long to run once it is ready."""
    load: tuple[str, ...]
    load_output: IO[bytes] | int
    say: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one run went."""

    verdict: Verdict | None
    states: tuple[State, ...]
    """At the end."""
    ready_seconds: float | None
    seconds: float
    """How long it ran once it was ready."""
    load_runs: int
    pressure: Pressure | None


class Run:
    """One run."""

    def __init__(self, setting: Setting, guard: Guard, watch: Watch) -> None:
        self._setting = setting
        self._guard = guard
        self._watch = watch
        self._gauge: PressureGauge | None = None
        self._ready: float | None = None
        self._loads = 0
        self._kills = 0
        self._next_reading = 0.0

    def outcome(self) -> Outcome:
        """Start the throwaway, run it, and return how it went. It is left running.

        Raises ProveError where it cannot be started for another reason than a lack of memory,
        EngineUnreachable where the engine stops answering.
        """
        self._compose("up", "--no-start", "--no-build")
        self._kills = kill_count() if self._setting.here else 0
        self._watch.restart_clock()
        verdict = self._start() or self._work()
        seconds = 0.0 if self._ready is None else self._watch.seconds - self._ready
        if verdict is None:
            verdict = self._at_end()
        return Outcome(
            verdict=verdict,
            states=self._look().states,
            ready_seconds=self._ready,
            seconds=seconds,
            load_runs=self._loads,
            pressure=self._gauge.highest if self._gauge else None,
        )

    def _compose(self, *arguments: str) -> None:
        """Run Compose to its end. Raises ProveError with what it said last."""
        with tempfile.TemporaryFile() as talk:
            process = self._start_compose(talk, *arguments)
            try:
                status = process.wait()
            finally:
                self._guard.stop(process, patience=0)
            if status:
                raise _refusal(talk)

    def _start_compose(self, talk: IO[bytes], *arguments: str) -> Popen[bytes]:
        # In its environment, since not every version knows the option.
        environment = {**self._setting.environment, "COMPOSE_PROGRESS": "quiet"}
        return self._guard.start([*self._setting.compose, *arguments], environment, talk)

    def _start(self) -> Verdict | None:
        """Start all containers and wait until they are ready; return what broke meanwhile."""
        setting, watch = self._setting, self._watch
        with tempfile.TemporaryFile() as talk:
            process = self._start_compose(talk, "up", "--detach", "--no-build")
            try:
                while watch.seconds < setting.ready_within:
                    self._guard.heed()
                    verdict = self._failure()
                    if verdict is not None:
                        return verdict
                    seen = self._look()
                    if process.poll() is None:
                        watch.wait(_LOOK_SECONDS)
                    elif process.returncode:
                        return self._failed_start(seen, talk)
                    elif self._all_ready(seen):
                        return None
                    else:
                        watch.wait(_LOOK_SECONDS)
                return not_ready(self._look().states, watch.seconds)
            finally:
                self._guard.stop(process, patience=0)

    def _failed_start(self, seen: Seen, talk: IO[bytes]) -> Verdict:
        """Return why Compose gave up: a container that is not well, else Compose's own reason."""
        self._settle()
        verdict = self._failure()
        if verdict is not None:
            return verdict
        if any(each.health == "unhealthy" for each in seen.states):
            return not_ready(
                [each for each in seen.states if each.health == "unhealthy"], self._watch.seconds
            )
        raise _refusal(talk)

    def _all_ready(self, seen: Seen) -> bool:
        setting = self._setting
        if len(seen.states) < setting.containers or not all(each.ready for each in seen.states):
            return False
        parent = self._guard.project if setting.shared else None
        ids = {each.id: each.name for each in seen.states}
        if parent and not all(each.done for each in seen.states) and not holds(parent, ids):
            raise ProveError(
                "The engine did not put the containers under the shared limit.",
                hint="Leave --together out: each service then has a limit of its own.",
            )
        self._ready = self._watch.seconds
        if setting.here:
            self._gauge = PressureGauge(parent, seen.processes)
        setting.say(f"Ready after {self._ready:.0f} seconds.")
        return True

    def _work(self) -> Verdict | None:
        """Run the load again and again until the time is over; return what broke meanwhile."""
        setting, watch = self._setting, self._watch
        end = watch.seconds + setting.seconds
        load: Popen[bytes] | None = None
        try:
            while watch.seconds < end:
                self._guard.heed()
                if load is None and setting.load:
                    load = self._guard.start(setting.load, setting.environment, setting.load_output)
                verdict = self._failure()
                if verdict is not None:
                    return verdict
                if load is not None and load.poll() is not None:
                    self._guard.stop(load, patience=0)
                    if load.returncode:
                        return self._failed_load(load.returncode)
                    self._loads, load = self._loads + 1, None
                self._read_pressure()
                watch.wait(min(_LOOK_SECONDS if load is None else 0.05, end - watch.seconds))
            return None
        finally:
            if load is not None:
                self._guard.stop(load)

    def _failed_load(self, code: int) -> Verdict:
        """Return why the load failed: a container that broke under it, else the load itself."""
        seconds = self._watch.seconds
        self._settle()
        return self._failure() or Verdict(kind="load", seconds=seconds, exit_code=code)

    def _at_end(self) -> Verdict | None:
        """Return what is broken at the end, in case that an event did not come."""
        verdict = self._failure()
        return verdict or failure_at_end(self._case(self._look().states), self._watch.seconds)

    def _failure(self) -> Verdict | None:
        """Return what broke first so far, once it is clear who and why."""
        if not self._watch.events:
            return None
        states = self._look().states
        if first_failure(self._case(states)) is None:
            return None
        self._read_pressure()
        hit = self._case(states).victims
        self._settle()
        return first_failure(self._case(self._look().states, hit))

    def _case(self, states: Sequence[State], hit: frozenset[str] = frozenset()) -> Case:
        setting = self._setting
        killed = setting.here and kill_count() > self._kills
        return Case(
            events=self._watch.events,
            states=states,
            lasting=setting.lasting,
            ready_seconds=self._ready,
            shared=setting.shared,
            victims=hit or (victims(self._guard.project) if setting.shared else frozenset()),
            kernel_killed=killed,
        )

    def _settle(self) -> None:
        time.sleep(_SETTLE_SECONDS)

    def _look(self) -> Seen:
        return look(self._setting.client, self._guard.project)

    def _read_pressure(self) -> None:
        if self._gauge is not None and self._watch.seconds >= self._next_reading:
            self._next_reading = self._watch.seconds + _LOOK_SECONDS
            self._gauge.read()


def _refusal(talk: IO[bytes]) -> ProveError:
    """Return the error for a throwaway that Compose could not start, with its last words."""
    talk.seek(0)
    said = " ".join(reason_given(talk.read().decode("utf-8", "replace")).split())
    return ProveError(
        f"Compose could not start the throwaway project: {said or 'it gave no reason.'}",
        hint="Build or pull the project's images first, and see that the real project starts.",
    )
