"""From a snapshot file to all pages of its report: what build, render and the plugin share."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hcreport.analyze import analyze
from hcreport.config import Config, find_config, read_config
from hcreport.errors import ConfigError
from hcreport.history import History, lone_history, read_history
from hcreport.model import Assessment, Proofs, Snapshot
from hcreport.past import past_of
from hcreport.proofs import proofs_path, read_proofs
from hcreport.render.escape import one_line
from hcreport.snapshot import read_snapshot

_log = logging.getLogger("hcreport")
"""Not a logger of MkDocs, whose strict builds stop at a warning."""

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class ReportSource:
    """Which snapshot to report on, and whose ``hcreport.yml`` applies."""

    folder: Path
    """The project's folder; its ``hcreport.yml`` is read where it has one."""
    snapshot: Path | None = None
    """None publishes the snapshot that ``hcreport.yml`` names, else the newest of its folder of
    snapshots, else the embedded example."""
    config: Path | None = None
    """Another place of ``hcreport.yml``."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A rendered report and what it was made from."""

    snapshot: Snapshot
    assessment: Assessment
    taken_at: datetime
    pages: Mapping[str, str]
    """Markdown by path."""
    assets: Mapping[str, bytes]
    """Style sheet, ``requirements.json`` and the like, by path."""
    watched: tuple[Path, ...]
    """Files and folders that it depends on."""
    proofs: Proofs = field(default_factory=Proofs)
    """What was proven of it; none where no file of proofs lies beside the snapshot."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """A snapshot with its configuration, read and checked."""

    snapshot: Snapshot
    history: History
    """The snapshots before it, as far as they were asked for."""
    config: Config
    templates: tuple[Path, ...]
    watched: tuple[Path, ...]
    proofs: Proofs = field(default_factory=Proofs)


def example_snapshot() -> Path:
    """Return the path of the embedded example, in an installed package or a checkout."""
    packaged = _PACKAGE / "snapshots" / "hypercode.json"
    return packaged if packaged.is_file() else _PACKAGE.parent / "docs/snapshots/hypercode.json"


def read_material(source: ReportSource, *, older: bool = False) -> Material:
    """Return the snapshot and configuration of a source, with ``older`` also those before it.

    Raises ConfigError, SnapshotError.
    """
    if source.config is not None:
        config, config_path = read_config(source.config), source.config
    else:
        config, found = find_config(source.folder)
        config_path = found or source.folder / "hcreport.yml"
    base = config_path.parent
    history = _history(source, config, base, older=older)
    templates = (base / config.templates,) if config.templates else ()
    for folder in templates:
        if not folder.is_dir():
            raise ConfigError(
                f"{config_path}: templates: there is no folder {config.templates}.",
                hint="Make it, or leave the key out.",
            )
    evidence = proofs_path(history.path)
    folders = (*templates, *((base / config.snapshots_dir,) if config.snapshots_dir else ()))
    files = (each for each in (config_path, evidence) if each.is_file())
    return Material(
        snapshot=history.snapshot,
        history=history,
        config=config,
        templates=templates,
        watched=(history.path, *folders, *files),
        proofs=read_proofs(evidence),
    )


def _history(source: ReportSource, config: Config, base: Path, *, older: bool) -> History:
    """Return the snapshot to publish, among those of the project's folder where it has one."""
    chosen = source.snapshot or (base / config.snapshot if config.snapshot else None)
    if config.snapshots_dir:
        history = read_history(base / config.snapshots_dir, chosen, older=older)
        for each in history.not_read:
            _log.warning(
                "%s in %s was not read: %s.",
                one_line(each.file),
                one_line(config.snapshots_dir),
                one_line(each.reason),
            )
        return history
    path = chosen or example_snapshot()
    return lone_history(read_snapshot(path), path)


def make_report(source: ReportSource) -> Report:
    """Return the report of a source. Raises ConfigError, SnapshotError, BuildError."""
    # Not above: `hcreport check` reads the same material and renders no page.
    from hcreport.render.assets import assets
    from hcreport.render.pages import downloads, render_pages

    material = read_material(source, older=True)
    assessment = analyze(material.snapshot, material.config)
    return Report(
        snapshot=material.snapshot,
        assessment=assessment,
        taken_at=material.snapshot.taken_at,
        pages=render_pages(
            material.snapshot,
            assessment,
            proofs=material.proofs,
            past=past_of(material.history, assessment, material.config),
            template_folders=material.templates,
        ),
        assets=assets() | downloads(material.snapshot, assessment, proofs=material.proofs),
        watched=material.watched,
        proofs=material.proofs,
    )
