"""Runs the programs that are compared, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

from bench.images.read import digest_of_files, peak_memory
from bench.images.results import Cost

TIME_LIMIT = 120.0
"""Seconds that dive gets for one image."""

_PAUSE = 0.05
"""Seconds between two looks at a program's memory."""


def find_dive() -> Path:
    """Return dive's program. Raises RuntimeError where there is none."""
    beside = Path(sys.executable).with_name("dive")
    found = str(beside) if beside.is_file() else shutil.which("dive")
    if found is None:
        raise RuntimeError("there is no dive: `make test` installs it")
    return Path(found)


@dataclass(frozen=True, kw_only=True)
class Programs:
    """The programs, and the engine that they talk to."""

    host: str
    dive: Path

    def save(self, references: Sequence[str]) -> Cost:
        """Let the engine write an archive to nowhere: less than this nobody can do."""
        return self._run(["docker", "save", *references])[0]

    def look(self, references: Sequence[str], limit: float = TIME_LIMIT) -> Cost:
        """Run dive on each image, one after the other; ``limit`` is in seconds, for each."""
        costs = [self._run([self.dive, reference], limit=limit)[0] for reference in references]
        return Cost(
            wall=sum(cost.wall for cost in costs),
            cpu=sum(cost.cpu for cost in costs),
            peak=max(cost.peak for cost in costs),
            finished=all(cost.finished for cost in costs),
        )

    def read(self, *words: str | Path) -> tuple[Cost, dict[str, Any]]:
        """Read images with our code; return also the figures that it printed."""
        command = [sys.executable, "-m", "bench.images.read", "--host", self.host, *words]
        cost, printed = self._run(command)
        found: dict[str, Any] = json.loads(printed)
        return cost.model_copy(update={"peak": found["peak"]}), found

    def command(self, reference: str, *options: str) -> Cost:
        """Run the whole command, which says much more than dive, and keep nothing."""
        program = [sys.executable, "-m", "hcreport", "image", reference, "--host", self.host]
        return self._run([*program, "--no-cache", "--format", "json", *options])[0]

    def figures_of_dive(self, reference: str) -> dict[str, Any]:
        """Return what dive says of an image, under the names that ``bench.images.read`` has."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "dive.json")
            self._run([self.dive, reference, "--json", file])
            found = json.loads(file.read_text(encoding="utf-8"))["image"]
        files = found["fileReference"] or ()
        return {
            "size": found["sizeBytes"],
            "efficiency": found["efficiencyScore"],
            "wasted": found["inefficientBytes"],
            "inefficient": digest_of_files(
                (each["file"], each["count"], each["sizeBytes"]) for each in files
            ),
        }

    def _run(self, words: Sequence[str | Path], limit: float | None = None) -> tuple[Cost, bytes]:
        """Run a program and return what it took and printed. Raises RuntimeError if it fails.

        dive ends with 1 where an image does not come up to its rules.
        """
        environment = os.environ | {"DOCKER_HOST": self.host, "CI": "true"}
        printed = b""
        start = time.perf_counter()
        # What goes to nowhere needs no copying; of ours it is the figures that are read.
        ours = words[0] == sys.executable
        with subprocess.Popen(
            [str(word) for word in words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if ours else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if words[0] == self.dive else None,
        ) as process:
            timer = Timer(limit or 0, process.send_signal, [signal.SIGKILL])
            if limit is not None:
                timer.start()
            with _Peak(process.pid) as peak:
                if process.stdout is not None:
                    printed = process.stdout.read()
                _, status, used = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        killed = process.returncode == -signal.SIGKILL and limit is not None and wall >= limit
        if process.returncode not in ((0, 1) if words[0] == self.dive else (0,)) and not killed:
            raise RuntimeError(f"{words[0]} failed with {process.returncode}")
        cost = Cost(
            wall=round(wall, 3),
            cpu=round(used.ru_utime + used.ru_stime, 3),
            peak=peak.size,
            finished=not killed,
        )
        return cost, printed


class _Peak:
    """Asks the kernel now and then for the most memory that a process had, until it is gone.

    What the kernel says of a process that has ended counts the one that started it, too.
    """

    def __init__(self, process: int) -> None:
        self._path = Path(f"/proc/{process}/status")
        self._over = Event()
        self._thread = Thread(target=self._ask, daemon=True)
        self.size = 0
        """Bytes."""

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._over.wait(_PAUSE):
            self.size = max(self.size, peak_memory(self._path))
