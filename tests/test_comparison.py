"""The page that compares the review with the report: every figure of ours is computed here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hcreport.analyze import analyze
from hcreport.facts import fact_bytes, facts
from hcreport.model import ImageTarget, ModelFit, Number
from hcreport.render.templating import fact_anchor
from hcreport.snapshot import read_snapshot
from hcreport.units import Bytes, gb, gib, percent, total

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "compared-with-the-review.md").read_text(encoding="utf-8")
SNAPSHOT = read_snapshot(DOCS / "snapshots" / "hypercode.json")
ASSESSMENT = analyze(SNAPSHOT)

NUMBER = re.compile(r"\d[\d.,]*(?: (?:GiB|MiB|GB|MB|%))?")
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\[([^]]+)]\(([^)]+)\)")
REASONS = ("Unit", "Disk for memory", "Limit for use", "Dated", "Guess")

# The rows that must be there, by the numbers of the list of claims; 026 and 021 are the sequel.
REQUIRED = {"005", "006", "007", "010", "012", "014", "029", "031", "048", "049", "068", "101"}
SEQUEL = {"021", "026"}


def rows() -> dict[str, list[str]]:
    """Return the cells of each table row of the page, by its first cell."""
    found: dict[str, list[str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].isdecimal():
            assert cells[0] not in found, f"row {cells[0]} stands twice"
            found[cells[0]] = cells
    return found


ROWS = rows()


def numbers(cell: str) -> list[str]:
    """Return every number of a cell with its unit, in order; names in code do not count."""
    return [match.rstrip(".,") for match in NUMBER.findall(CODE.sub("", cell))]


def size(number: Number | None) -> Bytes:
    """Return the bytes of a number that the example must have."""
    assert number is not None
    return Bytes(round(number.value))


def the_model() -> ModelFit:
    (only,) = ASSESSMENT.models
    return only


def the_core_image() -> ImageTarget:
    (image,) = (each for each in ASSESSMENT.images if "hypercode-core" in each.services)
    return image


def expected() -> dict[str, list[str]]:
    """Return the numbers that must stand in the third column, in order, by row."""
    memory, model, image = ASSESSMENT.memory, the_model(), the_core_image()
    engine, need, limits = size(memory.engine_total), size(model.needs), size(memory.limits)
    weight, layer = size(image.size), size(image.largest_layer)
    declared = {each.name: each.limits.memory for each in SNAPSHOT.services}
    agents = [
        limit
        for name, limit in declared.items()
        if limit is not None and name not in ("llama", "celery-worker")
    ]
    assert len(set(agents)) == 1, "one limit for all agents"
    each, together = agents[0], total(agents)
    return {
        "005": [gib(engine), gb(engine)],
        "006": [gib(need), f"{SNAPSHOT.models[0].context_length:,}"],
        "007": [gib(need - engine), percent((need - engine) / need)],
        "010": [gb(fact_bytes("ollama/install-disk"))],
        "012": [str(len(memory.unlimited)), str(len(declared)), gib(engine)],
        "014": [],
        "015": [],
        "021": [gb(size(image.target))],
        "026": [gb(layer), percent(layer / weight)],
        "029": [str(len(agents)), gib(each), gib(together), gb(together)],
        "031": [percent(together / engine), str(len(memory.limited)), percent(limits / engine)],
        "048": [gib(need)],
        "049": [],
        "068": [gb(weight - layer), percent((weight - layer) / weight), gb(weight)],
        "101": [gib(each * 2), "2", gib(each * 3), "3"],
    }


def test_the_rows_that_were_asked_for_are_there() -> None:
    assert ROWS.keys() >= REQUIRED | SEQUEL
    assert ROWS.keys() == expected().keys()


@pytest.mark.parametrize("row", sorted(ROWS))
def test_our_figures_are_those_of_the_report(row: str) -> None:
    assert numbers(ROWS[row][2]) == expected()[row]


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_row_says_why_and_cites_facts_that_exist(row: str) -> None:
    _, review, ours, why, cited = ROWS[row]
    assert review
    assert ours
    assert why.startswith(REASONS)
    links = LINK.findall(cited)
    assert links
    for key, target in links:
        assert key in facts()
        assert target == f"sources.md#{fact_anchor(key)}"


def test_what_the_page_calls_not_measured_is_not_measured() -> None:
    """Rows 014, 048 and 101 say so; the day the snapshot holds it, they must change."""
    assert {each.restart_count for each in SNAPSHOT.containers} == {None}
    assert [each.name for each in SNAPSHOT.containers if each.memory] == ["hypercode-core"]
    assert not the_model().fits


def test_the_sequel_is_what_the_report_finds() -> None:
    image = the_core_image()
    assert image.whole_context
    assert image.largest_instruction == "COPY"


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("1.86 GiB, which is 2 GB.", ["1.86 GiB", "2 GB"]),
        ("5.29 GiB for `llama3.1:8b` with 4,096 tokens", ["5.29 GiB", "4,096"]),
        ("8 × 512 MiB, 215 % of 18.", ["8", "512 MiB", "215 %", "18"]),
        ("No prices", []),
    ],
)
def test_numbers_are_read_with_their_units(cell: str, found: list[str]) -> None:
    assert numbers(cell) == found
