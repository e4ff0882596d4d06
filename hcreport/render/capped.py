"""Keeps lists short in large projects: what is shown, and what stands elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hcreport.model import RequirementPart
from hcreport.render.problems import Problem, telling
from hcreport.units import Bytes, total

ROWS = 100
"""Rows of a table, or lines of a list, before the others are counted together."""

PROBLEMS = 60
"""Problems that the assessment always tells in full."""

OF_A_RULE = 5
"""Of more problems, how many of each rule it tells in full; the others have a line each."""

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, kw_only=True)
class Capped(Generic[_Kind]):
    """A list for a page."""

    shown: Sequence[_Kind]
    rest: Sequence[_Kind]
    """What the page only counts."""


def capped(entries: Iterable[_Kind], most: int = ROWS) -> Capped[_Kind]:
    """Return the first entries of a list, and the others apart."""
    known = tuple(entries)
    return Capped(shown=known[:most], rest=known[most:])


@dataclass(frozen=True, kw_only=True)
class Told:
    """The problems of the assessment."""

    in_full: Sequence[Problem]
    in_short: Sequence[tuple[str, Sequence[Problem]]]
    """By rule, those that have one line each."""


def told(problems: Sequence[Problem]) -> Told:
    """Return all problems in full, or of very many the first of each rule; order is kept."""
    if len(problems) <= PROBLEMS:
        return Told(in_full=problems, in_short=())
    in_full: list[Problem] = []
    in_short: dict[str, list[Problem]] = {}
    counts: dict[str, int] = {}
    for each in problems:
        rule = each.finding.rule
        counts[rule] = counts.get(rule, 0) + 1
        if counts[rule] <= OF_A_RULE:
            in_full.append(each)
        else:
            in_short.setdefault(rule, []).append(each)
    silent = {each.finding.anchor for more in in_short.values() for each in more}
    return Told(
        in_full=[telling(each, silent) for each in in_full], in_short=tuple(in_short.items())
    )


@dataclass(frozen=True, kw_only=True)
class PartRows:
    """The parts of a scenario's memory that have a number, for a table that adds up."""

    shown: Sequence[RequirementPart]
    smaller: Sequence[RequirementPart]
    """Services that are one row together."""

    @property
    def containers(self) -> int:
        """Containers of the smaller ones."""
        return sum(each.containers for each in self.smaller)

    @property
    def memory(self) -> Bytes:
        """What the smaller ones need, in bytes."""
        return total(_bytes(each.memory.value) for each in self.smaller if each.memory)

    @property
    def recommended(self) -> Bytes:
        """What is recommended for the smaller ones, in bytes."""
        numbers = [each.recommended or each.memory for each in self.smaller]
        return total(_bytes(each.value) for each in numbers if each)

    @property
    def exact(self) -> bool:
        """Each of the smaller ones is more than a lower bound."""
        return all(each.exact for each in self.smaller)


def part_rows(parts: Iterable[RequirementPart], most: int = ROWS) -> PartRows:
    """Return the parts with a number: of the services the largest, and the others together."""
    known = [each for each in parts if each.memory]
    services = [each for each in known if each.kind == "service"]
    by_size = sorted(services, key=lambda each: -(each.memory.value if each.memory else 0))
    smaller = {each.name for each in by_size[most:]}
    return PartRows(
        shown=[each for each in known if each.kind != "service" or each.name not in smaller],
        smaller=[each for each in services if each.name in smaller],
    )


def _bytes(value: float) -> Bytes:
    return Bytes(round(value))
