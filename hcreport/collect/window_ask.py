"""Asks the engine many questions side by side while a window is open, in threads that stay.

A sample is asked for with a request that is prepared once and sent again and again: Docker SDK's
own call costs twice as much CPU, which a long window with many containers would show.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Literal

import requests

from hcreport.collect.engine import Connection
from hcreport.collect.engine_errors import checked

Json = dict[str, Any]

Kind = Literal["list", "inspect", "stats", "top", "peak"]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came of one question."""

    kind: Kind
    about: Any = None
    """The container or the life it is about."""
    round: int = 0
    """Number of the round that asked."""
    value: Any = None
    error: BaseException | None = None


class Askers:
    """Threads that ask, and put what comes of it into a queue; as many as are busy at once."""

    def __init__(self, inbox: SimpleQueue[Any], most: int) -> None:
        self._inbox = inbox
        self._most = most
        self._waiting: SimpleQueue[tuple[Answered, Callable[[], Any]] | None] = SimpleQueue()
        self._threads = 0
        self.unanswered = 0
        """Questions whose answers were not taken yet; see :meth:`taken`."""

    def ask(self, question: Answered, call: Callable[[], Any]) -> None:
        """Ask in the background; the answer comes into the queue."""
        self.unanswered += 1
        self._waiting.put((question, call))
        if self._threads < min(self.unanswered, self._most):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()

    def taken(self) -> None:
        """Count one answer as taken from the queue."""
        self.unanswered -= 1

    def stop(self) -> None:
        """Let the threads end once they have nothing more to ask."""
        for _ in range(self._threads):
            self._waiting.put(None)

    def _work(self) -> None:
        while (entry := self._waiting.get()) is not None:
            question, call = entry
            value, error = None, None
            # Whatever happens is handed to the thread that waits for it, which knows what it means.
            try:
                value = call()
            except BaseException as caught:
                error = caught
            self._inbox.put(
                Answered(
                    kind=question.kind,
                    about=question.about,
                    round=question.round,
                    value=value,
                    error=error,
                )
            )


def sampling(connection: Connection, container: str) -> Callable[[], Json]:
    """Return a call that takes one sample of a container, again and again.

    It raises docker.errors.NotFound for a container that is gone, and whatever else the Docker SDK
    raises.
    """
    client = connection.client
    words = {"stream": "false", **({"one-shot": "true"} if connection.one_shot else {})}
    url = f"{client.base_url}/v{client.api_version}/containers/{container}/stats"
    prepared = client.prepare_request(requests.Request("GET", url, params=words))
    settings = client.merge_environment_settings(prepared.url or url, {}, None, None, None)

    def sample() -> Json:
        reply = client.send(prepared, timeout=client.timeout, **settings)
        return dict(json.loads(checked(reply).content))

    return sample


_PEAK_FILE = "/sys/fs/cgroup/memory.peak"


def read_peak(connection: Connection, container: str) -> int:
    """Return the kernel's highest value of a container's memory in bytes, read in the container.

    Where cgroup v2 is used the API does not give it: docs.kernel.org, "memory.peak", Linux 5.19.
    Raises ValueError where the container has no such file or no program to read it, and whatever
    the Docker SDK raises. The SDK's own call to run a program takes the connection over, and may
    then miss what was printed early.
    """
    client = connection.client
    run = client.exec_create(container, ["cat", _PEAK_FILE], tty=True)
    url = f"{client.base_url}/v{client.api_version}/exec/{run['Id']}/start"
    reply = client.post(url, json={"Detach": False, "Tty": True}, timeout=client.timeout)
    return int(checked(reply).content)
