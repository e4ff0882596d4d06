"""The page about changes: since the previous snapshot, and as lines over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from hcreport.changes import Changes, Ended, Opened, Past, Resized
from hcreport.history import Moment, NotRead
from hcreport.render.history_chart import HistoryChart, Look, Series, history_chart
from hcreport.render.words import NOT_MEASURED, counted, date_text, day_text, joined
from hcreport.units import Bytes, gb, gib

ROWS_SHOWN = 12
"""Snapshots in the tables, the newest ones; the pictures show all."""

LISTED = 50
"""Problems, images and limits in one list; of more it says how many there are."""

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


class HistoryView:
    """All that the page shows. Attributes are values; nothing here changes."""

    def __init__(self, past: Past) -> None:
        self._moments = past.history.moments
        self.changes: Changes | None = past.changes
        self.not_read: tuple[NotRead, ...] = past.history.not_read
        self.later = past.history.later
        self.skipped = past.history.skipped

    @property
    def count(self) -> int:
        """How many snapshots were read."""
        return len(self._moments)

    @property
    def first_day(self) -> str:
        """The day of the oldest snapshot."""
        return day_text(self._moments[0].taken_at)

    @property
    def since(self) -> str:
        """When the previous snapshot was taken; empty where there is none."""
        return date_text(self.changes.since) if self.changes else ""

    @property
    def verdict(self) -> str:
        """What changed since the previous snapshot, in one or two sentences."""
        if self.changes is None:
            return "This is the only snapshot, and one snapshot is no history."
        counts = (
            (len(self.changes.opened), "opened"),
            (len(self.changes.closed), "closed"),
            (len(self.changes.unanswered), "can no longer be told"),
        )
        parts = [f"{counted(count, 'problem')} {what}" for count, what in counts if count]
        stayed = f"{counted(self.changes.stayed, 'problem')} stayed"
        if not parts:
            return f"No problem opened or closed since {self.since}; {stayed}."
        return f"Since {self.since}, {joined([*parts, stayed])}."

    @cached_property
    def memory(self) -> tuple[ThenAndNow, ...]:
        """Return memory needed, in use and had, in the previous and the published snapshot."""
        if self.changes is None:
            return ()
        before, now = self._moments[-2:]
        same_bound = before.exact == now.exact
        same_containers = (before.sampled, before.running) == (now.sampled, now.running)
        return (
            _row(
                "Docker needs",
                (before.needed, now.needed),
                (self.needed(before), self.needed(now)),
                "" if same_bound else "not comparable: one of them is a lower bound",
            ),
            _row(
                "In use by containers",
                (before.in_use, now.in_use),
                (self.in_use(before), self.in_use(now)),
                "" if same_containers else "not comparable: other containers ran or were sampled",
            ),
            _row("Docker has", (before.has, now.has), (_gib(before.has), _gib(now.has))),
        )

    @cached_property
    def lists(self) -> Mapping[str, Capped[Opened] | Capped[Ended] | Capped[Resized]]:
        """Return what opened, closed, has no answer now, and which images and limits differ."""
        known = self.changes
        if known is None:
            return {}
        return {
            "opened": capped(known.opened),
            "closed": capped(known.closed),
            "unanswered": capped(known.unanswered),
            "images": capped(known.images),
            "limits": capped(known.limits),
        }

    @property
    def no_image_change(self) -> str:
        """Say that no image differs, or that nobody knows."""
        before, now = self._moments[-2:]
        if before.images is None or now.images is None:
            return "Images were not measured in both snapshots."
        return "No image changed its size."

    @cached_property
    def recent(self) -> tuple[Moment, ...]:
        """Return the snapshots of the tables, the newest first."""
        return tuple(reversed(self._moments[-ROWS_SHOWN:]))

    @property
    def older(self) -> int:
        """How many snapshots only the pictures show."""
        return max(0, len(self._moments) - ROWS_SHOWN)

    @cached_property
    def memory_chart(self) -> HistoryChart | None:
        """Return memory over time as a drawing; None where there are no two snapshots of it."""
        return self._chart(
            "Memory over time",
            gib,
            ("Docker needs", "solid", [each.needed for each in self._moments]),
            ("In use by containers", "dashed", [each.in_use for each in self._moments]),
            ("Docker has", "dotted", [each.has for each in self._moments]),
        )

    @cached_property
    def images_chart(self) -> HistoryChart | None:
        """Return the size of all images over time; None where there are no two of it."""
        return self._chart(
            "Size of all images over time",
            gb,
            ("All images", "solid", [each.images for each in self._moments]),
        )

    @staticmethod
    def needed(moment: Moment) -> str:
        """Return what Docker needed: ``at least 5.42 GiB``."""
        if moment.needed is None:
            return NOT_MEASURED
        return gib(moment.needed) if moment.exact else f"at least {gib(moment.needed)}"

    @staticmethod
    def in_use(moment: Moment) -> str:
        """Return what was in use, and by how many containers where not all were sampled."""
        if moment.in_use is None:
            return NOT_MEASURED
        if moment.sampled < moment.running:
            ran = counted(moment.running, "container")
            return f"{gib(moment.in_use)} by {moment.sampled:,} of {ran}"
        return gib(moment.in_use)

    @staticmethod
    def difference(image: Resized) -> str:
        """Return by how much an image differs."""
        if not (image.was and image.exists):
            return "added" if image.exists else "removed"
        return difference_text(image.before, image.after, gb)

    def _chart(
        self,
        title: str,
        say: Callable[[int], str],
        *lines: tuple[str, Look, Sequence[Bytes | None]],
    ) -> HistoryChart | None:
        return history_chart(
            title=title,
            times=[each.taken_at for each in self._moments],
            series=[
                Series(label=label, look=look, values=tuple(values))
                for label, look, values in lines
            ],
            say=say,
            day=day_text,
        )


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
