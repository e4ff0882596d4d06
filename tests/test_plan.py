"""The plan: the worst first, then gain per effort, each step once, alternatives together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as some

from hcreport.model import EFFORTS, Action, Effort, Finding, Severity
from hcreport.plan import plan
from hcreport.units import Bytes, gibibytes


def finding(name: str, severity: Severity, *actions: Action) -> Finding:
    return Finding(
        rule=name,
        subject="shop",
        severity=severity,
        confidence="certain",
        message="Something is wrong.",
        remedies=tuple(each.model_copy(update={"closes": (name,)}) for each in actions),
        anchor=name,
    )


def step(
    what: str, effort: Effort = "minutes", command: str = "", effect: Bytes | None = None
) -> Action:
    return Action(what=what, effort=effort, command=command, effect=effect)


def test_the_worst_first_then_the_least_effort() -> None:
    found = plan(
        [
            finding("low", Severity.LOW, step("L")),
            finding("slow", Severity.HIGH, step("S", "a day")),
            finding("fast", Severity.HIGH, step("F")),
            finding("critical", Severity.CRITICAL, step("C", "a day")),
        ]
    )
    assert [each.what for each in found] == ["C", "F", "S", "L"]


def test_among_equals_the_most_gain_for_the_effort_first() -> None:
    found = plan(
        [
            finding("nothing", Severity.HIGH, step("known to free nothing", effect=Bytes(0))),
            finding("unknown", Severity.HIGH, step("unknown", "an hour")),
            finding("day", Severity.HIGH, step("8 GiB in a day", "a day", effect=gibibytes(8))),
            finding(
                "hour", Severity.HIGH, step("2 GiB in an hour", "an hour", effect=gibibytes(2))
            ),
            finding("now", Severity.HIGH, step("1 GiB in minutes", effect=gibibytes(1))),
            finding("worse", Severity.CRITICAL, step("worse", "a day")),
        ]
    )
    assert [each.what for each in found] == [
        "worse",
        "1 GiB in minutes",
        "2 GiB in an hour",
        "8 GiB in a day",
        "known to free nothing",
        "unknown",
    ]


def test_the_same_step_stands_once_and_closes_both() -> None:
    found = plan(
        [
            finding("a", Severity.HIGH, step("Raise the memory", command="x")),
            finding("b", Severity.LOW, step("Raise the memory", command="x")),
            finding("c", Severity.LOW, step("Raise the memory", command="y")),
        ]
    )
    assert [(each.command, each.closes) for each in found] == [("x", ("a", "b")), ("y", ("c",))]


def test_alternatives_share_a_group_and_stand_together_the_best_first() -> None:
    found = plan(
        [
            finding("a", Severity.HIGH, step("Best", "a day"), step("Other", "an hour")),
            finding("b", Severity.HIGH, step("Between", "an hour")),
        ]
    )
    assert [(each.what, each.group) for each in found] == [
        ("Best", "a"),
        ("Other", "a"),
        ("Between", ""),
    ]


def test_the_same_alternatives_for_two_findings_are_one_group() -> None:
    options = step("Raise"), step("Leave out"), step("Stop")
    found = plan([finding("b", Severity.HIGH, *options), finding("a", Severity.CRITICAL, *options)])
    assert [each.what for each in found] == ["Raise", "Leave out", "Stop"]
    assert {each.group for each in found} == {"a"}
    assert {each.closes for each in found} == {("a", "b")}


def test_a_finding_that_a_step_settles_anyway_adds_no_other() -> None:
    found = plan(
        [
            finding("a", Severity.HIGH, step("Must")),
            finding("b", Severity.LOW, step("Must"), step("Perhaps")),
        ]
    )
    assert [(each.what, each.group, each.closes) for each in found] == [("Must", "", ("a", "b"))]


def test_what_an_earlier_step_may_settle_keeps_its_other_ways() -> None:
    found = plan(
        [
            finding("a", Severity.HIGH, step("Raise"), step("Stop")),
            finding("b", Severity.LOW, step("Less"), step("Stop")),
        ]
    )
    assert [(each.what, each.group, each.closes) for each in found] == [
        ("Raise", "a", ("a",)),
        ("Stop", "a", ("a", "b")),
        ("Less", "", ("b",)),
    ]


def test_the_first_option_says_why_in_its_own_words_or_the_findings() -> None:
    own = Action(what="Best", why="It is best.")
    found = plan(
        [
            finding("a", Severity.HIGH, own, step("Other")),
            finding("b", Severity.LOW, step("Alone")),
        ]
    )
    assert [each.why for each in found] == ["It is best.", "", "Something is wrong."]


def test_nothing_to_do() -> None:
    assert plan([]) == ()


_ACTIONS = some.builds(
    step,
    what=some.sampled_from("ABCDEF"),
    effort=some.sampled_from(EFFORTS),
    effect=some.sampled_from((None, Bytes(0), gibibytes(1), gibibytes(4))),
)
_FINDINGS = some.lists(
    some.tuples(
        some.sampled_from(list(Severity)),
        some.lists(_ACTIONS, min_size=1, max_size=4, unique_by=lambda each: each.what),
    ),
    max_size=7,
).map(
    lambda rows: [
        finding(f"finding-{number}", severity, *actions)
        for number, (severity, actions) in enumerate(rows)
    ]
)


def _steps(found: Sequence[Action]) -> list[list[Action]]:
    """Return the actions of a plan by step: those of one group, and each one without any."""
    positions = enumerate(found)
    grouped = groupby(positions, lambda entry: entry[1].group or str(entry[0]))
    return [[action for _, action in entries] for _, entries in grouped]


@settings(max_examples=50)
@given(_FINDINGS)
def test_every_finding_is_settled_by_something(findings: list[Finding]) -> None:
    settled = {anchor for action in plan(findings) for anchor in action.closes}
    assert settled == {each.anchor for each in findings}


@settings(max_examples=50)
@given(_FINDINGS)
def test_no_action_stands_twice(findings: list[Finding]) -> None:
    found = plan(findings)
    assert len({(each.what, each.command) for each in found}) == len(found)


@settings(max_examples=50)
@given(_FINDINGS)
def test_the_options_of_a_group_are_not_torn_apart(findings: list[Finding]) -> None:
    found = plan(findings)
    groups = [each[0].group for each in _steps(found) if each[0].group]
    assert len(groups) == len(set(groups))
    assert all(len(each) > 1 for each in _steps(found) if each[0].group)


@settings(max_examples=50)
@given(_FINDINGS)
def test_an_action_closes_only_findings_that_offered_it(findings: list[Finding]) -> None:
    offered = {each.anchor: {action.what for action in each.remedies} for each in findings}
    for action in plan(findings):
        assert action.closes
        assert all(action.what in offered[anchor] for anchor in action.closes)


@settings(max_examples=50)
@given(_FINDINGS)
def test_one_option_of_every_step_settles_all_that_it_can(findings: list[Finding]) -> None:
    """A finding may only be left open by a choice where each of its options stands in the plan."""
    found = plan(findings)
    planned = {action.what for action in found}
    for each in findings:
        sure = any(all(each.anchor in action.closes for action in step) for step in _steps(found))
        assert sure or {action.what for action in each.remedies} <= planned


@settings(max_examples=50)
@given(_FINDINGS)
def test_the_steps_stand_by_severity(findings: list[Finding]) -> None:
    severity = {each.anchor: each.severity.rank for each in findings}
    ranks = [
        min(severity[anchor] for action in step for anchor in action.closes)
        for step in _steps(plan(findings))
    ]
    assert ranks == sorted(ranks)


@settings(max_examples=50)
@given(_FINDINGS)
def test_it_is_the_same_every_time(findings: list[Finding]) -> None:
    assert plan(findings) == plan(list(findings))
