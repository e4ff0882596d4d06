"""Writes the tables of ``docs/guide/sizes.md`` from the results of ``make bench-sizing``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.sizing.predict import OTHERS
from bench.sizing.results import Results, Row
from hcreport.units import gib, percent
from tests.generated import ROOT, between_marks

PAGE = ROOT / "docs" / "guide" / "sizes.md"

RESULTS = ROOT / "bench" / "sizing" / "results.json"


def files() -> dict[Path, str]:
    """Return the text that the page should hold; it is as it stands where nothing was measured."""
    text = PAGE.read_text(encoding="utf-8")
    if not RESULTS.is_file():
        return {PAGE: text}
    results = Results.model_validate_json(RESULTS.read_text(encoding="utf-8"))
    return {PAGE: with_results(text, results)}


def with_results(text: str, results: Results) -> str:
    """Return the page with its tables written anew."""
    return between_marks(text, _lines(results))


def _lines(results: Results) -> Iterator[str]:
    yield from _conditions(results)
    counted = [row for row in results.services if not row.apart]
    aside = [row for row in results.services if row.apart]
    if counted:
        yield from _rows("Each service", counted)
        yield from _summary(results)
    if aside:
        yield from _rows("Listed apart", aside, apart=True)
    if results.stacks:
        yield from _rows("Whole stacks", results.stacks)


def _conditions(results: Results) -> Iterator[str]:
    machine, settings = results.machine, results.settings
    yield ""
    yield (
        f"Measured on {results.date} with Docker {machine.engine}, Compose {machine.compose} and "
        f"kernel {machine.kernel}."
    )
    yield (
        f"The machine had {machine.cpus} CPUs, {gib(machine.memory)} of memory "
        f"and cgroup v{machine.cgroup}."
    )
    yield (
        f"Each service was watched for {settings.window_seconds:.0f} seconds; "
        f"each trial ran {settings.load_seconds:.0f} seconds of load."
    )
    if machine.packages:
        yield ""
        yield "| Server | Version |"
        yield "| --- | --- |"
        yield from (f"| {name} | {machine.packages[name]} |" for name in sorted(machine.packages))


def _rows(title: str, rows: Sequence[Row], *, apart: bool = False) -> Iterator[str]:
    others = "".join(f" {key} |" for key in OTHERS)
    yield ""
    yield f"### {title}"
    yield ""
    reason = " Why |" if apart else ""
    yield f"| What | Predicted | True minimum | Above it | Enough |{others}{reason}"
    yield f"| --- | ---: | ---: | ---: | ---: |{' ---: |' * len(OTHERS)}{' --- |' * apart}"
    for row in rows:
        found = "".join(
            f" {gib(row.others[key])}{', too low' * (row.others[key] < row.true_minimum)} |"
            for key in OTHERS
        )
        yield (
            f"| {row.name}: {row.what} | {gib(row.predicted)} | "
            f"{gib(row.true_minimum)}{'' if row.confirmed else ' (not confirmed)'} | "
            f"{_signed(row.over)} | {row.sufficient} of {len(row.trials)} |"
            f"{found}{f' {row.apart} |' if apart else ''}"
        )


def _summary(results: Results) -> Iterator[str]:
    summary = results.summary
    if summary is None:
        return
    yield ""
    yield (
        f"The prediction was enough in {summary.sufficient} of {summary.trials} trials "
        f"of {summary.services} services."
    )
    yield ""
    yield "| Predictor | Enough for | Median | 90th percentile | Worst |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for key, one in summary.predictors.items():
        yield (
            f"| {key}{f': {OTHERS[key]}' if key in OTHERS else ''} | "
            f"{one.sufficient} of {summary.services} | {_signed(one.median_over)} | "
            f"{_signed(one.p90_over)} | {_signed(one.worst_under)} |"
        )


def _signed(share: float) -> str:
    """Print a share of the true minimum: ``+12 %`` is above it."""
    text = percent(share)
    return f"+{text}" if share > 0 else text
