"""The final table of the assessment: each finding on one line, with its evidence and its step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hcreport.model import Finding, Number
from hcreport.render.steps import Step
from hcreport.rules.severities import Criterion, given

EVIDENCE_SHOWN = 3
"""Numbers of a finding in the table; the finding itself has all."""

_SHORTEST = 3
"""Words that a shortened step has at least."""


@dataclass(frozen=True, kw_only=True)
class FinalRow:
    """One line of the table."""

    finding: Finding
    evidence: tuple[Number, ...]
    more: int
    """How many further numbers the finding has."""
    criterion: Criterion | None
    """Why it has its severity; None for a rule that the severity table does not know."""
    step: int | None
    """Number of the step that settles it; None where the plan has none."""
    on_sheet: bool
    """The checklist prints that step."""
    action: str
    """The step in short, or the best of its options."""
    options: int
    """Of how many alternatives it is the first."""


def final_rows(
    findings: Sequence[Finding], steps: Sequence[Step], shown: Sequence[Step]
) -> tuple[FinalRow, ...]:
    """Return a line for each finding, in their order; ``shown`` are the steps on the checklist."""
    settles = {anchor: step for step in reversed(steps) for anchor in _closes(step)}
    sheet = {step.number for step in shown}
    return tuple(_row(each, settles.get(each.anchor), sheet) for each in findings)


def in_short(what: str) -> str:
    """Return a step without what follows a colon, where enough of it is left."""
    short = what.partition(": ")[0]
    return short if len(short.split()) >= _SHORTEST else what


def _closes(step: Step) -> Iterator[str]:
    for option in step.options:
        yield from option.closes


def _row(finding: Finding, step: Step | None, sheet: set[int]) -> FinalRow:
    # A step also settles other findings, whose first option need not be one of this finding.
    options = [each for each in step.options if finding.anchor in each.closes] if step else []
    actions = options or list(finding.remedies)
    return FinalRow(
        finding=finding,
        evidence=finding.numbers[:EVIDENCE_SHOWN],
        more=len(finding.numbers[EVIDENCE_SHOWN:]),
        criterion=_criterion(finding),
        step=step.number if step else None,
        on_sheet=step is not None and step.number in sheet,
        action=in_short(actions[0].what),
        options=len(actions),
    )


def _criterion(finding: Finding) -> Criterion | None:
    criteria = (each.criterion for each in given(finding.rule))
    return next((each for each in criteria if each.severity == finding.severity), None)
