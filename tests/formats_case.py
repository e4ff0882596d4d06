"""What the tests of the formats share: a check of each recorded snapshot, and hostile names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hcreport.analyze import analyze
from hcreport.changes import changes_between
from hcreport.config import Config, Suppression
from hcreport.gate import Baseline, Checked
from hcreport.model import Finding, Severity
from tests.pages_case import assessed

SCHEMAS = Path(__file__).parent / "data" / "schemas"

HOSTILE = (
    "@octocat #12 GH-7 https://evil.example www.evil.example <b> [a](b) {0} | `x` \x1b[31m\u202e"
)


def checked(name: str, *, fail_on: Severity | None = Severity.HIGH, prefix: str = "") -> Checked:
    """Return a check without a baseline."""
    snapshot, assessment = assessed(name)
    return Checked(snapshot=snapshot, assessment=assessment, fail_on=fail_on, path_prefix=prefix)


@cache
def beside_baseline() -> Checked:
    """Return a check with a known, a worse and new findings, and one that is suppressed."""
    snapshot, before = assessed("hypercode")
    known, worse, suppressed = before.findings[:3]
    rule = Suppression(rule=suppressed.rule, subject=suppressed.subject, reason="we know")
    assessment = analyze(snapshot, Config(suppress=(rule,)))
    return Checked(
        snapshot=snapshot,
        assessment=assessment,
        fail_on=Severity.MEDIUM,
        baseline=Baseline(
            name="old.json",
            severities={known.anchor: known.severity, worse.anchor: Severity.LOW},
            changes=changes_between((snapshot, before), (snapshot, assessment)),
        ),
    )


def with_findings(check: Checked, findings: tuple[Finding, ...]) -> Checked:
    """Return a check that found these and nothing else."""
    assessment = check.assessment.model_copy(update={"findings": findings, "outcomes": ()})
    return Checked(snapshot=check.snapshot, assessment=assessment, fail_on=check.fail_on)


def hostile_finding(number: int = 0) -> Finding:
    """Return a finding whose every text is hostile."""
    (model, *_) = assessed("hypercode")[1].findings
    remedy = model.remedies[0].model_copy(update={"what": HOSTILE})
    return model.model_copy(
        update={
            "subject": HOSTILE,
            "message": f"{HOSTILE} {number} " + "大" * 2_000,
            "remedies": (remedy,),
            "anchor": f"{model.rule}-{number}",
        }
    )
