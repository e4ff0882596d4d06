"""What a check found as JSON, for programs: a contract with a number, and its published schema."""

from __future__ import annotations

import json
from typing import Any

from hcreport.gate import Checked
from hcreport.model import (
    Finding,
    MemoryBudget,
    ModelFit,
    Number,
    Outcome,
    Requirement,
)
from hcreport.platforms import UNKNOWN, Platform, detect, setting_for
from hcreport.render.assessed_images import context_json, image_target_json
from hcreport.render.assessed_parts import disk_part_json, part_json
from hcreport.render.json_schema import SCHEMA_NUMBER, json_schema

__all__ = ["SCHEMA_NUMBER", "json_schema", "to_json"]


def to_json(checked: Checked) -> str:
    """Return what was found as one JSON object, all sizes in whole bytes, null where not measured.

    Only ASCII leaves here, so that no name can control a terminal that shows it.
    """
    snapshot, assessment = checked.snapshot, checked.assessment
    platform = detect(snapshot.engine) if snapshot.engine else UNKNOWN
    data: dict[str, Any] = {
        "schema": SCHEMA_NUMBER,
        "project": snapshot.project.name,
        "taken_at": snapshot.taken_at.isoformat(),
        "check": _check(checked),
        "findings": [_finding(each, checked) for each in assessment.findings],
        "not_measured": [
            _outcome(each) for each in assessment.outcomes if each.status == "not measured"
        ],
        "suppressed": [
            _outcome(each) for each in assessment.outcomes if each.status == "suppressed"
        ],
        "passed": sum(1 for each in assessment.outcomes if each.status == "ok"),
        "memory": _memory(assessment.memory),
        "images": [image_target_json(each) for each in assessment.images],
        "contexts": [context_json(each) for each in snapshot.contexts],
        "models": [_model(each) for each in assessment.models],
        "requirements": [_requirement(each, platform) for each in assessment.requirements],
    }
    return json.dumps(data, indent=2) + "\n"


def _check(checked: Checked) -> dict[str, Any]:
    return {
        "fails": checked.fails,
        "verdict": checked.verdict,
        "fail_on": checked.fail_on.value if checked.fail_on else None,
        "baseline": checked.baseline.name if checked.baseline else None,
    }


def _finding(finding: Finding, checked: Checked) -> dict[str, Any]:
    place = finding.location
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "severity": finding.severity.value,
        "confidence": finding.confidence,
        "message": finding.message,
        "anchor": finding.anchor,
        "standing": checked.standing(finding),
        "fails": checked.fails_for(finding),
        "location": {"file": place.file, "line": place.line} if place else None,
        "numbers": [_number(each) for each in finding.numbers],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"rule": outcome.rule, "subject": outcome.subject, "reason": outcome.reason}


def _number(number: Number) -> dict[str, Any]:
    return {
        "name": number.name,
        "unit": number.unit,
        "value": _value(number, number.value),
        "low": _value(number, number.low),
        "high": _value(number, number.high),
        "origin": {
            "kind": number.origin.kind,
            "evidence": number.origin.evidence,
            "fact": number.origin.fact,
        },
    }


def _value(number: Number, value: float | None) -> int | float | None:
    """Bytes and counts are whole numbers; the rest stays as it was measured."""
    if value is None:
        return None
    return round(value) if number.unit in ("bytes", "count") else value


def _size(number: Number | None) -> int | None:
    return None if number is None else round(number.value)


def _bytes(size: int | None) -> int | None:
    return None if size is None else int(size)


def _memory(budget: MemoryBudget) -> dict[str, Any]:
    return {
        "engine_total": _size(budget.engine_total),
        "measured": _size(budget.measured),
        "measured_containers": budget.measured_containers,
        "running_containers": budget.running_containers,
        "limits": _size(budget.limits),
        "limited": list(budget.limited),
        "unlimited": list(budget.unlimited),
    }


def _model(model: ModelFit) -> dict[str, Any]:
    return {
        "model": model.model,
        "service": model.service,
        "needs": _size(model.needs),
        "has": _size(model.has),
        "fits": model.fits,
        "reason": model.reason,
    }


def _requirement(requirement: Requirement, platform: Platform) -> dict[str, Any]:
    return {
        "scenario": requirement.scenario,
        "services": list(requirement.services),
        "complete": requirement.complete,
        "docker_memory_minimum": _bytes(requirement.docker_memory),
        "docker_memory_recommended": _bytes(requirement.docker_memory_recommended),
        "docker_memory_at_least": int(requirement.at_least),
        "docker_memory_setting": _bytes(
            setting_for(requirement.at_least, platform)
            if requirement.machines and platform.virtual_machine
            else None
        ),
        "host_memory": {name: int(size) for name, size in sorted(requirement.host_memory.items())},
        "cpu": requirement.cpus.value if requirement.cpus else None,
        "disk": _size(requirement.disk),
        "disk_parts": [disk_part_json(each) for each in requirement.disk_parts],
        "parts": [part_json(each) for each in requirement.parts],
    }
