"""Which steps one sheet of paper holds: the first in full, the next in short, the rest counted.

Heights are in millimetres and the same as in ``styles/9-paper-checklist.css``. A sheet is as wide
as A4 and as high as Letter, so that what fits here fits on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hcreport.model import Action
from hcreport.render.paper_text import code_lines, lines
from hcreport.render.steps import MOST_SHOWN, Step

KEPT_IN_SHORT = 6
"""Steps for which a sheet keeps room to say at least what to do."""

_WIDTH = 210 - 2 * 14
_HEIGHT = 279.4 - 2 * 11
_SPARE = 3
"""Left empty: browsers round, and fonts differ."""

_BOX = 9
_EFFORT = 31
_WORD = 21
"""Columns: the box, how long it takes, and the word before a detail."""

_HEAD = 9.4
_CONTEXT_LINE = 5
_CONTEXT_LINES = 3
_FOOT = 7.4
_MORE = 7
_PHASE = 8.4
_STEP = 3.6
_SHORT = 3
_NOTE = 6
_TITLE_LINE = 4.5
_OPTION = 1.2
_LINE = 4.2
_COMMAND = 2.6
_CODE_LINE = 3.7

_TITLE_POINTS = 10
_POINTS = 9.5
_CODE_POINTS = 8.5

_HINT = "(on the site: Checklist)"
"""What the page says of a file, on paper."""

_SHORT_LINES = 3
"""Lines of what to do that a step in short has at most; the rest of it is cut with an ellipsis."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What of the steps is printed."""

    full: tuple[Step, ...]
    short: tuple[Step, ...]
    more: int
    """Steps that are not on it."""

    def holds(self, step: Step) -> bool:
        """Tell whether a step is printed, in full or in short."""
        return step.number <= len(self.full) + len(self.short)

    def in_short(self, step: Step) -> bool:
        """Tell whether no more is printed of a step than what to do."""
        return len(self.full) < step.number <= len(self.full) + len(self.short)

    def begins_short(self, step: Step) -> bool:
        """Tell whether a step is the first one in short."""
        return step.number == len(self.full) + 1 and self.holds(step)


def sheet_of(steps: Sequence[Step], context: str = "") -> Sheet:
    """Return what of the steps fits on a sheet below a line of context.

    As many as possible are in full, as long as those that follow can be there in short.
    """
    room = _HEIGHT - _SPARE - _HEAD - _FOOT
    context_lines = lines(context, width=_WIDTH - 5, points=_POINTS, bold=True)
    room -= _CONTEXT_LINE * min(context_lines, _CONTEXT_LINES)
    full, short = _most(steps, room)
    return Sheet(
        full=tuple(steps[:full]),
        short=tuple(steps[full : full + short]),
        more=len(steps) - full - short,
    )


def _most(steps: Sequence[Step], room: float) -> tuple[int, int]:
    """Return how many steps fit in full and how many more in short."""
    total, steps = len(steps), steps[:MOST_SHOWN]
    whole = tuple(_height_in_full(each) for each in steps)
    brief = tuple(_height_in_short(each) for each in steps)
    headings = (0.0, *_heading_heights(steps))

    def fits(full: int, short: int) -> bool:
        used = sum(whole[:full]) + sum(brief[full : full + short])
        notes = (_NOTE if short else 0) + (_MORE if full + short < total else 0)
        return used + notes + sum(headings[: full + short + 1]) <= room

    most = len(steps)
    while most and not fits(most, min(KEPT_IN_SHORT, len(steps) - most)):
        most -= 1
    # A first step that leaves no room for as many others in short is worth more than they are.
    most = most or int(bool(steps) and fits(1, 0))
    short = 0
    while most + short < len(steps) and fits(most, short + 1):
        short += 1
    return most, short


def _heading_heights(steps: Sequence[Step]) -> Iterable[float]:
    """Yield the height of the heading above each step, 0 where it has none."""
    if steps:
        yield _PHASE
    for before, step in pairwise(steps):
        yield 0 if before.phase == step.phase else _PHASE


def _height_in_full(step: Step) -> float:
    height = _STEP + _title_height(_title(step))
    if len(step.options) == 1:
        return height + _details_height(step, step.options[0])
    for position, action in enumerate(step.options, start=1):
        height += _OPTION + _title_height(f"Option {position}: {action.what}")
        height += _details_height(step, action)
    return height


def _height_in_short(step: Step) -> float:
    texts = [_title(step)]
    if len(step.options) > 1:
        numbered = enumerate(step.options, start=1)
        texts += [f"Option {position}: {action.what}" for position, action in numbered]
    width = _WIDTH - _BOX - _EFFORT
    counts = (lines(text, width=width, points=_POINTS, bold=True) for text in texts)
    return _SHORT + _LINE * sum(min(count, _SHORT_LINES) for count in counts)


def _title(step: Step) -> str:
    what = step.options[0].what if len(step.options) == 1 else "Do one of these"
    return f"{step.number}. {what} id {step.id}"


def _title_height(text: str) -> float:
    width = _WIDTH - _BOX - _EFFORT
    return _TITLE_LINE * lines(text, width=width, points=_TITLE_POINTS, bold=True)


def _details_height(step: Step, action: Action) -> float:
    parts = [action.why, action.gain, action.verify, action.undo]
    parts += [f"{name}, copied beside your Compose file {_HINT}." for name in action.files]
    parts += ["1 of 2 problems."] if step.settles_fewer(action) else []
    width = _WIDTH - _BOX - _WORD
    height = sum(_LINE * lines(part, width=width, points=_POINTS) for part in parts if part)
    if action.command:
        inner = width - 4
        rows = code_lines(action.command.strip("\n"), width=inner, points=_CODE_POINTS)
        height += _COMMAND + _CODE_LINE * rows
    return height
