"""Memory on the first page: a table that adds up, and a picture of just these rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.model import Assessment, MemoryBudget, Number, Origin, Requirement, RequirementPart
from hcreport.render.charts import Chart, Part
from hcreport.render.memory_chart import memory_chart
from hcreport.render.memory_rows import KEPT_PARTS, MemoryRow, memory_rows
from hcreport.units import Bytes, gibibytes, mebibytes, total
from tests.pages_case import SNAPSHOTS, assessed

MEASURED = Origin(kind="measured", evidence="Docker engine")

PARTS = st.lists(
    st.tuples(
        st.sampled_from(["service", "service", "model"]),
        st.integers(min_value=0, max_value=2**45),
    ),
    max_size=40,
)


def memory(value: int) -> Number:
    return Number(name="memory", value=float(value), unit="bytes", family="memory", origin=MEASURED)


def part(name: str, size: int | None, **more: Any) -> RequirementPart:
    number = None if size is None else memory(size)
    return RequirementPart(name=name, memory=number, **more)


def requirement(*parts: RequirementPart, exact: bool = False) -> Requirement:
    need = total(Bytes(round(each.memory.value)) for each in parts if each.memory)
    return Requirement(
        scenario="all", parts=parts, at_least=need, docker_memory=need if exact else None
    )


def assessment(**figures: int) -> Assessment:
    numbers = {name: memory(value) for name, value in figures.items()}
    budget = MemoryBudget(
        **numbers,
        measured_containers=1 if "measured" in figures else 0,
        running_containers=3,
        unlimited=("db",),
    )
    return Assessment(outcomes=(), findings=(), memory=budget)


def drawn(rows: tuple[MemoryRow, ...]) -> Chart:
    chart = memory_chart(rows)
    assert chart is not None
    return chart


def parts_of(chart: Chart) -> list[tuple[Part, ...]]:
    return [bar.row.parts for bar in chart.bars]


def test_two_bars_of_one_scale_and_a_line_at_what_docker_has() -> None:
    rows = memory_rows(
        assessment(engine_total=gibibytes(2), measured=gibibytes(1), limits=gibibytes(4)),
        requirement(
            part("chat", gibibytes(6), kind="model"), part("web", gibibytes(2)), exact=True
        ),
    )
    chart = drawn(rows)
    assert [(bar.row.label, bar.row.value) for bar in chart.bars] == [
        ("Docker has", "2 GiB"),
        ("Needs", "8 GiB"),
    ]
    assert [
        [(each.look, each.width, each.mark) for each in parts] for parts in parts_of(chart)
    ] == [
        [("tone-4", 12.5, "1"), ("empty", 12.5, "2")],
        [("tone-1", 75, "3"), ("tone-2", 25, "4")],
    ]
    assert [[mark.at for mark in bar.row.marks] for bar in chart.bars] == [[25], [25]]
    assert [(row.mark, row.label, row.value) for row in rows] == [
        ("", "Docker has", "2 GiB"),
        ("1", "In use by 1 of 3 containers", "1 GiB"),
        ("2", "Not sampled, or free", "1 GiB"),
        ("", "Needs", "8 GiB"),
        ("3", "Model chat", "6 GiB"),
        ("4", "web", "2 GiB"),
        ("", "Sum of limits", "4 GiB"),
    ]
    assert all(f"{row.label} {row.value}" in chart.description for row in rows)


def test_what_was_not_measured_is_an_open_end() -> None:
    need = requirement(part("web", gibibytes(3)), part("db", None, reason="it did not run"))
    rows = memory_rows(assessment(engine_total=gibibytes(2)), need)
    chart = drawn(rows)
    assert chart.bars[1].row.label == "Needs at least"
    assert [(each.mark, each.look) for each in parts_of(chart)[1]] == [
        ("1", "tone-2"),
        ("?", "hatched"),
    ]
    assert parts_of(chart)[1][-1].right == 100
    assert "question mark" in chart.caption
    assert [(row.mark, row.label, row.value) for row in rows if row.kind == "unknown"] == [
        ("?", "1 more part", "not measured")
    ]


def test_an_unknown_side_has_words_and_an_open_end_only() -> None:
    rows = memory_rows(assessment(engine_total=gibibytes(2)), None)
    chart = drawn(rows)
    assert chart.bars[1].row.value == "not measured"
    assert [each.mark for each in parts_of(chart)[1]] == ["?"]
    assert all(row.why for row in rows)

    other = drawn(memory_rows(assessment(), requirement(part("web", gibibytes(1)))))
    assert other.bars[0].row.value == "not measured"
    assert [each.mark for each in parts_of(other)[0]] == ["?"]
    assert [bar.row.marks for bar in other.bars] == [(), ()]
    assert "line" not in other.caption


def test_without_any_number_there_is_no_chart() -> None:
    assert memory_chart(memory_rows(assessment(), None)) is None
    assert memory_chart(memory_rows(assessment(limits=gibibytes(1)), None)) is None


def test_more_in_use_than_there_is_passes_the_line() -> None:
    chart = drawn(memory_rows(assessment(engine_total=gibibytes(1), measured=gibibytes(2)), None))
    (used,) = parts_of(chart)[0]
    assert used.right == 100
    assert chart.bars[0].row.marks[0].at == 50


def test_the_largest_have_parts_and_the_others_are_one() -> None:
    many = [part(f"service-{number:04}", mebibytes(number)) for number in range(1, 1001)]
    rows = memory_rows(
        assessment(engine_total=gibibytes(8)),
        requirement(*many, part("Docker itself", mebibytes(50), kind="engine"), exact=True),
    )
    alone = [row.label for row in rows if row.kind == "service"]
    assert alone == [f"service-{number:04}" for number in range(1000, 1000 - KEPT_PARTS, -1)]
    (rest,) = (row for row in rows if row.kind == "rest")
    assert rest.label == "996 other services together"
    assert len(parts_of(drawn(rows))[1]) == KEPT_PARTS + 2


def test_one_more_than_the_largest_is_not_called_others() -> None:
    few = [part(f"service-{number}", mebibytes(number)) for number in range(1, KEPT_PARTS + 2)]
    rows = memory_rows(assessment(), requirement(*few))
    assert sum(1 for row in rows if row.kind == "service") == KEPT_PARTS + 1
    assert not [row for row in rows if row.kind == "rest"]


@pytest.mark.parametrize(
    ("sizes", "margin", "label", "rest"),
    [
        ([500, 400, 300, 200, 100, 90], -50, "2 other services together", 140),
        ([500, 400, 300, 200, 100, 90], -250, "3 other services together", 140),
        ([500, 60], -50, "service-1", 10),
        ([500], -50, "service-0", 450),
    ],
)
def test_what_is_not_needed_at_once_is_taken_off_the_others(
    sizes: list[int], margin: int, label: str, rest: int
) -> None:
    services = [part(f"service-{number}", mebibytes(size)) for number, size in enumerate(sizes)]
    taken = part("Not needed at once", Bytes(margin * mebibytes(1)), kind="margin")
    rows = memory_rows(assessment(), requirement(*services, taken, exact=True))
    (row,) = (row for row in rows if row.kind == "rest")
    assert (row.label, row.size) == (label, mebibytes(rest))
    assert "that is not needed at once" in row.note


@given(PARTS, st.integers(min_value=0, max_value=2**45) | st.none(), st.booleans(), st.booleans())
def test_rows_and_parts_always_agree(
    parts: list[tuple[Any, int]], has: int | None, missing: bool, in_use: bool
) -> None:
    figures = {} if has is None else {"engine_total": has}
    figures |= {"measured": 2**30} if in_use else {}
    made = [part(f"p{number}", size, kind=kind) for number, (kind, size) in enumerate(parts)]
    made += [part("unknown", None)] if missing else []
    rows = memory_rows(assessment(**figures), requirement(*made))
    chart = memory_chart(rows)
    if chart is None:
        assert not any(row.size for row in rows if row.kind != "limit")
        return
    marks = [row.mark for row in rows if row.mark.isdigit()]
    assert marks == [str(number) for number in range(1, len(marks) + 1)]
    shown = {row.mark: row for row in rows if row.mark}
    for bar in chart.bars:
        for each, after in pairwise(bar.row.parts):
            assert each.right <= after.left + 0.011
        for each in bar.row.parts:
            assert 0 <= each.left <= each.right <= 100
            assert not each.mark or each.mark == "?" or shown[each.mark].look == each.look
        assert all(0 < mark.at < 100 for mark in bar.row.marks)
    need = next(row for row in rows if row.kind == "need")
    listed = [row.size for row in rows if row.kind in ("model", "service", "rest", "engine")]
    assert sum(listed) in (need.size, 0)


@given(st.integers(min_value=1, max_value=2**45), st.integers(min_value=1, max_value=2**45))
def test_the_bar_passes_the_line_only_where_it_does_not_fit(has: int, need: int) -> None:
    made = [part(str(number), max(1, need // 5)) for number in range(5)]
    chart = drawn(memory_rows(assessment(engine_total=has, measured=1), requirement(*made)))
    end, line = parts_of(chart)[1][-1].right, chart.bars[1].row.marks[0].at
    # A line at the very edge is drawn a little before it, to be seen whole.
    assert parts_of(chart)[0][-1].right == pytest.approx(line, abs=0.41)
    if max(1, need // 5) * 5 <= has:
        assert end <= line + 0.41


@pytest.mark.parametrize("name", sorted(SNAPSHOTS))
def test_the_parts_of_every_snapshot_add_up(name: str) -> None:
    _, found = assessed(name)
    for each in found.requirements:
        rows = memory_rows(found, each)
        listed = [row.size for row in rows if row.kind in ("model", "service", "rest", "engine")]
        assert sum(listed) in (each.at_least, 0)


@pytest.mark.parametrize(
    ("exact", "label", "note"),
    [(False, "Needs at least", "1 part not measured"), (True, "Needs", "1 part not measured")],
)
def test_a_lower_bound_says_so(exact: bool, label: str, note: str) -> None:
    need = requirement(part("web", gibibytes(1)), part("db", None), exact=exact)
    (row,) = (row for row in memory_rows(assessment(), need) if row.kind == "need")
    assert (row.label, row.note) == (label, note)


def test_a_sum_of_limits_says_what_it_leaves_out() -> None:
    rows = memory_rows(assessment(limits=gibibytes(1)), None)
    assert rows[-1].note == "1 service without a limit on top"
