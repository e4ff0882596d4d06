"""The first files of a project: a snapshot, ``hcreport.yml`` and a workflow for GitHub.

Everything is prepared before the first file is written. What exists is never written to, and where
one file cannot be written, those before it are taken away again.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hcreport.config import FILE_NAME, Config
from hcreport.errors import UsageError
from hcreport.files import write_whole
from hcreport.model import Snapshot
from hcreport.snapshot import format_snapshot
from hcreport.starter.mkdocs_lines import SiteLines, site_lines
from hcreport.starter.origin import Origin
from hcreport.starter.places import Place, place_of_first_snapshot
from hcreport.starter.texts import config_text, workflow_text, yaml_text

WORKFLOW = Path(".github/workflows/hcreport.yml")

_LATER = "2099-12-31"
"""Stands for the day on which the next snapshot is taken."""


@dataclass(frozen=True, kw_only=True)
class StartFile:
    """One of the first files of a project."""

    path: Path
    text: str | None
    """None where the file is there already: it stays as it is."""
    purpose: str
    """What it is for, in a few words."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a project gets, and what is left to do by hand."""

    files: tuple[StartFile, ...]
    missing: tuple[str, ...]
    """Lines that the project's own ``hcreport.yml`` lacks."""
    collect: str
    """The command that adds a snapshot later, for a shell."""
    measured: bool
    """The snapshot holds what an engine said, not only what the Compose files say."""
    site: SiteLines | None

    @property
    def new(self) -> tuple[StartFile, ...]:
        """Return the files that are written."""
        return tuple(each for each in self.files if each.text is not None)

    @property
    def kept(self) -> tuple[StartFile, ...]:
        """Return the files that are there already."""
        return tuple(each for each in self.files if each.text is None)


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """A project, and Compose's options that belong to it."""

    place: Place
    config: Config
    """Of its own ``hcreport.yml``, where it has one."""
    profiles: tuple[str, ...] = ()
    project_name: str | None = None
    env_files: tuple[str, ...] = ()

    def collect_command(self, folder: str) -> str:
        """Return the command that adds a snapshot of the same project to a folder."""
        pairs = [*self._files, *(("--profile", each) for each in self.profiles)]
        pairs += [("-p", self.project_name)] if self.project_name else []
        pairs += [("--env-file", each) for each in self.env_files]
        pairs.append(("-o", f"{folder}/{_LATER}.json" if folder else f"{_LATER}.json"))
        return _command("hcreport collect", pairs)

    @property
    def stale_command(self) -> str:
        """Return the command that compares the snapshot with the Compose files."""
        return _command("hcreport check --stale", self._files)

    @property
    def _files(self) -> list[tuple[str, str]]:
        return [("-f", each) for each in self.place.files]


def _command(words: str, pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join([words, *(shlex.join(pair) for pair in pairs)])


def make_start(
    request: StartRequest,
    snapshot: Snapshot,
    *,
    snapshot_path: Path | None = None,
    origin: Origin | None = None,
) -> Start:
    """Return what to write for a project.

    ``snapshot_path`` is where its snapshot is already; ``origin`` is where our action is.
    """
    place = request.place
    day = snapshot.taken_at.date().isoformat()
    path = snapshot_path or place_of_first_snapshot(place.folder, request.config, day)
    relative = Path(os.path.relpath(path, place.folder)).as_posix()
    collect = request.collect_command(relative.rpartition("/")[0])
    config, workflow = place.folder / FILE_NAME, place.repository / WORKFLOW
    has_config, has_workflow = os.path.lexists(config), os.path.lexists(workflow)
    files = (
        StartFile(
            path=path,
            text=None if snapshot_path else format_snapshot(snapshot),
            purpose=_counts(snapshot),
        ),
        StartFile(
            path=config,
            text=None
            if has_config
            else config_text(snapshot, relative, collect=collect, stale=request.stale_command),
            purpose="what hcreport knows of the project",
        ),
        StartFile(
            path=workflow,
            text=None if has_workflow else workflow_text(place, request.env_files, origin),
            purpose="checks the snapshot on GitHub",
        ),
    )
    missing = _missing_lines(request.config, relative) if has_config else ()
    return Start(
        files=files,
        missing=missing,
        collect=collect,
        measured=snapshot.engine is not None,
        site=site_lines(place.folder),
    )


def _counts(snapshot: Snapshot) -> str:
    parts = ("services", "containers", "images")
    counts = ", ".join(f"{name}: {len(getattr(snapshot, name))}" for name in parts)
    return counts if snapshot.engine else f"from the Compose files alone; {counts}"


def _missing_lines(config: Config, path: str) -> tuple[str, ...]:
    """Return the lines that make a project's own ``hcreport.yml`` use the snapshot at ``path``."""
    lines = []
    if not (config.snapshot or config.snapshots_dir):
        lines.append(f"snapshots_dir: {yaml_text(path.rpartition('/')[0])}")
    if not config.baseline:
        lines.append(f"baseline: {yaml_text(path)}")
    return tuple(lines)


def write_start(start: Start) -> None:
    """Write all new files, or none: KeyboardInterrupt and errors take away what was written.

    Raises UsageError where a file cannot be written.
    """
    made: list[Path] = []
    try:
        for each in start.new:
            if os.path.lexists(each.path):
                raise FileExistsError(0, "another program wrote it meanwhile")
            made += [*_new_folders(each.path.parent), each.path]
            write_whole(each.path, each.text or "")
    except BaseException as error:
        _take_away(made)
        if isinstance(error, OSError):
            raise UsageError(
                f"{each.path} cannot be written: {error.strerror}. Nothing was written.",
                hint="Make room for it, and run `hcreport init` again.",
            ) from error
        raise


def _new_folders(folder: Path) -> list[Path]:
    """Return a folder and those above it that are not there yet, the outermost first."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    return missing[::-1]


def _take_away(made: list[Path]) -> None:
    """Remove what was made here, the newest first; a folder goes only while it is empty."""
    for path in reversed(made):
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
