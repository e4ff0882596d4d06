"""Gathers the samples of one life of a container: exact extremes, and not too many points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hcreport.collect.processes import Processes
from hcreport.estimate.held import held, mapped_files, warm, without_files
from hcreport.estimate.program_files import program_files
from hcreport.model import MOST_POINTS, CpuUse, MemoryUse, Point, Runtime, Series
from hcreport.units import NANOSECONDS_PER_SECOND, Bytes

Ended = Literal["running", "exited", "removed", "lost"]

_SHORTEST_RATE_SECONDS = 0.1
"""CPU use is not computed between samples closer than this: engines count CPU time in ticks of up
to a hundredth of a second."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One sample, and when it was taken."""

    at: float
    """Seconds since the beginning of the window, by our clock."""
    memory: MemoryUse
    cpu: CpuUse | None = None
    engine_nanoseconds: int | None = None
    """When the engine read it, by its own clock: exact for the time between two samples."""


@dataclass(kw_only=True)
class Life:
    """What is known of one life of a container beside its samples."""

    container: str
    """Its name when it was last seen."""
    id: str
    """All its digits."""
    service: str | None = None
    number: int = 1
    started_at: datetime | None = None
    from_start: bool = False
    limit: Bytes | None = None
    oom_kills: int = 0
    ended: Ended = "running"
    exit_code: int | None = None
    runtime: Runtime | None = None
    program: int | None = None


@dataclass(frozen=True)
class _Row:
    """One point, and the bytes by which it is chosen among neighbours."""

    weight: int
    point: Point


class _Points:
    """At most :data:`MOST_POINTS` points, spread evenly over all that were added.

    When full, neighbours are merged in pairs, the one that holds more memory staying; from then on
    twice as many samples become one point.
    """

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._open: _Row | None = None
        """The heaviest of the samples that will become the next point."""
        self._taken = 0
        self._stride = 1

    def add(self, row: _Row) -> None:
        if self._open is None and len(self._rows) == MOST_POINTS:
            pairs = zip(self._rows[::2], self._rows[1::2], strict=True)
            self._rows = [_heavier(one, other) for one, other in pairs]
            self._stride *= 2
        self._open = row if self._open is None else _heavier(self._open, row)
        self._taken += 1
        if self._taken == self._stride:
            self._rows.append(self._open)
            self._open, self._taken = None, 0

    def points(self) -> tuple[Point, ...]:
        rows = self._rows if self._open is None else [*self._rows, self._open]
        return tuple(row.point for row in rows)


def _heavier(one: _Row, other: _Row) -> _Row:
    return one if one.weight >= other.weight else other


class Growth:
    """The most by which a size grew between two samples in a row."""

    def __init__(self) -> None:
        self.largest: Bytes | None = None
        self._last: Bytes | None = None

    def add(self, size: Bytes | None) -> None:
        """Take the next sample of the size; None where it is not reported."""
        if size is not None and self._last is not None:
            self.largest = _highest(self.largest, Bytes(max(0, size - self._last)))
        self._last = size


