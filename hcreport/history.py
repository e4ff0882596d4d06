"""The snapshots of a folder over time: one is published, of the others a few numbers are kept.

One file is read at a time and let go again, so hundreds of snapshots need no more memory than two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hcreport.errors import ConfigError, HcreportError, SnapshotError
from hcreport.estimate.images import unique_bytes
from hcreport.estimate.memory import memory_budget
from hcreport.estimate.requirements import memory_need
from hcreport.model import Snapshot
from hcreport.proofs import proofs_path
from hcreport.snapshot import read_heading, read_snapshot
from hcreport.units import MB, Bytes

MOST_BYTES = 32 * MB
"""Snapshots are read up to this size together; of more, evenly spread ones are read."""

_LEAST = 3
"""How many are read whatever their size: the first, the previous and the published one."""

_MAKE_ONE = "Make one with `hcreport collect -o FOLDER/snapshot.json`."


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is kept of one snapshot; sizes are in bytes, and None is not measured."""

    file: str
    """Name of its file."""
    taken_at: datetime
    needed: Bytes | None
    """Memory that Docker needs for the main scenario of the published snapshot."""
    exact: bool
    """``needed`` is all of it, not only a lower bound."""
    in_use: Bytes | None
    sampled: int
    """How many of the running containers ``in_use`` counts."""
    running: int
    has: Bytes | None
    """Memory of the engine."""
    images: Bytes | None
    """All images of the project, what is known to be shared counted once."""


@dataclass(frozen=True, kw_only=True)
class NotRead:
    """A file of the folder that is not part of the history."""

    file: str
    reason: str
    """One clause."""


