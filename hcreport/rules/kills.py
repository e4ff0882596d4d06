"""Which processes of a container the kernel killed for lack of memory, and how that is known.

Not a rule. The traces differ by engine and by version of control groups, so that each is read in
one place: moby, ``container/state.go`` and ``daemon/monitor.go`` of 20.10 to 28.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hcreport.estimate.memory import RUNNING
from hcreport.facts import fact_value
from hcreport.model import Confidence, Container, Engine, Series, Snapshot

KILLED = 137
"""Exit code of a process that SIGKILL ended: 128 and the number of the signal."""

SIGKILL = 9

_ORDERLY = (0, 130, 143)
"""Ended by itself without an error, or by the signals that ask a program to end."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """A kill for lack of memory, and what shows it."""

    victim: Literal["container", "process"]
    """``container``: its first process, with which it ends; ``process``: another one in it."""
    confidence: Confidence
    evidence: str
    """A clause in our own words: ``the engine set OOMKilled``."""


def kill_of(container: Container, snapshot: Snapshot) -> Kill | None:
    """Return the kill for lack of memory that the traces of a container show; None for none.

    That its memory once reached its limit is no such trace: the kernel takes back page cache there
    first.
    """
    if container.state in RUNNING:
        return _before_it_runs(container, snapshot) or _while_it_runs(container, snapshot)
    if container.state in ("restarting", "exited", "dead"):
        return _at_its_end(container, snapshot)
    return None


def would_show(container: Container, snapshot: Snapshot) -> bool:
    """Tell whether a kill that the container outlived would be known.

    Of a container that runs, engines before 24 keep an event only, which is soon forgotten.
    """
    if container.oom_kills is not None:
        return True
    generation = _engine_generation(snapshot.engine)
    noted = generation is not None and generation >= fact_value("docker/oom-killed-while-running")
    return container.oom_killed is not None and (noted or container.state not in RUNNING)


def stopped_by_signal(container: Container) -> bool:
    """Tell whether the engine sent its last life the signal that cannot be caught."""
    return container.past is not None and SIGKILL in container.past.signals


def _at_its_end(container: Container, snapshot: Snapshot) -> Kill | None:
    evidence = next(_traces_at_end(container, snapshot), "")
    if not evidence:
        return None
    code = container.exit_code
    if stopped_by_signal(container) or code in _ORDERLY:
        return Kill(victim="process", confidence="certain", evidence=evidence)
    if code in (None, KILLED):
        sure = container.oom_killed or not _may_be_of_earlier_life(container)
        return Kill(
            victim="container", confidence="certain" if sure else "likely", evidence=evidence
        )
    return Kill(
        victim="container",
        confidence="likely",
        evidence=f"{evidence}, and it ended with exit code {code}",
    )


def _may_be_of_earlier_life(container: Container) -> bool:
    """Tell whether the events about lack of memory may all belong to lives before the last one."""
    past = container.past
    return past is not None and 0 < past.oom_kills <= past.exit_codes[:-1].count(KILLED)


def _traces_at_end(container: Container, snapshot: Snapshot) -> Iterator[str]:
    """Yield what shows a kill in the life that ended last, the best evidence first."""
    if container.oom_killed:
        yield "the engine set OOMKilled"
    if any(each.oom_kills for each in _lives(container, snapshot)[-1:]):
        yield "the kernel's counter rose while it was watched"
    if container.past is not None and container.past.oom_kills:
        yield "the engine noted the event oom"


def _before_it_runs(container: Container, snapshot: Snapshot) -> Kill | None:
    """Return the kill that ended an earlier life of a container that runs again."""
    past, now = container.past, container.started_at
    ended = [each for each in _lives(container, snapshot) if each.started_at != now]
    if any(each.oom_kills and each.exit_code == KILLED for each in ended):
        evidence = "the kernel's counter rose while it was watched"
        return Kill(victim="container", confidence="certain", evidence=evidence)
    codes = past.exit_codes if past else ()
    earlier = (past.oom_kills if past else 0) - _kills_of_this_life(container, snapshot)
    if earlier > 0 and KILLED in codes:
        certain = earlier >= codes.count(KILLED)
        evidence = f"the engine noted the event oom, and exit code {KILLED}"
        return Kill(
            victim="container", confidence="certain" if certain else "likely", evidence=evidence
        )
    if not container.oom_killed or not _notes_earlier_life(container, snapshot):
        return None
    last = codes[-1] if codes else None
    return Kill(
        victim="process" if last in _ORDERLY else "container",
        confidence="certain" if last == KILLED else "likely",
        evidence="the engine set OOMKilled in an earlier life of it",
    )


def _while_it_runs(container: Container, snapshot: Snapshot) -> Kill | None:
    """Return the kill of a process beside the first one, in the life that goes on."""
    if container.oom_kills:
        evidence = f"the kernel's counter for it stands at {container.oom_kills}"
        return Kill(victim="process", confidence="certain", evidence=evidence)
    if container.oom_killed:
        evidence = "the engine set OOMKilled meanwhile"
        return Kill(victim="process", confidence="certain", evidence=evidence)
    this = [each for each in _lives(container, snapshot) if each.started_at == container.started_at]
    if any(each.oom_kills for each in this):
        evidence = "the kernel's counter rose while it was watched"
        return Kill(victim="process", confidence="certain", evidence=evidence)
    if container.oom_kills == 0:
        return None
    if container.past is not None and container.past.oom_kills:
        sure = not _lived_before(container)
        return Kill(
            victim="process",
            confidence="certain" if sure else "likely",
            evidence="the engine noted the event oom",
        )
    if _counts_lack_of_memory(container, snapshot.engine):
        evidence = "its control group counts that memory ran out"
        return Kill(victim="process", confidence="likely", evidence=evidence)
    return None


def _kills_of_this_life(container: Container, snapshot: Snapshot) -> int:
    """Return how many of the engine's events are about the life that goes on, as far as known."""
    if container.oom_kills is not None:
        return container.oom_kills
    noted = container.oom_killed and not _notes_earlier_life(container, snapshot)
    return 1 if noted else 0


def _notes_earlier_life(container: Container, snapshot: Snapshot) -> bool:
    """Tell whether OOMKilled of a running container is about a life before this one.

    Engines before 24 write it when a life ends, and leave it; later ones write it when the kernel
    kills, and take it back at each start.
    """
    version = _engine_generation(snapshot.engine)
    if version is None:
        return _lived_before(container)
    return version < fact_value("docker/oom-killed-while-running")


def _lived_before(container: Container) -> bool:
    if container.restart_count or (container.past is not None and container.past.exit_codes):
        return True
    begun, ended = container.started_at, container.finished_at
    return begun is not None and ended is not None and ended <= begun


def _counts_lack_of_memory(container: Container, engine: Engine | None) -> bool:
    """Tell whether the counter ``oom`` of a version 2 control group rose; version 1 has none."""
    if engine is None or engine.cgroup_version != "2" or container.memory is None:
        return False
    return bool(container.memory.limit_hits)


def _engine_generation(engine: Engine | None) -> int | None:
    """Return the first number of the version of Docker's engine; None for another engine."""
    if engine is None or not engine.version:
        return None
    if any(each.startswith("Podman") for each in engine.components):
        return None
    first = engine.version.split(".", maxsplit=1)[0]
    return int(first) if first.isdecimal() else None


def _lives(container: Container, snapshot: Snapshot) -> list[Series]:
    """Return the lives of a container that were watched, the oldest first."""
    series = snapshot.window.series if snapshot.window else ()
    return [each for each in series if each.container == container.name]
