"""The results: rows of services and stacks, and what they add up to."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bench.sizing.predict import OTHERS, percentile


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Part):
    """One service or one stack. Sizes are bytes."""

    name: str
    what: str
    package: str | None = None
    """The Debian package of a real server."""
    containers: int = 1
    apart: str = ""
    """Why it is not counted in the summary: a rule of the product, applied before the trials."""
    predicted: int = Field(gt=0)
    true_minimum: int = Field(gt=0)
    """The smallest limit found that held three times of three."""
    confirmed: bool
    search_trials: int
    trials: tuple[str, ...]
    """One entry for each trial at the predicted limit: empty where it held, else what failed."""
    others: Mapping[str, int]
    """What other predictors say, by their keys."""
    samples: int
    peak: int | None
    held: int | None
    together: int | None = None
    """For a stack: the highest sum of what could not be taken back, in one round."""

    @property
    def sufficient(self) -> int:
        """In how many trials the predicted limit was enough."""
        return sum(not trial for trial in self.trials)

    @property
    def over(self) -> float:
        """By what share of the true minimum the prediction is above it; negative is below."""
        return self.predicted / self.true_minimum - 1


class Predictor(_Part):
    """How well one predictor did over all services that count."""

    sufficient: int
    """How many of its figures are not below the true minimum."""
    median_over: float
    p90_over: float
    worst_under: float
    """The lowest share of the true minimum by which it was off; negative is below."""


class Summary(_Part):
    """The figures for which there are bars."""

    services: int
    trials: int
    sufficient: int
    median_over: float
    p90_over: float
    predictors: Mapping[str, Predictor]


class Settings(_Part):
    """How it was measured."""

    window_seconds: float
    load_seconds: float
    trials: int
    stack_trials: int
    lanes: int


class Machine(_Part):
    """Where it was measured."""

    engine: str
    kernel: str
    cgroup: Literal["1", "2"]
    cpus: int
    memory: int
    compose: str
    packages: Mapping[str, str]


class Results(_Part):
    """All that one run of the experiment found."""

    date: str
    machine: Machine
    settings: Settings
    services: tuple[Row, ...] = ()
    stacks: tuple[Row, ...] = ()
    summary: Summary | None = None
    """None while no service that counts is done."""


def summarise(rows: Sequence[Row]) -> Summary | None:
    """Return what the rows that are not listed apart add up to."""
    counted = [row for row in rows if not row.apart]
    if not counted:
        return None
    over = [row.over for row in counted]
    predictors = {"hcreport": _predictor([row.predicted for row in counted], counted)}
    for key in OTHERS:
        predictors[key] = _predictor([row.others[key] for row in counted], counted)
    return Summary(
        services=len(counted),
        trials=sum(len(row.trials) for row in counted),
        sufficient=sum(row.sufficient for row in counted),
        median_over=round(statistics.median(over), 4),
        p90_over=round(percentile(over, 0.9), 4),
        predictors=predictors,
    )


def _predictor(figures: Sequence[int], rows: Sequence[Row]) -> Predictor:
    over = [figure / row.true_minimum - 1 for figure, row in zip(figures, rows, strict=True)]
    return Predictor(
        sufficient=sum(share >= 0 for share in over),
        median_over=round(statistics.median(over), 4),
        p90_over=round(percentile(over, 0.9), 4),
        worst_under=round(min(over), 4),
    )
