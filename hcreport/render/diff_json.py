"""Two snapshots as JSON, for programs: what changed, and the published schema of it."""

from __future__ import annotations

import json
from typing import Any

from hcreport.changes import Need, NeedChange, ProblemChange, Resized
from hcreport.history import Moment
from hcreport.model import Severity
from hcreport.render.diff import DiffView
from hcreport.render.schema import COUNT, DRAFT, FLAG, TEXT, Schema, about, several, size, whole

SCHEMA_NUMBER = 1
"""Rises when a key goes away or changes its meaning; new keys may come without it."""


def diff_json(diff: DiffView) -> str:
    """Return what changed as one JSON object, all sizes in whole bytes, null where not measured.

    Only ASCII leaves here, so that no name can control a terminal that shows it. No list is cut.
    """
    changes = diff.changes
    before, after = changes.before, changes.after
    data: dict[str, Any] = {
        "schema": SCHEMA_NUMBER,
        "project": diff.project,
        "before": {"file": diff.files[0], "taken_at": before.taken_at.isoformat()},
        "after": {"file": diff.files[1], "taken_at": after.taken_at.isoformat()},
        "in_order": diff.in_order,
        "problems": {
            "opened": [_problem(each) for each in changes.opened],
            "worse": [_problem(each) for each in changes.worse],
            "closed": [_problem(each) for each in changes.closed],
            "unanswered": [_problem(each) for each in changes.unanswered],
            "stayed": changes.stayed,
        },
        "memory": {
            "scenarios": [_scenario(each) for each in changes.needs],
            "before": _memory(before),
            "after": _memory(after),
        },
        "images": {
            "before": before.images,
            "after": after.images,
            "changed": [_resized(each) for each in changes.images],
        },
        "limits": [_resized(each) for each in changes.limits],
        "services": {"added": list(changes.added), "removed": list(changes.removed)},
    }
    return json.dumps(data, indent=2) + "\n"


def diff_schema() -> Schema:
    """Return the published JSON Schema (draft 2020-12) of ``hcreport diff --format json``."""
    snapshot = whole({"file": TEXT, "taken_at": {"type": "string", "format": "date-time"}})
    problems = whole(
        {
            "opened": several(_problem_schema(), "Problems the earlier snapshot does not have."),
            "worse": several(_problem_schema(), "Problems of both that are more severe now."),
            "closed": several(_problem_schema(), "Checked again and in order now, or gone."),
            "unanswered": several(_problem_schema(), "Nobody knows whether they are still there."),
            "stayed": about(COUNT, "How many problems are in both, and no more severe now."),
        }
    )
    memory = whole(
        {
            "scenarios": several(
                whole({"scenario": TEXT, "before": _need_schema(), "after": _need_schema()}),
                "What Docker needs for each scenario.",
            ),
            "before": _memory_schema(),
            "after": _memory_schema(),
        }
    )
    images = whole(
        {
            "before": size("all images, what is known to be shared counted once."),
            "after": size("all images, what is known to be shared counted once."),
            "changed": several(_resized_schema(), "Images that differ, the largest change first."),
        }
    )
    services = whole({"added": several(TEXT), "removed": several(TEXT)})
    properties: Schema = {
        "schema": {"const": SCHEMA_NUMBER, "description": "The number of this schema."},
        "project": TEXT,
        "before": snapshot,
        "after": snapshot,
        "in_order": about(FLAG, "The first snapshot is not newer than the second one."),
        "problems": problems,
        "memory": memory,
        "images": images,
        "limits": several(
            _resized_schema(),
            "Memory limits of services that differ, all containers together; null is no limit.",
        ),
        "services": services,
    }
    return {
        "$schema": DRAFT,
        "title": "hcreport diff",
        "description": "All sizes are in bytes; null is not measured.",
        **whole(properties),
    }


def _problem(each: ProblemChange) -> dict[str, Any]:
    finding = each.finding
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "severity": finding.severity.value,
        "message": finding.message,
        "anchor": finding.anchor,
        "why": each.why,
    }


def _problem_schema() -> Schema:
    return whole(
        {
            "rule": TEXT,
            "subject": TEXT,
            "severity": {"enum": [each.value for each in Severity]},
            "message": TEXT,
            "anchor": about(TEXT, "The finding's place on the assessment page."),
            "why": about(TEXT, "What the other snapshot says instead, or how severe it was."),
        }
    )


def _scenario(each: NeedChange) -> dict[str, Any]:
    return {
        "scenario": each.scenario,
        "before": _need(each.before),
        "after": _need(each.after),
    }


def _need(need: Need | None) -> dict[str, Any] | None:
    if need is None:
        return None
    return {
        "at_least": None if need.memory is None else int(need.memory),
        "exact": need.exact,
    }


def _need_schema() -> Schema:
    known = whole(
        {
            "at_least": size("what Docker needs."),
            "exact": about(FLAG, "at_least is all of it, not only a lower bound."),
        }
    )
    absent = "Null where the snapshot does not have the scenario."
    return {**known, "type": ["object", "null"], "description": absent}


def _memory(moment: Moment) -> dict[str, Any]:
    return {
        "in_use": moment.in_use,
        "measured_containers": moment.sampled,
        "running_containers": moment.running,
        "engine_total": moment.has,
    }


def _memory_schema() -> Schema:
    return whole(
        {
            "in_use": size("what the sampled containers used."),
            "measured_containers": COUNT,
            "running_containers": COUNT,
            "engine_total": size("what the engine has."),
        }
    )


def _resized(each: Resized) -> dict[str, Any]:
    change = "changed" if each.was and each.exists else "added" if each.exists else "removed"
    return {"name": each.name, "before": each.before, "after": each.after, "change": change}


def _resized_schema() -> Schema:
    return whole(
        {
            "name": TEXT,
            "before": size("in the earlier snapshot."),
            "after": size("in the later snapshot."),
            "change": {"enum": ["changed", "added", "removed"]},
        }
    )
