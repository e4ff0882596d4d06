"""Finds the snapshots in a folder by their headings: whose each is, and of when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hcreport.errors import ConfigError, HcreportError, SnapshotError
from hcreport.history.releases import release_name
from hcreport.proofs import proofs_path
from hcreport.snapshot import read_heading


@dataclass(frozen=True, kw_only=True)
class NotRead:
    """A file of the folder that is not part of the history."""

    file: str
    reason: str
    """One clause."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file with a heading that fits."""

    path: Path
    taken_at: datetime
    project: str
    size: int
    """Bytes."""
    release: str | None
    """The version that its name is, or that of an equal file."""
    instead: Candidate | None = None
    """Another one of the same time, for when this one turns out to be broken."""

    @property
    def order(self) -> tuple[datetime, str]:
        """The newest is the greatest; of the same time, the one whose name is last."""
        return self.taken_at, self.path.name


def candidates(folder: Path, chosen: Path | None, not_read: list[NotRead]) -> list[Candidate]:
    """Return the snapshots of one project in a folder, the oldest first, one of each time.

    What is left out is added to ``not_read``. Raises SnapshotError where the chosen one has no
    heading, ConfigError where there are two projects and none is chosen.
    """
    found = sorted(_candidates(folder, chosen, not_read), key=lambda each: each.order)
    own = _own_project(found, chosen, folder)
    return _one_of_each_time(_of_project(found, own, not_read), chosen)


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to the same file."""
    return one.resolve() == other.resolve()


def said_of(error: HcreportError, path: Path) -> NotRead:
    """Return what an error says of a file, without the path in front of it."""
    said = error.message.removeprefix(str(path))
    if said.startswith(": "):
        reason = f"it is no snapshot; {said.removeprefix(': ').rstrip('.')}"
    else:
        reason = f"it {said.strip().rstrip('.')}"
    return NotRead(file=path.name, reason=reason)


def of_same_time(candidate: Candidate) -> Iterator[NotRead]:
    """Yield the others of the same time, for one that was read."""
    other = candidate.instead
    while other is not None:
        reason = f"it is of the same time as {candidate.path.name}"
        yield NotRead(file=other.path.name, reason=reason)
        other = other.instead


def _candidates(folder: Path, chosen: Path | None, not_read: list[NotRead]) -> Iterator[Candidate]:
    """Yield the files with the heading of a snapshot; proofs lie beside them and are none."""
    paths = [path for path in sorted(folder.glob("*.json")) if path.is_file()]
    evidence = {proofs_path(path) for path in paths}
    if chosen is not None and not any(is_same(chosen, path) for path in paths):
        paths.append(chosen)
    for path in paths:
        if path in evidence:
            continue
        try:
            heading = read_heading(path)
        except SnapshotError as error:
            if chosen is not None and is_same(chosen, path):
                raise
            not_read.append(said_of(error, path))
            continue
        yield Candidate(
            path=path,
            taken_at=heading.taken_at,
            project=heading.project,
            size=path.stat().st_size,
            release=release_name(path),
        )


def _own_project(found: Sequence[Candidate], chosen: Path | None, folder: Path) -> str:
    """Return whose snapshots count: a guess could publish the wrong project."""
    if chosen is not None:
        return next(each.project for each in found if is_same(chosen, each.path))
    names = sorted({each.project for each in found})
    if len(names) > 1:
        raise ConfigError(
            f"{folder} holds snapshots of {len(names)} projects: {', '.join(names[:3])}.",
            hint="Keep one folder for each, or name one under `snapshot` in hcreport.yml.",
        )
    return names[0] if names else ""


def _of_project(
    found: Iterable[Candidate], project: str, not_read: list[NotRead]
) -> Iterator[Candidate]:
    for each in found:
        if each.project == project:
            yield each
        else:
            reason = f"it is of another project, {each.project}"
            not_read.append(NotRead(file=each.path.name, reason=reason))


def _one_of_each_time(found: Iterable[Candidate], chosen: Path | None) -> list[Candidate]:
    """Return one snapshot for each time: the chosen one, else the one whose name is last."""
    kept: list[Candidate] = []
    for each in found:
        if not (kept and kept[-1].taken_at == each.taken_at):
            kept.append(each)
            continue
        keeps = chosen is not None and is_same(chosen, kept[-1].path)
        winner, copy = (kept[-1], each) if keeps else (each, kept[-1])
        if copy.path.read_bytes() == winner.path.read_bytes():
            # A copy of it under another name, such as latest.json; it may be that of a release.
            release, instead = winner.release or copy.release, winner.instead or copy.instead
            kept[-1] = replace(winner, release=release, instead=instead)
        elif keeps:
            kept[-1] = replace(winner, instead=replace(copy, instead=winner.instead))
        else:
            kept[-1] = replace(winner, instead=copy)
    return kept
