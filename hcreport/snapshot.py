"""Snapshot files: JSON with a schema number, read strictly and written whole.

A key we do not know is an error with its path: a typing mistake in a hand-written snapshot must
not turn into "not measured". A file of a newer schema is refused by name, an older one is brought
up step by step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hcreport.errors import SnapshotError, SnapshotTooNew
from hcreport.files import write_whole
from hcreport.model import Snapshot
from hcreport.model.record import Moment, Record, described, explain_validation
from hcreport.units import LARGEST_COUNT, MB

SCHEMA_NUMBER = 1
"""The schema that this version writes."""

LARGEST_FILE = 256 * MB
"""Bytes; a snapshot of 1,000 services is about one hundredth of it."""

_NUMBER = r"(?:-?[0-9][0-9.eE+-]*|null)"
_ROW_OF_NUMBERS = re.compile(rf"\[\n\s+({_NUMBER}(?:,\n\s+{_NUMBER})*)\n\s+\]")
"""A list of numbers as ``json`` indents it. No text can look like it, for JSON writes the end of a
line within a text as two characters."""

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

_UPGRADES: dict[int, Upgrade] = {}
"""From schema number n to n + 1; the first change of the schema adds the first entry."""


class Heading(Record):
    """Whose snapshot a file holds, and of when."""

    taken_at: Moment
    project: str
    """Name of the Compose project."""


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot in a file.

    Raises SnapshotError where the file is missing, truncated, not JSON or not what the schema
    says (the message names the place), SnapshotTooNew where a newer hcreport wrote it.
    """
    return parse_snapshot(_text_of(path), name=str(path))


def read_heading(path: Path) -> Heading:
    """Return the heading of the snapshot in a file, without checking all the rest.

    Raises like :func:`read_snapshot`, also for a file that another program wrote.
    """
    data = _data_of(_text_of(path), name=str(path))
    project = data.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    try:
        return Heading.model_validate_json(
            json.dumps({"taken_at": data.get("taken_at"), "project": name})
        )
    except ValidationError as error:
        raise explain_validation(error, str(path), SnapshotError) from error


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SnapshotError(
                f"{path} is too large to be a snapshot.",
                hint="Name the file that `hcreport collect -o FILE` wrote.",
            )
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SnapshotError(
            f"{path} cannot be read: {reason}.",
            hint="Make one with `hcreport collect -o snapshot.json`.",
        ) from error


def parse_snapshot(text: str, *, name: str = "the snapshot") -> Snapshot:
    """Return the snapshot in a JSON text; ``name`` stands in messages.

    Raises like :func:`read_snapshot`.
    """
    data = _data_of(text, name)
    try:
        return Snapshot.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise explain_validation(error, name, SnapshotError) from error


def _data_of(text: str, name: str) -> dict[str, Any]:
    """Return what a JSON text holds, as the newest schema says it but not yet checked."""
    try:
        data = json.loads(text, parse_int=_read_integer)
    except json.JSONDecodeError as error:
        raise SnapshotError(
            f"{name} is not valid JSON at line {error.lineno}; it may have been cut short.",
            hint="Collect again with `hcreport collect -o snapshot.json`.",
        ) from error
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SnapshotError(
            f"{name} is not a snapshot: {reason}.",
            hint="Collect again with `hcreport collect -o snapshot.json`.",
        ) from error
    if not isinstance(data, dict) or "schema" not in data:
        raise SnapshotError(
            f"{name} is not a snapshot: it has no key `schema`.",
            hint="Name the file that `hcreport collect -o FILE` wrote.",
        )
    return _upgraded(data, name)


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot; the same snapshot gives the same bytes. Raises SnapshotError."""
    try:
        write_whole(path, format_snapshot(snapshot))
    except OSError as error:
        raise SnapshotError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Choose another place with --output.",
        ) from error


def format_snapshot(snapshot: Snapshot) -> str:
    """Return the JSON text of a snapshot; values that are their field's default are left out."""
    data = snapshot.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps({"schema": SCHEMA_NUMBER, **data}, indent=2, ensure_ascii=False) + "\n"
    return _ROW_OF_NUMBERS.sub(_on_one_line, text)


def _on_one_line(row: re.Match[str]) -> str:
    return f"[{' '.join(row[1].split())}]"


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12) of a snapshot file."""
    schema = described(Snapshot)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "hcreport snapshot"
    schema["properties"] = {
        "schema": {"const": SCHEMA_NUMBER, "description": "The number of this schema."},
        **schema["properties"],
    }
    schema["required"] = ["schema", *schema["required"]]
    return schema


def _read_integer(digits: str) -> int:
    """Return a whole number; none that a kernel counts or Python's arithmetic could not hold."""
    number = int(digits)
    if abs(number) > LARGEST_COUNT:
        raise ValueError(f"{digits[:20]}… is too large for a number")
    return number


def _upgraded(data: dict[str, Any], name: str) -> dict[str, Any]:
    number = data.pop("schema")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise SnapshotError(
            f"{name}: `schema` is not a schema number.",
            hint=f"This version writes schema {SCHEMA_NUMBER}.",
        )
    if number > SCHEMA_NUMBER:
        raise SnapshotTooNew(
            f"{name} has schema {number}; this version reads up to schema {SCHEMA_NUMBER}.",
            hint="Upgrade hcreport: `pip install --upgrade hcreport`.",
        )
    for step in range(number, SCHEMA_NUMBER):
        data = _UPGRADES[step](data)
    return data
