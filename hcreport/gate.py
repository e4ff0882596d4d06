"""Decides which findings fail a check: those severe enough that a baseline does not excuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hcreport.errors import SnapshotError, SnapshotTooNew, UsageError
from hcreport.model import Assessment, Finding, Severity, Snapshot
from hcreport.rules import load_rules

if TYPE_CHECKING:
    from hcreport.changes import Changes
    from hcreport.config import Config

Standing = Literal["new", "worse", "known"]
"""What a finding is beside a baseline."""

RESULT_SCHEMA = 1
"""The schema of ``hcreport check --format json`` that can be a baseline."""

_MAKE_ONE = (
    "Make one with `hcreport check --format json -o FILE`, name a snapshot, or use --no-baseline."
)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What was known before, so that only new or worse problems count."""

    name: str
    """Its file, as the user wrote it."""
    severities: Mapping[str, Severity]
    """How severe each problem was, by the anchor of its finding."""
    taken_at: datetime | None = None
    changes: Changes | None = None
    """What changed since; None where the baseline holds only findings."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A snapshot with what it means, and what of that fails the check."""

    snapshot: Snapshot
    assessment: Assessment
    fail_on: Severity | None = None
    """The least severity that fails; None where nothing does."""
    baseline: Baseline | None = None
    path_prefix: str = ""
    """The project's folder within its repository, for forms that name files from its root."""

    def standing(self, finding: Finding) -> Standing | None:
        """Return what a finding is beside the baseline; None where there is no baseline.

        That a snapshot is out of date is always new: no earlier check can have excused it.
        """
        if self.baseline is None:
            return None
        before = self.baseline.severities.get(finding.anchor)
        rule = load_rules().get(finding.rule)
        if before is None or (rule is not None and rule.rule.stale):
            return "new"
        return "worse" if finding.severity.is_worse_than(before) else "known"

    def is_known(self, finding: Finding) -> bool:
        """Tell whether the baseline has this finding, at least as severe as it is now."""
        return self.standing(finding) == "known"

    def is_severe(self, finding: Finding) -> bool:
        """Tell whether a finding would fail the check if no baseline knew it."""
        return self.fail_on is not None and finding.severity.rank <= self.fail_on.rank

    def fails_for(self, finding: Finding) -> bool:
        """Tell whether the check fails for this finding."""
        return self.is_severe(finding) and not self.is_known(finding)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Return the findings for which the check fails, the worst first."""
        return tuple(filter(self.fails_for, self.assessment.findings))

    @property
    def unanswered(self) -> str:
        """Return why it is not known whether the snapshot is out of date, where that was asked.

        A check that cannot look must not pass, so it fails then, whatever else it found.
        """
        rules = load_rules()
        for each in self.assessment.outcomes:
            if each.status == "not measured" and rules[each.rule].rule.stale:
                return each.reason
        return ""

    @property
    def fails(self) -> bool:
        """Tell whether the check fails: for a finding, or because it could not look."""
        return bool(self.failing or self.unanswered)

    @property
    def verdict(self) -> str:
        """Return in one sentence why the check fails or passes; the baseline's name is in it."""
        if self.unanswered:
            return f"Fails: not known whether the snapshot is out of date, as {self.unanswered}."
        if self.fail_on is None:
            return "Passes: no severity was to fail the check."
        if self.failing:
            return f"Fails: {self._failing_in_words()} {_severities(self.fail_on)}."
        known = sum(1 for each in self.assessment.findings if self.is_severe(each))
        if self.baseline is None or not known:
            return f"Passes: no problem {_severities(self.fail_on)}."
        those = f"the {_problems(known)}" if known > 1 else "the problem"
        verb = "are" if known > 1 else "is"
        return (
            f"Passes: {those} {_severities(self.fail_on)} {verb} known from {self.baseline.name}."
        )

    def _failing_in_words(self) -> str:
        if self.baseline is None:
            return _problems(len(self.failing))
        worse = sum(1 for each in self.failing if self.standing(each) == "worse")
        new = len(self.failing) - worse
        parts = [f"{new} new {'problem' if new == 1 else 'problems'}"] if new else []
        if worse:
            noun = "" if new else f" {'problem' if worse == 1 else 'problems'}"
            parts.append(f"{worse}{noun} that got worse,")
        return " and ".join(parts)


def _problems(count: int) -> str:
    return f"{count} {'problem' if count == 1 else 'problems'}"


def _severities(least: Severity) -> str:
    """Return which severities fail, in words."""
    if least is Severity.CRITICAL:
        return "of severity critical"
    if least is Severity.LOW:
        return "of any severity"
    return f"of severity {least.value} or worse"


def read_baseline(
    path: Path, later: tuple[Snapshot, Assessment], config: Config, *, name: str | None = None
) -> Baseline:
    """Return the baseline in a file: a snapshot, or the result of an earlier check as JSON.

    A snapshot is assessed by today's rules and configuration, as of its own day. ``later`` is what
    is checked, ``name`` how the user wrote the path.

    Raises SnapshotError where the file cannot be read or is neither of the two, UsageError where
    it is of another project.
    """
    shown = name or str(path)
    text = _text_of(path, shown)
    result = _result_in(text)
    if result is not None:
        return _of_result(result, later[0], shown)
    from hcreport.changes import changes_between
    from hcreport.past import assess_earlier
    from hcreport.snapshot import parse_snapshot

    earlier = parse_snapshot(text, name=f"The baseline {shown}")
    _refuse_foreign(earlier.project.name, later[0], shown)
    assessment = assess_earlier(earlier, config)
    return Baseline(
        name=shown,
        severities={each.anchor: each.severity for each in assessment.findings},
        taken_at=earlier.taken_at,
        changes=changes_between((earlier, assessment), later),
    )


def _text_of(path: Path, shown: str) -> str:
    from hcreport.snapshot import LARGEST_FILE

    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SnapshotError(f"The baseline {shown} is too large to be one.", hint=_MAKE_ONE)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SnapshotError(
            f"The baseline {shown} cannot be read: {reason}.", hint=_MAKE_ONE
        ) from error


def _result_in(text: str) -> dict[str, Any] | None:
    """Return the result of a check that a text holds; None for a snapshot and anything else.

    A snapshot has no key of this name, so hardly any is read twice.
    """
    if '"findings"' not in text:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and "findings" in data else None


def _of_result(data: dict[str, Any], snapshot: Snapshot, shown: str) -> Baseline:
    number = data.get("schema")
    if isinstance(number, int) and number > RESULT_SCHEMA:
        raise SnapshotTooNew(
            f"The baseline {shown} has schema {number}; this version reads up to {RESULT_SCHEMA}.",
            hint="Upgrade hcreport: `pip install --upgrade hcreport`.",
        )
    try:
        project, taken_at = str(data["project"]), datetime.fromisoformat(data["taken_at"])
        severities = {str(each["anchor"]): Severity(each["severity"]) for each in data["findings"]}
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(
            f"The baseline {shown} is no result of hcreport check: its findings do not fit.",
            hint=_MAKE_ONE,
        ) from error
    _refuse_foreign(project, snapshot, shown)
    return Baseline(name=shown, severities=severities, taken_at=taken_at)


def _refuse_foreign(project: str, snapshot: Snapshot, shown: str) -> None:
    if project != snapshot.project.name:
        raise UsageError(
            f"The baseline {shown} is of another project, {project}: "
            f"this is {snapshot.project.name}.",
            hint="Name a baseline of this project, or use --no-baseline.",
        )
