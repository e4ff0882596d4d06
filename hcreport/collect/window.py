"""Watches all containers of one project in step, for as long as a window is open.

Each round asks every running container for one sample at once, and rounds are shifted at random: a
fixed step can be in phase with a load that comes at fixed times, and then never sees it. Polling
was measured to cost no more than the API's streams (guide page "Collecting"), and it alone lets us
choose the interval. Engines before 25 answer on the next tick of a one-second clock of their own,
all containers together; there a shorter interval than a second has no effect.

Everything is decided in one thread, which takes messages from one queue: answers, events, and the
end of the load command.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

from hcreport.collect.engine import Connection
from hcreport.collect.engine_errors import engine_failures, gap_reason
from hcreport.collect.window_ask import Answered
from hcreport.collect.window_events import Connected, Heard, Listener, Lost, Outages
from hcreport.collect.window_lives import Roster, WatchedLife
from hcreport.collect.window_load import LoadCommand
from hcreport.collect.window_questions import Questions
from hcreport.collect.window_rounds import Rounds
from hcreport.model import Gap, Window

if TYPE_CHECKING:
    from hcreport.collect import Progress, WindowOptions

_JITTER = 0.25
"""Largest shift of a round, as a share of the interval."""

_WAKE_SECONDS = 0.5
"""How long one wait lasts: the progress moves, and on Windows Ctrl-C is only seen between waits."""

_RETRY_SECONDS = 0.5
"""How long to wait before a list of containers that failed is asked for again."""

_FINISH_SECONDS = 5.0
"""How long the last answers may take when the window is over."""

_SAMPLES_BEFORE_PROCESSES = 3
"""Samples of a life after which its processes are looked at: a server is not there at once."""

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class _LoadEnded:
    """The load command is over."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What came of a window."""

    window: Window
    gaps: tuple[Gap, ...]
    interrupted: bool
    ended_at: datetime


