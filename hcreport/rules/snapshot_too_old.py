"""The snapshot is older than the project allows.

What it checks:
How many days have passed since the snapshot was taken, where the project sets how many may:
`max_age_days` in hcreport.yml, or `--max-age`.

Why it matters:
Images, data and load change without a change of the Compose file. An old measurement may be right,
and nobody knows.

How to fix it:
Collect a new snapshot with the containers running and in use, and publish it.

Limits:
Only `hcreport check --stale` asks this. Age alone does not make a number wrong. The clock of the
machine that checks is compared with that of the machine that collected.
"""

from __future__ import annotations

from hcreport.model import Action, Severity, Snapshot
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
    counted,
    known,
)

RULE = Rule(id="snapshot-too-old", severity=Severity.HIGH, each="project", stale=True)


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Compare the days since the snapshot with those that the project allows."""
    present = known(case.present)
    if present.max_age_days is None:
        return NotApplicable("the project does not say from which age a snapshot is too old")
    age = (present.today - snapshot.taken_at.date()).days
    if age < 0:
        return NotMeasured("the snapshot is of a later day than today, so one clock is wrong")
    if age <= present.max_age_days:
        return None
    allowed = counted(present.max_age_days, "day")
    return Problem(
        message=f"The snapshot is {counted(age, 'day')} old; the project allows {allowed}.",
        numbers=(
            case.computed("days since the snapshot", age, "today - its day", unit="count"),
            case.computed("days allowed", present.max_age_days, "max_age_days", unit="count"),
        ),
        remedies=(
            Action(
                what="Collect a new snapshot while the project runs, and publish it",
                command="hcreport collect -o snapshot.json",
                gain="the published numbers are of today",
                verify="hcreport check --stale ends without this problem.",
                undo="Publish the old snapshot again.",
            ),
        ),
    )
