"""Runs every rule's cases from ``tests/rules/<id>.yaml`` and refuses rules that are not complete.

A file holds three lists: ``fires``, ``quiet`` and ``not measured``. A case has a ``name``, a
``snapshot`` (only what matters; the rest is filled in), ``expect``, and perhaps ``thresholds``,
``budgets`` (as in hcreport.yml) and ``present`` (``today``, and ``declared`` like a snapshot).
Sizes are written ``!memory 1.86GiB`` (binary) or ``!disk 16.3GB`` (decimal), never by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hcreport.analyze import case_of, run_rule
from hcreport.config import Budgets
from hcreport.errors import FactError
from hcreport.facts import fact
from hcreport.model import Declared, Finding, Location, Outcome, Present, Severity
from hcreport.names import slug
from hcreport.rules import HEADINGS, LoadedRule, Rule, Threshold, load_rules
from tests.fragments import read_yaml, snapshot_of

FOLDER = Path(__file__).parent / "rules"
KINDS = ("fires", "quiet", "not measured")
UNITS = ("_bytes", "_ratio", "_seconds", "_count", "_cpus")
LONGEST_MESSAGE = 30

Case = dict[str, Any]


@cache
def cases_of(rule: str) -> Mapping[str, list[Case]]:
    """Return a rule's cases by kind; nothing where there is no file."""
    path = FOLDER / f"{rule}.yaml"
    if not path.exists():
        return {}
    found: dict[str, list[Case]] = read_yaml(path.read_text(encoding="utf-8"))
    return found


def faults(loaded: LoadedRule, stem: str, cases: Mapping[str, list[Case]]) -> Iterator[str]:
    """Yield what is missing before a rule is complete; ``stem`` is its file's name."""
    if loaded.rule.id != stem.replace("_", "-"):
        yield f"its id {loaded.rule.id} is not its file's name"
    if not loaded.title.strip():
        yield "its docstring has no title"
    for heading in HEADINGS:
        if not loaded.sections.get(heading, "").strip():
            yield f"its docstring says nothing under {heading}"
    if unknown := set(cases) - set(KINDS):
        yield f"its cases are of a kind that there is not: {sorted(unknown)}"
    yield from (f"it has no case of the kind {kind}" for kind in KINDS if not cases.get(kind))
    yield from faults_in_numbers(loaded.rule)


def faults_in_numbers(rule: Rule) -> Iterator[str]:
    """Yield what is wrong with a rule's thresholds and citations."""
    for name, threshold in rule.thresholds.items():
        if not name.endswith(UNITS):
            yield f"its threshold {name} does not end in its unit"
        if not (threshold.because or threshold.cites):
            yield f"its threshold {name} says neither why nor whence"
    for key in (*rule.cites, *(each.cites for each in rule.thresholds.values() if each.cites)):
        try:
            fact(key)
        except FactError:
            yield f"it cites {key}, which is no fact"


def all_cases() -> Iterator[Any]:
    for rule in load_rules():
        for kind in KINDS:
            for case in cases_of(rule).get(kind, ()):
                name = f"{rule}-{kind}-{case['name']}".replace(" ", "-")
                yield pytest.param(rule, kind, case, id=name)


def present_of(written: Case | None) -> Present | None:
    """Return what is true at the time of the check, where a case says it."""
    if written is None:
        return None
    declared = written.get("declared")
    now = snapshot_of(declared) if declared is not None else None
    return Present(
        today=date.fromisoformat(str(written["today"])),
        declared=Declared(project=now.project, services=now.services, models=now.models)
        if now is not None
        else None,
        reason=written.get("reason", ""),
        max_age_days=written.get("max_age_days"),
    )


def outcomes_of(rule: str, case: Case) -> tuple[Outcome, ...]:
    """Return what a rule says about a case."""
    budgets = Budgets.model_validate(case.get("budgets", {}))
    whole = case_of(snapshot_of(case["snapshot"]), budgets, present_of(case.get("present")))
    return run_rule(load_rules()[rule], whole, case.get("thresholds"))


def pick(outcomes: tuple[Outcome, ...], subject: str | None) -> Outcome:
    """Return the outcome about a subject, or the only one."""
    matching = [each for each in outcomes if subject in (None, each.subject)]
    assert len(matching) == 1, f"outcomes: {[(each.subject, each.status) for each in outcomes]}"
    return matching[0]


@pytest.mark.parametrize(("rule", "kind", "case"), list(all_cases()))
def test_case(rule: str, kind: str, case: Case) -> None:
    expect = case.get("expect", {})
    outcome = pick(outcomes_of(rule, case), expect.get("subject"))
    if kind == "fires":
        check_finding(outcome, expect)
        return
    status = "not measured" if kind == "not measured" else expect.get("status", "ok")
    assert (outcome.status, outcome.finding) == (status, None), outcome
    assert expect.get("reason", "") in outcome.reason
    assert bool(outcome.reason) == (status != "ok")


