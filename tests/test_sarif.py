"""SARIF: the standard's own schema accepts it, and GitHub shows what it should."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft4Validator

from hcreport.facts import fact_value
from hcreport.gate import Checked
from hcreport.model import Location, Severity
from hcreport.render.sarif import to_sarif
from hcreport.render.sarif_places import file_uri
from hcreport.rules import load_rules
from tests.formats_case import (
    SCHEMAS,
    beside_baseline,
    checked,
    hostile_finding,
    with_findings,
)
from tests.pages_case import SNAPSHOTS


@cache
def validator() -> Draft4Validator:
    """Return a validator of the schema that the standard publishes."""
    schema = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


def run_of(check: Checked) -> dict[str, Any]:
    """Return the only run, after the whole was validated."""
    log = json.loads(to_sarif(check))
    problems = [each.message for each in validator().iter_errors(log)]
    assert problems == []
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_the_standards_schema_accepts_every_snapshot(name: str) -> None:
    text = to_sarif(checked(name))
    assert text.isascii()
    assert text == to_sarif(checked(name))
    run = run_of(checked(name))
    findings = checked(name).assessment.findings
    assert [each["properties"]["anchor"] for each in run["results"]] == [
        each.anchor for each in findings
    ]


def test_the_schema_can_refuse() -> None:
    log = json.loads(to_sarif(checked("tiny")))
    log["runs"][0]["results"][0]["level"] = "high"
    assert [*validator().iter_errors(log)]


def test_every_rule_is_described_with_its_documentation() -> None:
    run = run_of(checked("tiny"))
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == list(load_rules())
    for each in rules:
        assert "How to fix it" in each["help"]["markdown"]
        assert each["help"]["text"]
        assert len(each["fullDescription"]["text"]) <= 1000
    assert "security-severity" not in json.dumps(rules)
    for each in run["results"]:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]


def test_levels_follow_the_severity() -> None:
    levels = {
        (each["properties"]["severity"], each["level"])
        for name in SNAPSHOTS
        for each in run_of(checked(name))["results"]
    }
    known = {("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note")}
    assert levels <= known
    assert len(levels) >= 3


def test_the_baseline_and_suppressions_are_said() -> None:
    check = beside_baseline()
    results = run_of(check)["results"]
    states = [each["baselineState"] for each in results]
    assert states[:2] == ["unchanged", "updated"]
    assert set(states[2:]) == {"new"}
    *open_ones, suppressed = results
    assert suppressed["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "we know"}
    ]
    assert not any("suppressions" in each for each in open_ones)
    assert all("baselineState" not in each for each in run_of(checked("hypercode"))["results"])


def test_fingerprints_stay_when_the_line_moves_and_differ_otherwise() -> None:
    check = checked("hypercode")
    moved = with_findings(
        check,
        tuple(
            each.model_copy(update={"location": Location(file="moved.yaml", line=99)})
            for each in check.assessment.findings
        ),
    )
    before, after = (
        [each["partialFingerprints"] for each in run_of(one)["results"]] for one in (check, moved)
    )
    assert before == after
    lines = [each["primaryLocationLineHash"] for each in before]
    assert len(set(lines)) == len(lines) > 3


def test_a_finding_without_a_line_points_at_the_first_compose_file_and_says_so() -> None:
    check = checked("hypercode", prefix="deploy/my shop")
    (finding, *_) = check.assessment.findings
    (result,) = run_of(
        Checked(
            snapshot=check.snapshot,
            assessment=check.assessment.model_copy(
                update={"findings": (finding.model_copy(update={"location": None}),)}
            ),
            path_prefix="deploy/my shop",
        )
    )["results"]
    place = result["locations"][0]["physicalLocation"]
    first = check.snapshot.project.compose_files[0]
    assert place["artifactLocation"] == {
        "uri": f"deploy/my%20shop/{first}",
        "uriBaseId": "%SRCROOT%",
    }
    assert place["region"] == {"startLine": 1}
    assert result["properties"]["lineIsKnown"] is False


@pytest.mark.parametrize(
    ("prefix", "file", "expected"),
    [
        ("", "compose.yaml", "compose.yaml"),
        ("deploy", "compose.yaml", "deploy/compose.yaml"),
        ("deploy/shop", "../base.yaml", "deploy/base.yaml"),
        ("", "../../base.yaml", "base.yaml"),
        ("", "a b#c?d%.yaml", "a%20b%23c%3Fd%25.yaml"),
        ("", "javascript:x.yaml", "javascript%3Ax.yaml"),
        ("größe", "大.yaml", "gr%C3%B6%C3%9Fe/%E5%A4%A7.yaml"),
    ],
)
def test_files_are_named_from_the_root_of_the_repository(
    prefix: str, file: str, expected: str
) -> None:
    assert file_uri(prefix, file) == expected


def test_hostile_text_is_bounded_and_makes_no_link_and_no_placeholder() -> None:
    (result,) = run_of(with_findings(checked("tiny"), (hostile_finding(),)))["results"]
    text = result["message"]["text"]
    assert len(text) <= 1010
    assert "](" not in text
    assert "{{0}}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_no_more_results_than_code_scanning_shows_the_worst_of_them() -> None:
    most = int(fact_value("github/sarif-results-shown"))
    many = tuple(
        hostile_finding(number).model_copy(
            update={"message": "short", "severity": Severity.HIGH if number < 3 else Severity.LOW}
        )
        for number in range(most + 7)
    )
    log = json.loads(to_sarif(with_findings(checked("tiny"), many)))
    (run,) = log["runs"]
    assert len(run["results"]) == most
    assert run["properties"]["resultsLeftOut"] == 7
    assert [each["level"] for each in run["results"][:4]] == ["error", "error", "error", "note"]
