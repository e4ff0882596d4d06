"""Measures one service or one stack: predict, try the prediction, search the true minimum."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.sizing import predict
from bench.sizing.project import PARENT, Lane, Member, Project, running_project
from bench.sizing.results import Row, Settings
from bench.sizing.search import Minimum, true_minimum
from bench.sizing.services import Service
from bench.sizing.trial import READY_SECONDS, SLOW, attempt, judge
from bench.sizing.watch import lives, watch
from hcreport.model import Series, Snapshot
from hcreport.units import MIB

_LOW = 0.8
"""The search begins at this share of what was seen and could not be taken back."""

_REPEATS = 3

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A run without limits."""

    snapshot: Snapshot
    lives: Mapping[str, Sequence[Series]]
    """What was seen of each container, by service."""
    work: Mapping[str, float]
    """Units of work a second, by service."""


def reference(
    lane: Lane, members: Sequence[Member], seconds: float, *, parent: str = PARENT
) -> Reference:
    """Run services without limits and watch them for some seconds after all are ready."""
    with running_project(lane, "usual", members, parent=parent) as project:
        _wait(project)
        begin, start = _work(project), time.monotonic()
        snapshot = watch(lane, project, seconds)
        elapsed = time.monotonic() - start
        done = _work(project)
        for each in project.containers:
            if each.errors:
                raise RuntimeError(f"{each.service} failed without a limit: {each.errors}")
        return Reference(
            snapshot=snapshot,
            lives=lives(snapshot),
            work={name: (done[name] - begin[name]) / elapsed for name in done},
        )


def service_row(
    lane: Lane, service: Service, settings: Settings, say: Say, known: Minimum | None = None
) -> tuple[Row, Mapping[str, Any]]:
    """Return the row of one service, and its samples; search only where no minimum is known."""
    usual = reference(lane, [Member(service=service)], settings.window_seconds)
    seen = usual.lives[service.name]
    predicted, apart = predict.stated(usual.snapshot), predict.apart(seen)
    page_cache = {service.name} if apart == predict.PAGE_CACHE else set()

    def try_limit(limit: int) -> str:
        members = [Member(service=service, limit=limit)]
        reason = tried(lane, members, usual, seconds=settings.load_seconds, page_cache=page_cache)
        say(f"{service.name}: {limit / MIB:.1f} MiB {reason or 'held'}")
        return reason

    trials = tuple(try_limit(predicted) for _ in range(settings.trials))
    peak, held = highest(seen)
    low = int(_LOW * max(held, predicted / 2))
    found = known or true_minimum(lambda limit: not try_limit(limit), low, peak)
    row = Row(
        name=service.name,
        what=service.what,
        package=service.package,
        apart=apart,
        predicted=predicted,
        true_minimum=found.limit,
        confirmed=found.confirmed,
        search_trials=found.attempts,
        trials=trials,
        others=predict.others(seen),
        samples=sum(series.samples for series in seen),
        peak=peak,
        held=held,
    )
    return row, {
        "work": usual.work[service.name],
        "lives": [series.model_dump(mode="json") for series in seen],
    }


def tried(
    lane: Lane,
    members: Sequence[Member],
    usual: Reference,
    *,
    seconds: float,
    page_cache: Container[str],
    parent: str = PARENT,
) -> str:
    """Run a trial and return what failed, by service; empty where all held.

    One that was only slow, and not because of memory, is repeated: a neighbour had the CPU. If it
    stays slow it has failed.
    """
    failed: dict[str, str] = {}
    for _ in range(_REPEATS):
        seen = attempt(lane, members, seconds=seconds, page_cache=page_cache, parent=parent)
        judged = {
            one.service: judge(one, usual.work[one.service], page_cache=one.service in page_cache)
            for one in seen
        }
        failed = {name: reason for name, reason in judged.items() if reason}
        if set(failed.values()) != {SLOW}:
            break
    if len(judged) == 1:
        return next(iter(failed.values()), "")
    return ", ".join(f"{name}: {reason}" for name, reason in sorted(failed.items()))


def highest(lives: Sequence[Series]) -> tuple[int, int]:
    """Return the kernel's highest value of a container, and the most that it held, in bytes."""
    return (
        max(int(series.peak or series.usage) for series in lives),
        max(int(series.held or series.shown) for series in lives),
    )


def _wait(project: Project) -> None:
    end = time.monotonic() + READY_SECONDS
    while not all(each.ready for each in project.containers):
        if time.monotonic() > end:
            late = ", ".join(each.service for each in project.containers if not each.ready)
            raise RuntimeError(f"not ready without a limit: {late}")
        time.sleep(0.1)


def _work(project: Project) -> dict[str, int]:
    return {each.service: each.work for each in project.containers}
