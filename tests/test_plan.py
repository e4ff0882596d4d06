"""The plan: the worst first, then the least effort, each step once, alternatives together."""

from __future__ import annotations

from hcreport.model import Action, Effort, Finding, Severity
from hcreport.plan import plan


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


def step(what: str, effort: Effort = "minutes", command: str = "") -> Action:
    return Action(what=what, effort=effort, command=command)


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


def test_nothing_to_do() -> None:
    assert plan([]) == ()
