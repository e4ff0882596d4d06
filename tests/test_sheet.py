"""What one sheet of paper holds of the steps; a browser proves the heights, see tests/browser."""

from __future__ import annotations

import pytest

from hcreport.model import EFFORTS, Action
from hcreport.render.pages import render_pages
from hcreport.render.paper_text import code_lines, lines
from hcreport.render.sheet import KEPT_IN_SHORT, sheet_of
from hcreport.render.steps import MOST_SHOWN, plan_steps
from hcreport.render.view import View
from tests.pages_case import assessed

LONG = "word " * 150


def plan(count: int, **more: str) -> list[Action]:
    return [
        Action(what=f"Do {number}", effort="minutes", closes=(f"f{number}",)).model_copy(
            update=more
        )
        for number in range(count)
    ]


def test_few_steps_are_printed_in_full() -> None:
    steps = plan_steps(plan(4, why="w", command="c", verify="v", undo="u"))
    sheet = sheet_of(steps)
    assert (sheet.full, sheet.short, sheet.more) == (steps, (), 0)
    assert not any(sheet.in_short(each) or sheet.begins_short(each) for each in steps)


def test_more_steps_are_there_in_short_so_that_none_is_missing() -> None:
    steps = plan_steps(plan(12, why=LONG))
    sheet = sheet_of(steps)
    assert sheet.full
    assert len(sheet.short) >= KEPT_IN_SHORT
    assert (*sheet.full, *sheet.short) == steps[: len(steps) - sheet.more]
    assert [each.number for each in steps if sheet.begins_short(each)] == [sheet.short[0].number]
    assert [each for each in steps if sheet.in_short(each)] == list(sheet.short)
    assert [each for each in steps if sheet.holds(each)] == [*sheet.full, *sheet.short]


def test_steps_that_do_not_fit_are_counted() -> None:
    steps = plan_steps(plan(10 * MOST_SHOWN))
    sheet = sheet_of(steps)
    assert len(sheet.full) + len(sheet.short) + sheet.more == len(steps)
    assert sheet.more > 0


def test_a_step_longer_than_a_sheet_is_printed_in_short() -> None:
    (step,) = plan_steps(plan(1, why="word " * 5000, what="word " * 5000))
    sheet = sheet_of((step,))
    assert (sheet.full, sheet.short) == ((), (step,))


def test_a_first_step_is_worth_more_than_the_others_in_short() -> None:
    first, *others = plan(9)
    steps = plan_steps([first.model_copy(update={"why": "word " * 850}), *others])
    sheet = sheet_of(steps)
    assert len(sheet.full) == 1
    assert len(sheet.short) < KEPT_IN_SHORT
    assert sheet.more > 0


@pytest.mark.parametrize(
    "more",
    [{"why": "w"}, {"command": "c"}, {"gain": "g"}, {"verify": "v"}, {"undo": "u"}, {"what": LONG}],
)
def test_what_a_step_says_takes_room(more: dict[str, str]) -> None:
    short, long = plan_steps(plan(60)), plan_steps(plan(60, **more))
    full = [len(sheet_of(each).full) for each in (short, long)]
    assert full[1] < full[0]


def test_files_options_phases_and_context_take_room() -> None:
    def full(actions: list[Action], context: str = "") -> int:
        return len(sheet_of(plan_steps(actions), context).full)

    plain = plan(60)
    assert full([each.model_copy(update={"files": ("a",)}) for each in plain]) < full(plain)
    pairs = [each.model_copy(update={"group": f"{n // 2}"}) for n, each in enumerate(plain)]
    assert full(pairs) < full(plain)
    mixed = [
        each.model_copy(update={"effort": EFFORTS[min(n // 3, 2)]}) for n, each in enumerate(plain)
    ]
    assert full(mixed) < full(plain)
    assert full(plain, LONG * 9) < full(plain)


def test_the_page_marks_what_is_printed() -> None:
    snapshot, assessment = assessed("hypercode")
    many = tuple(plan(50, why=LONG))
    changed = assessment.model_copy(update={"plan": many})
    page, sheet = render_pages(snapshot, changed)["checklist.md"], View(snapshot, changed).sheet
    assert page.count(' class="hc-short"') == len(sheet.short)
    assert page.count('class="hc-noprint" markdown="block"') == sheet.more
    assert f"{sheet.more} more steps on the site, under Checklist." in page
    assert page.count("In short from here.") == 1


def test_lines_are_counted_by_the_widths_of_letters() -> None:
    assert lines("", width=50, points=10) == lines("word", width=50, points=10) == 1
    assert lines("iiii " * 60, width=100, points=10) < lines("mmmm " * 60, width=100, points=10)
    assert lines(LONG, width=100, points=10) < lines(LONG, width=100, points=10, bold=True)
    assert lines(LONG, width=50, points=10) > 1.9 * lines(LONG, width=100, points=10)
    assert lines("\N{CJK UNIFIED IDEOGRAPH-4E00} " * 90, width=100, points=10) > 4
    assert lines("é " * 60, width=100, points=10) > lines("e " * 60, width=100, points=10)


def test_a_word_longer_than_a_line_is_broken_anywhere() -> None:
    assert lines("m" * 1000, width=100, points=10) >= 1000 / 34


def test_lines_of_a_command_are_kept_and_wrapped() -> None:
    assert code_lines("a\n\nb", width=100, points=8.5) == 3
    assert code_lines("x" * 250, width=100, points=8.5) >= 5
    assert code_lines("ab " * 100, width=100, points=8.5) > code_lines(
        "ab" * 20, width=100, points=8.5
    )


def test_a_step_in_short_is_cut() -> None:
    texts = [plan_steps(plan(30, what="word " * count)) for count in (5_000, 10_000)]
    assert len({len(sheet_of(each).short) for each in texts}) == 1
