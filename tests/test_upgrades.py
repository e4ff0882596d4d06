"""Snapshots of every earlier schema are read, and a changed finding is named in the changelog."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from hcreport.build import build_site
from hcreport.render.report import ReportSource, make_report
from hcreport.snapshot import _UPGRADES, SCHEMA_NUMBER, format_snapshot, parse_snapshot
from tests.upgrades.recorded import (
    CHANGELOG,
    FINDINGS,
    HEADING,
    changed_findings,
    changed_rules,
    findings_today,
    fixed_snapshots,
    newest_release,
    sections,
)

FOLDER = Path(__file__).parent / "upgrades"


def missing(newest: int, recorded: Collection[int], steps: Collection[int]) -> list[str]:
    """Return what a new schema still needs, in words."""
    return [
        *(
            f"tests/upgrades/schema-{number}: files as the version of that schema writes them"
            for number in range(1, newest + 1)
            if number not in recorded
        ),
        *(
            f"_UPGRADES[{number}]: the step from schema {number} to {number + 1}"
            for number in range(1, newest)
            if number not in steps
        ),
    ]


def test_every_schema_has_recorded_files_and_a_step_to_the_next() -> None:
    recorded = {
        int(path.name.removeprefix("schema-"))
        for path in FOLDER.glob("schema-*")
        if any(path.glob("*.json"))
    }
    assert missing(SCHEMA_NUMBER, recorded, _UPGRADES) == []
    assert max(recorded) == SCHEMA_NUMBER
    assert set(_UPGRADES) == set(range(1, SCHEMA_NUMBER))


def test_a_new_schema_without_either_is_told() -> None:
    assert len(missing(2, {1}, ())) == 2
    assert missing(2, {1, 2}, {1}) == []


@pytest.mark.parametrize(
    "path", fixed_snapshots(), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_snapshot_of_an_earlier_version_still_makes_its_report(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["schema"] == int(path.parent.name.removeprefix("schema-"))
    snapshot = parse_snapshot(text)
    written = format_snapshot(snapshot)
    assert json.loads(written)["schema"] == SCHEMA_NUMBER
    assert parse_snapshot(written) == snapshot
    report = make_report(ReportSource(folder=path.parent, snapshot=path))
    assert {"index.md", "requirements.md", "checklist.md"} <= report.pages.keys()


def test_the_oldest_snapshot_still_builds_a_site(tmp_path: Path) -> None:
    oldest = FOLDER / "schema-1/hypercode-first.json"
    page = build_site(ReportSource(folder=tmp_path, snapshot=oldest), tmp_path / "site")
    assert "HyperCode" in page.read_text(encoding="utf-8")


def test_a_rule_that_answers_otherwise_is_named_in_the_changelog() -> None:
    changelog = CHANGELOG.read_text(encoding="utf-8")
    recorded = json.loads(FINDINGS.read_text(encoding="utf-8"))
    assert recorded["release"] == newest_release(changelog), (
        "A version was released: run `python -m tests.update_findings`."
    )
    written = changed_findings(sections(changelog)[0][1]) or ""
    untold = {
        rule: change
        for rule, change in changed_rules(recorded["findings"], findings_today()).items()
        if f"`{rule}`" not in written
    }
    lines = "\n".join(f"- `{rule}`: {change}" for rule, change in untold.items())
    assert not untold, f"Say under `{HEADING}` in CHANGELOG.md, in words for users:\n{lines}"


def test_the_newest_section_says_which_findings_changed() -> None:
    name, text = sections(CHANGELOG.read_text(encoding="utf-8"))[0]
    said = changed_findings(text)
    assert said, f"[{name}] in CHANGELOG.md has no `{HEADING}`; where none did, say so there."


def test_a_change_is_told_with_its_subject() -> None:
    before = {"one.json": {"old": {"a": "high"}, "kept": {"b": "low"}, "worse": {"c": "low"}}}
    now = {"one.json": {"kept": {"b": "low"}, "worse": {"c": "high"}, "new": {"d": "medium"}}}
    assert changed_rules(before, now) == {
        "new": "one.json: also d",
        "old": "one.json: no longer a",
        "worse": "one.json: c is high instead of low",
    }
    assert changed_rules(before, before) == {}


CHANGES = f"""# Changelog

## [Unreleased]

### Added

- One.

{HEADING}

- `one-rule`: two.

### Fixed

- Three.

## [0.2.0] - 2027-01-01

- Four.
"""


def test_a_section_of_the_changelog_is_found() -> None:
    newest, older = sections(CHANGES)
    assert newest[0] == "Unreleased"
    assert changed_findings(newest[1]) == "- `one-rule`: two."
    assert (older[0], changed_findings(older[1])) == ("0.2.0", None)
    assert newest_release(CHANGES) == "0.2.0"
    assert newest_release("## [Unreleased]\n") == "none yet"
