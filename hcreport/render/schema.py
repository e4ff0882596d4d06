"""Pieces of the published JSON Schemas (draft 2020-12): objects are whole, nothing is optional."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
AMOUNT: Schema = {"type": "number"}


def whole(properties: Schema) -> Schema:
    """Return the schema of an object that has exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def several(items: Schema, description: str = "") -> Schema:
    """Return the schema of a list."""
    told = {"description": description} if description else {}
    return {"type": "array", "items": items, **told}


def or_null(schema: Schema, description: str = "") -> Schema:
    """Return a schema that also allows null, for what is not measured."""
    told = {"description": description} if description else {}
    return {**schema, "type": [schema["type"], "null"], **told}


def size(description: str) -> Schema:
    """Return the schema of a number of bytes, or null."""
    return or_null(COUNT, f"Bytes; {description}")


def about(schema: Schema, description: str) -> Schema:
    """Return a schema with a description."""
    return {**schema, "description": description}


def part() -> Schema:
    """Return the schema of one line of a requirement's breakdown."""
    return whole(
        {
            "name": TEXT,
            "kind": {"enum": ["service", "model", "margin", "engine", "system"]},
            "memory": or_null(
                {"type": "integer"},
                "Bytes it needs at least, all its containers together; below 0 for a margin that "
                "is taken off.",
            ),
            "low": size("what was certainly in use and could not be taken back."),
            "high": size("enough for what was seen, whatever of it was needed."),
            "recommended": size("with its page cache and room to grow."),
            "containers": COUNT,
            "exact": about(FLAG, "memory is enough for what was seen, not only a lower bound."),
            "elastic": about(TEXT, "The setting that bounds a heap that takes what it finds."),
            "notes": several(TEXT, "What a reader should know."),
            "reason": about(TEXT, "Why it is not measured."),
        }
    )


def disk_part() -> Schema:
    """Return the schema of one line of what is needed on disk."""
    return whole({"name": TEXT, "size": size("on the disk of Docker."), "reason": TEXT})