def check_finding(outcome: Outcome, expect: Case) -> None:
    """Compare a finding with what the case expects, and with what holds for every finding."""
    finding = outcome.finding
    assert outcome.status == "problem", outcome
    assert finding is not None
    assert finding.severity == Severity(expect["severity"])
    assert finding.confidence == expect.get("confidence", "certain")
    check_numbers(finding, expect.get("numbers", {}))
    assert expect.get("message", "") in finding.message
    if "location" in expect:
        assert finding.location == Location.model_validate(expect["location"])
    steps = " | ".join(f"{each.what} ({each.command}) {each.gain}" for each in finding.remedies)
    for words in expect.get("remedies", ()):
        assert words in steps
    for words in expect.get("never", ()):
        assert words not in f"{finding.message} {steps}"
    assert len(finding.message.split()) <= LONGEST_MESSAGE
    assert finding.message.endswith(".")
    assert finding.remedies
    assert all(each.gain and each.verify for each in finding.remedies)
    assert all(re.match(r"[A-Z][a-z]+ ", each.what) for each in finding.remedies)
    assert finding.anchor.startswith(f"{outcome.rule}-")
    assert all(each.closes == (finding.anchor,) for each in finding.remedies)


def check_numbers(finding: Finding, expected: Mapping[str, float]) -> None:
    """Compare the numbers: sizes and counts exactly, ratios as far as they are written down."""
    assert {each.name for each in finding.numbers} == set(expected)
    for number in finding.numbers:
        value = expected[number.name]
        if number.unit == "ratio":
            assert number.value == pytest.approx(value)
        else:
            assert number.value == value, number.name


@pytest.mark.parametrize("rule", load_rules())
def test_a_rule_is_complete(rule: str) -> None:
    loaded = load_rules()[rule]
    stem = str(loaded.check.__module__).rsplit(".", maxsplit=1)[-1]
    assert list(faults(loaded, stem, cases_of(rule))) == []


def test_every_file_of_cases_belongs_to_a_rule() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(load_rules())


def test_every_case_of_a_rule_has_its_own_name() -> None:
    for rule in load_rules():
        names = [case["name"] for kind in cases_of(rule).values() for case in kind]
        assert len(names) == len(set(names)), rule


_SOUND = load_rules()["limits-overcommit"]


def _with(**changes: Any) -> LoadedRule:
    return replace(_SOUND, rule=replace(_SOUND.rule, **changes))


@pytest.mark.parametrize(
    ("loaded", "fault"),
    [
        (_with(id="limits"), "its id limits is not its file's name"),
        (replace(_SOUND, title=" "), "its docstring has no title"),
        (
            replace(_SOUND, sections={**_SOUND.sections, "Limits": ""}),
            "its docstring says nothing under Limits",
        ),
        (
            _with(thresholds={"overcommit_ratio": Threshold(value=1)}),
            "its threshold overcommit_ratio says neither why nor whence",
        ),
        (
            _with(thresholds={"overcommit": Threshold(value=1, because="It is one.")}),
            "its threshold overcommit does not end in its unit",
        ),
        (_with(cites=("docker/moon",)), "it cites docker/moon, which is no fact"),
        (
            _with(thresholds={"a_ratio": Threshold(value=1, cites="docker/moon")}),
            "it cites docker/moon, which is no fact",
        ),
    ],
)
def test_an_incomplete_rule_is_refused(loaded: LoadedRule, fault: str) -> None:
    assert list(faults(loaded, "limits_overcommit", cases_of("limits-overcommit"))) == [fault]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_without_a_kind_of_cases_is_refused(kind: str) -> None:
    cases = {each: found for each, found in cases_of("limits-overcommit").items() if each != kind}
    assert list(faults(_SOUND, "limits_overcommit", cases)) == [
        f"it has no case of the kind {kind}"
    ]


def test_a_long_message_is_refused() -> None:
    outcome = pick(
        run_rule(
            _SOUND, case_of(snapshot_of(cases_of("limits-overcommit")["fires"][0]["snapshot"]))
        ),
        None,
    )
    assert outcome.finding is not None
    words = " ".join(["word"] * LONGEST_MESSAGE) + " end."
    longer = outcome.finding.model_copy(update={"message": words, "numbers": ()})
    with pytest.raises(AssertionError, match="30"):
        check_finding(outcome.model_copy(update={"finding": longer}), {"severity": "medium"})


def test_an_anchor_is_safe_whatever_the_name() -> None:
    assert slug('a" onclick="x') == re.sub(r"[^a-z0-9-]", "", slug('a" onclick="x'))
