"""JUnit: the schema accepts it, and a test fails exactly where the check fails."""

from __future__ import annotations

import io
from functools import cache
from xml.etree import ElementTree as Xml

import pytest
import xmlschema

from hcreport.gate import Checked
from hcreport.model import Outcome, Severity
from hcreport.render.junit import to_junit
from tests.formats_case import HOSTILE, SCHEMAS, beside_baseline, checked, hostile_finding
from tests.pages_case import SNAPSHOTS


@cache
def schema() -> xmlschema.XMLSchema:
    """Return the published schema."""
    return xmlschema.XMLSchema(str(SCHEMAS / "JUnit.xsd"))


def suites(check: Checked) -> list[Xml.Element]:
    """Return the suites, after the whole was validated."""
    text = to_junit(check)
    schema().validate(io.StringIO(text))
    return list(Xml.fromstring(text))


def cases(check: Checked, kind: str) -> list[Xml.Element]:
    """Return the tests that have an element of a kind."""
    found = [case for suite in suites(check) for case in suite.iter("testcase")]
    return [each for each in found if each.find(kind) is not None]


@pytest.mark.parametrize("name", SNAPSHOTS)
@pytest.mark.parametrize("fail_on", [None, Severity.LOW, Severity.HIGH])
def test_the_schema_accepts_it_and_failures_are_those_of_the_check(
    name: str, fail_on: Severity | None
) -> None:
    check = checked(name, fail_on=fail_on)
    text = to_junit(check)
    assert text.isascii()
    assert text == to_junit(check)
    found = suites(check)
    outcomes = check.assessment.outcomes
    assert sum(int(each.attrib["tests"]) for each in found) == len(outcomes)
    assert sum(int(each.attrib["failures"]) for each in found) == len(check.failing)
    skipped = [each for each in outcomes if each.status not in ("ok", "problem")]
    assert sum(int(each.attrib["skipped"]) for each in found) == len(skipped)
    assert len(cases(check, "failure")) == len(check.failing)
    assert len(cases(check, "skipped")) == len(skipped)


def test_the_schema_can_refuse() -> None:
    text = to_junit(checked("tiny")).replace('hostname="localhost"', "", 1)
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema().validate(io.StringIO(text))


def test_what_is_excused_passes_and_the_suite_says_why() -> None:
    check = beside_baseline()
    output = "\n".join(each.findtext("system-out") or "" for each in suites(check))
    known = check.assessment.findings[0]
    assert f"Does not fail, known by the baseline: Critical. {known.message}" in output or (
        f"known by the baseline: {known.severity.value.capitalize()}. {known.message}" in output
    )
    assert "Does not fail, below the severity that fails: Low." in output
    assert any(
        (found := each.find("skipped")) is not None
        and found.attrib["message"] == "suppressed: we know"
        for each in cases(check, "skipped")
    )


def test_hostile_text_is_one_line_and_no_markup() -> None:
    check = checked("tiny")
    finding = hostile_finding()
    outcome = Outcome(rule=finding.rule, subject=HOSTILE, status="problem", finding=finding)
    silent = Outcome(
        rule=finding.rule, subject="\x00", status="not measured", reason="]]>\x0b\ufffe"
    )
    assessment = check.assessment.model_copy(
        update={"findings": (finding,), "outcomes": (outcome, silent)}
    )
    hostile = Checked(snapshot=check.snapshot, assessment=assessment, fail_on=Severity.LOW)
    (suite,) = suites(hostile)
    first, second = suite.iter("testcase")
    assert first.attrib["name"].startswith("@octocat #12 GH-7")
    assert "\x1b" not in first.attrib["name"]
    assert second.attrib["name"] == "?"
    reason = second.find("skipped")
    assert reason is not None
    assert reason.attrib["message"] == "not measured: ]]>\ufffd"
