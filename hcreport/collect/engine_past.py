"""Asks the engine what befell containers of late, and keeps counts and numbers of its answer.

An engine keeps its last 256 events of all kinds (moby, ``daemon/events/events.go``). Each run of a
health check adds up to three, so that a busy engine forgets within minutes: nothing found is no
proof that nothing happened. The engine leaves out what was not asked for, so that its answer is
short; it cannot give what it forgot.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hcreport.collect.engine import Connection
from hcreport.collect.engine_containers import PROJECT_LABEL
from hcreport.collect.engine_errors import checked
from hcreport.collect.engine_times import nanoseconds, unix_time
from hcreport.model import Past
from hcreport.units import NANOSECONDS_PER_SECOND

Json = dict[str, Any]

MOST_KEPT = 20
"""Signals and exit codes kept of one container, the last ones."""

_Kind = Literal["oom", "kill", "die", "healthy", "unhealthy"]

_ACTIONS: Mapping[str, _Kind] = {
    "oom": "oom",
    "kill": "kill",
    "die": "die",
    "health_status: healthy": "healthy",
    "health_status: unhealthy": "unhealthy",
}
"""What the engine calls the events that are read."""

_ASKED = ("oom", "kill", "die", "health_status")
"""What it is asked for; of the last it tells whatever comes after the colon."""

_FROM_THE_BEGINNING = "1"
"""Unix time; the engine reads 0 as "none", and then tells nothing of the past."""

_MOST_EVENTS = 2_000
"""Where an engine tells more, it is no engine that keeps 256."""

_MOST_LINE = 100_000
"""Bytes of one event; labels are in it."""

_PATIENCE = 20.0
"""Seconds that reading the events may take in all."""

_LARGEST_NUMBER = 255
"""An exit code has eight bits, and no signal has a greater number."""


@dataclass(frozen=True, kw_only=True)
class PastEvent:
    """One event, without its words."""

    kind: _Kind
    at: int
    """Nanoseconds since 1970, by the engine's clock."""
    number: int | None = None
    """The signal, or the exit code."""


def read_past_events(connection: Connection, info: Json) -> dict[str, tuple[PastEvent, ...]]:
    """Return what the engine still knows of each container, by full id, oldest first.

    ``info`` has the engine's own time, up to which it is asked: a later one it would wait for.
    Containers without such events are not in it. Raises what the Docker SDK raises, ValueError
    where the engine names no time or its answer has another form, and TimeoutError.
    """
    now = nanoseconds(info.get("SystemTime"))
    if not now:
        raise ValueError("the engine does not say what time it is")
    client = connection.client
    filters = {"type": ["container"], "event": [*_ASKED], "label": [PROJECT_LABEL]}
    words = {
        "since": _FROM_THE_BEGINNING,
        "until": unix_time(now),
        "filters": json.dumps(filters),
    }
    url = f"{client.base_url}/v{client.api_version}/events"
    end = time.monotonic() + _PATIENCE
    found: dict[str, list[PastEvent]] = defaultdict(list)
    with client.get(url, params=words, stream=True, timeout=_PATIENCE) as reply:
        for number, line in enumerate(_lines(checked(reply).iter_content(None))):
            if number >= _MOST_EVENTS:
                raise ValueError("the engine tells of more events than it can keep")
            if time.monotonic() > end:
                raise TimeoutError("the engine's events do not end")
            read = _read_event(json.loads(line))
            if read is not None:
                found[read[0]].append(read[1])
    return {key: tuple(sorted(each, key=lambda event: event.at)) for key, each in found.items()}


def past_of(events: Iterable[PastEvent], started: str | None) -> Past:
    """Return one container's past; ``started`` is its last start as the engine writes it."""
    events = tuple(events)
    start = nanoseconds(started)
    signals = [
        each.number
        for each in events
        if each.kind == "kill" and each.number is not None and each.at >= start
    ]
    codes = [each.number for each in events if each.kind == "die" and each.number is not None]
    unhealthy, healthy = _first_turns(events, start)
    return Past(
        oom_kills=sum(each.kind == "oom" for each in events),
        signals=tuple(signals[-MOST_KEPT:]),
        exit_codes=tuple(codes[-MOST_KEPT:]),
        unhealthy_after=unhealthy,
        healthy_after=healthy,
    )


def _first_turns(events: Iterable[PastEvent], start: int) -> tuple[float | None, float | None]:
    """Return when it first turned unhealthy and then healthy, in seconds after its start.

    Both are None where it was healthy first, as far as is known, or was never started.
    """
    turns = [
        (each.kind, (each.at - start) / NANOSECONDS_PER_SECOND)
        for each in events
        if start and each.kind in ("healthy", "unhealthy") and each.at >= start
    ]
    if not turns or turns[0][0] == "healthy":
        return None, None
    return turns[0][1], next((after for kind, after in turns if kind == "healthy"), None)


def _lines(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Yield the lines of an answer. Raises ValueError for one of a length that no event has."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(rest) > _MOST_LINE:
            raise ValueError("the engine's answer has a line that does not end")
    if rest.strip():
        yield rest


def _read_event(event: Json) -> tuple[str, PastEvent] | None:
    """Return the container's id and the event; None for a kind that was not asked for."""
    action, actor = event["Action"], event["Actor"]
    words: Mapping[str, Any] = actor.get("Attributes") or {}
    number = {"kill": words.get("signal"), "die": words.get("exitCode")}.get(action)
    kind = _ACTIONS.get(action)
    if kind is None:
        return None
    moment = int(event["timeNano"])
    return str(actor["ID"]), PastEvent(kind=kind, at=moment, number=_number(number))


def _number(text: object) -> int | None:
    """Return a signal or an exit code; None where it is neither."""
    words = str(text)
    number = int(words) if words.isascii() and words.isdecimal() and len(words) <= 3 else -1
    return number if 0 <= number <= _LARGEST_NUMBER else None
