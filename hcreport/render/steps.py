"""The steps of the plan as the checklist prints them: as many as one sheet of paper holds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from hcreport.model import Action

MOST = 12
"""Steps on a checklist, however short they are."""

_LINES = 68
"""Lines of the smaller print that Letter holds below the heading, as :func:`_action_lines` counts
them; measured in Chromium. A4 holds a few more."""

_BOLD_COLUMNS = 92
_COLUMNS = 106
"""Letters on a printed line, a little less than measured."""

_STEP_GAP = 0.6
_COMMAND_GAP = 0.4
"""Room around a step and around a command, in lines."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One box of the checklist: an action, or several of which one is to be done."""

    number: int
    options: tuple[Action, ...]

    @property
    def lines(self) -> float:
        """How many printed lines it takes, about."""
        heading = 1 if len(self.options) > 1 else 0
        return heading + _STEP_GAP + sum(_action_lines(each) for each in self.options)


def plan_steps(plan: Iterable[Action]) -> tuple[Step, ...]:
    """Return the plan in its order; the alternatives of one group are one step."""
    grouped: dict[str, list[Action]] = {}
    for position, action in enumerate(plan):
        grouped.setdefault(action.group or f"\n{position}", []).append(action)
    return tuple(
        Step(number=number, options=tuple(options))
        for number, options in enumerate(grouped.values(), start=1)
    )


def steps_on_a_sheet(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the first steps, as many as fit on one sheet and at least one."""
    room = float(_LINES)

    def fits(step: Step) -> bool:
        nonlocal room
        room -= step.lines
        return step.number == 1 or room >= 0

    return tuple(takewhile(fits, steps[:MOST]))


def _action_lines(action: Action) -> float:
    what = f"Option 1: {action.what} {action.effort} takes about"
    after = " ".join(filter(None, (action.verify, action.undo)))
    words = "It worked if: To undo: " if after else ""
    lines = float(_wrapped(what, _BOLD_COLUMNS) + _wrapped(words + after, _COLUMNS))
    if action.command:
        lines += _COMMAND_GAP
        lines += sum(_wrapped(line or " ", _BOLD_COLUMNS) for line in action.command.splitlines())
    return lines


def _wrapped(text: str, columns: int) -> int:
    return math.ceil(len(text) / columns)
