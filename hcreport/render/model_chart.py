"""The charts of local models: the parts of one end to end, and all of them beside their room.

Like every chart they are pictures of tables beside them: the digits in the parts are the numbers of
a table's rows, so no colour has to be told from another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hcreport.render.charts import Chart, Look, Row, Share, chart, cut, mark_at, stacked
from hcreport.render.escape import one_line
from hcreport.units import Bytes, gib, total

KEPT_MODELS = 12
"""Models in the chart of all models; the others are in the table."""

PartKind = Literal["weights", "cache", "work", "process", "prompts"]


_LOOKS: Mapping[PartKind, Look] = MappingProxyType(
    {
        "weights": "tone-1",
        "cache": "tone-2",
        "work": "tone-3",
        "process": "tone-4",
        "prompts": "hatched",
    }
)


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

    @property
    def look(self) -> Look:
        """How it is drawn."""
        return _LOOKS[self.kind]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One model beside its room; sizes are in bytes, None is not known."""

    name: str
    need: Bytes | None
    has: Bytes | None
    """Docker's memory, or the smaller limit of its service."""
    room: Bytes | None
    """What all else that starts leaves to it."""

    @property
    def sizes(self) -> tuple[Bytes | None, ...]:
        """All three."""
        return self.need, self.has, self.room

    @property
    def value(self) -> str:
        """Its need, and what it can have, as they stand beside its bar."""
        need = gib(self.need or Bytes(0))
        return need if self.has is None else f"{need} of {gib(self.has)}"

    @property
    def words(self) -> str:
        """All that is known, for a reader who does not see the drawing."""
        has = "" if self.has is None else f", can have {gib(self.has)}"
        room = "" if self.room is None else f", {gib(self.room)} beside all that starts"
        return f"{one_line(self.name)} needs {gib(self.need or Bytes(0))}{has}{room}"


def model_chart(name: str, parts: Sequence[Part], has: Bytes | None) -> Chart:
    """Return the drawing of a model's parts, with a full context and with all that it remembers.

    ``has`` is what the model can have at the most, in bytes; None where it is not known.
    """
    needed = [each for each in parts if each.kind != "prompts"]
    bars = [("With a full context", needed)]
    if len(needed) < len(parts):
        bars.append(("With all that it remembers", list(parts)))
    scale = max(int(total(each.size for each in parts)), int(has or 0), 1)
    listed = "; ".join(f"{each.number} {each.name} {gib(each.size)}" for each in parts)
    room = "" if has is None else f". It can have {gib(has)}"
    caption = "The digits are those of the table below."
    if has is not None:
        caption += (
            " The upright line marks what Docker has, or the smaller limit of its service."
            " A bar that passes it does not fit."
        )
    return chart(
        title=f"Memory of {one_line(name)} by parts",
        description=f"{listed}{room}.",
        rows=[
            Row(
                label=label,
                value=gib(total(each.size for each in held)),
                parts=stacked(map(_share, held), scale),
                marks=() if has is None else (mark_at(int(has), scale),),
            )
            for label, held in bars
        ],
        caption=caption,
    )


def _share(part: Part) -> Share:
    size, mark = int(part.size), str(part.number)
    return Share(look=part.look, size=size, mark=mark, name=part.name)


def fit_chart(fits: Sequence[Fit]) -> Chart | None:
    """Return each model's need beside the room it has; None where no need is known."""
    shown = [each for each in fits if each.need is not None][:KEPT_MODELS]
    scale = max((max(map(int, filter(None, each.sizes))) for each in shown), default=0)
    if not scale:
        return None
    rows = [
        Row(
            label=cut(each.name),
            value=each.value,
            parts=stacked([Share(look="tone-1", size=int(each.need or 0))], scale),
            marks=tuple(
                mark_at(int(size), scale, broken=broken)
                for size, broken in ((each.has, False), (each.room, True))
                if size is not None
            ),
        )
        for each in shown
    ]
    return chart(
        title="Memory that each model needs, and what it can have",
        description="; ".join(each.words for each in shown) + ".",
        rows=rows,
        caption=_fit_caption(shown, left_out=len(fits) - len(shown)),
    )


def _fit_caption(shown: Sequence[Fit], *, left_out: int) -> str:
    sentences = []
    if any(each.has is not None for each in shown):
        sentences.append(
            "The upright line marks what a model can have: a bar that passes it does not fit."
        )
    if any(each.room is not None for each in shown):
        sentences.append("The broken line marks what is left to it beside all that starts.")
    if left_out:
        sentences.append("The other models are in the table.")
    return " ".join(sentences)
