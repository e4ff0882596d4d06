"""The page that compares the review with the report: every figure of ours is computed here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hcreport.analyze import analyze
from hcreport.estimate.llm_memory import llm_memory
from hcreport.estimate.machines import MACHINES
from hcreport.estimate.models import model_memory
from hcreport.facts import fact, fact_bytes, facts
from hcreport.model import ImageTarget, ModelFit, ModelShape, Number, RunnerSettings
from hcreport.render.sources import fact_link
from hcreport.snapshot import read_snapshot
from hcreport.units import Bytes, gb, gib, gibibytes, parse_docker_image_size, percent, total

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "compared-with-the-review.md").read_text(encoding="utf-8")
SNAPSHOT = read_snapshot(DOCS / "snapshots" / "hypercode.json")
ASSESSMENT = analyze(SNAPSHOT)

NUMBER = re.compile(r"\d[\d.,]*(?: (?:GiB|MiB|GB|MB|%))?")
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\[([^]]+)]\(([^)]+)\)")
REASONS = ("Unit", "Disk for memory", "Limit for use", "Dated", "Guess", "Holds")

# The rows that must be there, by the numbers of the list of claims; 026 and 021 are the sequel.
MEMORY = {f"{number:03}" for number in range(5, 17)} | {"029", "031", "036", "048", "101"}
REQUIRED = MEMORY | {"049", "068"}
SEQUEL = {"021", "026"}

# What the review says in its words: a context of 2K, and a setting of "16 GB", which is 16 GiB.
REVIEW_CONTEXT = 2048
REVIEW_SETTING = gibibytes(16)


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


def claimed(row: str) -> list[Bytes]:
    """Return the amounts of a claim, which the review gives in GB; two where it gives a range."""
    amounts = re.findall(r"(\d[\d.]*) (?:to|GB)", ROWS[row][1])
    return [parse_docker_image_size(f"{each} GB") for each in amounts]


def cache_of(shape: ModelShape) -> Bytes:
    """Return the key-value cache of a model with the context of the review."""
    return llm_memory(shape, RunnerSettings(context=REVIEW_CONTEXT)).kv_cache


def catalogued(key: str) -> ModelShape:
    """Return the shape of a model of our list."""
    model = fact(key).model
    assert model is not None
    return model.shape


def the_model() -> ModelFit:
    (only,) = ASSESSMENT.models
    return only


def the_core_image() -> ImageTarget:
    (image,) = (each for each in ASSESSMENT.images if "hypercode-core" in each.services)
    return image


def of_the_model() -> dict[str, list[str]]:
    """Return the numbers of the rows about the model's parts; the context of the review is 2K."""
    model, need = SNAPSHOT.models[0], size(the_model().needs)
    computed = model_memory(model)
    assert model.shape is not None
    assert model.file is not None
    assert computed is not None
    cache, larger = cache_of(model.shape), cache_of(catalogued("models/codellama-7b"))
    disk, minimum = fact_bytes("ollama/install-disk"), fact_bytes("hypercode/review-ollama-minimum")
    low, high = (total([*claimed("008"), each]) for each in claimed("009"))
    return {
        "008": [
            *(gib(cache), gb(cache), gib(computed.kv_cache), f"{model.context_length:,}"),
            *(gib(larger), f"{REVIEW_CONTEXT:,}"),
        ],
        "009": [
            *(gb(each) for each in (model.shape.weights, model.file)),
            gb(catalogued("models/qwen3-8b").weights),
        ],
        "010": [gb(disk)],
        "011": [
            *(gb(low).removesuffix(" GB"), gb(high), gb(disk), gib(need), gb(need)),
            gib(need + computed.prompt_cache_ceiling),
        ],
        "013": [f"{minimum // 10**6:,} MB", gib(minimum), gib(need), percent(need / minimum)],
        "016": numbers(fact("ollama/mapped-weights-not-shown").source.title.split(": ")[1]),
    }


def of_docker() -> list[str]:
    """Return the numbers of row 036: what all 17 containers need, and what the review's need."""
    need = ASSESSMENT.requirements[0]
    virtual = [each for each in need.machines if each.setting is not None]
    (setting,) = {each.setting for each in virtual}
    (machine,) = {each.when_set for each in virtual}
    missing = [each for each in need.parts if each.memory is None and not each.left_out]
    left = fact_bytes("platforms/docker-desktop-system-memory")
    larger = min(each for each in MACHINES if each >= REVIEW_SETTING + left)
    assert setting is not None
    assert machine is not None
    return [
        *(gib(need.at_least), gib(setting), gib(machine), f"{len(missing)}", f"{len(need.parts)}"),
        *(gib(REVIEW_SETTING), gib(larger)),
    ]


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
    return of_the_model() | {
        "005": [gib(engine), gb(engine)],
        "006": [gib(need), f"{SNAPSHOT.models[0].context_length:,}"],
        "007": [gib(need - engine), percent((need - engine) / need)],
        "012": [str(len(memory.unlimited)), str(len(declared)), gib(engine)],
        "014": [],
        "015": [],
        "021": [gb(size(image.target))],
        "026": [gb(layer), percent(layer / weight)],
        "029": [str(len(agents)), gib(each), gib(together), gb(together)],
        "031": [percent(together / engine), str(len(memory.limited)), percent(limits / engine)],
        "048": [gib(need)],
        "036": of_docker(),
        "049": [],
        "068": [gb(weight - layer), percent((weight - layer) / weight), gb(weight)],
        "101": [gib(each * 2), "2", gib(each * 3), "3"],
    }


def test_the_rows_that_were_asked_for_are_there() -> None:
    assert ROWS.keys() >= REQUIRED | SEQUEL
    assert ROWS.keys() == expected().keys()


@pytest.mark.parametrize("row", sorted(ROWS))
def test_our_figures_are_those_of_the_report(row: str) -> None:
    figures = expected()[row]
    assert numbers(ROWS[row][2]) == figures, f"row {row} has to say {figures}"


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
        assert target == fact_link(key)


def test_the_claims_that_hold_are_those_that_the_page_says_hold() -> None:
    """And each of them fails for another model, as the page says too."""
    assert {row for row, cells in ROWS.items() if cells[3].startswith("Holds")} == {"008", "009"}
    shape = SNAPSHOT.models[0].shape
    assert shape is not None
    (cache,), (low, high) = claimed("008"), claimed("009")
    tenths = [round(each / 10**8) for each in (cache, cache_of(shape))]
    assert tenths[0] == tenths[1]
    assert cache_of(catalogued("models/codellama-7b")) > cache
    assert low <= shape.weights <= high < catalogued("models/qwen3-8b").weights


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
