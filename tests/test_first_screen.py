"""The first screen of the report: one verdict, one action, one chart, then the worst problems."""

from __future__ import annotations

import re
from functools import cache

import markdown
import pytest

from hcreport.model import Assessment, Snapshot
from hcreport.render.pages import render_pages
from hcreport.render.view import View
from tests.pages_case import SNAPSHOTS, assessed, markdown_settings, pages, structure

MOST_WORDS = 60
"""Before the chart, as the project's research on reading asks."""

# Words that praise, alarm or press; effort is said instead.
PRESSURE = (
    "alarm|asap|awful|bad|catastroph\\w+|congratulations|danger\\w*|excellent|fail|good|grade|great"
    "|hurry|immediately|must|perfect|quickly|right now|score|unfortunately|urgent\\w*|well done"
)

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))


def html_of(page: str) -> str:
    """Return a page as HTML, without the signs beside headings."""
    body = page.split("\n---\n", maxsplit=1)[1]
    return markdown.markdown(body, **markdown_settings()).replace("¶", "")


@cache
def first_page(name: str) -> str:
    """Return the first page of a snapshot as HTML."""
    return html_of(pages(name)["index.md"])


def quiet(name: str) -> tuple[Snapshot, Assessment]:
    """Return a snapshot assessed without any problem."""
    snapshot, assessment = assessed(name)
    outcomes = tuple(each for each in assessment.outcomes if each.status != "problem")
    update = {"findings": (), "plan": (), "outcomes": outcomes}
    return snapshot, assessment.model_copy(update=update)


def card(page: str) -> str:
    """Return the one card that says what to do next."""
    (found,) = re.findall(r'<p class="hc-next">.*?</p>', page, flags=re.DOTALL)
    return str(found)


@every_snapshot
def test_there_are_few_words_before_the_chart(name: str) -> None:
    before, chart, _ = first_page(name).partition("<figure")
    if chart:
        words = structure(before).joined.split()
        assert len(words) <= MOST_WORDS, " ".join(words)


def test_most_snapshots_have_a_chart() -> None:
    drawn = {name for name in SNAPSHOTS if "</svg>" in first_page(name)}
    assert drawn >= {"hypercode", "tiny", "watched"}
    assert "empty" not in drawn


@every_snapshot
def test_the_parts_stand_in_the_order_in_which_they_are_needed(name: str) -> None:
    page = first_page(name)
    parts = [
        'class="hc-context"',
        'class="hc-verdict',
        'class="hc-next"',
        "<figure",
        "<h2",
        "<table",
    ]
    places = [page.index(each) for each in parts if each in page]
    assert places == sorted(places)
    assert len(places) >= len(parts) - 1


@pytest.mark.parametrize("name", ["hypercode", "tiny", "watched"])
def test_the_verdict_is_one_sentence_with_its_numbers(name: str) -> None:
    (verdict,) = re.findall(r'<p class="hc-verdict.*?</p>', first_page(name), flags=re.DOTALL)
    text = structure(verdict).joined
    assert len(re.findall(r"[\d.]+ [GM]iB", text)) >= 2
    assert re.fullmatch(r"[^.]*(?:\.\d+[^.]*)*\.", text.replace("V2.0", "V2")), text


@every_snapshot
def test_there_is_one_action_with_its_effort_and_one_link(name: str) -> None:
    found = structure(card(first_page(name)))
    (link,) = [attributes["href"] for tag, attributes in found.elements if tag == "a"]
    view = View(*assessed(name))
    if view.steps:
        assert link == f"checklist.md#step-{view.steps[0].number}"
        assert f'id="step-{view.steps[0].number}"' in pages(name)["checklist.md"]
        assert re.search(r"Takes (minutes|about an hour|about a day)\.", found.joined)
    else:
        assert link == "assessment.md#not-measured"


@every_snapshot
def test_at_most_three_problems_stand_on_the_first_page_the_worst_ones(name: str) -> None:
    _, assessment = assessed(name)
    page = pages(name)["index.md"]
    named = re.findall(r"\]\(assessment\.md#([a-z0-9-]+)\)", page)
    anchors = [each.anchor for each in assessment.findings]
    assert [each for each in named if each in anchors] == anchors[:3]
    if len(anchors) > 3:
        assert f"## {len(anchors)} problems, the worst first" in page


@every_snapshot
def test_nothing_praises_alarms_or_presses(name: str) -> None:
    if name != "hostile":
        text = structure(first_page(name)).joined
        assert re.findall(rf"\b(?:{PRESSURE})\b", text, flags=re.IGNORECASE) == []


def test_when_nothing_is_wrong_the_page_says_so_and_what_to_do_next() -> None:
    page = html_of(render_pages(*quiet("watched"))["index.md"])
    assert "Nothing to repair" in card(page)
    assert 'href="requirements.md"' in card(page)
    assert (
        "No rule found a problem. What was not measured may still hide one."
        in structure(page).joined
    )


def test_when_the_need_is_not_known_the_page_asks_to_measure() -> None:
    page = html_of(render_pages(*quiet("tiny"))["index.md"])
    assert "Measure what has no answer yet" in card(page)
    assert 'href="assessment.md#not-measured"' in card(page)


def test_when_nothing_was_measured_the_page_says_what_to_run() -> None:
    assert "hcreport collect -o snapshot.json" in structure(card(first_page("empty"))).joined
    shown = structure(first_page("empty")).joined
    assert "Neither what nothing needs nor what Docker has was measured." in shown


@every_snapshot
def test_not_measured_has_a_shape_and_a_word_of_its_own(name: str) -> None:
    _, assessment = assessed(name)
    count = sum(1 for each in assessment.outcomes if each.status == "not measured")
    assert f"? Not measured: {count} answers." in structure(first_page(name)).joined


@every_snapshot
def test_what_passed_is_folded_with_a_count(name: str) -> None:
    _, assessment = assessed(name)
    count = sum(1 for each in assessment.outcomes if each.status == "ok")
    folded = re.search(r"<details class=.success.>\n<summary>([^<]*)</summary>", first_page(name))
    assert (folded[1] if folded else "") == (f"{count} checks passed" if count else "")


@every_snapshot
def test_a_problem_of_a_service_leads_to_its_page(name: str) -> None:
    view = View(*assessed(name))
    page = pages(name)["index.md"]
    for finding in view.top_findings:
        if finding.subject in view.service_of:
            path = view.service_pages[view.service_of[finding.subject]]
            assert "Service [" in page
            assert f"]({path})" in page
