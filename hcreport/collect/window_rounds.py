"""Keeps the rounds of a window: who was asked, who answered, and what all held together."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hcreport.collect.series import Reading
from hcreport.collect.window_lives import WatchedLife
from hcreport.estimate.held import held
from hcreport.model import MemoryUse, Together
from hcreport.units import Bytes, total

_PATIENCE_SECONDS = 3.0
"""How long a round waits for its answers before the next may begin; the engines that are slowest
take one second."""


class Rounds:
    """The round that is under way, and what came of those before."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        """How many questions the engine is asked at once."""
        self.number = 0
        """Number of the newest round."""
        self.sampled = 0
        """Rounds in which at least one container was sampled."""
        self.together: Together | None = None
        self._pending: set[WatchedLife] = set()
        """Lives that were asked in any round and have not answered."""
        self._expected: set[WatchedLife] = set()
        """Those of the newest round."""
        self._readings: list[MemoryUse] = []
        self._whole = False
        self._began = 0.0

    @property
    def open(self) -> bool:
        """Whether the newest round still waits for answers."""
        return bool(self._expected)

    def begin(self, running: Iterable[WatchedLife], now: float) -> list[WatchedLife]:
        """Begin a round; return the lives to ask: not those that still owe an answer."""
        everyone = list(running)
        asked = [life for life in everyone if life not in self._pending]
        self.number += 1
        self._expected = set(asked)
        self._pending |= self._expected
        self._readings = []
        self._whole = bool(asked) and len(asked) == len(everyone)
        self._began = now
        return asked

    def answered(self, number: int, life: WatchedLife, reading: Reading | None, now: float) -> None:
        """Take what came of one question; ``number`` is 0 where no round asked it."""
        if not number:
            return
        self._pending.discard(life)
        if number != self.number or life not in self._expected:
            return
        self._expected.discard(life)
        if reading is None:
            self._whole = False
        else:
            self._readings.append(reading.memory)
        if not self._expected:
            self._close(now)

    def give_up_waiting(self, now: float) -> None:
        """Close a round that has waited long enough; it then counts for no sum."""
        turns = math.ceil(max(len(self._pending), 1) / self._threads)
        if self._expected and now - self._began > _PATIENCE_SECONDS * turns:
            self._whole = False
            self._expected.clear()
            self._close(now)

    def drop(self) -> None:
        """Wait for no answer any more: the engine went away, or watching ends."""
        self._whole = False
        self._pending.clear()
        if self._expected:
            self._expected.clear()
            self._close(self._began)

    def _close(self, now: float) -> None:
        if not self._readings:
            return
        self.sampled += 1
        if not self._whole:
            return
        known = [held(each) for each in self._readings]
        parts = [each for each in known if each is not None]
        found = Together(
            at=round(now, 3),
            containers=len(self._readings),
            shown=total(each.shown for each in self._readings),
            held=total(parts) if len(parts) == len(known) else None,
        )
        if self.together is None or _weight(found) > _weight(self.together):
            self.together = found


def _weight(round_: Together) -> Bytes:
    return round_.shown if round_.held is None else round_.held
