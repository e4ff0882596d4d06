"""The severity table: it knows every rule, and no finding has a severity that it does not give."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from hcreport.model import Finding, Severity
from hcreport.render.capped import ROWS
from hcreport.render.final_table import final_rows, in_short
from hcreport.render.rule_docs import rule_text
from hcreport.render.steps import plan_steps
from hcreport.rules import load_rules
from hcreport.rules.severities import CRITERIA, GIVEN, may_give
from tests.pages_case import SNAPSHOTS, assessed, pages
from tests.test_rules import KINDS, cases_of, outcomes_of

RULES = sorted(load_rules())


@cache
def given_by_cases(rule: str) -> frozenset[Severity]:
    """Return the severities of all findings that a rule has in all of its cases."""
    found = set()
    for kind in KINDS:
        for case in cases_of(rule).get(kind, ()):
            outcomes = outcomes_of(rule, case)
            found |= {each.finding.severity for each in outcomes if each.finding}
    return frozenset(found)


def test_the_table_names_each_rule_and_no_other() -> None:
    assert sorted(GIVEN) == RULES


def test_the_criteria_are_complete_and_stand_from_worst_to_least() -> None:
    assert {each.severity for each in CRITERIA} == set(Severity)
    ranks = [each.severity.rank for each in CRITERIA]
    assert ranks == sorted(ranks)
    assert len({each.id for each in CRITERIA}) == len({each.text for each in CRITERIA})
    assert {each.criterion for given in GIVEN.values() for each in given} == set(CRITERIA)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_gives_only_what_the_table_says(rule: str) -> None:
    assert given_by_cases(rule) <= may_give(rule)
    assert load_rules()[rule].rule.severity in may_give(rule)
    named = re.findall(r"\bSeverity\.([A-Z]+)\b", source(rule))
    assert {Severity[each] for each in named} <= may_give(rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_case_shows_each_severity_of_the_table(rule: str) -> None:
    assert given_by_cases(rule) == may_give(rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_severity_has_one_reason_in_plain_words_and_a_threshold_that_exists(rule: str) -> None:
    given = GIVEN[rule]
    ranks = [each.criterion.severity.rank for each in given]
    assert ranks == sorted(set(ranks))
    assert all(each.when for each in given) == (len(given) > 1)
    for each in given:
        assert "_" not in each.when
        assert each.threshold in {"", *load_rules()[rule].rule.thresholds}


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_finding_of_a_snapshot_keeps_to_the_table(name: str) -> None:
    for outcome in assessed(name)[1].outcomes:
        if outcome.finding:
            assert outcome.finding.severity in may_give(outcome.rule)


def test_the_pages_publish_the_table() -> None:
    site = pages("hypercode")
    for criterion in CRITERIA:
        assert f"{{: #{criterion.id} }}" in site["rules/index.md"]
        assert criterion.text.rstrip(".").split(",", maxsplit=1)[0] in site["method.md"]
    for rule, given in GIVEN.items():
        for each in given:
            assert f"](index.md#{each.criterion.id})" in site[f"rules/{rule}.md"]


def test_explain_prints_when_a_rule_gives_which_severity() -> None:
    text = rule_text("memory-near-limit")
    assert "- High, where nearly all of it is in use (see high_ratio): It will fail " in text
    assert "- Medium, where most of it is in use (see high_ratio): It works" in text
    assert "## Severity\n\n- Critical: What the project declares" in rule_text("model-does-not-fit")


@pytest.mark.parametrize("name", [each for each in SNAPSHOTS if each != "empty"])
def test_the_final_table_has_one_line_for_each_finding(name: str) -> None:
    assessment = assessed(name)[1]
    lines = final_table(pages(name)["assessment.md"])
    shown = assessment.findings[:ROWS]
    assert len(lines) == len(shown)
    for line, finding in zip(lines, shown, strict=True):
        first, evidence, rule, severity, action = (each.strip() for each in cells(line))
        assert f"](assessment.md#{finding.anchor})" in first
        assert finding.confidence in evidence
        assert f"](rules/{finding.rule}.md)" in rule
        assert re.search(r"]\(rules/index\.md#[\w-]+\)$", severity)
        assert f"hc-{finding.severity.value}" in severity
        # What stands beyond the last step of the checklist has no link: its finding is one.
        linked = re.match(r"\[Step [\d,]+]\(checklist\.md#step-\d+\): ", action)
        assert linked or (action and "](" not in action)


def test_a_line_names_the_step_that_settles_its_finding() -> None:
    assessment = assessed("hypercode")[1]
    steps = plan_steps(assessment.plan)
    rows = final_rows(assessment.findings, steps, steps[:2])
    for row in rows:
        assert row.step is not None
        options = steps[row.step - 1].options
        assert any(row.finding.anchor in each.closes for each in options)
        assert row.on_sheet == (row.step <= 2)
    assert Counter(row.finding.anchor for row in rows) == Counter(
        each.anchor for each in assessment.findings
    )


def test_a_finding_without_a_step_names_its_own_remedy() -> None:
    finding: Finding = assessed("hypercode")[1].findings[0]
    (row,) = final_rows([finding], (), ())
    assert (row.step, row.on_sheet) == (None, False)
    assert row.action == in_short(finding.remedies[0].what)


@pytest.mark.parametrize(
    ("what", "short"),
    [
        ("Give Docker at least 7 GiB: the page says how", "Give Docker at least 7 GiB"),
        ("Stop it: now, not later", "Stop it: now, not later"),
        ("Build again", "Build again"),
    ],
)
def test_a_step_in_short_is_still_a_step(what: str, short: str) -> None:
    assert in_short(what) == short


def source(rule: str) -> str:
    """Return the code of a rule's file, without its documentation."""
    module = load_rules()[rule].check.__module__
    path = Path(__file__).parent.parent / f"{module.replace('.', '/')}.py"
    documented = ast.parse(path.read_text(encoding="utf-8")).body
    return ast.unparse(ast.Module(body=documented[1:], type_ignores=[]))


def final_table(page: str) -> list[str]:
    """Return the lines of the final table, without its head."""
    block = page.split('<div class="hc-cards hc-final"')[1].split("</div>", maxsplit=1)[0]
    return [line for line in block.splitlines() if line.startswith("| [")]


def cells(line: str) -> list[str]:
    """Return the cells of a line of a table; text of a snapshot never holds a bare pipe."""
    return line.strip("|").split("|")