class SeriesBuilder:
    """Takes the samples of one life one by one; its size does not grow with their number."""

    def __init__(self) -> None:
        self.samples = 0
        self.first_at = self.last_at = 0.0
        self.peak: Bytes | None = None
        """The kernel's own highest value, where one is known."""
        self._peak_source: Literal["engine", "container"] = "engine"
        self._usage = self._shown = Bytes(0)
        self._held: Bytes | None = None
        self._warm: Bytes | None = None
        self._without_files: Bytes | None = None
        self._mapped: Bytes | None = None
        self._own = Bytes(0)
        """The highest anonymous and shared memory."""
        self._last: MemoryUse | None = None
        self._processes: list[tuple[Processes, MemoryUse]] = []
        """Lists of processes, two at most, each with the sample before it."""
        self._write_burst = Growth()
        self._first_cpu: CpuUse | None = None
        self._last_cpu: CpuUse | None = None
        self._rate_from: tuple[float, int] | None = None
        """Time in seconds and CPU time in nanoseconds at the beginning of the next rate."""
        self._highest: float | None = None
        self._points = _Points()

    def add(self, reading: Reading) -> None:
        """Take one sample; they come in the order of time."""
        memory = reading.memory
        if self.samples == 0:
            self.first_at = reading.at
        self.samples += 1
        self.last_at = max(self.last_at, reading.at)
        now_held = held(memory)
        self._usage = max(self._usage, memory.usage)
        self._shown = max(self._shown, memory.shown)
        self._held = _highest(self._held, now_held)
        self._warm = _highest(self._warm, warm(memory))
        self._without_files = _highest(self._without_files, without_files(memory))
        self._mapped = _highest(self._mapped, mapped_files(memory))
        self._own = max(self._own, Bytes(int(memory.anonymous or 0) + int(memory.shared or 0)))
        self._last = memory
        self.peak = _highest(self.peak, memory.peak)
        self._write_burst.add(memory.unwritten)
        self._add_cpu(reading)
        weight = memory.usage if now_held is None else now_held
        self._points.add(_Row(weight=int(weight), point=_point(reading)))

    def processes(self, found: Processes) -> None:
        """Take a list of the container's processes."""
        if self._last is not None:
            self._processes.append((found, self._last))

    def read_in_container(self, peak: int) -> None:
        """Take the kernel's highest value in bytes, where it was read in the container."""
        self.peak, self._peak_source = Bytes(peak), "container"

    def series(self, life: Life) -> Series | None:
        """Return what the samples add up to; None where there was none."""
        if self.samples == 0:
            return None
        return Series(
            container=life.container,
            id=life.id[:12],
            service=life.service,
            number=life.number,
            started_at=life.started_at,
            from_start=life.from_start,
            first_at=round(self.first_at, 3),
            last_at=round(self.last_at, 3),
            samples=self.samples,
            usage=self._usage,
            shown=self._shown,
            held=self._held,
            warm=self._warm,
            without_files=self._without_files,
            mapped=self._mapped,
            program_files=self._program_files(),
            program=life.program,
            write_burst=self._write_burst.largest,
            peak=self.peak,
            peak_source=None if self.peak is None else self._peak_source,
            limit=life.limit,
            oom_kills=life.oom_kills,
            ended=life.ended,
            exit_code=life.exit_code,
            cpu_seconds=self._cpu_seconds(),
            cpu_highest=None if self._highest is None else round(self._highest, 3),
            periods=self._counted("periods"),
            throttled_periods=self._counted("throttled_periods"),
            runtime=life.runtime,
            points=self._points.points(),
        )

    def _program_files(self) -> Bytes | None:
        most: Bytes | None = None
        for found, use in self._processes:
            if found.resident is not None:
                files = program_files(found.resident, found.count, use, most_own=self._own)
                most = _highest(most, files)
        return most

    def _add_cpu(self, reading: Reading) -> None:
        cpu = reading.cpu
        if cpu is None or cpu.total_nanoseconds is None:
            return
        if self._first_cpu is None:
            self._first_cpu = cpu
        self._last_cpu = cpu
        clock = reading.engine_nanoseconds
        now = reading.at if clock is None else clock / NANOSECONDS_PER_SECOND
        if self._rate_from is not None:
            seconds = now - self._rate_from[0]
            if seconds < _SHORTEST_RATE_SECONDS:
                return
            used = max(cpu.total_nanoseconds - self._rate_from[1], 0) / NANOSECONDS_PER_SECOND
            self._highest = max(self._highest or 0.0, used / seconds)
        self._rate_from = (now, cpu.total_nanoseconds)

    def _cpu_seconds(self) -> float | None:
        """Return CPU seconds between the first and the last sample; one sample tells nothing."""
        nanoseconds = self._counted("total_nanoseconds")
        if nanoseconds is None or self._highest is None:
            return None
        return nanoseconds / NANOSECONDS_PER_SECOND

    def _counted(self, counter: str) -> int | None:
        """Return by how much a counter grew; None where one end of the window does not know it."""
        if self._first_cpu is None or self._last_cpu is None:
            return None
        first, last = getattr(self._first_cpu, counter), getattr(self._last_cpu, counter)
        return None if first is None or last is None else max(int(last) - int(first), 0)


def _highest(one: Bytes | None, other: Bytes | None) -> Bytes | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, default=None)


def _point(reading: Reading) -> Point:
    """Return the row of :data:`hcreport.model.POINT_COLUMNS`."""
    memory = reading.memory
    counters = (
        memory.usage,
        memory.anonymous,
        memory.shared,
        memory.inactive_file,
        memory.active_file,
        memory.mapped_file,
        reading.cpu.total_nanoseconds if reading.cpu else None,
    )
    milliseconds = round(timedelta(seconds=reading.at) / timedelta(milliseconds=1))
    return (milliseconds, *(None if each is None else int(each) for each in counters))
