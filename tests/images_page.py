"""Writes the tables of the page on measured images: ``make bench-images`` and ``bench-twins``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.images import table as reading
from bench.images.results import Results
from bench.twins import results as twin_results
from bench.twins import table as twins
from tests.generated import ROOT, between_marks

PAGE = ROOT / "docs" / "guide" / "images-measured.md"

READING = ROOT / "bench" / "images" / "results.json"
TWINS = ROOT / "bench" / "twins" / "results.json"


def files() -> dict[Path, str]:
    """Return the text that the page should hold; it is as it stands where nothing was measured."""
    text = PAGE.read_text(encoding="utf-8")
    if not (READING.is_file() and TWINS.is_file()):
        return {PAGE: text}
    return {PAGE: with_results(text, read_reading(), read_twins())}


def read_reading() -> Results:
    """Return what reading images took."""
    return Results.model_validate_json(READING.read_text(encoding="utf-8"))


def read_twins() -> twin_results.Results:
    """Return how large the images became that were built as advised."""
    return twin_results.Results.model_validate_json(TWINS.read_text(encoding="utf-8"))


def with_results(text: str, results: Results, trials: twin_results.Results) -> str:
    """Return the page with its tables written anew."""
    return between_marks(text, _lines(results, trials))


def _lines(results: Results, trials: twin_results.Results) -> Iterator[str]:
    yield ""
    yield "## Reading layers"
    yield from reading.lines(results)
    yield ""
    yield "## Images built as advised"
    yield ""
    yield from twins.lines(trials)
    yield ""
