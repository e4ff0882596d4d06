"""Memory on the first page as a picture: what Docker has, and what is needed, by their parts.

Two bars stand below each other. Each part of a bar is a row of the table beside it, and the digit
in the part is the number of that row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hcreport.render.charts import (
    OPEN,
    Chart,
    Mark,
    Part,
    Row,
    Share,
    chart,
    mark_at,
    open_end,
    stacked,
    within,
)
from hcreport.render.memory_rows import Kind, MemoryRow


def memory_chart(rows: Sequence[MemoryRow]) -> Chart | None:
    """Return the drawing of :func:`memory_rows`; None where neither side is known."""
    has, need = (_one(rows, kind) for kind in ("has", "need"))
    drawn = [each for each in rows if each.look and each.number]
    has_parts = [each for each in drawn if each.kind in ("used", "free")]
    need_parts = [each for each in drawn if each not in has_parts]
    held = max(has.size, sum(each.size for each in has_parts))
    if not max(held, need.size):
        return None
    has_open, need_open = not has.number, any(each.kind == "unknown" for each in rows)
    need_open = need_open or not need.number
    scale = max(_room(held, open_ended=has_open), _room(need.size, open_ended=need_open))
    has_drawn = stacked(_shares(has, has_parts), scale)
    need_drawn = stacked(_shares(need, need_parts), scale)
    marks = _line(has, has_drawn if held == has.size else (), scale)
    return chart(
        title="Memory: what Docker has, and what is needed",
        description=_description(rows),
        rows=[
            Row(
                label=has.label,
                value=has.value,
                parts=(*has_drawn, open_end(has_drawn)) if has_open else has_drawn,
                marks=marks,
            ),
            Row(
                label=need.label,
                value=need.value,
                parts=(*need_drawn, open_end(need_drawn)) if need_open else need_drawn,
                marks=marks,
            ),
        ],
        caption=_caption(line=bool(marks), unknown=has_open or need_open),
    )


def _line(has: MemoryRow, drawn: Sequence[Part], scale: float) -> tuple[Mark, ...]:
    """Return the line at what Docker has: at the end of the parts that are all of it, if any.

    Where they were widened so that each can be seen, they end later than their size.
    """
    if has.number is None:
        return ()
    return (Mark(at=within(drawn[-1].right)) if drawn else mark_at(has.size, scale),)


def _one(rows: Iterable[MemoryRow], kind: Kind) -> MemoryRow:
    return next(each for each in rows if each.kind == kind)


def _room(size: int, *, open_ended: bool) -> float:
    """Return how many bytes the whole width has to stand for."""
    return size * 100 / (100 - OPEN) if open_ended else float(size)


def _shares(whole: MemoryRow, parts: Sequence[MemoryRow]) -> list[Share]:
    if not parts:
        return [Share(look="tone-4" if whole.kind == "has" else "tone-2", size=whole.size)]
    return [
        Share(look=each.look, size=each.size, mark=each.mark, name=each.name or each.label)
        for each in parts
        if each.look
    ]


def _description(rows: Iterable[MemoryRow]) -> str:
    return "; ".join(f"{each.mark} {each.label} {each.value}".strip() for each in rows) + "."


def _caption(*, line: bool, unknown: bool) -> str:
    sentences = ["The digits are those of the table below."]
    if line:
        sentences.append("The upright line marks what Docker has: what passes it does not fit.")
    if unknown:
        sentences.append("What has a question mark was not measured.")
    return " ".join(sentences)
