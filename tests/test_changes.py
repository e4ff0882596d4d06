"""What changed between two snapshots, the lines over time, and the page that shows both."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hcreport.analyze import analyze
from hcreport.changes import Changes, changes_between
from hcreport.model import Severity, Snapshot
from hcreport.render.changes import ChangesView
from hcreport.render.history_chart import HEIGHT, HistoryChart, Look, Series, history_chart
from hcreport.render.report import ReportSource, make_report
from hcreport.snapshot import parse_snapshot
from hcreport.units import gib, mebibytes
from tests.pages_case import SNAPSHOTS, pages
from tests.snapshots_folder import START, nearly_full, unhealthy, write


def snapshot(**changed: Any) -> Snapshot:
    data = json.loads(SNAPSHOTS["watched"].read_text(encoding="utf-8"))
    return parse_snapshot(json.dumps(data | changed))


def changes(old: Snapshot, new: Snapshot) -> Changes:
    return changes_between((old, analyze(old)), (new, analyze(new)))


def test_nothing_changed() -> None:
    found = changes(snapshot(), snapshot())
    assert not found.any_problem
    assert (found.images, found.limits, found.added, found.removed) == ((), (), (), ())
    assert found.stayed == len(analyze(snapshot()).findings) > 0


def test_a_problem_that_is_not_looked_for_any_more_is_not_closed() -> None:
    found = changes(snapshot(), snapshot(containers=[], engine=None, window=None))
    gone = {each.finding.anchor for each in found.unanswered}
    closed = {each.finding.anchor for each in found.closed}
    assert gone
    assert not gone & closed
    assert all(each.why.startswith("not measured now: ") for each in found.unanswered)


def test_a_problem_opens_and_closes() -> None:
    calm, troubled = snapshot(), snapshot(containers=unhealthy("api"))
    opened = changes(calm, troubled).opened
    assert [each.finding.rule for each in opened] == ["container-unhealthy"]
    assert opened[0].why
    closed = changes(troubled, calm).closed
    assert [each.finding.anchor for each in closed] == [each.finding.anchor for each in opened]


def test_a_problem_gets_worse_but_no_milder_one_is_named() -> None:
    old, new = snapshot(), snapshot()
    assessment = analyze(new)
    first = assessment.findings[0]
    milder = first.model_copy(update={"severity": Severity.LOW})
    mild = assessment.model_copy(update={"findings": (*assessment.findings[1:], milder)})
    assert first.severity.is_worse_than(Severity.LOW)
    found = changes_between((old, mild), (new, assessment))
    assert [(each.finding, each.why) for each in found.worse] == [
        (first, "it was of severity low before")
    ]
    assert (found.opened, found.closed, found.any_problem) == ((), (), True)
    assert found.stayed == len(assessment.findings) - 1
    assert "1 problem got worse and" in ChangesView(found).verdict
    back = changes_between((old, assessment), (new, mild))
    assert (back.worse, back.stayed) == ((), len(assessment.findings))
    assert "No problem opened, closed or got worse" in ChangesView(back).verdict


def test_images_limits_and_services_that_differ() -> None:
    old = snapshot()
    image, service = old.images[0], old.services[0]
    new = old.model_copy(
        update={
            "images": (
                image.model_copy(update={"size": image.size + mebibytes(5)}),
                *old.images[2:],
            ),
            "services": (
                *old.services[1:],
                service.model_copy(update={"name": "new"}),
            ),
        }
    )
    found = changes(old, new)
    assert (found.added, found.removed) == (("new",), (service.name,))
    sizes = {each.name: (each.was, each.exists, each.difference) for each in found.images}
    assert sizes == {
        image.name: (True, True, mebibytes(5)),
        old.images[1].name: (True, False, -old.images[1].size),
    }


def test_each_scenario_has_its_need_in_both() -> None:
    one, two, three = (
        {"name": name, "services": services}
        for name, services in (("all", ["db", "api"]), ("data", ["db"]), ("web", ["api"]))
    )
    found = changes(snapshot(scenarios=[two, one]), snapshot(scenarios=[one, three]))
    assert [each.scenario for each in found.needs] == ["all", "web", "data"]
    assert [(each.before is None, each.after is None) for each in found.needs] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    rows = ChangesView(found).memory
    assert [row.label for row in rows[:3]] == [
        "Docker needs for all",
        "Docker needs for web",
        "Docker needs for data",
    ]
    assert [(row.before == "not there", row.now == "gone", row.difference) for row in rows[:3]] == [
        (False, False, "the same"),
        (True, False, "added"),
        (False, True, "removed"),
    ]
    # Both ends of the row about use are those of the same scenario, the later one's main one.
    need = found.needs[0].after
    assert need is not None
    assert found.before.needed == found.after.needed == need.memory


def test_a_lower_bound_and_a_sum_are_not_compared() -> None:
    row = ChangesView(changes(snapshot(window=None), snapshot())).memory[0]
    assert row.before.startswith("at least ")
    assert row.difference == "not comparable: one of them is a lower bound"


def test_images_that_one_snapshot_does_not_know_are_no_change() -> None:
    assert changes(snapshot(images=[]), snapshot()).images == ()


def chart(*values: tuple[int | None, ...]) -> HistoryChart:
    looks: tuple[Look, ...] = ("solid", "dashed", "dotted")
    found = history_chart(
        title="Memory",
        times=[START + timedelta(days=each) for each in range(len(values[0]))],
        series=[
            Series(
                label=f"line {look}",
                look=look,
                values=tuple(None if each is None else mebibytes(each) for each in line),
            )
            for look, line in zip(looks, values, strict=False)
        ],
        say=gib,
        day=lambda each: f"{each:%d}",
    )
    assert found is not None
    return found


def test_what_was_not_measured_is_a_gap() -> None:
    (line,) = chart((100, 50, None, 100, None, 25, 50)).lines
    assert line.path == "M0 0L16.67 50M50 0M83.33 75L100 50"
    assert len(line.dots) == 5
    assert "2 of 7 not measured" in chart((100, 50, None, 100, None, 25, 50)).description


def test_a_line_without_a_last_value_says_so_and_ends_where_it_ended() -> None:
    (line,) = chart((100, 50, None)).lines
    assert line.value == "not measured"
    assert line.end is not None
    assert line.end.x == 47


def test_of_many_points_only_those_without_a_neighbour_have_a_dot() -> None:
    (line,) = chart((*[1] * 40, None, 1, None, *[1] * 40)).lines
    assert len(line.dots) == 1


def test_numbers_at_the_ends_do_not_stand_on_each_other() -> None:
    lines = chart((100, 100), (100, 99), (0, 1)).lines
    ends = sorted(each.end.y for each in lines if each.end)
    assert ends[1] - ends[0] > 1
    assert ends[-1] < HEIGHT + 2


@pytest.mark.parametrize("times", [0, 1])
def test_one_time_makes_no_line(times: int) -> None:
    one = Series(label="a", look="solid", values=(mebibytes(1),) * times)
    assert history_chart(title="", times=[START] * times, series=[one], say=gib, day=str) is None


def test_nothing_measured_makes_no_drawing() -> None:
    none = Series(label="a", look="solid", values=(None, None))
    times = [START, START + timedelta(days=1)]
    assert history_chart(title="", times=times, series=[none], say=gib, day=str) is None


def test_one_snapshot_is_no_history() -> None:
    page = pages("watched")["changes.md"]
    assert "one snapshot is no history" in page
    assert "snapshots&#95;dir&#58; snapshots" in page
    assert "<svg" not in page


def _page(folder: Path, count: int) -> str:
    (folder / "snapshots").mkdir()
    for day in range(count):
        write(folder / "snapshots", day)
    (folder / "hcreport.yml").write_text("snapshots_dir: snapshots\n", encoding="utf-8")
    return make_report(ReportSource(folder=folder)).pages["changes.md"]


def test_the_page_names_what_got_worse(tmp_path: Path) -> None:
    nearly_full(tmp_path, "1.json", "2.json")
    (tmp_path / "hcreport.yml").write_text("snapshots_dir: .\n", encoding="utf-8")
    page = make_report(ReportSource(folder=tmp_path)).pages["changes.md"]
    _, _, worse = page.partition("#### Got worse\n")
    assert "](assessment.md#engine-memory-near-full-shop)" in worse.split("###")[0]
    assert "It was of severity medium before." in worse.split("###")[0]


def test_the_page_shows_three_charts_and_the_newest_of_many(tmp_path: Path) -> None:
    page = _page(tmp_path, 20)
    assert page.count('role="img"') == 3
    assert page.count(" January 2026, 00&#58;00 UTC |") == 3 * 12
    assert page.count("8 older ones stand only in the picture") == 2
    assert "No problem opened, closed or got worse since 19 January 2026" in page
    identifiers = re.findall(r'id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    names = [each.split() for each in re.findall(r'aria-labelledby="([^"]+)"', page)]
    assert {each for one in names for each in one} <= set(identifiers)


def test_a_raw_block_holds_no_blank_line(tmp_path: Path) -> None:
    page = _page(tmp_path, 3)
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        assert "\n\n" not in figure
