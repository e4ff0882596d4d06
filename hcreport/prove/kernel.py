"""Asks the kernel of this machine about memory: pressure, and processes that it had to kill.

Both are only of use where this machine itself runs the containers. Sources: kernel documentation,
"PSI - Pressure Stall Information"; ``oom_kill`` in /proc/vmstat counts the kills of control groups
too.
"""

from __future__ import annotations

import contextlib
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from hcreport.model import Pressure
from hcreport.prove.cgroup import memory_folder, unified
from hcreport.units import KIB, Bytes

_MACHINE = Path("/proc/pressure/memory")
_COUNTS = Path("/proc/vmstat")
_MEMORY = Path("/proc/meminfo")

_FULL = re.compile(r"^full avg10=([0-9.]+)", re.MULTILINE)
_AVAILABLE = re.compile(r"^MemAvailable: +([0-9]+) kB$", re.MULTILINE)
_KILLS = re.compile(r"^oom_kill ([0-9]+)$", re.MULTILINE)


def runs_here(kernel: str | None, *, remote: bool) -> bool:
    """Tell whether an engine's containers run under the kernel of this machine."""
    return not remote and platform.system() == "Linux" and platform.release() == kernel


def kill_count() -> int:
    """Return how many processes the kernel killed for want of memory since it started."""
    with contextlib.suppress(OSError):
        match = _KILLS.search(_COUNTS.read_text())
        return int(match.group(1)) if match else 0
    return 0


def available_memory() -> Bytes | None:
    """Return the bytes that programs can take without others losing any; None where not told."""
    with contextlib.suppress(OSError):
        match = _AVAILABLE.search(_MEMORY.read_text())
        return Bytes(int(match.group(1)) * KIB) if match else None
    return None


class PressureGauge:
    """Remembers the highest pressure that was read, from the narrowest place that tells it."""

    def __init__(self, parent: str | None, processes: Iterable[int]) -> None:
        self._scope, self._files = _places(parent, processes)
        self.highest: Pressure | None = None

    def read(self) -> None:
        """Read the pressure now."""
        for file in self._files:
            with contextlib.suppress(OSError):
                match = _FULL.search(file.read_text())
                if match is not None:
                    self._keep(float(match.group(1)) / 100)

    def _keep(self, full: float) -> None:
        if self.highest is None or full > self.highest.full:
            self.highest = Pressure(full=min(full, 1.0), scope=self._scope)


def worst(pressures: Iterable[Pressure | None]) -> Pressure | None:
    """Return the highest of several pressures; None where none was measured."""
    return max((each for each in pressures if each), key=lambda each: each.full, default=None)


def _places(
    parent: str | None, processes: Iterable[int]
) -> tuple[Literal["stack", "container", "machine"], list[Path]]:
    """Return what can be read: of the parent, of each container (cgroup v2), or of the machine."""
    if unified():
        if parent is not None:
            return "stack", [memory_folder(parent) / "memory.pressure"]
        found = [each for each in map(_own_file, processes) if each is not None]
        if found:
            return "container", found
    return "machine", [_MACHINE]


def _own_file(process: int) -> Path | None:
    """Return the pressure file of the control group that a container's first process is in."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
            number, _, place = line.split(":", 2)
            file = memory_folder(place.lstrip("/")) / "memory.pressure"
            if number == "0" and file.is_file():
                return file
    return None
