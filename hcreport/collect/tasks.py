"""Runs the questions to the world side by side, and hands over answers as they come in.

Threads are daemons: a question that hangs never keeps the process alive after Ctrl-C, which the
standard library's thread pools would do.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

_WAKE_SECONDS = 1.0
"""How long one wait lasts; on Windows Ctrl-C is only seen between two waits."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to find out: its source and subject, as in a gap, and the call that asks."""

    source: str
    subject: str = ""
    """Key of the thing it is about; empty for the whole source."""
    label: str = ""
    """What the progress bar says; the source where empty."""
    ask: Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one question: a value or an error."""

    question: Question
    value: Any = None
    error: BaseException | None = None


class Tasks:
    """Questions under way, and a queue of their answers."""

    def __init__(self) -> None:
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self.asked = 0
        """How many questions were started in all."""
        self._open: dict[int, Question] = {}
        self._stopped = threading.Event()

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """The questions that are not answered yet, in the order in which they were asked."""
        return tuple(self._open.values())

    def start(self, questions: Iterable[Question], *, threads: int | None = None) -> None:
        """Ask questions side by side, in at most ``threads`` threads (default: one each)."""
        waiting: SimpleQueue[Question] = SimpleQueue()
        count = 0
        for question in questions:
            self._open[id(question)] = question
            waiting.put(question)
            count += 1
        self.asked += count
        for _ in range(min(count, count if threads is None else threads)):
            threading.Thread(target=self._work, args=(waiting,), daemon=True).start()

    def next(self, patience: float | None = None) -> Answer | None:
        """Return the next answer; None after ``patience`` seconds without one.

        Without patience it waits as long as it takes. Ctrl-C gets through.
        """
        left = math.inf if patience is None else patience
        while left > 0:
            try:
                answer = self._answers.get(timeout=min(_WAKE_SECONDS, left))
            except Empty:
                left -= _WAKE_SECONDS
                continue
            del self._open[id(answer.question)]
            return answer
        return None

    def ready(self) -> list[Answer]:
        """Return the answers that are there already, without waiting."""
        found: list[Answer] = []
        while True:
            try:
                answer = self._answers.get_nowait()
            except Empty:
                return found
            del self._open[id(answer.question)]
            found.append(answer)

    def stop(self) -> None:
        """Ask no more questions; those under way are left to themselves."""
        self._stopped.set()

    def _work(self, waiting: SimpleQueue[Question]) -> None:
        while not self._stopped.is_set():
            try:
                question = waiting.get_nowait()
            except Empty:
                return
            # Whatever happens is handed to the thread that waits for it, which knows what it means.
            try:
                answer = Answer(question=question, value=question.ask())
            except BaseException as error:
                answer = Answer(question=question, error=error)
            self._answers.put(answer)
