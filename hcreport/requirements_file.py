"""Reads ``requirements.json``: what each scenario of a project asks of a machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hcreport.errors import SnapshotError, SnapshotTooNew
from hcreport.model import MachineCheck, MachineNeeds
from hcreport.model.record import Moment, Record, explain_validation
from hcreport.units import LARGEST_COUNT, MB

SCHEMA_NUMBER = 1
"""The schema of the file that this version reads."""

LARGEST_FILE = 64 * MB
"""Bytes; the file of 1,000 services is about one hundredth of it."""

_AGAIN = "Take the requirements.json of the published report, or build the report again."


@dataclass(frozen=True, kw_only=True)
class RequirementsFile:
    """What a project's published requirements say of machines."""

    project: str
    taken_at: Moment
    """When the snapshot was taken that they were made from."""
    scenarios: tuple[MachineNeeds, ...]
    """The main one first; never empty."""


class _File(Record):
    project: str
    taken_at: Moment
    scenarios: tuple[MachineNeeds, ...]


def read_requirements(path: Path) -> RequirementsFile:
    """Return what a requirements file says of machines.

    Raises SnapshotError where it cannot be read or is not what the schema says (the message names
    the place), SnapshotTooNew where a newer hcreport wrote it.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SnapshotError(f"{path} is too large to be a requirements file.", hint=_AGAIN)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SnapshotError(f"{path} cannot be read: {reason}.", hint=_AGAIN) from error
    return parse_requirements(text, name=str(path))


def parse_requirements(text: str, *, name: str = "the requirements file") -> RequirementsFile:
    """Return what a JSON text says of machines; ``name`` stands in messages.

    Raises like :func:`read_requirements`.
    """
    try:
        data = json.loads(text, parse_int=_read_integer)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{name} is not valid JSON.", hint=_AGAIN) from error
    if not isinstance(data, dict) or not isinstance(data.get("scenarios"), list):
        raise SnapshotError(
            f"{name} is not a requirements file: it has no list of scenarios.", hint=_AGAIN
        )
    _refuse_other_schemas(data.get("schema"), name)
    # Only these keys are read: the file may have more of them than this version knows.
    kept = {
        "project": data.get("project"),
        "taken_at": data.get("taken_at"),
        "scenarios": [_kept(each, name) for each in data["scenarios"]],
    }
    try:
        read = _File.model_validate_json(json.dumps(kept))
    except ValidationError as error:
        raise explain_validation(error, name, SnapshotError) from error
    if not read.scenarios:
        raise SnapshotError(f"{name} names no scenario.", hint=_AGAIN)
    return RequirementsFile(project=read.project, taken_at=read.taken_at, scenarios=read.scenarios)


def _refuse_other_schemas(number: object, name: str) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise SnapshotError(f"{name} is not a requirements file: it has no schema.", hint=_AGAIN)
    if number > SCHEMA_NUMBER:
        raise SnapshotTooNew(
            f"{name} has schema {number}; this version reads up to schema {SCHEMA_NUMBER}.",
            hint="Upgrade hcreport: `pip install --upgrade hcreport`.",
        )


def _kept(scenario: object, name: str) -> dict[str, Any]:
    """Return of one scenario what a machine is compared with."""
    if not isinstance(scenario, dict):
        raise SnapshotError(f"{name}: one of the scenarios is no object.", hint=_AGAIN)
    check = scenario.get("check")
    if check is None:
        raise SnapshotError(
            f"{name} was made by an earlier hcreport: a scenario has no key `check`.", hint=_AGAIN
        )
    if isinstance(check, dict):
        check = {key: value for key, value in check.items() if key in MachineCheck.model_fields}
    return {"scenario": scenario.get("scenario"), "check": check}


def _read_integer(digits: str) -> int:
    """Return a whole number that a kernel could count."""
    number = int(digits)
    if abs(number) > LARGEST_COUNT:
        raise ValueError("a number is too large")
    return number
