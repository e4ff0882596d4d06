"""Orders what to do: the worst findings first, among equals what brings most for its effort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hcreport.model import EFFORTS, Action, Effort, Finding

_HOURS: dict[Effort, float] = {"minutes": 0.25, "an hour": 1, "a day": 8}
"""What an effort counts as where gains are compared: our own choice."""

_Key = tuple[str, str]


@dataclass
class _Step:
    """Actions of which one is to be done, and the worst finding that asked for it."""

    finding: Finding
    options: dict[_Key, Action]

    def close(self, actions: Iterable[Action]) -> None:
        """Note that options of this step settle what these actions settle."""
        for action in actions:
            known = self.options[_key(action)]
            closes = tuple(dict.fromkeys(known.closes + action.closes))
            self.options[_key(action)] = known.model_copy(update={"closes": closes})

    @property
    def order(self) -> tuple[int, float, int]:
        """Sort by severity, then the most bytes for an hour, then the least effort."""
        options = self.options.values()
        gain = max(int(each.effect or 0) / _HOURS[each.effort] for each in options)
        effort = min(EFFORTS.index(each.effort) for each in options)
        return self.finding.severity.rank, -gain, effort

    def actions(self) -> Iterator[Action]:
        """Yield the options, with their group where there are several.

        The first says why, in the words of the finding where it has none of its own.
        """
        group = self.finding.anchor if len(self.options) > 1 else ""
        for place, action in enumerate(self.options.values()):
            why = action.why if place else action.why or self.finding.message
            yield action.model_copy(update={"group": group, "why": why})


def plan(findings: Iterable[Finding]) -> tuple[Action, ...]:
    """Return the actions that settle the findings, in the order to do them.

    No action stands twice: the same one for several findings closes them all. The alternatives of
    a finding share a ``group`` and stand together, in their own order, which is the best first.

    A finding adds no step where one that is there already settles it, whichever of its options is
    chosen; and an option that stands in an earlier step does not stand again in a later one. So
    whoever does one option of every step has settled every finding, but for one case: a finding
    whose options all stand in earlier steps. ``closes`` says which options settle it.
    """
    steps: list[_Step] = []
    for finding in sorted(findings, key=lambda each: each.severity.rank):
        _add(finding, steps)
    ordered = sorted(steps, key=lambda each: each.order)
    return tuple(action for step in ordered for action in step.actions())


def _add(finding: Finding, steps: list[_Step]) -> None:
    new = {_key(each): each for each in finding.remedies}
    settled = False
    for step in steps:
        shared = [new.pop(key) for key in step.options if key in new]
        step.close(shared)
        settled = settled or len(shared) == len(step.options)
    if new and not settled:
        steps.append(_Step(finding=finding, options=new))


def _key(action: Action) -> _Key:
    return action.what, action.command
