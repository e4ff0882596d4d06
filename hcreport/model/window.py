"""What was seen of a stack while it was watched: a series of samples for each life of a container.

The kernel's counters are kept as they were read. Of each life the extremes are exact; the points
between them are reduced, so that a day of watching stays a small file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hcreport.model.record import Moment, Record
from hcreport.units import Bytes

POINT_COLUMNS = (
    "milliseconds",
    "usage",
    "anonymous",
    "shared",
    "inactive_file",
    "active_file",
    "mapped_file",
    "cpu_nanoseconds",
)
"""What stands in each column of :attr:`Series.points`: time since the beginning of the window,
memory in bytes as in :class:`hcreport.model.MemoryUse`, CPU time since the container's start."""

MOST_POINTS = 240
"""Largest number of points that are kept of one series."""

Point = Annotated[
    tuple[int | None, ...], Field(min_length=len(POINT_COLUMNS), max_length=len(POINT_COLUMNS))
]

Runtime = Literal["java", "node", "dotnet"]
"""A runtime whose heap takes what memory it finds, so that its use says little about its need."""


class Load(Record):
    """The command that ran while the stack was watched; its words are not kept."""

    seconds: float = Field(ge=0)
    exit_code: int | None = None
    """None where it was stopped because the window was over."""


class Series(Record):
    """One life of one container, from its start to its end, as far as it was watched."""

    container: str
    """Its name when it was last seen."""
    id: str
    """First twelve digits."""
    service: str | None = None
    number: int = 1
    started_at: Moment | None = None
    from_start: bool = False
    """The container started within the window, so nothing before the first sample was missed but
    what happened between two samples."""
    first_at: float = Field(ge=0)
    """Seconds from the beginning of the window to the first sample."""
    last_at: float = Field(ge=0)
    samples: int = Field(ge=1)
    """How many samples were really taken."""
    usage: Bytes
    """The highest ``usage`` sampled."""
    shown: Bytes
    """The highest figure that ``docker stats`` would have shown."""
    held: Bytes | None = None
    """The highest amount that the kernel could not have taken back: see
    :func:`hcreport.estimate.held.held`. None where the engine does not tell page cache apart."""
    warm: Bytes | None = None
    """The same with the page cache in regular use: :func:`hcreport.estimate.held.warm`."""
    without_files: Bytes | None = None
    """The highest usage without any page cache: :func:`hcreport.estimate.held.without_files`."""
    mapped: Bytes | None = None
    """The most page cache on its account that its processes mapped."""
    program_files: Bytes | None = None
    """The files that its processes mapped, on whoever's account; see
    :func:`hcreport.estimate.program_files.program_files`. None where that is not known."""
    program: int | None = None
    """Containers that run the same programs from the same image have the same number, and share
    the memory of these files."""
    write_burst: Bytes | None = None
    """The most by which page cache that waits to be written grew between two samples in a row.
    None where it is not reported, or with one sample."""
    peak: Bytes | None = None
    """The kernel's own highest value since the container's start."""
    peak_source: Literal["engine", "container"] | None = None
    """``engine``: the API gave it (cgroup v1). ``container``: read in it (cgroup v2)."""
    limit: Bytes | None = None
    """The container's memory limit while it was watched; None where it had none."""
    oom_kills: int = Field(default=0, ge=0)
    """How often the kernel killed a process of it for want of memory while it was watched."""
    ended: Literal["running", "exited", "removed", "lost"] = "running"
    """``running`` when the window was over, else how this life ended; ``lost``: the engine stopped
    answering."""
    exit_code: int | None = None
    cpu_seconds: float | None = Field(default=None, ge=0)
    """CPU time it used between the first and the last sample."""
    cpu_highest: float | None = Field(default=None, ge=0)
    """Most CPUs it used between two samples in a row."""
    periods: int | None = Field(default=None, ge=0)
    """Enforcement periods of its CPU limit that passed while it was watched; None without one."""
    throttled_periods: int | None = Field(default=None, ge=0)
    """In how many of them it was made to wait."""
    runtime: Runtime | None = None
    """The runtime among its processes that sizes its heap by the memory it sees."""
    points: tuple[Point, ...] = ()
    """Samples in the order of time, at most :data:`MOST_POINTS`, one row of
    :data:`POINT_COLUMNS` each. Where there were more, of two neighbours the one is kept that holds
    more memory."""


class Together(Record):
    """The round in which the containers held most memory together."""

    at: float = Field(ge=0)
    """Seconds after the beginning of the window."""
    containers: int = Field(ge=1)
    """How many containers answered in that round."""
    shown: Bytes
    """Sum of what ``docker stats`` would have shown."""
    held: Bytes | None = None
    """Sum of what the kernel could not have taken back; None where one container's is unknown."""


class Window(Record):
    """A time during which every container of the project was sampled in step."""

    started_at: Moment
    seconds: float = Field(ge=0)
    """How long it really was."""
    interval_seconds: float = Field(gt=0)
    """The mean time between two rounds that was asked for; each was shifted a little at random."""
    rounds: int = Field(ge=0)
    """Rounds in which at least one container was sampled."""
    from_start: bool = False
    """Watching began before the project was started."""
    load: Load | None = None
    """None where no command was to make load."""
    together: Together | None = None
    series: tuple[Series, ...] = ()
    """By service, number and time of the first sample."""
