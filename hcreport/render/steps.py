"""The steps of the plan as the checklist shows them: numbered, by phase, each with a lasting id."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from hcreport.model import PHASES, Action, Phase

MOST_SHOWN = 60
"""Steps on the checklist's page, which has to stay light enough for a slow network."""

_ID_LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
_ID_LENGTH = 4
"""Short enough to copy from paper: no letter that looks like a digit, no vowel that makes words."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One box of the checklist: an action, or several of which one is to be done."""

    number: int
    options: tuple[Action, ...]
    id: str = ""
    """Names the step in the browser's memory, on paper and in a task list. It stays the same when
    other steps come or go, and changes when what is to be done does."""

    @property
    def phase(self) -> Phase:
        """When to do it: as soon as the quickest of its options can be done."""
        return min((each.phase for each in self.options), key=PHASES.index)

    @property
    def closes(self) -> tuple[str, ...]:
        """Anchors of the findings that one of its options settles, each once."""
        found = (anchor for each in self.options for anchor in each.closes)
        return tuple(dict.fromkeys(found))

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
    ids = _unique(_digest(step.options[0]) for step in found)
    numbered = enumerate(zip(found, ids, strict=True), start=1)
    return tuple(replace(step, number=number, id=name) for number, (step, name) in numbered)


def by_phase(steps: Iterable[Step]) -> tuple[tuple[Phase, tuple[Step, ...]], ...]:
    """Return the steps of each phase that has any, in the order of the steps."""
    return tuple((phase, tuple(found)) for phase, found in groupby(steps, lambda each: each.phase))


def _digest(action: Action) -> str:
    """Return a short hash of the finding that asked for an action and of what is to be done."""
    text = "\n".join((*action.closes[:1], action.what))
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    letters = []
    for _ in range(_ID_LENGTH):
        number, place = divmod(number, len(_ID_LETTERS))
        letters.append(_ID_LETTERS[place])
    return "".join(letters)


def _unique(names: Iterable[str]) -> Iterator[str]:
    """Yield the names; one that was there before is followed by how many it makes."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"
