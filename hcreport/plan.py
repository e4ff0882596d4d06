"""Orders what to do: the worst findings first, among equals the least effort first."""

from __future__ import annotations

from collections.abc import Iterable

from hcreport.model import Action, Finding

_EFFORT_ORDER = ("minutes", "an hour", "a day")


def plan(findings: Iterable[Finding]) -> tuple[Action, ...]:
    """Return the actions that settle the findings, in the order to do them.

    The same step for several findings stands once and closes them all. The alternatives of a
    finding share a ``group`` and stand together, the best first.
    """
    merged: dict[tuple[str, str], tuple[tuple[int, int, int], Action]] = {}
    for finding in findings:
        group = finding.anchor if len(finding.remedies) > 1 else ""
        effort = min(_EFFORT_ORDER.index(each.effort) for each in finding.remedies)
        for action in finding.remedies:
            key = (action.what, action.command)
            place, known = merged.get(
                key,
                (
                    (finding.severity.rank, effort, len(merged)),
                    action.model_copy(update={"group": group, "closes": ()}),
                ),
            )
            closes = tuple(dict.fromkeys(known.closes + action.closes))
            merged[key] = (place, known.model_copy(update={"closes": closes}))
    ordered = sorted(merged.values(), key=lambda entry: entry[0])
    return tuple(action for _, action in ordered)
