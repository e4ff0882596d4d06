"""Runs commands in turns and gives the medians of what they took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STARTER = Path(__file__).with_name("starter.py")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run of a command took, with the processes it waited for."""

    wall_seconds: float
    cpu_seconds: float
    """User and system time."""
    peak_bytes: int
    """The most memory that one of the processes held."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command to measure."""

    name: str
    words: Sequence[str | Path]
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: a figure and its bar."""

    what: str
    detail: str
    """The two figures behind a ratio."""
    figure: float | None = None
    """None is not measured; then ``detail`` says why."""
    bar: float
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Tell whether the bar is met; None where nothing was measured."""
        return None if self.figure is None else self.figure <= self.bar


def run_once(command: Command) -> Cost:
    """Run a command and return what it took. Raises RuntimeError where it fails."""
    # The starter needs no packages, and is to be small and quick.
    done = subprocess.run(
        [sys.executable, "-I", "-S", _STARTER, *map(str, command.words)],
        cwd=command.folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
    )
    taken = json.loads(done.stdout)
    code = taken.pop("code")
    if code != 0:
        said = done.stderr.strip()[-500:]
        raise RuntimeError(f"{command.name} failed with {code}: {said}")
    return Cost(**taken)


def _environment() -> dict[str, str]:
    """Return the variables of a command; Python keeps what it compiles, as for its users."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"NO_MKDOCS_2_WARNING": "1"}


def in_turns(commands: Sequence[Command], repetitions: int) -> Mapping[str, Sequence[Cost]]:
    """Run each command once to warm up, then all in turns; return the costs by name, in order."""
    for command in commands:
        run_once(command)
    costs: dict[str, list[Cost]] = {command.name: [] for command in commands}
    for _ in range(repetitions):
        for command in commands:
            costs[command.name].append(run_once(command))
    return costs


def compare(what: str, one: Command, other: Command, *, bar: float, repetitions: int) -> Row:
    """Return how much longer one command takes than another, by the clock on the wall.

    The figure is the median of the ratios of neighbours, so a busy machine slows down both.
    """
    costs = in_turns((one, other), repetitions)
    return ratio(what, costs[one.name], costs[other.name], bar=bar)


def ratio(what: str, mine: Sequence[Cost], theirs: Sequence[Cost], *, bar: float) -> Row:
    """Return how much longer some runs took than the others that they took turns with."""
    wall = [
        ours.wall_seconds / known.wall_seconds for ours, known in zip(mine, theirs, strict=True)
    ]
    return Row(
        what=what,
        detail=(
            f"wall {_median(mine, 'wall_seconds')} to {_median(theirs, 'wall_seconds')}, "
            f"ratios {min(wall):.2f} to {max(wall):.2f}, "
            f"CPU {_median(mine, 'cpu_seconds')} to {_median(theirs, 'cpu_seconds')}"
        ),
        figure=statistics.median(wall),
        bar=bar,
    )


def _median(costs: Sequence[Cost], name: str) -> str:
    return f"{statistics.median(getattr(cost, name) for cost in costs):.3g} s"
