"""The chart of one local model: its parts end to end, and what remembered prompts may add.

Like every chart it is a picture of a table beside it: the digits below the parts are the numbers of
that table's rows, so no colour has to be told from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hcreport.render.charts import ROW, WIDTH
from hcreport.units import Bytes, gib, total

KEYS = 20
"""Height of the line with the digits of the parts."""

_WIDE_ENOUGH = 12
"""Parts narrower than this have no digit: it would touch the next."""

PartKind = Literal["weights", "cache", "work", "process", "prompts"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One row of the table of a model's parts."""

    kind: PartKind
    name: str
    size: Bytes
    why: str
    """What it depends on."""
    number: int = 0
    """Of its row, from 1."""
    fact: str = ""
    """Key of the cited fact that it rests on, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One part within a bar."""

    kind: PartKind
    number: int
    left: float
    width: float

    @property
    def middle(self) -> float:
        """Where its digit stands."""
        return round(self.left + self.width / 2, 1)

    @property
    def labelled(self) -> bool:
        """It is wide enough for its digit."""
        return self.width >= _WIDE_ENOUGH


@dataclass(frozen=True, kw_only=True)
class StackedBar:
    """Parts end to end, with their sum."""

    label: str
    value: str
    top: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class ModelChart:
    """Bars of one scale and, where known, a line at what the model can have."""

    title: str
    description: str
    bars: tuple[StackedBar, ...]
    line: float | None
    height: int
    width: int = WIDTH


def model_chart(name: str, parts: Sequence[Part], has: Bytes | None) -> ModelChart:
    """Return the drawing of a model's parts, with a full context and with all that it remembers.

    ``has`` is what the model can have at the most, in bytes; None where it is not known.
    """
    needed = [each for each in parts if each.kind != "prompts"]
    rows = [("With a full context", needed)]
    if len(needed) < len(parts):
        rows.append(("With all that it remembers", list(parts)))
    whole = total(each.size for each in parts)
    largest = max(int(whole), int(has or 0), 1)
    bars = tuple(
        StackedBar(
            label=label,
            value=gib(total(each.size for each in held)),
            top=position * (ROW + KEYS),
            segments=_segments(held, largest),
        )
        for position, (label, held) in enumerate(rows)
    )
    listed = "; ".join(f"{each.number} {each.name} {gib(each.size)}" for each in parts)
    line = None if has is None else min(round(WIDTH * int(has) / largest, 1), WIDTH - 1.0)
    room = "" if has is None else f". It can have {gib(has)}"
    return ModelChart(
        title=f"Memory of {name} by parts",
        description=f"{listed}{room}.",
        bars=bars,
        line=line,
        height=len(bars) * (ROW + KEYS),
    )


def _segments(parts: Sequence[Part], largest: int) -> tuple[Segment, ...]:
    """Return parts end to end; each starts where the sum of those before it ends."""
    found, before = [], 0
    for part in parts:
        left, right = (round(WIDTH * each / largest, 1) for each in (before, before + part.size))
        if right > left:
            found.append(
                Segment(kind=part.kind, number=part.number, left=left, width=round(right - left, 1))
            )
        before += int(part.size)
    return tuple(found)
