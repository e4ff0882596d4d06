"""What containers that share the memory do not need at once, of what each needs by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Protocol, Self, TypeVar

from hcreport.estimate.need import Need
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import ContainerNeed, Series
from hcreport.units import Bytes


def not_needed_at_once(needs: Collection[ContainerNeed], together: Bytes | None) -> Bytes:
    """Return the bytes by which the sum of some containers' minima is more than they need together.

    ``together`` is the most that all containers which were watched held in one round.

    Each minimum is enough for one container under a limit of its own, with a margin. Where the
    memory is shared, three things are not needed at once:

    - margins: the largest is kept, because the highs of all at one time are supposed already;
    - files on the account of somebody else, where containers run the same programs from the same
      image: they are needed once, and not at all where one of these containers has them on its
      account;
    - files at the moment of all highs: they can be read again a moment later. So the sum of the
      highs without files is enough, with what a repeat may differ by (facts ``sizing/peak-factor``
      and ``sizing/slack``), unless more was held together with files. Only where all were watched.

    Source: own experiments, fact ``sizing/shared-margin``.
    """
    every, programs = _sum_up(needs)
    return _not_needed(every, sum(each.counted for each in programs.values()), together)


def not_needed_without_each(
    parts: Sequence[Collection[ContainerNeed]], together: Bytes | None
) -> tuple[Bytes, ...]:
    """Return :func:`not_needed_at_once` of all parts but one, for each part that is left out.

    In time that grows as the number of parts, not as its square.
    """
    summed = [_sum_up(needs) for needs in parts]
    users: dict[int, list[int]] = {}
    for position, (_, programs) in enumerate(summed):
        for program in programs:
            users.setdefault(program, []).append(position)
    once = 0
    freed = [0] * len(parts)
    for program, positions in users.items():
        shares = [summed[position][1][program] for position in positions]
        counted = reduce(_Program.__add__, shares).counted
        once += counted
        for position, rest in zip(positions, _without_each(shares, _Program()), strict=True):
            freed[position] += counted - rest.counted
    rests = _without_each([every for every, _ in summed], _Sum())
    return tuple(
        _not_needed(rest, once - less, together) for rest, less in zip(rests, freed, strict=True)
    )


def shared_need(need: Need, lives: Sequence[Series]) -> ContainerNeed:
    """Return what one container brings to a sum, from its need and from what was seen of it."""
    return ContainerNeed(
        minimum=need.minimum,
        highest=need.highest,
        without_files=need.without_files,
        elsewhere=need.elsewhere,
        mapped=max(each.mapped or Bytes(0) for each in lives),
        program_files=max(each.program_files or Bytes(0) for each in lives),
        program=lives[-1].program,
        watched=need.samples > len(lives),
    )


@dataclass(frozen=True, slots=True)
class _Sum:
    """What some containers come to, in bytes; two sums add up, and the default adds nothing."""

    containers: int = 0
    minimum: int = 0
    without_files: int = 0
    own: int = 0
    """Their highs, less the files on the account of somebody else."""
    alone: int = 0
    """Those files, of containers whose program is not known."""
    largest: int = 0
    """The highest of their highs."""
    margin: int = 0
    """The largest of their margins."""
    watched: bool = True
    """All of them were watched."""

    def __add__(self, other: _Sum) -> _Sum:
        return _Sum(
            self.containers + other.containers,
            self.minimum + other.minimum,
            self.without_files + other.without_files,
            self.own + other.own,
            self.alone + other.alone,
            max(self.largest, other.largest),
            max(self.margin, other.margin),
            self.watched and other.watched,
        )


@dataclass(frozen=True, slots=True)
class _Program:
    """What containers that map the same files have of them, in bytes; two of these add up."""

    on_account: int = 0
    files: int = 0
    elsewhere: int = 0

    def __add__(self, other: _Program) -> _Program:
        return _Program(
            self.on_account + other.on_account,
            max(self.files, other.files),
            max(self.elsewhere, other.elsewhere),
        )

    @property
    def counted(self) -> int:
        """The files that are needed once; 0 where one of the containers has them on its account."""
        return self.elsewhere if self.on_account < self.files else 0


def _sum_up(needs: Iterable[ContainerNeed]) -> tuple[_Sum, dict[int, _Program]]:
    """Return what containers come to, and what they have of the files of each program."""
    every = _Sum()
    programs: dict[int, _Program] = {}
    for each in needs:
        elsewhere = int(each.elsewhere)
        every += _Sum(
            1,
            int(each.minimum),
            int(each.without_files),
            max(int(each.highest) - elsewhere, 0),
            elsewhere if each.program is None else 0,
            int(each.highest),
            int(each.minimum) - int(each.highest),
            each.watched,
        )
        if each.program is not None:
            files = _Program(int(each.mapped), int(each.program_files), elsewhere)
            programs[each.program] = programs.get(each.program, _Program()) + files
    return every, programs


def _not_needed(every: _Sum, once: int, together: Bytes | None) -> Bytes:
    """Return what is not needed at once; ``once`` are the files of programs that are, in bytes."""
    files = every.alone + once
    highest = every.own + files
    needed = highest + every.margin
    if together is not None and every.containers > 1 and every.watched:
        seen = min(highest, int(together) + files) + every.margin
        needed = min(needed, max(seen, _at_all_highs(every)))
    return Bytes(max(every.minimum - needed, 0))


def _at_all_highs(every: _Sum) -> int:
    """Return what is needed when all containers are at their highest and have given up files."""
    repeat = round(every.largest * (fact_value("sizing/peak-factor") - 1))
    return every.without_files + repeat + int(fact_bytes("sizing/slack"))


class _Addable(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


_Kind = TypeVar("_Kind", bound=_Addable)


def _without_each(values: Sequence[_Kind], nothing: _Kind) -> list[_Kind]:
    """Return the sum of all values but one, for each of them: what is before it and behind it."""
    before = accumulate(values[:-1], initial=nothing) if values else ()
    behind = accumulate(reversed(values[1:]), initial=nothing) if values else ()
    return [one + other for one, other in zip(before, reversed([*behind]), strict=True)]
