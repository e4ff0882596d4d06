"""Collecting from a real engine with many running containers, beside ``docker stats``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.measure import Command, Row, compare
from bench.offline import PROGRAM
from bench.watching import WHAT, watching
from hcreport.snapshot import read_snapshot
from tests.engine_fixture import BUSYBOX, RunningEngine, running_engine

_COUNTS = (17, 100)

_DOCKERFILE = """\
FROM scratch
COPY busybox /busybox
CMD ["/busybox", "sleep", "1000000"]
"""

_PROJECT = "hcreport-bench"


def collecting() -> list[Row]:
    """Compare ``hcreport collect`` with ``docker stats``, or say why that cannot be."""
    missing = [name for name in ("docker", str(BUSYBOX)) if shutil.which(name) is None]
    if missing:
        return _not_measured(f"there is no {missing[0]}")
    try:
        with running_engine() as engine, _at(engine):
            if not engine.started_here:
                return _not_measured("the engine is not one that was started for this")
            engine.build("hcreport-bench-sleeper", _DOCKERFILE)
            return [row for count in _COUNTS for row in _rows(count, engine.host)]
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        return _not_measured(str(reason))


def _what(count: int) -> str:
    return f"hcreport collect to docker stats, {count} containers"


def _not_measured(reason: str) -> list[Row]:
    rows = [Row(what=_what(count), detail=reason, bar=1) for count in _COUNTS]
    bars = zip(WHAT, (5, 120), ("%", "MB"), strict=True)
    return rows + [Row(what=what, detail=reason, bar=bar, unit=unit) for what, bar, unit in bars]


@contextmanager
def _at(engine: RunningEngine) -> Iterator[None]:
    """Point the Docker CLI, Compose and hcreport to the engine."""
    before = os.environ.copy()
    os.environ["DOCKER_HOST"] = engine.host
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _rows(count: int, host: str) -> Iterator[Row]:
    """Start that many containers, and measure with them; all commands see the same ones."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "compose.yaml").write_text(_compose_file(count), encoding="utf-8")
        _compose(folder, "up", "--detach", "--quiet-pull")
        try:
            yield _compare(count, folder)
            if count == _COUNTS[0]:
                yield from watching(folder, host)
        finally:
            _compose(folder, "down", "--timeout", "0")


def _compare(count: int, folder: Path) -> Row:
    row = compare(
        _what(count),
        Command(
            name="hcreport collect",
            words=(PROGRAM, "collect", "--output", "snapshot.json"),
            folder=folder,
        ),
        Command(name="docker stats", words=("docker", "stats", "--no-stream"), folder=folder),
        bar=1,
        repetitions=5,
    )
    _must_be_whole(folder / "snapshot.json", count)
    return row


def _compose_file(count: int) -> str:
    """Return a project of sleepers; every second one has a limit."""
    lines = [f"name: {_PROJECT}", "services:"]
    for number in range(count):
        lines += [
            f"  sleeper-{number}:",
            "    image: hcreport-bench-sleeper",
            "    network_mode: none",
            *(["    mem_limit: 32m"] if number % 2 else []),
        ]
    return "\n".join(lines) + "\n"


def _compose(folder: Path, *words: str) -> None:
    program = Path(sys.executable).parent / "docker-compose"
    done = subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"Compose failed: {done.stderr.strip()[-500:]}")


def _must_be_whole(path: Path, count: int) -> None:
    """Refuse a figure for a collection that left something out."""
    snapshot = read_snapshot(path)
    sampled = sum(container.memory is not None for container in snapshot.containers)
    if (len(snapshot.containers), sampled, snapshot.gaps) != (count, count, ()):
        raise RuntimeError(f"{sampled} of {count} containers were sampled: {snapshot.gaps}")
