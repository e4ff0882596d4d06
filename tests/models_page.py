"""Writes the tables of the page on measured models from the results of ``make bench-ollama``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.ollama.peers import PEERS
from bench.ollama.results import ContainerRow, Results, Row, mean_errors
from hcreport.estimate.llm_compute import automatic_batch
from hcreport.units import GIB, MIB, gib, percent
from tests.generated import ROOT, between_marks

PAGE = ROOT / "docs" / "guide" / "models-measured.md"

RESULTS = ROOT / "bench" / "ollama" / "results.json"


def files() -> dict[Path, str]:
    """Return the text that the page should hold; it is as it stands where nothing was measured."""
    text = PAGE.read_text(encoding="utf-8")
    if not RESULTS.is_file():
        return {PAGE: text}
    return {PAGE: with_results(text, read_results())}


def read_results() -> Results:
    """Return what was measured."""
    return Results.model_validate_json(RESULTS.read_text(encoding="utf-8"))


def with_results(text: str, results: Results) -> str:
    """Return the page with its tables written anew."""
    return between_marks(text, _lines(results))


def _lines(results: Results) -> Iterator[str]:
    yield from _conditions(results)
    single = [row for row in results.rows if row.single]
    yield from _cases("One prompt", [row for row in single if not row.apart])
    yield from _cases("Kept apart from the fit", [row for row in single if row.apart])
    yield from _cases("What is remembered", [row for row in results.rows if not row.single])
    yield from _others(results)
    if results.containers:
        yield from _containers(results.containers)


def _conditions(results: Results) -> Iterator[str]:
    machine = results.machine
    yield ""
    yield (
        f"Measured on {results.date} with llama.cpp {machine.llama_cpp}, and kernel "
        f"{machine.kernel}."
    )
    engine = ""
    if machine.engine:
        engine = f" The engine was Docker {machine.engine} with cgroup v{machine.cgroup}."
    yield (
        f"The machine had {machine.cpus} CPUs ({machine.processor}) and {gib(machine.memory)} of "
        f"memory.{engine}"
    )


def _cases(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield ""
    yield f"### {title}"
    yield ""
    yield "| Model | Context | Run with | File | Peak | Estimate | Off | Not file-backed, off |"
    yield "| --- | ---: | --- | --- | ---: | ---: | ---: | ---: |"
    for row in rows:
        beside = f"{(row.anonymous_estimated - row.anonymous) / MIB:+.1f} MiB"
        batch = automatic_batch(row.settings, embeds=row.shape.embeds)
        words = f"{row.words}, batch {batch:,}" if row.words else f"batch {batch:,}"
        yield (
            f"| {row.tag} | {row.settings.context:,} | {words} | {row.content} | "
            f"{gib(row.peak)} | {gib(row.estimated)} | {_signed(row.error)} | {beside} |"
        )


def _others(results: Results) -> Iterator[str]:
    """Yield how far each estimator is off on average, and then for each case."""
    means, large = mean_errors(results.rows), mean_errors(results.rows, least=GIB)
    yield ""
    yield "### Beside other estimators"
    yield ""
    yield "| Estimator | Mean error | Cases | From 1 GiB on | Cases | How it was asked |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for name, (mean, count) in sorted(means.items(), key=lambda each: each[1]):
        asked = PEERS.get(name, "`hcreport model`, the load")
        some, number = large[name]
        yield (f"| {name} | {percent(mean)} | {count} | {percent(some)} | {number} | {asked} |")
    names = [name for name in PEERS if name in means]
    yield ""
    yield f"| Model | Context | hcreport |{''.join(f' {name} |' for name in names)}"
    yield f"| --- | ---: | ---: |{' ---: |' * len(names)}"
    for row in results.rows:
        if row.single:
            figures = "".join(f" {_other(row, name)} |" for name in names)
            label = f"{row.tag}, {row.words}" if row.words else row.tag
            yield f"| {label} | {row.settings.context:,} | {_signed(row.error)} |{figures}"


def _other(row: Row, name: str) -> str:
    size = row.peers.get(name)
    return "no figure" if size is None else _signed(size / row.peak - 1)


def _containers(rows: Sequence[ContainerRow]) -> Iterator[str]:
    yield ""
    yield "### In containers"
    yield ""
    yield "| Model and context | Used without limit | Smallest limit stated | With it | 5 % less |"
    yield "| --- | ---: | ---: | --- | --- |"
    for row in rows:
        ran = sum(each.outcome == "ran" for each in row.at_minimum)
        killed = sum(each.outcome == "killed" for each in row.below)
        yield (
            f"| {row.name} | {gib(row.peak)} | {gib(row.minimum)} | "
            f"ran {ran} of {len(row.at_minimum)} | killed {killed} of {len(row.below)} |"
        )


def _signed(share: float) -> str:
    """Print a share of the peak: ``+1.2 %`` is above it."""
    text = percent(share)
    return f"+{text}" if share > 0 else text
