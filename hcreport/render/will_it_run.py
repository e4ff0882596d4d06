"""Will it run here: which scenarios run on which machine, in the words of the page and its script.

The page's table is for machines that are sold. The script is for a machine of any size: it looks
its answer up in :attr:`FamilyView.answers`, which was made by the same function as the table.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from types import MappingProxyType

from hcreport.estimate.machines import MACHINES, nominal_size
from hcreport.estimate.will_it_run import (
    Answer,
    DockerNeed,
    answers_by_size,
    fits_from,
    will_it_run,
)
from hcreport.platforms import Family, Platform, families
from hcreport.render.scenarios import ScenarioView
from hcreport.units import GIB, Bytes, gib

COMMON_SIZES = ("8", "16", "24", "32", "64")
"""GB to pick with one press; any other size can be typed."""

KINDS = ("runs", "change", "short", "may", "may-change", "unknown")
"""Every kind of answer."""

SYSTEMS: Mapping[str, str] = MappingProxyType(
    {"docker-desktop-wsl2": "Win", "docker-desktop-mac": "Mac", "linux": "Linux"}
)
"""The platform to begin with, by how a browser's name of its system begins."""

_TENTH = GIB / 10
_OPEN_END = Bytes(0)
"""Stands for "and all larger ones" where a row ends."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """One answer as a reader sees it."""

    kind: str
    """One of :data:`KINDS`."""
    detail: str
    """One or two sentences: what to change, or what is missing."""


@dataclass(frozen=True, kw_only=True)
class SizedWords:
    """The words for machines of a size and above, up to the next entry."""

    size: Bytes
    words: Words

    @property
    def from_bytes(self) -> str:
        """The size in bytes, for the script."""
        return f"{int(self.size)}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Machines that are sold, next to each other in size, with the same answers."""

    label: str
    """``Up to 4 GiB``, ``6 GiB``, ``8 to 12 GiB``, ``16 GiB or more``."""
    first: Bytes
    last: Bytes
    """0 where the row has no end."""
    cells: tuple[Words, ...]
    """One for each scenario."""

    @property
    def first_bytes(self) -> str:
        """The smallest of these machines in bytes, for the script."""
        return f"{int(self.first)}"

    @property
    def last_bytes(self) -> str:
        """The largest of them in bytes, for the script."""
        return f"{int(self.last)}"


@dataclass(frozen=True, kw_only=True)
class ScenarioAnswers:
    """The answers about one scenario on one family of platforms."""

    number: str
    """Its place among the scenarios, from 0."""
    fits_from: Bytes
    """The least machine on which it runs or may run; 0 where its need is not known."""
    sizes: tuple[SizedWords, ...]

    @property
    def fits_from_bytes(self) -> str:
        """That machine in bytes, for the script."""
        return f"{int(self.fits_from)}"


class FamilyView:
    """What runs on the platforms of one family."""

    def __init__(
        self, family: Family, needs: Sequence[DockerNeed | None], *, number: int, own: bool
    ) -> None:
        self.name = family.name
        self.number = f"{number}"
        """Its place among the families, from 0: which answers and which tab are its own."""
        self.platforms = family.platforms
        self.own = own
        """The snapshot was taken on one of them."""
        self._needs = needs
        self._platform = family.any

    @property
    def has_settings(self) -> bool:
        """There is a setting for memory on these platforms."""
        return self._platform.virtual_machine

    @cached_property
    def answers(self) -> tuple[ScenarioAnswers, ...]:
        """Return the answers for machines of every size, by scenario."""
        return tuple(
            ScenarioAnswers(
                number=f"{number}",
                fits_from=Bytes(0) if need is None else fits_from(need, self._platform),
                sizes=tuple(_sized_words(need, self._platform)),
            )
            for number, need in enumerate(self._needs)
        )

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Return the answers for the machines that are sold, neighbours with the same together."""
        columns = [(size, self.cells(size)) for size in MACHINES]
        groups = [(cells, [size for size, _ in group]) for cells, group in _neighbours(columns)]
        beyond = any(each.size > MACHINES[-1] for one in self.answers for each in one.sizes)
        return tuple(
            _row(
                sizes,
                cells,
                from_nothing=number == 0 and cells == self.cells(Bytes(0)),
                no_end=number == len(groups) - 1 and not beyond,
            )
            for number, (cells, sizes) in enumerate(groups)
        )

    def cells(self, machine: Bytes) -> tuple[Words, ...]:
        """Return the words about each scenario on a machine sold with ``machine`` bytes."""
        return tuple(words_for(each, machine, self._platform) for each in self._needs)

    def instead(self, machine: Bytes) -> int | None:
        """Return the number of the first scenario that runs or may run there; None if none does."""
        kinds = [each.kind for each in self.cells(machine)]
        return next(
            (number for number, kind in enumerate(kinds) if kind not in ("short", "unknown")), None
        )


@dataclass(frozen=True, kw_only=True)
class WillItRun:
    """All that the section and its form show."""

    families: tuple[FamilyView, ...]
    """The family of the snapshot's own platform first."""
    own: str
    """Id of the snapshot's own platform; empty where it is not known."""
    judged: bool
    """Something is known of the need of a scenario."""
    exact: bool
    """The need of every scenario is known, and none is a lower bound."""
    common_sizes: tuple[str, ...] = COMMON_SIZES
    kinds: tuple[str, ...] = KINDS

    @property
    def systems(self) -> Mapping[str, str]:
        """The platform to begin with, see :data:`SYSTEMS`."""
        return SYSTEMS


