"""The results: what each program took on each image, and whether they say the same."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

Program = Literal["docker save", "dive", "engine", "folder", "cache", "command", "command in place"]
"""``engine``, ``folder`` and ``cache`` are our code until it has dive's figures: through the API,
in the engine's folder, and from the cache. ``command`` is the whole of ``hcreport image``."""

Figure = Literal["wall", "cpu", "peak"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cost(_Part):
    """What one run took; the engine's own work is not in ``cpu``."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system."""
    peak: int
    """Most memory at once, in bytes."""
    finished: bool = True
    """False where the time limit ended it: it would have taken more."""


class Case(_Part):
    """One image, or several in one go, and what each program took in each round."""

    name: str
    images: int = 1
    size: int
    """Bytes of the layers of all of them."""
    entries: int
    rounds: tuple[Mapping[Program, Cost], ...]
    same_as_dive: bool | None = None
    """Sizes, efficiency, wasted bytes and inefficient files are dive's; None where dive did not
    come to an end."""
    ways_agree: bool | None = None
    """All that was read in place, through the API and from the cache is the same."""
    requests: Mapping[Program, int] = {}
    """How many archives the engine was asked for."""

    def median(self, program: Program, field: Figure) -> float | None:
        """Return the median over the rounds in which a program ran."""
        return _median(getattr(each[program], field) for each in self.rounds if program in each)

    def ratio(self, program: Program, other: Program) -> float | None:
        """Return the median of the ratios of both wall times in one round each.

        Both have the same load of other programs then.
        """
        return _median(
            each[program].wall / each[other].wall
            for each in self.rounds
            if program in each and other in each
        )

    def finished(self, program: Program) -> bool:
        """Tell whether a program came to an end in every round."""
        return all(each[program].finished for each in self.rounds if program in each)


class Memory(_Part):
    """The most memory that our process had for an image with so many entries."""

    entries: int
    size: int
    peak: int


class Machine(_Part):
    """Where it was measured."""

    engine: str
    storage: str
    kernel: str
    cpus: int
    python: str
    dive: str


class Results(_Part):
    """All that one run found."""

    date: str
    machine: Machine
    big: Case
    deleting: Case
    family: Case
    memory: tuple[Memory, ...] = ()


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None
