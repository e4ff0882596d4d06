"""The published JSON Schema (draft 2020-12) of ``hcreport check --format json``."""

from __future__ import annotations

from hcreport.model import Severity
from hcreport.render.assessed_images import context_schema, image_schema
from hcreport.render.schema import (
    COUNT,
    DRAFT,
    FLAG,
    TEXT,
    Schema,
    disk_part,
    or_null,
    part,
    several,
    size,
    whole,
)

SCHEMA_NUMBER = 1
"""Rises when a key goes away or changes its meaning; new keys may come without it."""


def json_schema() -> Schema:
    """Return the schema of what :func:`hcreport.render.json.to_json` writes."""
    properties: Schema = {
        "schema": {"const": SCHEMA_NUMBER, "description": "The number of this schema."},
        "project": TEXT,
        "taken_at": {"type": "string", "format": "date-time"},
        "check": _check(),
        "findings": several(_finding(), "Open problems, the worst first."),
        "not_measured": several(_outcome(), "Questions without an answer, and why."),
        "suppressed": several(_outcome(), "Problems the project lives with, and why."),
        "passed": COUNT,
        "memory": _memory(),
        "images": several(image_schema(), "Images, the largest first."),
        "contexts": several(context_schema(), "What the builds of services send."),
        "models": several(_model(), "Local language models."),
        "requirements": several(_requirement(), "What each scenario needs."),
    }
    return {
        "$schema": DRAFT,
        "title": "hcreport check",
        "description": "All sizes are in bytes; null is not measured.",
        **whole(properties),
    }


def _check() -> Schema:
    return whole(
        {
            "fails": {**FLAG, "description": "The command fails."},
            "verdict": {**TEXT, "description": "Why it fails or passes."},
            "fail_on": or_null(TEXT, "The least severity that fails; null where none does."),
            "baseline": or_null(TEXT, "The file with what was known before."),
        }
    )


def _outcome() -> Schema:
    return whole({"rule": TEXT, "subject": TEXT, "reason": TEXT})


def _number() -> Schema:
    value: Schema = {"type": "number"}
    return whole(
        {
            "name": TEXT,
            "unit": {"enum": ["bytes", "ratio", "count", "seconds", "cpus"]},
            "value": {**value, "description": "In base units; a ratio is 1 for 100 %."},
            "low": or_null(value, "Lower end of an estimate's range."),
            "high": or_null(value, "Upper end of an estimate's range."),
            "origin": whole(
                {
                    "kind": {"enum": ["measured", "declared", "estimated", "cited"]},
                    "evidence": TEXT,
                    "fact": or_null(TEXT, "Key of the cited fact."),
                }
            ),
        }
    )


def _finding() -> Schema:
    place = whole({"file": TEXT, "line": {"type": "integer", "minimum": 1}})
    return whole(
        {
            "rule": TEXT,
            "subject": TEXT,
            "severity": {"enum": [each.value for each in Severity]},
            "confidence": {"enum": ["certain", "likely", "possible"]},
            "message": TEXT,
            "anchor": {
                **TEXT,
                "description": "The finding's place on the assessment page.",
            },
            "standing": {
                "enum": ["new", "worse", "known", None],
                "description": "What it is beside the baseline; null without one.",
            },
            "fails": {**FLAG, "description": "The check fails for it."},
            "location": or_null(place, "Where it stands in the project's files."),
            "numbers": several(_number()),
        }
    )


def _memory() -> Schema:
    return whole(
        {
            "engine_total": size("what the engine has."),
            "measured": size("what the sampled containers used at that moment."),
            "measured_containers": COUNT,
            "running_containers": COUNT,
            "limits": size("the sum of limits."),
            "limited": several(TEXT, "Services with a limit."),
            "unlimited": several(TEXT, "Services without a limit."),
        }
    )


def _model() -> Schema:
    return whole(
        {
            "model": TEXT,
            "service": or_null(TEXT),
            "needs": size("what it needs."),
            "has": size("the smaller of the engine's memory and its service's limit."),
            "fits": or_null(FLAG),
            "reason": TEXT,
        }
    )


def _requirement() -> Schema:
    return whole(
        {
            "scenario": TEXT,
            "services": several(TEXT),
            "complete": {**FLAG, "description": "Every part is known."},
            "docker_memory_minimum": size("what Docker needs."),
            "docker_memory_recommended": size("the minimum with page cache and room to grow."),
            "docker_memory_at_least": {
                **COUNT,
                "description": "Bytes; the sum of the known parts.",
            },
            "docker_memory_setting": size(
                "what to give Docker's virtual machine for docker_memory_at_least."
            ),
            "host_memory": {
                "type": "object",
                "additionalProperties": COUNT,
                "description": "Bytes of the machine by platform.",
            },
            "cpu": or_null({"type": "number"}, "CPUs."),
            "disk": size("on the disk of Docker."),
            "disk_parts": several(disk_part(), "The known ones add up to disk."),
            "parts": several(part(), "They add up to docker_memory_at_least."),
        }
    )
