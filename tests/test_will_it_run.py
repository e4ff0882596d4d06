"""Will it run here: answers about every size of machine, and the table that says them in words."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.machines import MACHINES, machine_needs
from hcreport.estimate.will_it_run import (
    Answer,
    DockerNeed,
    answers_by_size,
    fits_from,
    will_it_run,
)
from hcreport.platforms import PLATFORMS, families
from hcreport.render.view import View
from hcreport.render.will_it_run import (
    KINDS,
    SYSTEMS,
    WillItRun,
    missing_memory,
    will_it_run_view,
    words_for,
)
from hcreport.units import Bytes, gibibytes, mebibytes
from tests.pages_case import SNAPSHOTS, assessed, pages, proofs

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))

MAC, LINUX, COLIMA = PLATFORMS["docker-desktop-mac"], PLATFORMS["linux"], PLATFORMS["colima"]


def _view(name: str) -> WillItRun:
    view = View(*assessed(name), proofs(name))
    return will_it_run_view(view.scenarios, view.own_platforms)


def _section(name: str) -> str:
    page = pages(name)["requirements.md"]
    return page.split("## Will it run here?", 1)[1].split("\n## ", 1)[0]


def _text(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", unescape(cell)).split())


_SIZES = st.integers(min_value=1, max_value=int(gibibytes(900))).map(Bytes)
_NEEDS = st.builds(
    lambda minimum, more, exact: DockerNeed(
        minimum=minimum, exact=exact, recommended=minimum + more if exact else None
    ),
    _SIZES,
    st.integers(min_value=0, max_value=int(gibibytes(64))),
    st.booleans(),
)


@settings(deadline=None)
@given(_NEEDS, _SIZES, st.sampled_from(sorted(PLATFORMS)))
def test_the_list_of_sizes_gives_the_same_answer_as_the_sum(
    need: DockerNeed, machine: Bytes, platform: str
) -> None:
    listed = answers_by_size(need, PLATFORMS[platform])
    found = [each.answer for each in listed if each.size <= machine]
    assert found[-1] == will_it_run(need, machine, PLATFORMS[platform])
    assert listed[0].size == 0
    assert [each.size for each in listed] == sorted({each.size for each in listed})


@settings(deadline=None)
@given(_NEEDS)
def test_the_answers_agree_with_the_machines_that_a_scenario_names(need: DockerNeed) -> None:
    for machine_need in machine_needs(need.minimum):
        platform = PLATFORMS[machine_need.platform]
        for size in MACHINES:
            answer = will_it_run(need, size, platform)
            default, by_hand = machine_need.by_default, machine_need.when_set
            runs = default is not None and size >= default
            assert (answer.runs == "as it is") is runs
            fits = runs or (by_hand is not None and size >= by_hand)
            assert (answer.runs != "not") is fits
            assert (size >= fits_from(need, platform)) is fits
            if answer.runs == "after a change":
                assert answer.setting is not None
                assert answer.setting >= (machine_need.setting or 0)


@settings(deadline=None)
@given(_NEEDS, _SIZES, _SIZES, st.sampled_from(sorted(PLATFORMS)))
def test_more_memory_is_never_worse(
    need: DockerNeed, one: Bytes, other: Bytes, platform: str
) -> None:
    order = ["not", "after a change", "as it is"]
    small, large = (
        order.index(will_it_run(need, each, PLATFORMS[platform]).runs)
        for each in sorted((one, other))
    )
    assert small <= large


def test_a_machine_may_report_seven_percent_less_than_it_was_sold_with() -> None:
    """16 GB reported 15,611 MiB at Sentry, and 93 % of it is what we allow for."""
    enough = DockerNeed(minimum=mebibytes(15237), exact=True)
    assert will_it_run(enough, gibibytes(16), LINUX).runs == "as it is"
    more = DockerNeed(minimum=mebibytes(15611), exact=True)
    assert will_it_run(more, gibibytes(16), LINUX).runs == "not"


@pytest.mark.parametrize(
    ("size", "answer"),
    [
        (5, Answer(runs="not", exact=True)),
        # 1 GiB needs a setting of 2 GiB, and 4 GiB stay with the machine.
        (6, Answer(runs="after a change", exact=True, setting=gibibytes(2), roomy=False)),
        # 2 GiB need a setting of 3 GiB.
        (7, Answer(runs="after a change", exact=True, setting=gibibytes(3))),
        # By default it is half of it, and the tolerance counts twice: 3.46 GiB.
        (8, Answer(runs="as it is", exact=True, setting=None)),
    ],
)
def test_the_recommended_memory_is_set_where_the_machine_has_room(
    size: int, answer: Answer
) -> None:
    need = DockerNeed(minimum=gibibytes(1), exact=True, recommended=gibibytes(2))
    assert will_it_run(need, gibibytes(size), MAC) == answer


def test_linux_has_no_setting_and_can_be_short_of_what_is_recommended() -> None:
    need = DockerNeed(minimum=gibibytes(1), exact=True, recommended=gibibytes(3))
    assert will_it_run(need, gibibytes(2), LINUX) == Answer(
        runs="as it is", exact=True, roomy=False
    )
    assert words_for(need, gibibytes(2), LINUX).detail == "It has less than recommended."
    assert words_for(need, gibibytes(4), LINUX).detail == "Nothing to change."


def test_a_lower_bound_never_gets_a_plain_yes() -> None:
    need = DockerNeed(minimum=gibibytes(1), exact=False)
    for platform in PLATFORMS.values():
        for size in MACHINES:
            words = words_for(need, size, platform)
            assert words.kind in ("may", "may-change", "short")
            assert ("lower bound" in words.detail) is (words.kind != "short")
    assert words_for(need, gibibytes(8), COLIMA).detail.startswith("Set Docker to at least 2 GiB.")
    assert words_for(need, gibibytes(4), MAC).detail == "May fit from 6 GiB."


def test_what_is_not_known_is_said_and_what_no_machine_has_too() -> None:
    assert words_for(None, gibibytes(64), LINUX).kind == "unknown"
    huge = DockerNeed(minimum=gibibytes(2000), exact=True)
    assert words_for(huge, gibibytes(768), LINUX).detail == (
        "No machine that is commonly sold has enough."
    )


@pytest.mark.parametrize(
    ("need_from", "machine", "text"),
    [(gibibytes(11), gibibytes(8), "3"), (gibibytes(11) + 1, gibibytes(8), "3.1")],
)
def test_missing_memory_is_rounded_up(need_from: Bytes, machine: Bytes, text: str) -> None:
    assert missing_memory(need_from, machine) == text


def test_platforms_of_a_family_share_memory_in_the_same_way() -> None:
    kinds = [
        {
            (each.virtual_machine, each.default_share_fact, each.default_most_fact)
            for each in family.platforms
        }
        for family in families()
    ]
    assert all(len(each) == 1 for each in kinds)
    assert sum(len(each.platforms) for each in families()) == len(PLATFORMS)
    for each in PLATFORMS.values():
        assert each.family
        assert bool(each.memory_setting) is each.virtual_machine
    assert set(SYSTEMS) <= set(PLATFORMS)


@every_snapshot
def test_the_table_says_what_the_function_answers_for_every_size_and_platform(name: str) -> None:
    view, section = _view(name), _section(name)
    if not view.judged:
        assert "No need for memory was measured" in section
        assert "<form" not in section
        return
    tabs = re.split(r'^=== "', section, flags=re.MULTILINE)[1:]
    assert len(tabs) == len(view.families)
    scenarios = View(*assessed(name), proofs(name)).scenarios
    for tab, family in zip(tabs, view.families, strict=True):
        assert tab.startswith(family.name)
        rows = [line for line in tab.splitlines() if "data-hc-first" in line]
        for platform in family.platforms:
            assert platform.name in unescape(tab)
            for size in MACHINES:
                fitting = [row for row in rows if _covers(row, size)]
                assert len(fitting) == 1
                cells = fitting[0].strip().strip("|").split("|")[1:]
                for cell, scenario in zip(cells, scenarios, strict=True):
                    needed = scenario.requirement.docker_memory_recommended
                    need = scenario.need and DockerNeed(
                        minimum=scenario.need, exact=scenario.exact, recommended=needed
                    )
                    words = words_for(need or None, size, platform)
                    assert _text(cell).endswith(words.detail)
                    assert scenario.exact or "? " in _text(cell) or "■ " in _text(cell)


def _covers(row: str, size: Bytes) -> bool:
    first, last = (int(each) for each in re.findall(r'data-hc-(?:first|last)="(\d+)"', row))
    return first <= size and (last == 0 or size <= last)


@every_snapshot
def test_the_script_finds_every_answer_and_every_mark(name: str) -> None:
    view, section = _view(name), _section(name)
    if not view.judged:
        return
    assert re.findall(r'data-hc-kind="([^"]+)"', section) == list(KINDS)
    printed = re.findall(
        r'data-hc-family="(\d+)" data-hc-scenario="(\d+)" data-hc-from="(\d+)" '
        r'data-hc-fits="(\d+)" data-hc-answer-kind="([^"]+)" data-hc-detail="([^"]+)"',
        section,
    )
    assert [tuple(map(unescape, each)) for each in printed] == [
        (
            family.number,
            one.number,
            each.from_bytes,
            one.fits_from_bytes,
            each.words.kind,
            each.words.detail,
        )
        for family in view.families
        for one in family.answers
        for each in one.sizes
    ]
    assert "\n\n" not in section[section.index('<div class="hc-run ') :].split("</div>\n\n")[0]
    for platform in PLATFORMS:
        assert section.count(f'<option value="{platform}"') == 1


def test_the_snapshots_own_platform_comes_first_and_another_scenario_is_named() -> None:
    view = _view("hypercode")
    own = [each.own for each in view.families]
    assert own == sorted(own, reverse=True)
    assert own[0]
    # On 8 GiB with WSL 2 the first scenario does not fit, and the second one may run.
    assert view.families[0].instead(gibibytes(8)) == 1
    assert view.families[0].instead(gibibytes(2)) is None


def test_the_page_does_not_claim_to_know_what_is_a_lower_bound() -> None:
    assert "May run" in _section("tiny")
    assert not re.search(r"✓\s*</span> Runs", _section("tiny").split("=== ", 1)[1])
    watched = _section("watched").split("=== ", 1)[1]
    assert re.search(r"✓</span> Runs", watched)
    assert "Runs after a change" in watched
