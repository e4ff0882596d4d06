"""The assessment as JUnit XML, which every CI service can show: a rule is a suite of tests.

The form is that of https://github.com/windyroad/JUnit-Schema. A test fails exactly where the check
fails; what a baseline or ``--fail-on`` excuses passes, and the suite's output names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.etree import ElementTree as Xml

from hcreport.gate import Checked
from hcreport.model import Finding, Outcome
from hcreport.render.escape import one_line
from hcreport.render.words import severity_word

_NO_TIME = "0"
"""Seconds: the form wants a time, and the same snapshot gives the same bytes."""


def to_junit(checked: Checked) -> str:
    """Return one suite for each rule with a test for each of its subjects, in ASCII.

    In order is passed; not measured, not applicable and suppressed are skipped with the reason.
    """
    root = Xml.Element("testsuites")
    failing = {each.anchor for each in checked.failing}
    by_rule = groupby(checked.assessment.outcomes, lambda each: each.rule)
    for number, (rule, outcomes) in enumerate(by_rule):
        root.append(_suite(checked, failing, (number, rule, list(outcomes))))
    Xml.indent(root)
    content: bytes = Xml.tostring(root, encoding="us-ascii", xml_declaration=True)
    return content.decode("ascii") + "\n"


def _suite(
    checked: Checked, failing: set[str], part: tuple[int, str, list[Outcome]]
) -> Xml.Element:
    number, rule, outcomes = part
    cases = [_case(each, failing) for each in outcomes]
    suite = Xml.Element(
        "testsuite",
        {
            "name": rule,
            "package": "hcreport",
            "id": str(number),
            # The form takes no time zone here; the snapshot's time is in UTC.
            "timestamp": f"{checked.snapshot.taken_at:%Y-%m-%dT%H:%M:%S}",
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(sum(1 for each in cases if each.find("failure") is not None)),
            "errors": "0",
            "skipped": str(sum(1 for each in cases if each.find("skipped") is not None)),
            "time": _NO_TIME,
        },
    )
    properties = Xml.SubElement(suite, "properties")
    Xml.SubElement(
        properties,
        "property",
        {"name": "project", "value": one_line(checked.snapshot.project.name)},
    )
    verdict = {"name": "verdict", "value": one_line(checked.verdict)}
    Xml.SubElement(properties, "property", verdict)
    suite.extend(cases)
    Xml.SubElement(suite, "system-out").text = "\n".join(_excused(checked, failing, outcomes))
    Xml.SubElement(suite, "system-err")
    return suite


def _case(outcome: Outcome, failing: set[str]) -> Xml.Element:
    case = Xml.Element(
        "testcase",
        {
            "name": one_line(outcome.subject) or "?",
            "classname": f"hcreport.{outcome.rule}",
            "time": _NO_TIME,
        },
    )
    finding = outcome.finding
    if outcome.status == "problem" and finding is not None:
        if finding.anchor in failing:
            details = {"message": one_line(finding.message), "type": finding.severity.value}
            Xml.SubElement(case, "failure", details).text = "\n".join(_explained(finding))
    elif outcome.status != "ok":
        reason = one_line(f"{outcome.status}: {outcome.reason}")
        Xml.SubElement(case, "skipped", {"message": reason})
    return case


def _explained(finding: Finding) -> Iterator[str]:
    """Yield where a problem stands and what to do about it."""
    yield f"{severity_word(finding.severity)}, {finding.confidence}"
    if finding.location:
        yield one_line(f"{finding.location.file}:{finding.location.line}")
    for each in finding.remedies:
        yield one_line(f"To do: {each.what}")


def _excused(checked: Checked, failing: set[str], outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield the problems that do not fail the check, and why they do not."""
    for each in outcomes:
        finding = each.finding
        if each.status == "problem" and finding is not None and finding.anchor not in failing:
            known = checked.is_known(finding)
            why = "known by the baseline" if known else "below the severity that fails"
            severity = severity_word(finding.severity)
            yield one_line(f"Does not fail, {why}: {severity}. {finding.message}")
