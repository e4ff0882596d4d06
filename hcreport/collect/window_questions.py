"""The questions that a window asks the engine; their answers come back through one queue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from hcreport.collect.engine import Connection
from hcreport.collect.engine_containers import PROJECT_LABEL
from hcreport.collect.processes import processes
from hcreport.collect.window_ask import Answered, Askers, read_peak, sampling
from hcreport.collect.window_lives import WatchedLife


class Questions:
    """Asks one engine about one project."""

    def __init__(self, connection: Connection, project: str, inbox: SimpleQueue[Any]) -> None:
        self._connection = connection
        self._filters = {"label": f"{PROJECT_LABEL}={project}"}
        self._askers = Askers(inbox, connection.threads)
        self._sampling: dict[str, Callable[[], Any]] = {}
        """The call that samples each container, by its id."""
        self.inspecting = 0
        """Inspections that were not answered yet."""

    @property
    def unanswered(self) -> int:
        """How many questions were not answered yet."""
        return self._askers.unanswered

    def taken(self, answer: Answered) -> None:
        """Take note of an answer."""
        self._askers.taken()
        self.inspecting -= answer.kind == "inspect"

    def stop(self) -> None:
        """Ask nothing more."""
        self._askers.stop()

    def ask_for_list(self) -> None:
        """Ask which containers the project has."""
        call = partial(self._connection.client.containers, all=True, filters=self._filters)
        self._askers.ask(Answered(kind="list"), call)

    def inspect(self, container: str) -> None:
        """Ask about one container."""
        self.inspecting += 1
        call = partial(self._connection.client.inspect_container, container)
        self._askers.ask(Answered(kind="inspect", about=container), call)

    def sample(self, life: WatchedLife, number: int = 0) -> None:
        """Ask for one sample, as a part of round ``number`` or of none."""
        key = life.container.id
        if key not in self._sampling:
            self._sampling[key] = sampling(self._connection, key)
        question = Answered(kind="stats", about=life, round=number)
        self._askers.ask(question, self._sampling[key])

    def ask_for_processes(self, life: WatchedLife) -> None:
        """Ask for the names of the processes and for what they hold."""
        call = partial(processes, self._connection, life.container.id)
        self._askers.ask(Answered(kind="top", about=life), call)

    def ask_for_peak(self, life: WatchedLife) -> None:
        """Ask for the kernel's highest value, by a program in the container."""
        call = partial(read_peak, self._connection, life.container.id)
        self._askers.ask(Answered(kind="peak", about=life), call)
