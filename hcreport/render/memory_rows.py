"""Memory on the first page as a table: what Docker has and needs, and the parts of both.

The rows that the picture beside it shows are numbered, see :mod:`hcreport.render.memory_chart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hcreport.model import Assessment, MemoryBudget, Number, Origin, Requirement, RequirementPart
from hcreport.render.charts import Look
from hcreport.render.escape import one_line
from hcreport.render.headline import known_need
from hcreport.render.words import NOT_MEASURED, counted, number_text
from hcreport.units import Bytes, gib

KEPT_PARTS = 4
"""Models and services with a part of their own, the largest; the others are one part together."""

_DIFFERENCE = "what Docker has, less what is in use"

Kind = Literal[
    "has", "used", "free", "need", "model", "service", "rest", "engine", "unknown", "limit"
]

_LOOKS: dict[Kind, Look] = {
    "used": "tone-4",
    "free": "empty",
    "model": "tone-1",
    "service": "tone-2",
    "rest": "tone-3",
    "engine": "tone-4",
    "unknown": "hatched",
}


@dataclass(frozen=True, kw_only=True)
class MemoryRow:
    """One row of the table."""

    kind: Kind
    label: str
    number: Number | None
    why: str = ""
    """Why it is not measured."""
    note: str = ""
    """What the number leaves out."""
    mark: str = ""
    """What stands in the part of the picture that shows it; empty where none does."""
    name: str = ""
    """What that part is called, where it is not the label."""

    @property
    def value(self) -> str:
        """The number in words."""
        return number_text(self.number) if self.number else NOT_MEASURED

    @property
    def size(self) -> int:
        """Its bytes; 0 where it is not measured."""
        return round(self.number.value) if self.number else 0

    @property
    def look(self) -> Look | None:
        """How its part is drawn; None where it has none."""
        return _LOOKS.get(self.kind)

    @property
    def whole(self) -> bool:
        """It is a bar, and not a part of one."""
        return self.kind in ("has", "need")


def memory_rows(assessment: Assessment, requirement: Requirement | None) -> tuple[MemoryRow, ...]:
    """Return what Docker has and its parts, what is needed and its parts, and the sum of limits."""
    rows = (
        *_has_rows(assessment.memory),
        *_need_rows(requirement),
        _limit_row(assessment.memory),
    )
    marks = iter(range(1, len(rows) + 1))
    return tuple(
        replace(each, mark=str(next(marks))) if each.look and each.number else each for each in rows
    )


def _has_rows(budget: MemoryBudget) -> list[MemoryRow]:
    total, used = budget.engine_total, budget.measured
    part = budget.measured_containers < budget.running_containers
    sampled = f"{budget.measured_containers} of {counted(budget.running_containers, 'container')}"
    rows = [
        MemoryRow(
            kind="has",
            label="Docker has",
            number=total,
            why="the engine's memory is not in the snapshot",
        ),
        MemoryRow(
            kind="used",
            label=f"In use by {sampled}" if used and part else "In use by containers",
            number=used,
            why="no container was sampled",
            note="the others that ran were not sampled" if used and part else "",
        ),
    ]
    if total and used and total.value > used.value:
        left = Bytes(round(total.value) - round(used.value))
        rows.append(
            MemoryRow(
                kind="free",
                label="Not sampled, or free" if part else "Not in use",
                number=_estimated("memory not in use", left, _DIFFERENCE),
                note="" if part else "free, or in use by Docker itself and the system",
            )
        )
    return rows


def _need_rows(requirement: Requirement | None) -> list[MemoryRow]:
    known, exact = known_need(requirement)
    if requirement is None or known is None:
        why = "no part of the need is known"
        return [MemoryRow(kind="need", label="Needs", number=None, why=why)]
    evidence = "sum of the parts on the requirements page"
    missing = sum(1 for part in requirement.parts if part.memory is None and not part.left_out)
    note = f"{counted(missing, 'part')} not measured" if missing else ""
    if exact and requirement.docker_memory_recommended is not None:
        note = f"{gib(requirement.docker_memory_recommended)} is recommended"
    rows = [
        MemoryRow(
            kind="need",
            label="Needs" if exact else "Needs at least",
            number=_estimated("memory that Docker needs", known, evidence),
            note=note,
        ),
        *_part_rows(requirement.parts),
    ]
    if missing:
        rows.append(
            MemoryRow(
                kind="unknown",
                label=f"{counted(missing, 'more part')}",
                number=None,
                why="the requirements page names each with the reason",
                mark="?",
            )
        )
    return rows


def _part_rows(parts: Sequence[RequirementPart]) -> list[MemoryRow]:
    """Return the parts that add up to the need: the largest alone, the others together.

    A margin that is not needed at once is taken off the others, so these are as many as it takes
    to be more than it. There are no rows where nothing is.
    """
    known = [each for each in parts if each.memory and _size(each)]
    stack = [each for each in known if each.kind in ("model", "service")]
    around = [each for each in known if each.kind in ("engine", "system")]
    margins = [each for each in known if each.kind == "margin"]
    stack.sort(key=lambda each: (-_size(each), each.kind, each.name))
    most = KEPT_PARTS if len(stack) > KEPT_PARTS + 1 or margins else len(stack)
    for kept in range(min(most, len(stack)), -1, -1):
        rest = [*stack[kept:], *margins]
        if not rest or sum(map(_size, rest)) > 0:
            alone = sorted(stack[:kept], key=lambda each: each.kind)
            rows = [_part_row(each) for each in alone]
            rows += [_rest_row(stack[kept:], margins)] if rest else []
            return [*rows, *map(_part_row, around)]
    return []


def _part_row(part: RequirementPart) -> MemoryRow:
    kind: Kind = part.kind if part.kind in ("model", "service") else "engine"
    name = one_line(part.name)
    label = f"Model {name}" if kind == "model" else name
    return MemoryRow(kind=kind, label=label, number=_whole(part), name=name)


def _rest_row(others: Sequence[RequirementPart], margins: Sequence[RequirementPart]) -> MemoryRow:
    size = Bytes(sum(map(_size, (*others, *margins))))
    less = -sum(map(_size, margins))
    names = [each.kind for each in others]
    what = "service" if "model" not in names else "part"
    label = f"{counted(len(others), f'other {what}')} together"
    if len(others) == 1:
        label = one_line(others[0].name)
    return MemoryRow(
        kind="rest",
        label=label,
        number=_estimated("their parts of the need", size, "sum on the requirements page"),
        note=f"less {gib(less)} that is not needed at once" if less else "",
    )


def _whole(part: RequirementPart) -> Number | None:
    """Return the number of a part without its range: a picture has no room for it."""
    if part.memory is None:
        return None
    return part.memory.model_copy(update={"low": None, "high": None})


def _size(part: RequirementPart) -> int:
    return round(part.memory.value) if part.memory else 0


def _limit_row(budget: MemoryBudget) -> MemoryRow:
    unlimited = counted(len(budget.unlimited), "service")
    return MemoryRow(
        kind="limit",
        label="Sum of limits",
        number=budget.limits,
        why="no started service has a limit",
        note=f"{unlimited} without a limit on top" if budget.unlimited else "",
    )


def _estimated(name: str, size: Bytes, evidence: str) -> Number:
    return Number(
        name=name,
        value=float(size),
        unit="bytes",
        family="memory",
        origin=Origin(kind="estimated", evidence=evidence),
    )
