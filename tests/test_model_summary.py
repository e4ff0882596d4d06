"""All models at the top of their page: how many fit, and each beside the room it has."""

from __future__ import annotations

import pytest

from hcreport.render.model_chart import KEPT_MODELS, Fit, fit_chart
from hcreport.render.model_pages import model_rows
from hcreport.render.model_summary import models_summary
from hcreport.units import gibibytes
from tests.pages_case import SNAPSHOTS, assessed, pages


def fit(need: float | None, has: float | None = None, room: float | None = None) -> Fit:
    sizes = [None if each is None else gibibytes(each) for each in (need, has, room)]
    return Fit(name="chat", need=sizes[0], has=sizes[1], room=sizes[2])


def test_each_model_has_a_bar_and_its_own_lines() -> None:
    chart = fit_chart([fit(6, 8, 4), fit(2, 3), fit(1)])
    assert chart is not None
    assert [bar.row.parts[0].width for bar in chart.bars] == [75, 25, 12.5]
    lines = [[(mark.at, mark.broken) for mark in bar.row.marks] for bar in chart.bars]
    assert lines == [[(99.6, False), (50, True)], [(37.5, False)], []]
    assert [bar.row.value for bar in chart.bars] == ["6 GiB of 8 GiB", "2 GiB of 3 GiB", "1 GiB"]
    assert "chat needs 6 GiB, can have 8 GiB, 4 GiB beside all that starts" in chart.description


def test_the_caption_explains_only_what_is_drawn() -> None:
    bare, all_known = fit_chart([fit(1)]), fit_chart([fit(1, 2, 1)])
    assert bare is not None
    assert all_known is not None
    assert bare.caption == ""
    assert "upright" in all_known.caption
    assert "broken" in all_known.caption


def test_models_without_a_need_have_no_bar() -> None:
    assert fit_chart([]) is None
    assert fit_chart([fit(None, 8, 8)]) is None
    chart = fit_chart([fit(None, 8), *[fit(1)] * (KEPT_MODELS + 1)])
    assert chart is not None
    assert len(chart.bars) == KEPT_MODELS
    assert "other models are in the table" in chart.caption


@pytest.mark.parametrize("name", sorted(SNAPSHOTS))
def test_every_number_of_the_drawing_stands_in_the_table(name: str) -> None:
    snapshot, found = assessed(name)
    summary = models_summary(model_rows(snapshot, found), snapshot)
    table = "".join(line for line in pages(name)["models.md"].splitlines() if line.startswith("|"))
    for bar in summary.chart.bars if summary.chart else ():
        for size in bar.row.value.split(" of "):
            assert size in table


def test_the_verdict_counts_the_answers_and_names_a_single_model() -> None:
    snapshot, found = assessed("models")
    rows = model_rows(snapshot, found)
    assert models_summary(rows, snapshot).verdict == "2 local models: 2 fit."
    large = rows[0][0].model_copy(update={"fits": False})
    unknown = rows[0][0].model_copy(update={"fits": None})
    mixed = models_summary([(large, None), (unknown, None), rows[1]], snapshot)
    assert mixed.verdict == "3 local models: 1 fits, 1 does not fit and 1 is not measured."
    assert models_summary([(large, None)], snapshot).verdict == "llama3.1:8b does not fit."