class Watch:
    """One window; :meth:`run` waits until it is over."""

    def __init__(
        self, connection: Connection, project: str, options: WindowOptions, progress: Progress
    ) -> None:
        self._options = options
        self._progress = progress
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._questions = Questions(connection, project, self._inbox)
        self._listener = Listener(connection.client, project, self._inbox)
        self._load = LoadCommand(options.load) if options.load else None
        self._roster = Roster()
        self._rounds = Rounds(connection.threads)
        self._outages = Outages()
        self._began: float | None = None
        """When the window began, by our clock; None while it has not."""
        self._began_at = datetime.now(UTC)
        self._from_start = False
        self._listed = False
        self._due = 0.0
        self._list_due: float | None = None
        self._over = False
        self._gaps: list[Gap] = []

    def run(self) -> Watched:
        """Watch until the time is over, the load command ended, or Ctrl-C."""
        interrupted = False
        self._listener.start()
        for part in (self._watch, self._finish):
            try:
                part()
            except KeyboardInterrupt:
                interrupted = True
        self._rounds.drop()
        self._listener.stop()
        self._questions.stop()
        return self._result(interrupted=interrupted)

    def stop_load(self) -> None:
        """Stop the load command, if it still runs."""
        if self._load is not None:
            self._load.stop()

    def _watch(self) -> None:
        while not self._is_over():
            self._work()
            self._take_next(_WAKE_SECONDS)

    def _is_over(self) -> bool:
        longest = self._options.seconds
        return self._over or (
            longest is not None and self._began is not None and self._now() >= longest
        )

    def _now(self) -> float:
        """Return the seconds since the window began, 0 before."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def _work(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if self._list_due is not None and now >= self._list_due:
            self._list_due = None
            self._questions.ask_for_list()
        if self._began is None:
            self._begin_if_ready()
        if self._began is None or self._outages.lasts:
            return
        self._rounds.give_up_waiting(self._now())
        if now >= self._due and not self._rounds.open:
            shift = random.uniform(-_JITTER, _JITTER)  # noqa: S311  (no secret)
            self._due = now + self._options.interval * (1 + shift)
            self._begin_round()

    def _take_next(self, patience: float) -> None:
        """Take the next message; return without one when something else is due."""
        due = self._due - time.monotonic() if self._began is not None else patience
        left = self._left()
        wait = min(patience, left, patience if self._rounds.open else max(due, 0.0))
        try:
            message = self._inbox.get(timeout=max(wait, 0.001))
        except Empty:
            pass
        else:
            self._take(message)
        if self._began is not None:
            self._show()

    def _left(self) -> float:
        longest = self._options.seconds
        return _WAKE_SECONDS if longest is None else max(longest - self._now(), 0.0)

    def _show(self) -> None:
        containers = len(self._roster.running())
        what = f"Watching {containers} container{'' if containers == 1 else 's'}"
        if self._outages.lasts:
            what = "Waiting for the engine"
        self._progress.watch(what, self._now(), self._options.seconds)

    def _take(self, message: object) -> None:
        match message:
            case Answered():
                self._questions.taken(message)
                self._take_answer(message)
            case Heard(event=event):
                self._take_event(event)
            case Connected():
                self._questions.ask_for_list()
            case Lost():
                self._lose_engine()
            case _LoadEnded():
                self._over = True

    def _take_event(self, event: dict[str, Any]) -> None:
        try:
            container = self._roster.heard(event)
        except _UNREADABLE:
            return
        if container is not None:
            self._questions.inspect(container)

    def _take_answer(self, answer: Answered) -> None:
        error = answer.error
        if error is not None and not isinstance(error, engine_failures()):
            raise error
        match answer.kind:
            case "list":
                self._take_list(answer)
            case "inspect":
                self._take_inspection(answer)
            case "stats":
                self._take_sample(answer)
            case "top":
                if answer.error is None:
                    answer.about.processes(answer.value)
            case "peak":
                self._take_peak(answer)

    def _take_list(self, answer: Answered) -> None:
        if answer.error is not None:
            self._list_due = time.monotonic() + _RETRY_SECONDS
            return
        self._outages.end()
        self._listed = True
        for container in self._roster.listed(answer.value):
            self._questions.inspect(container)

    def _take_inspection(self, answer: Answered) -> None:
        if answer.error is not None:
            return
        try:
            life = self._roster.inspected(answer.value)
        except _UNREADABLE:
            return
        if life is not None and self._began is not None:
            self._questions.sample(life)

    def _take_sample(self, answer: Answered) -> None:
        life: WatchedLife = answer.about
        now = self._now()
        try:
            if answer.error is not None:
                raise answer.error
            reading = self._roster.sampled(life, answer.value, now)
        except NotFound:
            self._roster.gone(life)
            reading = None
        except engine_failures() as error:
            life.failure = gap_reason(error)
            reading = None
        else:
            if reading is None and life.running:
                self._questions.inspect(life.container.id)
        self._rounds.answered(answer.round, life, reading, now)
        if life.builder.samples == _SAMPLES_BEFORE_PROCESSES:
            self._questions.ask_for_processes(life)

    def _take_peak(self, answer: Answered) -> None:
        life: WatchedLife = answer.about
        if answer.error is None:
            life.builder.read_in_container(answer.value)
            return
        reason = "Its peak could not be read in it: that needs Linux 5.19 and the program cat."
        self._gaps.append(Gap(source="window", subject=life.container.name, reason=reason))

    def _lose_engine(self) -> None:
        self._roster.lose()
        self._rounds.drop()
        if self._began is not None:
            self._outages.begin()

    def _begin_if_ready(self) -> None:
        if not self._listed or self._questions.inspecting:
            return
        running = self._roster.running()
        if self._options.from_start and not running:
            self._wait_for_start()
            return
        self._began, self._began_at = time.monotonic(), datetime.now(UTC)
        self._due = self._began
        self._start_load()

    def _wait_for_start(self) -> None:
        if not self._from_start:
            self._from_start = True
            self._progress.watch("Waiting for the first container of the project", 0.0, None)
            self._start_load()

    def _start_load(self) -> None:
        if self._load is None or self._load.load() is not None:
            return
        try:
            self._load.start(lambda: self._inbox.put(_LoadEnded()))
        except (OSError, ValueError):
            self._load = None
            reason = "The load command could not be started."
            self._gaps.append(Gap(source="load", reason=reason))
            self._over = self._options.seconds is None

    def _begin_round(self) -> None:
        asked = self._rounds.begin(self._roster.running(), self._now())
        for life in asked:
            self._questions.sample(life, self._rounds.number)

    def _finish(self) -> None:
        """Take the answers that are under way, and ask what is asked at the end."""
        if self._began is None or self._outages.lasts:
            return
        if self._over and not self._rounds.open:
            self._begin_round()
        end = time.monotonic() + _FINISH_SECONDS
        while self._rounds.open and time.monotonic() < end:
            self._take_next(_WAKE_SECONDS)
        for life in self._roster.running():
            self._questions.ask_for_processes(life)
            if self._options.read_peaks and life.builder.samples and life.builder.peak is None:
                self._questions.ask_for_peak(life)
        while self._questions.unanswered and time.monotonic() < end:
            self._take_next(_WAKE_SECONDS)

    def _result(self, *, interrupted: bool) -> Watched:
        window = Window(
            started_at=self._began_at.replace(microsecond=0),
            seconds=round(self._now(), 3),
            interval_seconds=self._options.interval,
            rounds=self._rounds.sampled,
            from_start=self._from_start,
            load=self._load.load() if self._load else None,
            together=self._rounds.together,
            series=self._roster.series(),
        )
        return Watched(
            window=window,
            gaps=tuple(self._all_gaps()),
            interrupted=interrupted,
            ended_at=datetime.now(UTC).replace(microsecond=0),
        )

    def _all_gaps(self) -> Iterator[Gap]:
        yield from self._gaps
        yield from self._roster.gaps()
        self._outages.end()
        yield from self._outages.gaps()
        if self._began is None:
            reason = "No container of the project was seen before watching ended."
            yield Gap(source="window", reason=reason)
