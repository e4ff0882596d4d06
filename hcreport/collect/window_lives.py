"""Keeps account of a project's containers while a window is open: who lived when, and how it ended.

One life is a container between a start and its end. Three sources tell of lives, in any order: the
list of containers, inspections, and events. Times are the engine's own, in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hcreport.collect.engine_containers import (
    NUMBER_LABEL,
    ONEOFF_LABEL,
    RUNNING_STATES,
    SERVICE_LABEL,
    container_state,
    read_limits,
)
from hcreport.collect.engine_questions import container_name
from hcreport.collect.engine_times import nanoseconds, read_time
from hcreport.collect.processes import Processes, runtime_among
from hcreport.collect.series import Life, Reading, SeriesBuilder
from hcreport.collect.stats import read_sample
from hcreport.model import Gap, Limits, Series
from hcreport.units import NANOSECONDS_PER_SECOND

Json = dict[str, Any]

MOST_LIVES = 100
"""Lives kept of one container: one that restarts all day would fill the snapshot."""

_TOO_QUICK = "It did not run long enough to be sampled."
_TOO_SLOW = "The engine gave no sample of it before watching ended."


@dataclass(kw_only=True, eq=False)
class LiveContainer:
    """One container, with all its lives that were seen."""

    id: str
    name: str
    service: str | None
    number: int
    limits: Limits | None = None
    """None until it was inspected."""
    lives: list[WatchedLife] = field(default_factory=list)
    uncounted: int = 0
    """Lives beyond :data:`MOST_LIVES`."""


@dataclass(kw_only=True, eq=False)
class WatchedLife:
    """One life, and the samples of it."""

    container: LiveContainer
    life: Life
    started: int
    """When it began; the time of the event until an inspection tells it to the nanosecond."""
    exact: bool = False
    builder: SeriesBuilder = field(default_factory=SeriesBuilder)
    image: str = ""
    """Digest of its image, which tells whose files it shares."""
    programs: frozenset[str] = frozenset()
    """Names of the programs that were seen in it, to be compared and not kept."""
    failure: str = ""
    """Why the last sample failed."""

    @property
    def running(self) -> bool:
        """Whether it goes on, as far as is known."""
        return self.life.ended == "running"

    def processes(self, found: Processes) -> None:
        """Take a list of its processes."""
        self.programs |= found.names
        self.life.runtime = runtime_among(self.programs)
        self.builder.processes(found)


class Roster:
    """All containers and lives of one project that were seen."""

    def __init__(self) -> None:
        self._containers: dict[str, LiveContainer] = {}
        self._listings = 0

    @property
    def lives(self) -> list[WatchedLife]:
        """Every life that was seen."""
        return [life for each in self._containers.values() for life in each.lives]

    def running(self) -> list[WatchedLife]:
        """Return the lives that go on and that can be sampled."""
        return [life for life in self.lives if life.running and life.container.limits is not None]

    def listed(self, entries: Iterable[Json]) -> list[str]:
        """Take a list of the project's containers; return the ids that must be inspected."""
        self._listings += 1
        there = {entry["Id"]: entry for entry in entries if not _is_oneoff(entry.get("Labels"))}
        asked: list[str] = []
        for key, entry in there.items():
            container = self._containers.get(key)
            if container is None:
                container = self._add(key, container_name(entry), entry.get("Labels") or {})
            container.name = container_name(entry)
            unclear = any(life.life.ended in ("running", "lost") for life in container.lives)
            if entry.get("State") in RUNNING_STATES or unclear:
                asked.append(key)
        for key, container in self._containers.items():
            if key not in there:
                _removed(container)
        return asked

    def inspected(self, reply: Json) -> WatchedLife | None:
        """Take an inspection; return the life that can be sampled from now on, if there is one.

        Raises KeyError, TypeError or ValueError where the reply has another shape than the API's.
        """
        container = self._containers[reply["Id"]]
        container.name = reply["Name"].removeprefix("/")
        container.limits = read_limits(reply)
        state = reply["State"]
        running = container_state(state) in ("running", "paused")
        started = nanoseconds(state["StartedAt"])
        found = _life_that_began(container, started)
        if found is None:
            if not running:
                return None
            is_later = self._listings > 1 or bool(container.lives)
            found = self._begin(container, started, from_start=is_later)
            if found is None:
                return None
        found.started, found.exact = started, True
        found.life.started_at = read_time(state["StartedAt"])
        found.image = reply.get("Image") or ""
        if running and found.life.ended == "lost":
            found.life.ended = "running"
        elif not running and found.life.ended in ("running", "lost"):
            found.life.ended, found.life.exit_code = "exited", state.get("ExitCode")
        return found if found.running else None

    def heard(self, event: Json) -> str | None:
        """Take an event; return the id of a container that must be inspected, if there is one.

        Raises KeyError, TypeError or ValueError where the event has another shape than the API's.
        """
        actor = event["Actor"]
        key, words, moment = actor["ID"], actor.get("Attributes") or {}, int(event["timeNano"])
        if _is_oneoff(words):
            return None
        container = self._containers.get(key)
        if event["Action"] == "start":
            if container is None:
                container = self._add(key, words["name"], words)
            return key if self._started(container, moment) else None
        if container is None:
            return None
        latest = _latest(container, moment)
        match event["Action"]:
            case "die" if latest is not None and latest.life.ended != "removed":
                latest.life.ended = "exited"
                latest.life.exit_code = int(words["exitCode"]) if "exitCode" in words else None
            case "oom" if latest is not None:
                latest.life.oom_kills += 1
            case "rename":
                container.name = words["name"]
            case "destroy":
                _removed(container)
        return None

    def sampled(self, life: WatchedLife, reply: Json, at: float) -> Reading | None:
        """Take a sample; return None where the container does not run any more.

        One that comes after the next life began may be of that one, and is not taken.
        Raises TypeError or ValueError where the reply has another shape than the API's.
        """
        if life is not life.container.lives[-1]:
            return None
        sample = read_sample(reply, life.container.limits or Limits())
        if sample.memory is None:
            return None
        read = reply.get("read")
        reading = Reading(
            at=at,
            memory=sample.memory,
            cpu=sample.cpu,
            engine_nanoseconds=nanoseconds(read) if read else None,
        )
        life.builder.add(reading)
        return reading

    def gone(self, life: WatchedLife) -> None:
        """Take note that the engine does not know the container any more."""
        _removed(life.container)

    def lose(self) -> None:
        """Take note that the engine went away: nothing is known of what runs from now on."""
        for life in self.lives:
            if life.running:
                life.life.ended = "lost"

    def series(self) -> tuple[Series, ...]:
        """Return what was sampled, by service, number and time of the first sample."""
        found, programs = [], dict[tuple[str, frozenset[str]], int]()
        for each in self.lives:
            container = each.container
            each.life.container = container.name
            each.life.limit = container.limits.memory if container.limits else None
            if each.image and each.programs:
                key = (each.image, each.programs)
                each.life.program = programs.setdefault(key, len(programs) + 1)
            series = each.builder.series(each.life)
            if series is not None:
                found.append(series)
        return tuple(
            sorted(found, key=lambda each: (each.service or "", each.number, each.first_at))
        )

    def gaps(self) -> Iterator[Gap]:
        """Yield what is missing of each container."""
        for container in self._containers.values():
            for each in container.lives:
                if each.builder.samples == 0:
                    reason = each.failure or (_TOO_SLOW if each.running else _TOO_QUICK)
                    yield Gap(source="window", subject=container.name, reason=reason)
            if container.uncounted:
                starts = len(container.lives) + container.uncounted
                reason = f"It was started {starts} times; only the first {MOST_LIVES} are kept."
                yield Gap(source="window", subject=container.name, reason=reason)

    def _add(self, key: str, name: str, labels: Json) -> LiveContainer:
        number = labels.get(NUMBER_LABEL) or ""
        container = self._containers[key] = LiveContainer(
            id=key,
            name=name,
            service=labels.get(SERVICE_LABEL),
            number=int(number) if number.isdecimal() else 1,
        )
        return container

    def _started(self, container: LiveContainer, moment: int) -> bool:
        """Begin a life, unless an inspection told of it before the event came."""
        latest = _latest(container, moment)
        if latest is not None and latest.running:
            return False
        return self._begin(container, moment, from_start=True) is not None

    def _begin(
        self, container: LiveContainer, started: int, *, from_start: bool
    ) -> WatchedLife | None:
        for before in container.lives:
            if before.running:
                before.life.ended = "exited"
        if len(container.lives) == MOST_LIVES:
            container.uncounted += 1
            return None
        life = WatchedLife(
            container=container,
            started=started,
            life=Life(
                container=container.name,
                id=container.id,
                service=container.service,
                number=container.number,
                started_at=datetime.fromtimestamp(started // NANOSECONDS_PER_SECOND, UTC),
                from_start=from_start,
            ),
        )
        container.lives.append(life)
        return life


def _is_oneoff(labels: Json | None) -> bool:
    return (labels or {}).get(ONEOFF_LABEL) == "True"


def _life_that_began(container: LiveContainer, started: int) -> WatchedLife | None:
    """Return the life that began at a time; an event's time is a little later than the real one."""
    for life in container.lives:
        if life.started == started or (not life.exact and life.started > started):
            return life
    return None


def _latest(container: LiveContainer, moment: int) -> WatchedLife | None:
    """Return the life that a later moment belongs to."""
    began = [life for life in container.lives if life.started <= moment]
    return max(began, key=lambda life: life.started, default=None)


def _removed(container: LiveContainer) -> None:
    """Take note that a container is gone, which is how its last life ended."""
    for life in container.lives[-1:]:
        life.life.ended = "removed"
