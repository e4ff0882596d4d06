"""The published JSON Schema (draft 2020-12) of ``hcreport check --format json``."""

from __future__ import annotations

from typing import Any

from hcreport.model import Severity

SCHEMA_NUMBER = 1
"""Rises when a key goes away or changes its meaning; new keys may come without it."""

_Schema = dict[str, Any]

_TEXT: _Schema = {"type": "string"}
_FLAG: _Schema = {"type": "boolean"}
_COUNT: _Schema = {"type": "integer", "minimum": 0}


def json_schema() -> _Schema:
    """Return the schema of what :func:`hcreport.render.json.to_json` writes."""
    properties: _Schema = {
        "schema": {"const": SCHEMA_NUMBER, "description": "The number of this schema."},
        "project": _TEXT,
        "taken_at": {"type": "string", "format": "date-time"},
        "findings": _list(_finding(), "Open problems, the worst first."),
        "not_measured": _list(_outcome(), "Questions without an answer, and why."),
        "suppressed": _list(_outcome(), "Problems the project lives with, and why."),
        "passed": _COUNT,
        "memory": _memory(),
        "images": _list(_image(), "Images, the largest first."),
        "models": _list(_model(), "Local language models."),
        "requirements": _list(_requirement(), "What each scenario needs."),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hcreport check",
        "description": "All sizes are in bytes; null is not measured.",
        **_object(properties),
    }


def _object(properties: _Schema) -> _Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: _Schema, description: str = "") -> _Schema:
    told = {"description": description} if description else {}
    return {"type": "array", "items": items, **told}


def _or_null(schema: _Schema, description: str = "") -> _Schema:
    told = {"description": description} if description else {}
    return {**schema, "type": [schema["type"], "null"], **told}


def _size(description: str) -> _Schema:
    return _or_null(_COUNT, f"Bytes; {description}")


def _outcome() -> _Schema:
    return _object({"rule": _TEXT, "subject": _TEXT, "reason": _TEXT})


def _number() -> _Schema:
    value: _Schema = {"type": "number"}
    return _object(
        {
            "name": _TEXT,
            "unit": {"enum": ["bytes", "ratio", "count", "seconds", "cpus"]},
            "value": {**value, "description": "In base units; a ratio is 1 for 100 %."},
            "low": _or_null(value, "Lower end of an estimate's range."),
            "high": _or_null(value, "Upper end of an estimate's range."),
            "origin": _object(
                {
                    "kind": {"enum": ["measured", "declared", "estimated", "cited"]},
                    "evidence": _TEXT,
                    "fact": _or_null(_TEXT, "Key of the cited fact."),
                }
            ),
        }
    )


def _finding() -> _Schema:
    place = _object({"file": _TEXT, "line": {"type": "integer", "minimum": 1}})
    return _object(
        {
            "rule": _TEXT,
            "subject": _TEXT,
            "severity": {"enum": [each.value for each in Severity]},
            "confidence": {"enum": ["certain", "likely", "possible"]},
            "message": _TEXT,
            "anchor": {
                **_TEXT,
                "description": "The finding's place on the assessment page.",
            },
            "location": _or_null(place, "Where it stands in the project's files."),
            "numbers": _list(_number()),
        }
    )


def _memory() -> _Schema:
    return _object(
        {
            "engine_total": _size("what the engine has."),
            "measured": _size("what the sampled containers used at that moment."),
            "measured_containers": _COUNT,
            "running_containers": _COUNT,
            "limits": _size("the sum of limits."),
            "limited": _list(_TEXT, "Services with a limit."),
            "unlimited": _list(_TEXT, "Services without a limit."),
        }
    )


def _image() -> _Schema:
    return _object(
        {
            "image": _TEXT,
            "services": _list(_TEXT),
            "size": {**_COUNT, "description": "Bytes, unpacked."},
            "shared": _size("in layers that other images have too."),
            "largest_layer": _size("of the largest layer."),
            "whole_context": {
                **_FLAG,
                "description": "A layer copies the whole build context.",
            },
            "target": _size("without the avoidable part; null where none is known."),
            "reason": _TEXT,
        }
    )


def _model() -> _Schema:
    return _object(
        {
            "model": _TEXT,
            "service": _or_null(_TEXT),
            "needs": _size("what it needs."),
            "has": _size("the smaller of the engine's memory and its service's limit."),
            "fits": _or_null(_FLAG),
            "reason": _TEXT,
        }
    )


def _requirement() -> _Schema:
    part = _object({"name": _TEXT, "memory": _size("what it needs."), "reason": _TEXT})
    return _object(
        {
            "scenario": _TEXT,
            "services": _list(_TEXT),
            "complete": {**_FLAG, "description": "Every part is known."},
            "docker_memory_minimum": _size("what Docker needs."),
            "docker_memory_recommended": _size(
                "what to give Docker on this platform, so that containers find the minimum."
            ),
            "docker_memory_at_least": {
                **_COUNT,
                "description": "Bytes; the sum of the known parts.",
            },
            "host_memory": {
                "type": "object",
                "additionalProperties": _COUNT,
                "description": "Bytes of the machine by platform.",
            },
            "cpu": _or_null({"type": "number"}, "CPUs."),
            "disk": _size("on the disk of Docker."),
            "parts": _list(part, "They add up to docker_memory_at_least."),
        }
    )
