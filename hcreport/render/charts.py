"""Charts as numbers: where each bar stands, for the templates to draw as SVG.

A chart is an accessible picture of a table that stands beside it, so it holds no number of its
own. Lengths are in units of the drawing, ``WIDTH`` across.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hcreport.model import Assessment, Number, Origin, Requirement
from hcreport.render.headline import known_need
from hcreport.render.words import NOT_MEASURED, counted, number_text
from hcreport.units import gib

WIDTH = 400
ROW = 50
"""Height of a label with its bar below."""

Kind = Literal["has", "measured", "limit", "need"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of the table beside a chart; also one bar."""

    kind: Kind
    label: str
    number: Number | None
    why: str = ""
    """Why it is not measured."""
    note: str = ""
    """What the number leaves out."""

    @property
    def value(self) -> str:
        """The number in words."""
        return number_text(self.number) if self.number else NOT_MEASURED


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One row of a drawing."""

    kind: Kind
    label: str
    value: str
    top: int
    width: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Horizontal bars and, where known, a line across them at what the engine has."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    line: float | None
    height: int
    width: int = WIDTH


def memory_rows(assessment: Assessment, requirement: Requirement | None) -> tuple[Row, ...]:
    """Return what Docker has, what is in use, what may be used, and what is needed, in bytes."""
    budget = assessment.memory
    part = budget.measured_containers < budget.running_containers
    sampled = f"{budget.measured_containers} of {counted(budget.running_containers, 'container')}"
    unlimited = counted(len(budget.unlimited), "service")
    return (
        Row(
            kind="has",
            label="Docker has",
            number=budget.engine_total,
            why="the engine's memory is not in the snapshot",
        ),
        Row(
            kind="measured",
            label=f"In use by {sampled}" if budget.measured and part else "In use",
            number=budget.measured,
            why="no container was sampled",
            note="the others that ran were not sampled" if budget.measured and part else "",
        ),
        Row(
            kind="limit",
            label="Sum of limits",
            number=budget.limits,
            why="no started service has a limit",
            note=f"{unlimited} without a limit on top" if budget.unlimited else "",
        ),
        _need(requirement),
    )


def _need(requirement: Requirement | None) -> Row:
    known, exact = known_need(requirement)
    if requirement is None or known is None:
        return Row(kind="need", label="Needs", number=None, why="no part of the need is known")
    number = Number(
        name="memory that Docker needs",
        value=float(known),
        unit="bytes",
        family="memory",
        origin=Origin(kind="estimated", evidence="sum of the parts on the requirements page"),
    )
    missing = sum(1 for part in requirement.parts if part.memory is None and not part.left_out)
    note = f"{counted(missing, 'part')} not measured" if missing else ""
    if exact and requirement.docker_memory_recommended is not None:
        note = f"{gib(requirement.docker_memory_recommended)} is recommended"
    label = "Needs" if exact else "Needs at least"
    return Row(kind="need", label=label, number=number, note=note)


def memory_chart(rows: Sequence[Row]) -> Chart | None:
    """Return the drawing of :func:`memory_rows`; None where no number is known."""
    known = [row.number.value for row in rows if row.number is not None]
    largest = max(known, default=0.0)
    if largest <= 0:
        return None
    bars = tuple(
        Bar(
            kind=row.kind,
            label=row.label,
            value=row.value,
            top=position * ROW,
            width=_length(row.number.value, largest) if row.number else 0,
        )
        for position, row in enumerate(rows)
    )
    total = next((row.number for row in rows if row.kind == "has"), None)
    return Chart(
        title="Memory: what Docker has, uses, allows and needs",
        description="; ".join(f"{row.label} {row.value}" for row in rows) + ".",
        bars=bars,
        line=None if total is None else min(_length(total.value, largest), WIDTH - 1.0),
        height=len(rows) * ROW,
    )


def _length(value: float, largest: float) -> float:
    """Scale to the width; a known number is never too short to see."""
    return max(2.0, round(WIDTH * value / largest, 1))
