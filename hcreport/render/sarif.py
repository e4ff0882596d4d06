"""The findings as SARIF 2.1.0, so that code scanning shows each at its line of the Compose file.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. There is no
``security-severity``: what hcreport finds are no security problems.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from hcreport import __version__
from hcreport.facts import fact_value
from hcreport.gate import Checked, Standing
from hcreport.model import Finding, Outcome
from hcreport.names import slug
from hcreport.render.sarif_places import ROOT, place_json, root_json
from hcreport.render.sarif_rules import LEVELS, rule_json, sarif_text
from hcreport.rules import load_rules

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_STATES: dict[Standing, str] = {"new": "new", "worse": "updated", "known": "unchanged"}
"""What the standard calls a finding's standing beside a baseline."""


def to_sarif(checked: Checked) -> str:
    """Return one run with all rules and the worst findings, as many as code scanning shows.

    Findings that ``hcreport.yml`` suppresses follow the open ones. Only ASCII leaves here.
    """
    outcomes = checked.assessment.outcomes
    results = [_result(checked, each, None) for each in checked.assessment.findings]
    results += [
        _result(checked, each.finding, each)
        for each in outcomes
        if each.status == "suppressed" and each.finding is not None
    ]
    shown = results[: int(fact_value("github/sarif-results-shown"))]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "automationDetails": {"id": f"hcreport/{slug(checked.snapshot.project.name)}/"},
                "columnKind": "utf16CodeUnits",
                "originalUriBaseIds": {ROOT: root_json()},
                "results": shown,
                "properties": {
                    "snapshotTakenAt": checked.snapshot.taken_at.isoformat(),
                    "notMeasured": sum(1 for each in outcomes if each.status == "not measured"),
                    "resultsLeftOut": len(results) - len(shown),
                },
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _driver() -> dict[str, Any]:
    return {
        "name": "hcreport",
        "version": __version__,
        "rules": [rule_json(each) for each in load_rules().values()],
    }


def _result(checked: Checked, finding: Finding, suppressed: Outcome | None) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": list(load_rules()).index(finding.rule),
        "level": LEVELS[finding.severity],
        "message": {"text": sarif_text(_message(finding))},
        "locations": [place_json(checked, finding)],
        "partialFingerprints": _fingerprints(finding),
        **dict(_states(checked, finding, suppressed)),
        "properties": {
            "anchor": finding.anchor,
            "severity": finding.severity.value,
            "confidence": finding.confidence,
            "lineIsKnown": finding.location is not None,
        },
    }


def _message(finding: Finding) -> str:
    """Return the finding with the first thing to do about it."""
    remedy = f" To do: {finding.remedies[0].what}." if finding.remedies else ""
    return f"{finding.message}{remedy}"


def _fingerprints(finding: Finding) -> dict[str, str]:
    """Return what a finding is recognized by in a later run, wherever its line has gone.

    GitHub looks at ``primaryLocationLineHash`` only. Computed from the line by the uploading
    action, it would be one and the same for two findings at one line.
    """
    digest = hashlib.sha256(finding.anchor.encode()).hexdigest()[:16]
    return {"hcreportAnchor/v1": digest, "primaryLocationLineHash": f"{digest}:1"}


def _states(
    checked: Checked, finding: Finding, suppressed: Outcome | None
) -> Iterator[tuple[str, Any]]:
    """Yield what the baseline and the suppressions say; nothing where there are none."""
    standing = checked.standing(finding)
    if standing is not None:
        yield "baselineState", _STATES[standing]
    if suppressed is not None:
        reason = sarif_text(suppressed.reason)
        # The standard calls it external where the reason stands in a file of its own.
        yield (
            "suppressions",
            [{"kind": "external", "status": "accepted", "justification": reason}],
        )
