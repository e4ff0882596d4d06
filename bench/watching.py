"""What watching seventeen containers costs, beside ``docker stats`` that goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Command, Row, run_once
from bench.offline import PROGRAM
from hcreport.units import MB

_SECONDS = 20
"""How long each of the two watches here."""

_SHORT_SECONDS = 5
"""How long a second window is, which tells what start and end cost."""

_BAR_SECONDS = 60
"""The bar is for a window of a minute, in which start and end weigh less."""

_TICKS = os.sysconf("SC_CLK_TCK")

WHAT = (
    "CPU of a window beyond docker stats, 17 containers",
    "memory of a window, 17 containers",
)


@dataclass(frozen=True, kw_only=True)
class _Cost:
    """CPU seconds of a command and of the engine while it ran, and the command's memory."""

    cpu: float
    memory: float = 0.0
    """Largest resident size in MB."""


def watching(folder: Path, engine: str) -> list[Row]:
    """Return two rows for the project in ``folder`` on the engine at the address ``engine``.

    The cost of a minute follows from two shorter windows: what grows with time is the difference of
    the two, divided by that of their lengths.
    """
    place = str(Path(engine.removeprefix("unix://")).parent)
    short, window = (
        _run(place, folder, "collect", "--window", f"{seconds}s", "--output", "window.json")
        for seconds in (_SHORT_SECONDS, _SECONDS)
    )
    known = _docker_stats(place, folder)
    rate = max(window.cpu - short.cpu, 0) / (_SECONDS - _SHORT_SECONDS)
    ours = rate + (window.cpu - rate * _SECONDS) / _BAR_SECONDS
    theirs = known.cpu / _SECONDS
    detail = (
        f"of one CPU, engine and client: {ours:.1%} to {theirs:.1%}; "
        f"{_SHORT_SECONDS} s of watching took {short.cpu:.2f} s of CPU, {_SECONDS} s took "
        f"{window.cpu:.2f} s"
    )
    return [
        Row(what=WHAT[0], detail=detail, figure=(ours - theirs) * 100, bar=5, unit="%"),
        Row(what=WHAT[1], detail="largest resident size", figure=window.memory, bar=120, unit="MB"),
    ]


def _run(place: str, folder: Path, *words: str) -> _Cost:
    with _engine_cpu(place) as engine:
        name = f"hcreport {' '.join(words)}"
        taken = run_once(Command(name=name, words=(PROGRAM, *words), folder=folder))
    return _Cost(cpu=taken.cpu_seconds + engine[0], memory=taken.peak_bytes / MB)


def _docker_stats(place: str, folder: Path) -> _Cost:
    with _engine_cpu(place) as engine:
        process = subprocess.Popen(["docker", "stats"], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return _Cost(cpu=used.ru_utime + used.ru_stime + engine[0])


@contextmanager
def _engine_cpu(place: str) -> Iterator[list[float]]:
    """Yield a list that holds the engine's CPU seconds of the block when that is over."""
    before = _cpu_of(place)
    found: list[float] = []
    yield found
    found.append(max(_cpu_of(place) - before, 0.0))


def _cpu_of(place: str) -> float:
    """Return CPU seconds of dockerd, containerd and its shims that work in a folder."""
    ticks = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            words = (process / "cmdline").read_text().split("\0")
            if Path(words[0]).name.startswith(("dockerd", "containerd")) and any(
                place in word for word in words
            ):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return ticks / _TICKS
