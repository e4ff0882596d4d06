"""Listens to what the engine says about a project's containers while a window is open."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import requests
from docker.types import CancellableStream

from hcreport.collect.engine_containers import PROJECT_LABEL
from hcreport.collect.engine_errors import engine_failures
from hcreport.model import Gap

if TYPE_CHECKING:
    from docker.api.client import APIClient

Json = dict[str, Any]

_EVENTS = ("start", "die", "oom", "rename", "destroy")

_RETRY_SECONDS = 0.5
"""How long to wait before the engine is tried again."""

_END_SECONDS = 2.0
"""How long the listening thread may take to end."""


@dataclass(frozen=True)
class Connected:
    """The engine will tell what happens from now on; what happened before has to be asked for."""


@dataclass(frozen=True)
class Lost:
    """The engine stopped telling."""


@dataclass(frozen=True)
class Heard:
    """One event, as the engine wrote it."""

    event: Json


class Outages:
    """Adds up how long the engine was away."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._seconds = 0.0

    @property
    def lasts(self) -> bool:
        """Whether the engine is away now."""
        return self._since is not None

    def begin(self) -> None:
        """Take note that the engine went away."""
        if self._since is None:
            self._since = time.monotonic()

    def end(self) -> None:
        """Take note that the engine answers, or that nobody waits for it any more."""
        if self._since is not None:
            self._seconds += time.monotonic() - self._since
            self._since = None

    def gaps(self) -> Iterator[Gap]:
        """Yield a gap where the engine was away."""
        if self._seconds:
            reason = (
                f"The engine did not answer for {self._seconds:.1f} seconds: what happened then "
                "was not seen."
            )
            yield Gap(source="window", reason=reason)


class Listener:
    """A thread that hands on events, and connects again whenever the engine went away."""

    def __init__(self, client: APIClient, project: str, inbox: SimpleQueue[Any]) -> None:
        self._client = client
        self._filters = {
            "type": ["container"],
            "label": [f"{PROJECT_LABEL}={project}"],
            "event": list(_EVENTS),
        }
        self._inbox = inbox
        self._stopped = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopped.set()
        self._close()
        self._thread.join(_END_SECONDS)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            connected = False
            with contextlib.suppress(*engine_failures()), self._asked() as reply:
                self._stream = CancellableStream(reply.iter_lines(), reply)
                connected = True
                self._inbox.put(Connected())
                if self._stopped.is_set():
                    return
                for line in self._stream:
                    if line:
                        self._inbox.put(Heard(json.loads(line)))
            if connected:
                self._inbox.put(Lost())
            self._stopped.wait(_RETRY_SECONDS)

    def _asked(self) -> requests.Response:
        """Ask for events, one JSON text per line; the reply goes on until one side ends it."""
        client = self._client
        url = f"{client.base_url}/v{client.api_version}/events"
        words = {"filters": json.dumps(self._filters)}
        reply = client.get(url, params=words, stream=True, timeout=None)
        reply.raise_for_status()
        return reply

    def _close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(*engine_failures()):
                self._stream.close()
