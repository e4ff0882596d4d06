"""The page about changes: since the previous snapshot and the last release, and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hcreport.changes import Need
from hcreport.history import Moment, NotRead
from hcreport.past import Past, ProblemCount
from hcreport.render.changes import ChangesView, in_use_text, needed_text
from hcreport.render.history_chart import HistoryChart, Look, Series, history_chart
from hcreport.render.words import counted, date_text, day_text
from hcreport.units import Bytes, gb, gib

ROWS_SHOWN = 12
"""Snapshots in the tables, the newest ones; the pictures show all."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section of the page about two snapshots."""

    heading: str
    opening: str
    """One sentence: what is compared, or what changed; empty where the page said it above."""
    view: ChangesView


class HistoryView:
    """All that the page shows. Attributes are values; nothing here changes."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._moments = past.history.moments
        self.not_read: tuple[NotRead, ...] = past.history.not_read
        self.releases_not_read: tuple[str, ...] = past.releases_not_read
        self.later = past.history.later
        self.skipped = past.history.skipped
        self.release = past.history.release

    @property
    def count(self) -> int:
        """How many snapshots were read."""
        return len(self._moments)

    @property
    def first_day(self) -> str:
        """The day of the oldest snapshot."""
        return day_text(self._moments[0].taken_at)

    @property
    def verdict(self) -> str:
        """What changed since the previous snapshot, in one sentence."""
        if self._past.changes is None:
            return "This is the only snapshot, and one snapshot is no history."
        return ChangesView(self._past.changes).verdict

    @property
    def any_before(self) -> bool:
        """There is a snapshot before the published one."""
        return self._past.changes is not None

    @cached_property
    def parts(self) -> Sequence[Part]:
        """Return the comparisons: with the previous snapshot, and with the last release."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Part]:
        previous, released = self._past.changes, self._past.since_release
        heading = f"Since the last release {self.release.version}" if self.release else ""
        if previous and self._past.release_is_previous:
            same = "The snapshot of the last release is the previous one."
            yield Part(heading=heading, opening=same, view=ChangesView(previous))
        elif previous:
            yield Part(
                heading="Since the previous snapshot", opening="", view=ChangesView(previous)
            )
        if released and self.release:
            since = f"release {self.release.version} of {date_text(released.since)}"
            view = ChangesView(released, since)
            yield Part(heading=heading, opening=view.verdict, view=view)

    @cached_property
    def recent(self) -> tuple[Moment, ...]:
        """Return the snapshots of the tables, the newest first."""
        return tuple(reversed(self._moments[-ROWS_SHOWN:]))

    @property
    def older(self) -> int:
        """How many snapshots only the pictures show."""
        return max(0, len(self._moments) - ROWS_SHOWN)

    @cached_property
    def problems(self) -> Sequence[ProblemCount]:
        """Return the counts of problems for the table, the newest first."""
        return tuple(reversed(self._past.problems[-ROWS_SHOWN:]))

    @property
    def looked_at(self) -> str:
        """Say in which snapshots problems were looked for; empty where in all."""
        looked_at = len(self._past.problems)
        if looked_at == self.count:
            return ""
        return f"Problems were looked for in {looked_at:,} of {counted(self.count, 'snapshot')}."

    @property
    def older_counts(self) -> int:
        """How many snapshots only the picture of problems shows."""
        return max(0, len(self._past.problems) - ROWS_SHOWN)

    @cached_property
    def problems_chart(self) -> HistoryChart | None:
        """Return the open problems over time; None where there are no two snapshots of it."""
        known = self._past.problems
        return history_chart(
            title="Open problems over time",
            times=[each.taken_at for each in known],
            series=[
                Series(
                    label="Open problems",
                    look="solid",
                    values=tuple(each.still_open for each in known),
                )
            ],
            say=lambda count: f"{count:,}",
            day=day_text,
        )

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
    def name(snapshot: Moment | ProblemCount) -> str:
        """Return what a snapshot is called in a table: its time, and its release."""
        time = date_text(snapshot.taken_at)
        return f"{time}, release {snapshot.release}" if snapshot.release else time

    @staticmethod
    def count_text(count: int | None) -> str:
        """Return how many came or went; the first snapshot has none before it."""
        return "first one" if count is None else f"{count:,}"

    @staticmethod
    def needed(moment: Moment) -> str:
        """Return what Docker needed: ``at least 5.42 GiB``."""
        return needed_text(Need(memory=moment.needed, exact=moment.exact))

    @staticmethod
    def in_use(moment: Moment) -> str:
        """Return what was in use, and by how many containers where not all were sampled."""
        return in_use_text(moment)

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
