"""The steps of the plan as the checklist prints them: as many as one sheet of paper holds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, takewhile

from hcreport.model import PHASES, Action, Phase

MOST = 12
"""Steps on a checklist, however short they are."""

_LINES = 55
"""Lines of the smaller print that Letter holds below the heading, as :attr:`Step.lines` counts
them; measured in Chromium. A4 holds a few more."""

_BOLD_COLUMNS = 94
_LABEL_COLUMNS = 80
_COLUMNS = 106
"""Letters on a printed line, a little less than measured: in bold, beside the time it takes, and
below."""

_PHASE_LINES = 1.7
_STEP_GAP = 0.5
_COMMAND_GAP = 0.4
"""Room for a phase's heading, around a step and around a command, in lines."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One box of the checklist: an action, or several of which one is to be done."""

    number: int
    options: tuple[Action, ...]

    @property
    def phase(self) -> Phase:
        """When to do it: as soon as the quickest of its options can be done."""
        return min((each.phase for each in self.options), key=PHASES.index)

    @property
    def closes(self) -> tuple[str, ...]:
        """Anchors of the findings that one of its options settles, each once."""
        found = (anchor for each in self.options for anchor in each.closes)
        return tuple(dict.fromkeys(found))

    @property
    def lines(self) -> float:
        """How many printed lines it takes, about."""
        if len(self.options) == 1:
            (action,) = self.options
            return _STEP_GAP + _wrapped(action.what, _LABEL_COLUMNS) + _lines_below(action)
        heads = (f"Option 1: {each.what} takes about {each.effort}" for each in self.options)
        titles = 1 + sum(_wrapped(each, _BOLD_COLUMNS) for each in heads)
        return (
            _STEP_GAP + titles + sum(_lines_below(each, "Settles 1 of 2.") for each in self.options)
        )

    def settles_fewer(self, action: Action) -> bool:
        """Tell whether an option settles fewer findings than the others of the step do."""
        return len(action.closes) < len(self.closes)


def plan_steps(plan: Iterable[Action]) -> tuple[Step, ...]:
    """Return the plan by phase, in its order within each; alternatives of a group are one step."""
    grouped: dict[str, list[Action]] = {}
    for position, action in enumerate(plan):
        grouped.setdefault(action.group or f"\n{position}", []).append(action)
    found = [Step(number=0, options=tuple(options)) for options in grouped.values()]
    found.sort(key=lambda step: PHASES.index(step.phase))
    return tuple(
        Step(number=number, options=step.options) for number, step in enumerate(found, start=1)
    )


def by_phase(steps: Iterable[Step]) -> tuple[tuple[Phase, tuple[Step, ...]], ...]:
    """Return the steps of each phase that has any, in the order of the steps."""
    return tuple((phase, tuple(found)) for phase, found in groupby(steps, lambda each: each.phase))


def steps_on_a_sheet(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the first steps, as many as fit on one sheet and at least one."""
    room, seen = float(_LINES), set[Phase]()

    def fits(step: Step) -> bool:
        nonlocal room
        room -= step.lines + (0 if step.phase in seen else _PHASE_LINES)
        seen.add(step.phase)
        return step.number == 1 or room >= 0

    return tuple(takewhile(fits, steps[:MOST]))


def _lines_below(action: Action, more: str = "") -> float:
    """Return the lines below what an action is called, of which the last may end with ``more``."""
    lines = float(_wrapped(f"Why: {action.why}", _COLUMNS)) if action.why else 0
    if action.command:
        lines += _COMMAND_GAP
        lines += sum(_wrapped(line or " ", _BOLD_COLUMNS) for line in action.command.splitlines())
    parts = [f"Needs: {each}, copied beside your Compose file." for each in action.files]
    parts += [f"Effect: {action.gain}."] if action.gain else []
    parts += [f"It worked if: {action.verify}"] if action.verify else []
    parts += [f"To undo: {action.undo}"] if action.undo else []
    return lines + _wrapped(" ".join((*parts, more)), _COLUMNS)


def _wrapped(text: str, columns: int) -> int:
    return math.ceil(len(text) / columns)
