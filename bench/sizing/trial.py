"""One trial: services in fresh containers under a limit, with their load, and whether all held."""

from __future__ import annotations

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from bench.sizing.project import PARENT, Lane, Member, Running, running_project

READY_SECONDS = 60.0
LOAD_SECONDS = 7.0
MOST_REFAULTS = 150_000
"""File pages (of 4 KiB) that may be read again from disk in a trial: more is thrashing."""
LEAST_WORK = 0.1
"""Share of the work of the run without a limit that must be done."""
LEAST_WORK_WHILE_READING = 0.5
"""The same where at least :data:`SOME_REFAULTS` pages were read again: then it is memory that makes
it slow, and not a neighbour that uses the CPU."""
SOME_REFAULTS = 5_000

SLOW = "hardly any work done"

_PAUSE = 0.1


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What became of one container in a trial."""

    service: str
    ready: bool
    running: bool
    oom_killed: bool
    """The engine's own flag, or a counter of the kernel that moved."""
    errors: str
    work_per_second: float
    refaults: int
    peak: int | None = None


def judge(seen: Observation, usual_work: float, *, page_cache: bool = False) -> str:
    """Return why a trial failed for this container, or an empty text where it held.

    ``page_cache`` is for a service that the product says lives from page cache: it may read its
    files again and again, because its requirement says that it will.
    """
    if seen.oom_killed:
        return "killed for want of memory"
    if not seen.ready:
        return "not ready"
    if not seen.running:
        return "ended"
    if seen.errors:
        return f"errors: {seen.errors[:100]}"
    if seen.refaults > MOST_REFAULTS and not page_cache:
        return "reads the same files again and again"
    if seen.work_per_second < LEAST_WORK * usual_work:
        return SLOW
    slow = seen.work_per_second < LEAST_WORK_WHILE_READING * usual_work
    if slow and seen.refaults > SOME_REFAULTS and not page_cache:
        return "less than half the work done, because files are read again"
    return ""


def attempt(
    lane: Lane,
    members: Sequence[Member],
    *,
    seconds: float = LOAD_SECONDS,
    parent: str = PARENT,
    page_cache: Container[str] = (),
) -> list[Observation]:
    """Run services under limits and return what became of each container.

    It ends early where something was killed or thrashes, because nothing can make that good;
    the services in ``page_cache`` may thrash.
    """
    with running_project(lane, "trial", members, parent=parent) as project:
        running = project.containers
        kills, refaults = dict.fromkeys(_names(running), 0), dict.fromkeys(_names(running), 0)
        end = time.monotonic() + READY_SECONDS
        ready = False
        while time.monotonic() < end:
            _count(running, kills, refaults)
            thrashing = [
                name
                for name, pages in refaults.items()
                if pages > MOST_REFAULTS and name not in page_cache
            ]
            if thrashing or _lost(running) or any(kills.values()):
                break
            if not ready and all(each.ready for each in running):
                ready, begin = True, {each.service: each.work for each in running}
                end = started = time.monotonic()
                end += seconds
            time.sleep(_PAUSE)
        elapsed = time.monotonic() - started if ready else READY_SECONDS
        return [
            Observation(
                service=each.service,
                ready=each.ready,
                running=each.group.oom_kills is not None and _state(lane, each)["Running"],
                oom_killed=kills[each.service] > 0 or _state(lane, each)["OOMKilled"],
                errors=each.errors,
                work_per_second=(each.work - begin[each.service]) / elapsed if ready else 0,
                refaults=refaults[each.service],
                peak=each.group.peak,
            )
            for each in running
        ]


def _names(running: Sequence[Running]) -> list[str]:
    return [each.service for each in running]


def _count(running: Sequence[Running], kills: dict[str, int], refaults: dict[str, int]) -> None:
    """Read the kernel's counters, which are gone with the container."""
    for each in running:
        kills[each.service] = max(kills[each.service], each.group.oom_kills or 0)
        refaults[each.service] = max(refaults[each.service], each.group.refaults or 0)


def _lost(running: Sequence[Running]) -> bool:
    return any(each.errors or each.group.oom_kills is None for each in running)


def _state(lane: Lane, each: Running) -> Any:
    return lane.engine.client.api.inspect_container(each.id)["State"]
