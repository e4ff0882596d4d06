"""The memory chart: bars in proportion, a line at what Docker has, words for what is unknown."""

from __future__ import annotations

import pytest

from hcreport.model import Assessment, MemoryBudget, Number, Origin, Requirement, RequirementPart
from hcreport.render.charts import WIDTH, memory_chart, memory_rows
from hcreport.units import Bytes, gibibytes

MEASURED = Origin(kind="measured", evidence="Docker engine")


def _memory(value: Bytes) -> Number:
    return Number(name="memory", value=float(value), unit="bytes", family="memory", origin=MEASURED)


def _requirement(need: Bytes, *, exact: bool = False) -> Requirement:
    return Requirement(
        scenario="all",
        parts=(
            RequirementPart(name="web", memory=_memory(need)),
            RequirementPart(name="db", reason="it did not run"),
            RequirementPart(name="Docker itself", kind="engine", memory=_memory(Bytes(0))),
        ),
        at_least=need,
        docker_memory=need if exact else None,
    )


def _assessment(**figures: Bytes) -> Assessment:
    numbers = {name: _memory(value) for name, value in figures.items()}
    budget = MemoryBudget(
        **numbers,
        measured_containers=1 if "measured" in figures else 0,
        running_containers=3,
        unlimited=("db",),
    )
    return Assessment(outcomes=(), findings=(), memory=budget)


def test_bars_are_in_proportion_and_the_line_is_what_docker_has() -> None:
    assessment = _assessment(engine_total=gibibytes(2), measured=gibibytes(1), limits=gibibytes(4))
    chart = memory_chart(memory_rows(assessment, _requirement(gibibytes(8))))
    assert chart is not None
    assert [bar.width for bar in chart.bars] == [100, 50, 200, 400]
    assert chart.line == 100
    assert [bar.value for bar in chart.bars] == ["2 GiB", "1 GiB", "4 GiB", "8 GiB"]
    assert chart.height == chart.bars[-1].top + chart.bars[1].top


def test_the_line_stays_in_the_picture_and_small_bars_can_be_seen() -> None:
    assessment = _assessment(engine_total=gibibytes(64), measured=Bytes(1))
    chart = memory_chart(memory_rows(assessment, None))
    assert chart is not None
    assert chart.line == WIDTH - 1
    assert chart.bars[0].width == WIDTH
    assert chart.bars[1].width == 2


def test_what_is_unknown_has_words_and_no_bar() -> None:
    rows = memory_rows(_assessment(engine_total=gibibytes(2)), None)
    chart = memory_chart(rows)
    assert chart is not None
    assert [bar.value for bar in chart.bars[1:]] == ["not measured"] * 3
    assert [bar.width for bar in chart.bars[1:]] == [0, 0, 0]
    assert all(row.why for row in rows)
    assert "Needs not measured" in chart.description


def test_without_the_engine_there_is_no_line() -> None:
    chart = memory_chart(memory_rows(_assessment(limits=gibibytes(1)), None))
    assert chart is not None
    assert chart.line is None


def test_without_any_number_there_is_no_chart() -> None:
    assert memory_chart(memory_rows(_assessment(), None)) is None


@pytest.mark.parametrize(
    ("exact", "label", "note"),
    [(False, "Needs at least", "1 part not measured"), (True, "Needs", "1 part not measured")],
)
def test_a_lower_bound_says_so(exact: bool, label: str, note: str) -> None:
    rows = memory_rows(_assessment(), _requirement(gibibytes(1), exact=exact))
    assert (rows[3].label, rows[3].note) == (label, note)


def test_partial_measurements_say_so() -> None:
    rows = memory_rows(_assessment(measured=gibibytes(1), limits=gibibytes(1)), None)
    assert rows[1].label == "In use by 1 of 3 containers"
    assert rows[2].note == "1 service without a limit on top"
