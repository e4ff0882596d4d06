"""Lines of a requirement as JSON, the same wherever we write one."""

from __future__ import annotations

from typing import Any

from hcreport.model import DiskPart, Number, RequirementPart


def part_json(part: RequirementPart) -> dict[str, Any]:
    """Return one line of the breakdown, sizes in bytes."""
    memory = part.memory
    return {
        "name": part.name,
        "kind": part.kind,
        "memory": amount(memory),
        "low": None if memory is None else _whole(memory.low),
        "high": None if memory is None else _whole(memory.high),
        "recommended": amount(part.recommended),
        "containers": part.containers,
        "exact": part.exact,
        "elastic": part.elastic,
        "notes": list(part.notes),
        "reason": part.reason,
    }


def disk_part_json(part: DiskPart) -> dict[str, Any]:
    """Return one line of what is needed on disk, in bytes."""
    return {"name": part.name, "size": amount(part.size), "reason": part.reason}


def size(value: int | None) -> int | None:
    """Return bytes as a plain number."""
    return None if value is None else int(value)


def amount(number: Number | None) -> int | None:
    """Return a number of bytes as a whole number; None where it is not measured."""
    return None if number is None else round(number.value)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
