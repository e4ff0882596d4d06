"""A stack of seventeen containers in one parent group, with bursts apart and in step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.sizing import predict
from bench.sizing.engine import MemoryGroup
from bench.sizing.measure import Say, highest, reference, tried
from bench.sizing.project import PARENT, Lane, Member
from bench.sizing.results import Row, Settings
from bench.sizing.search import Minimum, true_minimum
from bench.sizing.services import SERVICES, burst
from hcreport.units import MIB

MODES: Mapping[str, bool] = {"bursts-apart": False, "bursts-in-step": True}
"""Whether the bursts come at the same moment, by name."""

_LOW = 0.6
_SINGLE = ("redis-save", "postgres", "nginx", "node", "memcached", "web", "jobs")
_IDLE = 6
_PARENT = f"{PARENT}/stack"


def members(*, in_step: bool) -> list[Member]:
    """Return the members of the stack: seventeen containers."""
    bursts = burst("burst", 80, 0.3, 5, in_step=in_step)
    return [
        *(Member(service=SERVICES[name]) for name in _SINGLE),
        Member(service=SERVICES["idle"], replicas=_IDLE),
        Member(service=bursts, replicas=4),
    ]


def stack_row(
    lane: Lane, mode: str, settings: Settings, say: Say, known: Minimum | None = None
) -> tuple[Row, Mapping[str, Any]]:
    """Return the row of the stack in one mode, and its samples."""
    parts = members(in_step=MODES[mode])
    group = MemoryGroup(_PARENT)
    group.create()
    try:
        group.set_limit(None)
        usual = reference(lane, parts, settings.window_seconds, parent=_PARENT)
        predicted = predict.stated(usual.snapshot)
        page_cache = {
            name for name, seen in usual.lives.items() if predict.apart(seen) == predict.PAGE_CACHE
        }
        seconds = 2 * settings.load_seconds

        def try_limit(limit: int) -> str:
            group.set_limit(limit)
            reason = tried(
                lane, parts, usual, seconds=seconds, page_cache=page_cache, parent=_PARENT
            )
            say(f"{mode}: {limit / MIB:.1f} MiB {reason or 'held'}")
            return reason

        trials = tuple(try_limit(predicted) for _ in range(settings.stack_trials))
        highs = [highest(seen) for seen in usual.lives.values()]
        peaks, held = sum(peak for peak, _ in highs), sum(held for _, held in highs)
        low = int(_LOW * held)
        found = known or true_minimum(lambda limit: not try_limit(limit), low, peaks)
    finally:
        group.remove()
    together = usual.snapshot.window.together if usual.snapshot.window else None
    said = [predict.others(seen) for seen in usual.lives.values()]
    row = Row(
        name=mode,
        what="redis, postgres, nginx, node, memcached, web, jobs, 6 idle, 4 bursts",
        containers=len(usual.lives),
        predicted=predicted,
        true_minimum=found.limit,
        confirmed=found.confirmed,
        search_trials=found.attempts,
        trials=trials,
        others={key: sum(one[key] for one in said) for key in predict.OTHERS},
        samples=min(series.samples for seen in usual.lives.values() for series in seen),
        peak=peaks,
        held=held,
        together=together.held if together and together.held is not None else None,
    )
    return row, {
        name: [series.model_dump(mode="json") for series in seen]
        for name, seen in usual.lives.items()
    }
