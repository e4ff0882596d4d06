"""The checklist's steps: by phase, numbered in their order, each with an id that lasts."""

from __future__ import annotations

import re

import pytest

from hcreport.model import PHASES, Action, Effort
from hcreport.render.pages import render_pages
from hcreport.render.steps import MOST_SHOWN, by_phase, plan_steps
from hcreport.render.terminal import terminal_text
from hcreport.render.view import View
from tests.pages_case import assessed, pages


def action(what: str, effort: Effort = "minutes", group: str = "") -> Action:
    return Action(what=what, effort=effort, group=group, closes=(what,))


def test_steps_stand_by_phase_and_in_the_plans_order_within_each() -> None:
    steps = plan_steps(
        [
            action("worst, in a day", "a day"),
            action("bad", "an hour"),
            action("quick"),
            action("quick too"),
        ]
    )
    assert [(each.number, each.phase, each.options[0].what) for each in steps] == [
        (1, "now", "quick"),
        (2, "now", "quick too"),
        (3, "this week", "bad"),
        (4, "later", "worst, in a day"),
    ]
    assert [(phase, len(found)) for phase, found in by_phase(steps)] == [
        ("now", 2),
        ("this week", 1),
        ("later", 1),
    ]


def test_alternatives_are_one_step_as_soon_as_the_quickest_can_be_done() -> None:
    (step,) = plan_steps([action("best", "a day", "g"), action("other", "an hour", "g")])
    assert step.phase == "this week"
    assert [each.what for each in step.options] == ["best", "other"]


def test_an_option_that_settles_less_than_others_is_known() -> None:
    whole = action("both", group="g").model_copy(update={"closes": ("a", "b")})
    half = action("one", group="g").model_copy(update={"closes": ("b",)})
    (step,) = plan_steps([whole, half])
    assert step.closes == ("a", "b")
    assert [step.settles_fewer(each) for each in step.options] == [False, True]


def test_ids_stay_when_another_step_appears_or_goes() -> None:
    """A tick is kept by the id, so it must not move to another step with the next snapshot."""
    plan = [
        action("one"),
        action("two", "a day"),
        action("best", group="g"),
        action("b", group="g"),
    ]
    before = {each.options[0].what: each.id for each in plan_steps(plan)}
    after = {each.options[0].what: each.id for each in plan_steps([action("new"), *plan[1:]])}
    assert after.items() >= {(what, before[what]) for what in ("two", "best")}
    assert len({*before.values(), *after.values()}) == 4


def test_an_id_changes_with_what_is_to_be_done_and_with_the_finding() -> None:
    one = action("Give Docker 7 GiB")
    more = one.model_copy(update={"what": "Give Docker 9 GiB"})
    other = one.model_copy(update={"closes": ("other",)})
    also = one.model_copy(update={"closes": (*one.closes, "other"), "why": "w", "verify": "v"})
    ids = [plan_steps([each])[0].id for each in (one, more, other, also)]
    assert len(set(ids[:3])) == 3
    assert ids[3] == ids[0]


def test_ids_are_short_words_of_their_own_even_where_two_steps_are_the_same() -> None:
    ids = [each.id for each in plan_steps([action("same"), action("same"), action("other")])]
    assert len(set(ids)) == 3
    assert re.fullmatch("[2-9b-z]{4}", ids[0])
    assert ids[1] == f"{ids[0]}-2"


def test_the_page_shows_all_steps_up_to_a_number_and_links_the_rest() -> None:
    snapshot, assessment = assessed("hypercode")
    many = tuple(action(f"Do {number}") for number in range(MOST_SHOWN + 2))
    page = render_pages(snapshot, assessment.model_copy(update={"plan": many}))["checklist.md"]
    assert page.count('<input type="checkbox"') == MOST_SHOWN
    assert "2 more steps on the site, under [Assessment](assessment.md)" in page


@pytest.mark.parametrize("name", ["hypercode", "tiny", "watched", "models"])
def test_the_checklist_says_of_each_step_all_that_is_known_of_it(name: str) -> None:
    snapshot, assessment = assessed(name)
    view, page = View(snapshot, assessment), pages(name)["checklist.md"]
    printed = [each for step in view.steps_shown for each in step.options]
    assert page.count('<span class="hc-word">Why:</span>') == sum(bool(a.why) for a in printed)
    assert page.count('<span class="hc-word">Effect:</span>') == sum(bool(a.gain) for a in printed)
    assert page.count('<span class="hc-word">It worked if:</span>') == sum(
        bool(a.verify) for a in printed
    )
    assert page.count('<span class="hc-word">To undo:</span>') == sum(bool(a.undo) for a in printed)
    assert page.count('<span class="hc-word">Needs:</span>') == sum(len(a.files) for a in printed)
    shown = [phase for phase, _ in view.phases_shown]
    assert [phase for phase in PHASES if f"## {phase.capitalize()} {{: .hc-phase" in page] == shown


@pytest.mark.parametrize("name", ["hypercode", "tiny", "watched", "models"])
def test_every_step_says_why_and_how_to_tell_that_it_worked(name: str) -> None:
    _, assessment = assessed(name)
    for step in plan_steps(assessment.plan):
        assert step.options[0].why
        assert all(each.verify for each in step.options)


def test_the_first_page_names_the_first_step_of_the_checklist() -> None:
    snapshot, assessment = assessed("hypercode")
    slow = assessment.plan[0].model_copy(
        update={"what": "Rebuild all of it by hand", "effort": "a day", "group": ""}
    )
    view = View(snapshot, assessment.model_copy(update={"plan": (slow, *assessment.plan)}))
    assert view.next_action == view.steps[0].options[0] != slow
    page = render_pages(snapshot, view.assessment)["index.md"]
    assert "Rebuild all of it by hand" not in page


def test_the_terminal_names_the_file_that_a_step_needs() -> None:
    snapshot, assessment = assessed("hypercode")
    assert any(each.files for each in assessment.plan[:3])
    text = terminal_text(snapshot, assessment, colour=False, width=100)
    assert "Needs compose.without-model.yaml: hcreport render writes it." in text
