"""The results: how large each image became that was built as advised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median

from pydantic import BaseModel, ConfigDict

from bench.twins.trial import Trial


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Part):
    """What became of one kind of project; sizes in bytes."""

    kind: str
    held_out: bool
    """It is no kind of the tests, and nothing was tuned on it."""
    from_image: bool
    """The first stage was the image itself, not the project's Dockerfile."""
    today: int
    predicted: int
    built: int
    healthy: bool
    healthy_as_other: bool | None
    """The same for a user without rights; None where the image has a user of its own."""
    other_packages: int
    """Packages that only the plan or only the built image has."""
    wasted: Mapping[str, int]
    """What the built image could still do without above its base, by group."""

    @property
    def error(self) -> float:
        """Share by which the prediction is too high, or too low where negative."""
        return self.predicted / self.built - 1


class Results(_Part):
    """All rows, and when and with what they were measured."""

    date: str
    engine: str
    base: str
    rows: tuple[Row, ...]

    @property
    def median_error(self) -> float:
        """Return the median of the errors of the kinds that nothing was tuned on."""
        return median(abs(row.error) for row in self.rows if row.held_out)


def results_of(trials: Iterable[tuple[Trial, bool]], *, engine: str, base: str) -> Results:
    """Return the results of trials, each with whether its kind was held out."""
    return Results(
        date=date.today().isoformat(),
        engine=engine,
        base=base,
        rows=tuple(_row(trial, held_out=held_out) for trial, held_out in trials),
    )


def _row(trial: Trial, *, held_out: bool) -> Row:
    return Row(
        kind=trial.kind,
        held_out=held_out,
        from_image=trial.from_image,
        today=trial.fat,
        predicted=trial.predicted,
        built=trial.built,
        healthy=not trial.unhealthy,
        healthy_as_other=not trial.unhealthy_as_other if trial.as_root else None,
        other_packages=len(trial.missing) + len(trial.surplus),
        wasted=trial.wasted,
    )
