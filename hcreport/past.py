"""What is known of the time before a snapshot: since the last one, since a release, over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hcreport.analyze import analyze
from hcreport.changes import Changes, changes_between, problem_changes
from hcreport.config import Config
from hcreport.errors import SnapshotError
from hcreport.history import History, Moment, evenly_spread, release_name, release_order
from hcreport.model import Assessment, Snapshot
from hcreport.snapshot import read_snapshot
from hcreport.units import MB

MOST_ASSESSED = 24
"""In so many older snapshots problems are looked for; of more, in evenly spread ones. Each takes
about as long as thirty pages, so that a site of 200 snapshots takes at most twice that of one."""

MOST_ASSESSED_BYTES = 3 * MB
"""Their size together, for the same reason in a large project."""


@dataclass(frozen=True, kw_only=True)
class ProblemCount:
    """How many problems one snapshot has, and how many came and went before it."""

    taken_at: datetime
    release: str | None
    """The version that it is the snapshot of."""
    still_open: int
    opened: int | None = None
    """Since the one before it in which problems were looked for; None for the first."""
    closed: int | None = None
    unanswered: int | None = None


@dataclass(frozen=True, kw_only=True)
class Past:
    """What is known of the time before a snapshot."""

    history: History
    changes: Changes | None = None
    """Since the previous snapshot; None where there is none."""
    since_release: Changes | None = None
    """Since the last release; None where there is none, or where it is the previous snapshot."""
    problems: tuple[ProblemCount, ...] = ()
    """The oldest first, the last is the published one; of snapshots that were looked at."""

    @property
    def release_is_previous(self) -> bool:
        """The previous snapshot is that of the last release, so one comparison says both."""
        release = self.history.release
        return release is not None and release.path == self.history.moments[-2].path

    @property
    def releases_not_read(self) -> tuple[str, ...]:
        """Files whose name says that they are of a later release, but that cannot be read."""
        release = self.history.release
        last = release_order(release.version) if release else ()
        named = ((each.file, release_name(Path(each.file))) for each in self.history.not_read)
        return tuple(file for file, version in named if version and release_order(version) > last)


def assess_earlier(snapshot: Snapshot, config: Config) -> Assessment:
    """Return what an earlier snapshot means by today's rules, so that only the project differs.

    Groups of services may name what was not there yet, and no rule asks for them.
    """
    return analyze(snapshot, config.model_copy(update={"groups": ()}))


def past_of(history: History, assessment: Assessment, config: Config) -> Past:
    """Return what is known of the time before the published snapshot, of which this is known.

    Snapshots are read again, one at a time: a file that changed meanwhile is left out.
    """
    if history.previous is None:
        return Past(history=history)
    later = history.snapshot, assessment
    kept = {history.moments[-2].path: history.previous}
    if history.release:
        kept.setdefault(history.release.path, history.release.snapshot)
    known = {path: (each, assess_earlier(each, config)) for path, each in kept.items()}
    found = {path: changes_between(earlier, later) for path, earlier in known.items()}
    changes = found.pop(history.moments[-2].path)
    return Past(
        history=history,
        changes=changes,
        since_release=next(iter(found.values()), None),
        problems=tuple(_problems(history, later, known, config)),
    )


def _problems(
    history: History,
    published: tuple[Snapshot, Assessment],
    known: dict[Path, tuple[Snapshot, Assessment]],
    config: Config,
) -> Iterator[ProblemCount]:
    """Yield the counts of each snapshot that is looked at; ``known`` ones are not read again."""
    before: tuple[Snapshot, Assessment] | None = None
    for moment in _looked_at(history, tuple(known)):
        if moment is history.moments[-1]:
            now = published
        elif moment.path in known:
            now = known[moment.path]
        else:
            try:
                snapshot = read_snapshot(moment.path)
            except SnapshotError:
                continue
            now = snapshot, assess_earlier(snapshot, config)
        yield _count(moment, before, now)
        before = now


def _count(
    moment: Moment,
    before: tuple[Snapshot, Assessment] | None,
    now: tuple[Snapshot, Assessment],
) -> ProblemCount:
    changed = problem_changes(before, now) if before else None
    return ProblemCount(
        taken_at=moment.taken_at,
        release=moment.release,
        still_open=len(now[1].findings),
        opened=len(changed.opened) if changed else None,
        closed=len(changed.closed) if changed else None,
        unanswered=len(changed.unanswered) if changed else None,
    )


def _looked_at(history: History, known: Sequence[Path]) -> list[Moment]:
    """Return the snapshots in which problems are looked for: first, known and published ones too.

    The size of a file says well enough how long that takes.
    """
    moments = history.moments
    size = sum(each.size for each in moments[:-1])
    most = MOST_ASSESSED
    if size > MOST_ASSESSED_BYTES:
        most = min(most, len(moments) * int(MOST_ASSESSED_BYTES) // size)
    also = [at for at, each in enumerate(moments) if each.path in known]
    return [moments[at] for at in evenly_spread(len(moments), most, also=also)]
