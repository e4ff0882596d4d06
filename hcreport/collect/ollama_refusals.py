"""Finds Ollama's refusals of a model in the last lines of its log, and keeps numbers alone.

Wordings: facts ``ollama/refusal-until-029`` and ``ollama/failed-load-since-030``. The first names
two sizes, as Ollama's ``format/bytes.go`` prints them: one digit after the point, binary units.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from hcreport.collect.compose_values import mapping
from hcreport.collect.engine import Connection
from hcreport.collect.engine_errors import checked
from hcreport.collect.engine_times import nanoseconds, unix_time
from hcreport.collect.ollama_facts import USUAL_PORT
from hcreport.model import Refusal
from hcreport.units import KIB, MIB, NANOSECONDS_PER_SECOND, Bytes, parse_docker_stats_memory

Json = dict[str, Any]

MOST_REFUSALS = 5
"""How many different ones are kept of one container."""

_LINES = 2_000
"""How many of a log's last lines are looked at: loading one model writes some hundreds."""

_MOST_BYTES = 4 * MIB
"""How much of these lines is looked at: the end of them."""

_CHUNK = 64 * KIB

_PATIENCE = 20.0
"""Seconds that reading one log may take in all."""

_EARLY_SECONDS = 2
"""How long before the start that an engine takes down a program may have written already."""

_OLLAMA_IMAGE = re.compile(r"(?:.*/)?ollama/ollama(?:[:@].*)?")

_SIZE = r"([0-9]{1,6}(?:\.[0-9]{1,2})? (?:[KMGTP]i)?B)"
_UNTIL_029 = re.compile(
    rf"model requires more system memory(?: \({_SIZE}\) than is available \({_SIZE}\))?"
)
_SHORT = (
    r"insufficient memory|out of memory|not enough memory|failed to allocate|allocation failed"
    r"|signal: killed|exit status 137"
)
_SINCE_030 = re.compile(
    rf"llama-server process has terminated: .{{0,300}}?(?:{_SHORT})", re.IGNORECASE | re.DOTALL
)

# Whoever asks Ollama gets these words as its answer; runners before 0.30 had another name.
_NOT_LOADED = re.compile(
    rf"model requires more system memory|process has terminated: .{{0,300}}?(?:{_SHORT})",
    re.IGNORECASE | re.DOTALL,
)

# Ollama says this where it makes room by itself, and then tries again.
_EVICTS = "than is currently available"


def says_not_loaded(text: str) -> bool:
    """Tell whether a text holds Ollama's answer that memory is short for a model."""
    return _NOT_LOADED.search(text) is not None


def refusals_in(text: str) -> tuple[Refusal, ...]:
    """Return the different refusals in a text, at most the last five, oldest first."""
    found = [(each.start(), each) for each in _UNTIL_029.finditer(text)]
    refused = [
        (place, _with_sizes(each))
        for place, each in found
        if not text[each.end() :].lstrip().startswith(_EVICTS)
    ]
    refused += [(each.start(), Refusal(wording="since 0.30")) for each in _SINCE_030.finditer(text)]
    return last_refusals(each for _, each in sorted(refused, key=lambda entry: entry[0]))


def last_refusals(found: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Return each different refusal once, where it came last; at most the last five."""
    unique: dict[tuple[Any, ...], Refusal] = {}
    for each in found:
        key = (each.wording, each.needs, each.available)
        unique.pop(key, None)
        unique[key] = each
    return tuple(unique.values())[-MOST_REFUSALS:]


def serves_ollama(reply: Json) -> bool:
    """Tell from an inspect reply whether a container is an Ollama server.

    It is where its image is Ollama's own, where its image declares Ollama's port as a derived one
    does, or where the program that it runs is ``ollama``.
    """
    config = mapping(reply.get("Config"))
    if _OLLAMA_IMAGE.fullmatch(str(config.get("Image") or "")):
        return True
    if f"{USUAL_PORT}/tcp" in mapping(config.get("ExposedPorts")):
        return True
    arguments = reply.get("Args")
    words = [str(reply.get("Path") or "")]
    words += map(str, arguments if isinstance(arguments, list) else ())
    return words[0].rpartition("/")[2] == "ollama" or any("ollama serve" in each for each in words)


def read_refusals(connection: Connection, container: str, state: Json) -> tuple[Refusal, ...]:
    """Return the refusals in the last lines of a container's log since its last start.

    ``state`` is the container's ``State``. Raises what the Docker SDK raises, for example where the
    log's driver cannot be read.
    """
    client = connection.client
    url = f"{client.base_url}/v{client.api_version}/containers/{container}/logs"
    words = {"stdout": "1", "stderr": "1", "tail": str(_LINES)}
    since = _beginning(state)
    if since:
        words["since"] = unix_time(since)
    end = time.monotonic() + _PATIENCE
    kept: deque[bytes] = deque()
    size = 0
    with client.get(url, params=words, stream=True, timeout=_PATIENCE) as reply:
        for chunk in checked(reply).iter_content(_CHUNK):
            kept.append(chunk)
            size += len(chunk)
            while size > _MOST_BYTES:
                size -= len(kept.popleft())
            if time.monotonic() > end:
                break
    return refusals_in(b"".join(kept).decode("utf-8", errors="replace"))


def _beginning(state: Json) -> int:
    """Return when a container's last life began, in nanoseconds; 0 where that is not known.

    The engine takes down a start a little after the program began to write. An earlier life's end
    is a bound where the container runs.
    """
    started, finished = (nanoseconds(state.get(key)) for key in ("StartedAt", "FinishedAt"))
    early = max(started - _EARLY_SECONDS * NANOSECONDS_PER_SECOND, 0)
    return max(early, finished) if finished < started else early


def refusals_in_probes(reply: Json) -> tuple[Refusal, ...]:
    """Return the refusals in the output of a container's last health probes."""
    health = (reply.get("State") or {}).get("Health") or {}
    outputs = [
        str(entry.get("Output") or "")
        for entry in health.get("Log") or ()
        if entry.get("ExitCode") != 0
    ]
    return last_refusals(each for output in outputs for each in refusals_in(output))


def _with_sizes(match: re.Match[str]) -> Refusal:
    needs, available = match.group(1), match.group(2)
    return Refusal(wording="until 0.29", needs=_size(needs), available=_size(available))


def _size(text: str | None) -> Bytes | None:
    return parse_docker_stats_memory(text) if text else None
