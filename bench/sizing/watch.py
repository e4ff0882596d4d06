"""Watches a running project with the product's own command, and reads its snapshot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

from bench.sizing.project import Lane, Project
from hcreport.model import Series, Snapshot
from hcreport.snapshot import read_snapshot


def lives(snapshot: Snapshot) -> Mapping[str, Sequence[Series]]:
    """Return the lives of each service's container; here each service has one container."""
    found: dict[str, list[Series]] = {}
    for series in snapshot.window.series if snapshot.window else ():
        found.setdefault(series.service or series.container, []).append(series)
    return found


def watch(lane: Lane, project: Project, seconds: float) -> Snapshot:
    """Run ``hcreport collect --window`` on a project. Raises RuntimeError where it fails."""
    file = project.file.with_name("snapshot.json")
    words = ["collect", "--window", f"{seconds:g}s", "--project-name", project.name]
    done = subprocess.run(
        [sys.executable, "-m", "hcreport", *words, "-f", project.file, "-o", file],
        check=False,
        capture_output=True,
        text=True,
        cwd=project.file.parent,
        env=lane.engine.environment,
    )
    if done.returncode != 0:
        raise RuntimeError(f"hcreport collect: {done.stderr.strip()[-500:]}")
    watched = read_snapshot(file)
    missing = sorted({each.service for each in project.containers} - set(lives(watched)))
    if missing:
        raise RuntimeError(f"hcreport collect: nothing was seen of {', '.join(missing)}")
    return watched