@dataclass(frozen=True, kw_only=True)
class History:
    """The published snapshot among those before it."""

    snapshot: Snapshot
    """The published one."""
    path: Path
    previous: Snapshot | None = None
    """The one before it."""
    moments: tuple[Moment, ...] = ()
    """The oldest first; the last is the published one."""
    not_read: tuple[NotRead, ...] = ()
    """By name of their files."""
    later: int = 0
    """How many snapshots are newer than the published one, and left out."""
    skipped: int = 0
    """How many between the first and the last were not read, because all are too large."""


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A file with a heading that fits."""

    path: Path
    taken_at: datetime
    project: str
    size: int

    @property
    def order(self) -> tuple[datetime, str]:
        """The newest is the greatest; of the same time, the one whose name is last."""
        return self.taken_at, self.path.name


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
    found = sorted(_candidates(folder, chosen, not_read), key=lambda each: each.order)
    own = _own_project(found, chosen, folder)
    kept = _one_of_each_time(_of_project(found, own, not_read), chosen, not_read)
    path, snapshot = _published(kept, chosen, folder, not_read)
    at = next(position for position, each in enumerate(kept) if each.path == path)
    before = kept[:at] if older else []
    read = _spread(before)
    moments, previous = _moments(read, snapshot, not_read)
    return History(
        snapshot=snapshot,
        path=path,
        previous=previous,
        moments=(*moments, _moment(path, snapshot, None)),
        not_read=tuple(sorted(not_read, key=lambda each: each.file)),
        later=len(kept) - at - 1 if chosen else 0,
        skipped=len(before) - len(read),
    )


def lone_history(snapshot: Snapshot, path: Path | None = None) -> History:
    """Return the history of a snapshot without a folder: itself."""
    place = path or Path()
    return History(snapshot=snapshot, path=place, moments=(_moment(place, snapshot, None),))


def _candidates(folder: Path, chosen: Path | None, not_read: list[NotRead]) -> Iterator[_Candidate]:
    """Yield the files with the heading of a snapshot; proofs lie beside them and are none."""
    paths = [path for path in sorted(folder.glob("*.json")) if path.is_file()]
    evidence = {proofs_path(path) for path in paths}
    if chosen is not None and not any(_same(chosen, path) for path in paths):
        paths.append(chosen)
    for path in paths:
        if path in evidence:
            continue
        try:
            heading = read_heading(path)
        except SnapshotError as error:
            if chosen is not None and _same(chosen, path):
                raise
            not_read.append(NotRead(file=path.name, reason=_reason(error, path)))
            continue
        size = path.stat().st_size
        yield _Candidate(path=path, taken_at=heading.taken_at, project=heading.project, size=size)


def _own_project(found: Sequence[_Candidate], chosen: Path | None, folder: Path) -> str:
    """Return whose snapshots count: a guess could publish the wrong project."""
    if chosen is not None:
        return next(each.project for each in found if _same(chosen, each.path))
    names = sorted({each.project for each in found})
    if len(names) > 1:
        raise ConfigError(
            f"{folder} holds snapshots of {len(names)} projects: {', '.join(names[:3])}.",
            hint="Keep one folder for each, or name one under `snapshot` in hcreport.yml.",
        )
    return names[0] if names else ""


def _of_project(
    found: Iterable[_Candidate], project: str, not_read: list[NotRead]
) -> Iterator[_Candidate]:
    for each in found:
        if each.project == project:
            yield each
        else:
            reason = f"it is of another project, {each.project}"
            not_read.append(NotRead(file=each.path.name, reason=reason))


def _one_of_each_time(
    found: Iterable[_Candidate], chosen: Path | None, not_read: list[NotRead]
) -> list[_Candidate]:
    """Return one snapshot for each time: the chosen one, else the one whose name is last."""
    kept: list[_Candidate] = []
    for each in found:
        if kept and kept[-1].taken_at == each.taken_at:
            keeps = chosen is not None and _same(chosen, kept[-1].path)
            winner, copy = (kept[-1], each) if keeps else (each, kept[-1])
            kept[-1] = winner
            if copy.path.read_bytes() == winner.path.read_bytes():
                continue  # a copy of it under another name, such as latest.json
            reason = f"it is of the same time as {winner.path.name}"
            not_read.append(NotRead(file=copy.path.name, reason=reason))
        else:
            kept.append(each)
    return kept


def _published(
    kept: Sequence[_Candidate], chosen: Path | None, folder: Path, not_read: list[NotRead]
) -> tuple[Path, Snapshot]:
    """Return the chosen snapshot, else the newest that can be read."""
    if chosen is not None:
        path = next(each.path for each in kept if _same(chosen, each.path))
        return path, read_snapshot(path)
    for each in reversed(kept):
        try:
            return each.path, read_snapshot(each.path)
        except SnapshotError as error:
            not_read.append(NotRead(file=each.path.name, reason=_reason(error, each.path)))
    raise SnapshotError(f"{folder} holds no snapshot that can be read.", hint=_MAKE_ONE)


def _spread(before: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the snapshots to read: all, or the first, the last and evenly spread ones between."""
    size = sum(each.size for each in before)
    if size <= MOST_BYTES or len(before) < _LEAST:
        return list(before)
    count = max(_LEAST - 1, len(before) * int(MOST_BYTES) // size)
    last = len(before) - 1
    chosen = {round(step * last / (count - 1)) for step in range(count)}
    return [before[position] for position in sorted(chosen)]


def _moments(
    read: Sequence[_Candidate], published: Snapshot, not_read: list[NotRead]
) -> tuple[list[Moment], Snapshot | None]:
    """Return what is kept of the older snapshots, and the last of them whole."""
    need = memory_need(published)
    scenario = need.scenario if need else None
    moments: list[Moment] = []
    previous: Snapshot | None = None
    for each in read:
        try:
            previous = read_snapshot(each.path)
        except SnapshotError as error:
            not_read.append(NotRead(file=each.path.name, reason=_reason(error, each.path)))
            continue
        moments.append(_moment(each.path, previous, scenario))
    return moments, previous


def _moment(path: Path, snapshot: Snapshot, scenario: str | None) -> Moment:
    """Return the numbers of a snapshot; ``scenario`` names what is needed, else its first one."""
    need = memory_need(snapshot, scenario)
    budget = memory_budget(snapshot)
    engine = snapshot.engine
    return Moment(
        file=path.name,
        taken_at=snapshot.taken_at,
        needed=need.at_least if need and need.known else None,
        exact=bool(need and need.exact),
        in_use=Bytes(round(budget.measured.value)) if budget.measured else None,
        sampled=budget.measured_containers,
        running=budget.running_containers,
        has=engine.memory_total if engine else None,
        images=unique_bytes(snapshot.images) if snapshot.images else None,
    )


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _reason(error: HcreportError, path: Path) -> str:
    """Return what an error says, without the path in front of it."""
    said = error.message.removeprefix(str(path))
    if said.startswith(": "):
        return f"it is no snapshot; {said.removeprefix(': ').rstrip('.')}"
    return f"it {said.strip().rstrip('.')}"
