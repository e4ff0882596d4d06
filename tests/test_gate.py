"""Which findings fail a check, what a baseline excuses, and what a check says at its end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.errors import HcreportError
from hcreport.gate import RESULT_SCHEMA, Baseline, Checked, read_baseline
from hcreport.model import Declared, Present, Severity, Snapshot
from hcreport.render.json import SCHEMA_NUMBER, json_schema, to_json
from hcreport.render.terminal import checked_text
from hcreport.snapshot import format_snapshot
from tests.fragments import snapshot_of
from tests.pages_case import assessed


def checked_of(snapshot: Snapshot, **known: Any) -> Checked:
    """Return what comes of checking a snapshot, at high unless the test says otherwise."""
    whole = Checked(snapshot=snapshot, assessment=analyze(snapshot), fail_on=Severity.HIGH)
    return replace(whole, **known)


def baseline_of(**severities: Severity) -> Baseline:
    return Baseline(name="old.json", severities=severities)


@pytest.fixture(scope="module")
def three() -> Snapshot:
    """Return a snapshot with a problem of high, one of medium and one of low severity."""
    return snapshot_of(
        "engine: {memory_total: !memory 2GiB}\n"
        "services: [{name: a, limits: {memory: !memory 3GiB}}, {name: b}]"
    )


@pytest.mark.parametrize("fail_on", [None, *Severity])
def test_findings_fail_from_their_severity_on(fail_on: Severity | None) -> None:
    snapshot, assessment = assessed("hypercode")
    checked = Checked(snapshot=snapshot, assessment=assessment, fail_on=fail_on)
    expected = [
        each for each in assessment.findings if fail_on and each.severity.rank <= fail_on.rank
    ]
    assert list(checked.failing) == expected
    assert bool(expected) == (fail_on is not None)


def test_a_baseline_excuses_what_was_known_and_nothing_that_got_worse() -> None:
    snapshot, assessment = assessed("hypercode")
    known, worse, new = assessment.findings[:3]
    baseline = Baseline(
        name="old.json",
        severities={known.anchor: known.severity, worse.anchor: Severity.LOW},
    )
    assert worse.severity is not Severity.LOW
    checked = Checked(
        snapshot=snapshot, assessment=assessment, fail_on=Severity.LOW, baseline=baseline
    )
    assert known not in checked.failing
    assert worse in checked.failing
    assert new in checked.failing
    assert [checked.standing(each) for each in (known, worse, new)] == ["known", "worse", "new"]
    assert replace(checked, baseline=None).standing(new) is None
    assert verdict_in_json(checked) == {
        known.anchor: ("known", False),
        **{each.anchor: ("new", True) for each in assessment.findings[2:]},
        worse.anchor: ("worse", True),
    }


def verdict_in_json(checked: Checked) -> dict[str, tuple[str, bool]]:
    """Return what the result for programs says of each finding; it has to fit its schema."""
    data = json.loads(to_json(checked))
    jsonschema.validate(data, json_schema())
    assert data["check"] == {
        "fails": True,
        "verdict": checked.verdict,
        "fail_on": "low",
        "baseline": "old.json",
    }
    return {each["anchor"]: (each["standing"], each["fails"]) for each in data["findings"]}


@pytest.mark.parametrize(
    ("fail_on", "known", "verdict"),
    [
        (None, None, "Passes: no severity was to fail the check."),
        (Severity.CRITICAL, None, "Passes: no problem of severity critical."),
        (Severity.HIGH, None, "Fails: 1 problem of severity high or worse."),
        (Severity.LOW, None, "Fails: 3 problems of any severity."),
        (Severity.LOW, "", "Fails: 3 new problems of any severity."),
        (Severity.LOW, "hml", "Passes: the 3 problems of any severity are known from old.json."),
        (
            Severity.HIGH,
            "hml",
            "Passes: the problem of severity high or worse is known from old.json.",
        ),
        (Severity.LOW, "hll", "Fails: 1 problem that got worse, of any severity."),
        (Severity.LOW, "ll", "Fails: 1 new problem and 2 that got worse, of any severity."),
        (Severity.MEDIUM, "h", "Fails: 1 new problem of severity medium or worse."),
    ],
)
def test_the_verdict_says_why_in_one_sentence(
    three: Snapshot, fail_on: Severity | None, known: str | None, verdict: str
) -> None:
    """``known`` is how severe the first findings were in the baseline, by their first letters."""
    by_letter = {each.value[0]: each for each in Severity}
    findings = list(analyze(three).findings)
    if known == "ll":  # of the two worst, so that both got worse
        findings = findings[:2]
    baseline = known is not None and baseline_of(
        **{each.anchor: by_letter[known[at]] for at, each in enumerate(findings[: len(known)])}
    )
    checked = checked_of(three, fail_on=fail_on, baseline=baseline or None)
    assert checked.verdict == verdict
    assert verdict.startswith("Fails") == bool(checked.failing)
    text = checked_text(checked, width=100)
    assert text.endswith(f"{verdict}\n")
    marks = [checked.standing(each) for each in checked.assessment.findings]
    for word in ("new", "worse", "known"):
        assert text.count(f"  {word}  ") == marks.count(word)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_snapshot_and_a_result_of_it_are_the_same_baseline(
    three: Snapshot, tmp_path: Path
) -> None:
    later = (three, analyze(three))
    snapshot = written(tmp_path / "snapshot.json", format_snapshot(three))
    result = written(
        tmp_path / "result.json", to_json(Checked(snapshot=three, assessment=later[1]))
    )
    of_snapshot = read_baseline(snapshot, later, Config(), name="s.json")
    of_result = read_baseline(result, later, Config())
    assert of_snapshot.name == "s.json"
    assert of_snapshot.severities == of_result.severities
    assert of_snapshot.severities == {each.anchor: each.severity for each in later[1].findings}
    assert of_snapshot.taken_at == of_result.taken_at == three.taken_at
    assert of_snapshot.changes is not None
    assert of_snapshot.changes.stayed == len(later[1].findings)
    assert of_result.changes is None
    assert RESULT_SCHEMA == SCHEMA_NUMBER


def test_a_baseline_is_assessed_by_the_configuration_of_today(
    three: Snapshot, tmp_path: Path
) -> None:
    """A threshold that was moved must not make all the old problems new ones."""
    path = written(tmp_path / "snapshot.json", format_snapshot(three))
    config = Config(rules={"limits-overcommit": {"overcommit_ratio": 9.0}})
    baseline = read_baseline(path, (three, analyze(three, config)), config)
    assert not any(anchor.startswith("limits-overcommit") for anchor in baseline.severities)


def test_a_suppression_that_ended_since_the_baseline_makes_a_new_problem(
    three: Snapshot, tmp_path: Path
) -> None:
    ends = three.taken_at.date() + timedelta(days=5)
    entry = {"rule": "limit-above-engine", "reason": "For a while.", "until": ends}
    config = Config.model_validate({"suppress": [entry]})
    path = written(tmp_path / "snapshot.json", format_snapshot(three))
    found = {}
    for day in (ends, ends + timedelta(days=1)):
        later = (three, analyze(three, config, today=day))
        baseline = read_baseline(path, later, config)
        found[day] = Checked(
            snapshot=three, assessment=later[1], fail_on=Severity.HIGH, baseline=baseline
        )
    assert found[ends].failing == ()
    (again,) = found[ends + timedelta(days=1)].failing
    assert again.message.endswith(f"Its suppression ended on {ends}.")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (None, 4, "The baseline old.json cannot be read: No such file or directory."),
        ("{", 4, "The baseline old.json is not valid JSON at line 1"),
        ("[]", 4, "The baseline old.json is not a snapshot: it has no key `schema`."),
        ('{"findings": 3}', 4, "The baseline old.json is no result of hcreport check"),
        ({"findings": [{"anchor": "a"}]}, 4, "old.json is no result of hcreport check"),
        ({"findings": [{"anchor": "a", "severity": "red"}]}, 4, "is no result of hcreport check"),
        ({"taken_at": "yesterday"}, 4, "The baseline old.json is no result of hcreport check"),
        ({"schema": 9}, 4, "The baseline old.json has schema 9; this version reads up to 1."),
        ({"project": "other"}, 2, "is of another project, other: this is shop."),
        ('{"schema": 1, "taken_at": "2026-01-01T00:00:00Z", "tool": "x", "colour": 1}', 4, "old."),
    ],
)
def test_a_baseline_that_is_none_is_explained(
    three: Snapshot, tmp_path: Path, text: Any, code: int, message: str
) -> None:
    path = tmp_path / "old.json"
    later = (three, analyze(three))
    if isinstance(text, dict):
        text = json.dumps(json.loads(to_json(Checked(snapshot=three, assessment=later[1]))) | text)
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(HcreportError) as caught:
        read_baseline(path, later, Config(), name="old.json")
    assert message in caught.value.message
    assert caught.value.exit_code == code
    assert caught.value.hint


def test_a_snapshot_of_another_project_is_no_baseline(three: Snapshot, tmp_path: Path) -> None:
    other = snapshot_of({"project": {"name": "other"}})
    path = written(tmp_path / "old.json", format_snapshot(other))
    with pytest.raises(HcreportError, match="is of another project, other"):
        read_baseline(path, (three, analyze(three)), Config())


@pytest.mark.parametrize("declared", [(), None])
def test_a_check_that_cannot_tell_whether_a_snapshot_is_out_of_date_does_not_pass(
    three: Snapshot, declared: tuple[()] | None
) -> None:
    now = None if declared is None else Declared(project=three.project, services=declared)
    present = Present(today=date(2026, 2, 7), declared=now, reason="there is no Compose")
    checked = checked_of(three, assessment=analyze(three, present=present), fail_on=None)
    if declared is None:
        assert checked.unanswered == "there is no Compose"
        assert checked.verdict == (
            "Fails: not known whether the snapshot is out of date, as there is no Compose."
        )
    else:
        assert checked.unanswered == ""
        stale = next(
            each for each in checked.assessment.findings if each.rule == "compose-file-changed"
        )
        # No baseline can have excused it: it is about the present of this check.
        known = replace(checked, baseline=baseline_of(**{stale.anchor: Severity.CRITICAL}))
        assert known.standing(stale) == "new"