def will_it_run_view(scenarios: Sequence[ScenarioView], own: Sequence[Platform]) -> WillItRun:
    """Return which scenarios run on which machine; ``own`` are the snapshot's likely platforms."""
    needs = [_need(each) for each in scenarios]
    ids = {each.id for each in own}
    ordered = sorted(families(), key=lambda each: not _has(each, ids))
    views = [
        FamilyView(each, needs, number=number, own=_has(each, ids))
        for number, each in enumerate(ordered)
    ]
    return WillItRun(
        families=tuple(views),
        own=own[0].id if own else "",
        judged=any(each is not None for each in needs),
        exact=all(each is not None and each.exact for each in needs),
    )


def words_for(need: DockerNeed | None, machine: Bytes, platform: Platform) -> Words:
    """Return the words about one scenario on a machine sold with ``machine`` bytes."""
    if need is None:
        return Words(kind="unknown", detail="Its need was not measured.")
    answer = will_it_run(need, machine, platform)
    if answer.runs == "not":
        return Words(kind="short", detail=_short(need, platform))
    kind = "runs" if answer.runs == "as it is" else "change"
    if answer.exact:
        return Words(kind=kind, detail=_what_to_set(answer))
    return Words(
        kind="may" if kind == "runs" else "may-change",
        detail=" ".join((*_settings(answer), "The need is a lower bound.")),
    )


def missing_memory(need_from: Bytes, machine: Bytes) -> str:
    """Return by how much a machine is too small, in GiB with one decimal, rounded up."""
    missing = math.ceil((int(need_from) - int(machine)) / _TENTH) / 10
    return f"{missing:.1f}".removesuffix(".0")


def _has(family: Family, ids: Collection[str]) -> bool:
    return any(each.id in ids for each in family.platforms)


def _need(scenario: ScenarioView) -> DockerNeed | None:
    if scenario.need is None:
        return None
    recommended = scenario.requirement.docker_memory_recommended
    return DockerNeed(minimum=scenario.need, exact=scenario.exact, recommended=recommended)


def _sized_words(need: DockerNeed | None, platform: Platform) -> Iterator[SizedWords]:
    if need is None:
        yield SizedWords(size=Bytes(0), words=words_for(None, Bytes(0), platform))
        return
    for size, _ in answers_by_size(need, platform):
        yield SizedWords(size=size, words=words_for(need, size, platform))


def _short(need: DockerNeed, platform: Platform) -> str:
    sold = nominal_size(fits_from(need, platform))
    if sold is None:
        return "No machine that is commonly sold has enough."
    return f"{'Fits' if need.exact else 'May fit'} from {gib(sold)}."


def _what_to_set(answer: Answer) -> str:
    if answer.setting is None:
        return "Nothing to change." if answer.roomy else "It has less than recommended."
    if answer.runs == "as it is":
        return f"Recommended: set Docker to {gib(answer.setting)}."
    return " ".join(_settings(answer))


def _settings(answer: Answer) -> Iterator[str]:
    if answer.setting is not None:
        least = "" if answer.exact else "at least "
        yield f"Set Docker to {least}{gib(answer.setting)}."
        if not answer.roomy:
            yield "That is less than recommended."


def _neighbours(
    columns: Iterable[tuple[Bytes, tuple[Words, ...]]],
) -> Iterator[tuple[tuple[Words, ...], Iterator[tuple[Bytes, tuple[Words, ...]]]]]:
    return groupby(columns, key=lambda each: each[1])


def _row(
    sizes: Sequence[Bytes], cells: tuple[Words, ...], *, from_nothing: bool, no_end: bool
) -> Row:
    smallest, largest = sizes[0], sizes[-1]
    if from_nothing and no_end:
        label = "Every size"
    elif from_nothing:
        label = f"Up to {gib(largest)}"
    elif no_end:
        label = f"{gib(smallest)} or more"
    else:
        label = gib(smallest) if smallest == largest else f"{gib(smallest)} to {gib(largest)}"
    return Row(
        label=label,
        first=Bytes(0) if from_nothing else smallest,
        last=_OPEN_END if no_end else largest,
        cells=cells,
    )
