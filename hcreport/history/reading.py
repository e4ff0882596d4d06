"""Reads the snapshots of a folder one after the other, and keeps a few numbers of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hcreport.errors import ConfigError, SnapshotError
from hcreport.estimate.requirements import memory_need
from hcreport.history.folder import Candidate, NotRead, candidates, is_same, of_same_time, said_of
from hcreport.history.moment import Moment, moment_of
from hcreport.history.releases import release_name
from hcreport.history.spread import evenly_spread
from hcreport.model import Snapshot
from hcreport.snapshot import read_snapshot
from hcreport.units import MB

MOST_BYTES = 16 * MB
"""Snapshots are read up to this size together; of more, evenly spread ones are read."""

_MAKE_ONE = "Make one with `hcreport collect -o FOLDER/snapshot.json`."


@dataclass(frozen=True, kw_only=True)
class Release:
    """The snapshot of a release."""

    version: str
    """Without ``v``: ``1.4.0``."""
    path: Path
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True)
class History:
    """The published snapshot among those before it."""

    snapshot: Snapshot
    """The published one."""
    path: Path
    previous: Snapshot | None = None
    """The one before it."""
    release: Release | None = None
    """The newest one before it that is of a release; it may be the previous one."""
    moments: tuple[Moment, ...] = ()
    """The oldest first; the last is the published one."""
    not_read: tuple[NotRead, ...] = ()
    """By name of their files."""
    later: int = 0
    """How many snapshots are newer than the published one, and left out."""
    skipped: int = 0
    """How many between the first and the last were not read, because all are too large."""


def read_history(folder: Path, chosen: Path | None = None, *, older: bool = True) -> History:
    """Return the history of a folder's snapshots up to the chosen one, else up to the newest.

    Without ``older`` only that one is read, as if there were none before it.

    A file that cannot be read, or is of another project, is named and left out. Raises
    SnapshotError where no snapshot is left or the chosen one cannot be read, ConfigError where
    there is no such folder, or where it holds two projects and none is chosen.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"snapshots_dir: there is no folder {folder}.",
            hint="Make it, or leave the key out of hcreport.yml.",
        )
    not_read: list[NotRead] = []
    kept = candidates(folder, chosen, not_read)
    at, published, snapshot = _published(kept, chosen, folder, not_read)
    before = kept[:at] if older else []
    release = _last_release(before, not_read)
    read = _spread(before, release)
    moments, previous = _moments(read, snapshot, not_read)
    last = moment_of(snapshot, path=published.path, release=published.release)
    return History(
        snapshot=snapshot,
        path=published.path,
        previous=previous,
        release=release,
        moments=(*moments, last),
        # A release that cannot be read is met twice.
        not_read=tuple(sorted(set(not_read), key=lambda each: (each.file, each.reason))),
        later=len(kept) - at - 1 if chosen else 0,
        skipped=len(before) - len(read),
    )


def lone_history(snapshot: Snapshot, path: Path | None = None) -> History:
    """Return the history of a snapshot without a folder: itself."""
    place = path or Path()
    moment = moment_of(snapshot, path=place, release=release_name(place))
    return History(snapshot=snapshot, path=place, moments=(moment,))


def _read(candidate: Candidate, not_read: list[NotRead]) -> tuple[Candidate, Snapshot] | None:
    """Return the snapshot of a time with its file; None where no file of that time can be read."""
    each: Candidate | None = candidate
    while each is not None:
        try:
            snapshot = read_snapshot(each.path)
        except SnapshotError as error:
            not_read.append(said_of(error, each.path))
            each = each.instead
        else:
            not_read.extend(of_same_time(each))
            return each, snapshot
    return None


def _published(
    kept: Sequence[Candidate], chosen: Path | None, folder: Path, not_read: list[NotRead]
) -> tuple[int, Candidate, Snapshot]:
    """Return position, file and content of the chosen snapshot, else of the newest readable one."""
    if chosen is not None:
        at = next(at for at, each in enumerate(kept) if is_same(chosen, each.path))
        not_read.extend(of_same_time(kept[at]))
        return at, kept[at], read_snapshot(kept[at].path)
    for at in reversed(range(len(kept))):
        if found := _read(kept[at], not_read):
            return at, *found
    raise SnapshotError(f"{folder} holds no snapshot that can be read.", hint=_MAKE_ONE)


def _last_release(before: Sequence[Candidate], not_read: list[NotRead]) -> Release | None:
    """Return the newest release that can be read, whatever is skipped of the others."""
    for each in reversed(before):
        found = _read(each, not_read) if each.release else None
        if found and found[0].release:
            return Release(version=found[0].release, path=found[0].path, snapshot=found[1])
    return None


def _spread(before: Sequence[Candidate], release: Release | None) -> list[Candidate]:
    """Return the snapshots to read: all, or the first, the last and evenly spread ones between."""
    size = sum(each.size for each in before)
    if size <= MOST_BYTES:
        return list(before)
    most = len(before) * int(MOST_BYTES) // size
    also = [at for at, each in enumerate(before) if release and each.release == release.version]
    return [before[position] for position in evenly_spread(len(before), most, also=also)]


def _moments(
    read: Sequence[Candidate], published: Snapshot, not_read: list[NotRead]
) -> tuple[list[Moment], Snapshot | None]:
    """Return what is kept of the older snapshots, and the last of them whole."""
    need = memory_need(published)
    scenario = need.scenario if need else None
    moments: list[Moment] = []
    previous: Snapshot | None = None
    for each in read:
        if found := _read(each, not_read):
            file, previous = found
            moments.append(
                moment_of(previous, scenario, path=file.path, release=file.release, size=file.size)
            )
    return moments, previous
