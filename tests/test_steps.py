"""The checklist's steps: by phase, numbered in their order, and as many as a sheet holds."""

from __future__ import annotations

import pytest

from hcreport.model import EFFORTS, PHASES, Action, Effort
from hcreport.render.pages import render_pages
from hcreport.render.steps import MOST, Step, by_phase, plan_steps, steps_on_a_sheet
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


def test_what_is_longer_takes_more_lines() -> None:
    short = Step(number=1, options=(action("Do it"),))
    for more in ({"why": "w"}, {"command": "c"}, {"gain": "g" * 200}, {"undo": "u" * 200}):
        longer = action("Do it").model_copy(update=more)
        assert Step(number=1, options=(longer,)).lines > short.lines
    assert Step(number=1, options=(action("Do it"), action("Or that"))).lines > short.lines


def test_a_sheet_holds_fewer_long_steps_and_no_step_is_jumped_over() -> None:
    steps = plan_steps([action(f"{number} " + "word " * 100) for number in range(9)])
    shown = steps_on_a_sheet(steps)
    assert 1 < len(shown) < len(steps)
    assert shown == steps[: len(shown)]
    assert len(steps_on_a_sheet(plan_steps([action(f"{number}") for number in range(99)]))) == MOST


def test_a_step_that_is_longer_than_a_sheet_is_printed_all_the_same() -> None:
    (step,) = plan_steps([action("word " * 5000)])
    assert steps_on_a_sheet((step,)) == (step,)


def test_headings_of_phases_take_room() -> None:
    """The same steps fit where all are of one phase, and not where they are of three."""
    what = [f"{number} " + "word " * 100 for number in range(9)]
    same = steps_on_a_sheet(plan_steps([action(each) for each in what]))
    count = len(same)
    efforts = [EFFORTS[number * len(EFFORTS) // count] for number in range(count)]
    apart = steps_on_a_sheet(
        plan_steps([action(each, effort) for each, effort in zip(what, efforts, strict=False)])
    )
    assert len(apart) < count


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
