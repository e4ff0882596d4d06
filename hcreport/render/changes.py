"""What changed between two snapshots, in the words that the page, a terminal and Markdown share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from hcreport.changes import Changes, Need, ProblemChange, Resized
from hcreport.history import Moment
from hcreport.render.words import NOT_MEASURED, counted, date_text, joined, listed
from hcreport.units import Bytes, gb, gib

LISTED = 50
"""Problems, images and limits in one list; of more it says how many there are."""

SCENARIOS_LISTED = 12
"""Scenarios in the table of memory; of more it says how many there are."""

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, kw_only=True)
class Capped(Generic[_Kind]):
    """The first entries of a list, and how many more there are."""

    shown: Sequence[_Kind]
    more: int


@dataclass(frozen=True, kw_only=True)
class ThenAndNow:
    """One quantity in two snapshots, in words."""

    label: str
    before: str
    now: str
    difference: str


class ChangesView:
    """All that is said about two snapshots. Attributes are values; nothing here changes."""

    def __init__(self, changes: Changes, since: str = "") -> None:
        self.changes = changes
        self.since = since or date_text(changes.since)
        """What the earlier snapshot is called."""

    @property
    def verdict(self) -> str:
        """Which problems changed, in one sentence."""
        known = self.changes
        counts = (
            (len(known.opened), "opened"),
            (len(known.worse), "got worse"),
            (len(known.closed), "closed"),
            (len(known.unanswered), "can no longer be told"),
        )
        parts = [f"{counted(count, 'problem')} {what}" for count, what in counts if count]
        stayed = f"{counted(known.stayed, 'problem')} stayed"
        if not parts:
            return f"No problem opened, closed or got worse since {self.since}; {stayed}."
        return f"Since {self.since}, {joined([*parts, stayed])}."

    @cached_property
    def memory(self) -> Sequence[ThenAndNow]:
        """Return memory needed by each scenario, in use and had."""
        before, now = self.changes.before, self.changes.after
        same_containers = (before.sampled, before.running) == (now.sampled, now.running)
        return (
            *self._needs(),
            _row(
                "In use by containers",
                (before.in_use, now.in_use),
                (in_use_text(before), in_use_text(now)),
                "" if same_containers else "not comparable: other containers ran or were sampled",
            ),
            _row("Docker has", (before.has, now.has), (_gib(before.has), _gib(now.has))),
        )

    @property
    def more_scenarios(self) -> int:
        """How many scenarios the table of memory leaves out."""
        return max(0, len(self.changes.needs) - SCENARIOS_LISTED)

    def _needs(self) -> Iterator[ThenAndNow]:
        needs = self.changes.needs
        for each in needs[:SCENARIOS_LISTED]:
            label = "Docker needs" if len(needs) == 1 else f"Docker needs for {each.scenario}"
            before, after = each.before, each.after
            if before is None or after is None:
                yield ThenAndNow(
                    label=label,
                    before=needed_text(before) if before else "not there",
                    now=needed_text(after) if after else "gone",
                    difference="added" if after else "removed",
                )
            else:
                yield _row(
                    label,
                    (before.memory, after.memory),
                    (needed_text(before), needed_text(after)),
                    ""
                    if before.exact == after.exact
                    else "not comparable: one of them is a lower bound",
                )

    @property
    def any_problem(self) -> bool:
        """A problem opened, got worse or ended."""
        return self.changes.any_problem

    @cached_property
    def problem_lists(self) -> Sequence[tuple[str, Capped[ProblemChange]]]:
        """Return the problems that differ, by what happened to them, each list with its heading."""
        return (
            ("Opened", capped(self.changes.opened)),
            ("Got worse", capped(self.changes.worse)),
            ("Closed", capped(self.changes.closed)),
            ("No answer any more", capped(self.changes.unanswered)),
        )

    @cached_property
    def images(self) -> Capped[ThenAndNow]:
        """Return the images whose size differs, the largest difference first."""
        return capped(_image(each) for each in self.changes.images)

    @cached_property
    def limits(self) -> Capped[ThenAndNow]:
        """Return the memory limits that differ, by service."""
        return capped(_limit(each) for each in self.changes.limits)

    @property
    def no_limit_change(self) -> str:
        """Say that no limit differs."""
        return "No memory limit changed."

    @property
    def services(self) -> Sequence[str]:
        """Say which services are new and which are gone."""
        added, removed = self.changes.added, self.changes.removed
        found = (
            f"{'Added' if names is added else 'Gone'}: {listed(names)}"
            for names in (added, removed)
            if names
        )
        return tuple(found) or ("No service was added or removed.",)

    @property
    def no_image_change(self) -> str:
        """Say that no image differs, or that nobody knows."""
        if self.changes.before.images is None or self.changes.after.images is None:
            return "Images were not measured in both snapshots."
        return "No image changed its size."

    @property
    def all_images(self) -> str:
        """Say what all images come to, where that is known of both snapshots."""
        before, after = self.changes.before.images, self.changes.after.images
        if before is None or after is None:
            return ""
        if before == after:
            return f"All images together: {gb(after)}, the same as before."
        difference = difference_text(before, after, gb)
        return f"All images together: {gb(after)}, {difference} than before."


def _image(image: Resized) -> ThenAndNow:
    there = image.was and image.exists
    return ThenAndNow(
        label=image.name,
        before=_gb(image.before) if image.was else "not there",
        now=_gb(image.after) if image.exists else "gone",
        difference=difference_text(image.before, image.after, gb)
        if there
        else ("added" if image.exists else "removed"),
    )


def _limit(limit: Resized) -> ThenAndNow:
    before, after = limit.before, limit.after
    if before is None or after is None:
        difference = "limit added" if after is not None else "limit removed"
    else:
        difference = difference_text(before, after, gib)
    return ThenAndNow(
        label=limit.name,
        before="no limit" if before is None else gib(before),
        now="no limit" if after is None else gib(after),
        difference=difference,
    )


def needed_text(need: Need) -> str:
    """Return what Docker needs: ``at least 5.42 GiB``."""
    if need.memory is None:
        return NOT_MEASURED
    return gib(need.memory) if need.exact else f"at least {gib(need.memory)}"


def in_use_text(moment: Moment) -> str:
    """Return what was in use, and by how many containers where not all were sampled."""
    if moment.in_use is None:
        return NOT_MEASURED
    if moment.sampled < moment.running:
        ran = counted(moment.running, "container")
        return f"{gib(moment.in_use)} by {moment.sampled:,} of {ran}"
    return gib(moment.in_use)


def difference_text(before: Bytes | None, now: Bytes | None, say: Callable[[int], str]) -> str:
    """Return by how much something grew: ``1.2 GiB more``, ``the same``, ``not known``."""
    if before is None or now is None:
        return "not known"
    if before == now:
        return "the same"
    return f"{say(abs(int(now) - int(before)))} {'more' if now > before else 'less'}"


def capped(entries: Iterable[_Kind]) -> Capped[_Kind]:
    """Return the first entries of a list for a page."""
    known = tuple(entries)
    return Capped(shown=known[:LISTED], more=max(0, len(known) - LISTED))


def _row(
    label: str,
    sizes: tuple[Bytes | None, Bytes | None],
    texts: tuple[str, str],
    obstacle: str = "",
) -> ThenAndNow:
    known = None not in sizes
    return ThenAndNow(
        label=label,
        before=texts[0],
        now=texts[1],
        difference=obstacle if obstacle and known else difference_text(*sizes, gib),
    )


def _gib(size: Bytes | None) -> str:
    return NOT_MEASURED if size is None else gib(size)


def _gb(size: Bytes | None) -> str:
    return NOT_MEASURED if size is None else gb(size)
