"""What a scenario asks of a machine, what a machine has, and what comes of comparing the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from hcreport.model.record import Moment, Record
from hcreport.units import Bytes

MachineVerdict = Literal["runs", "may run", "runs after a change", "does not run", "not measured"]
"""``may run``: what is known is enough, and something is not known. ``not measured``: it is not
known what the scenario needs."""

CheckState = Literal["enough", "may be enough", "after a change", "too little", "not measured"]
"""``may be enough``: the need is a lower bound, which is met."""

Checked = Literal["memory", "cpus", "disk", "compose"]


class MachineCheck(Record):
    """What one scenario asks of a machine, as a program compares it; sizes are in bytes."""

    docker_memory: Bytes | None = None
    """Memory that ``docker info`` has to report; None is not measured."""
    exact: bool = False
    """False where ``docker_memory`` is a lower bound."""
    setting: Bytes | None = None
    """Memory to give to a virtual machine of Docker for it, in whole GiB."""
    machine_reports: Bytes | None = None
    """Memory that the machine around it has to report so that it can give that."""
    setting_recommended: Bytes | None = None
    """The same setting for the recommended memory; None where none is known."""
    machine_reports_recommended: Bytes | None = None
    """What the machine has to report for the recommended setting."""
    cpus_at_least: int | None = Field(default=None, ge=1)
    """Docker refuses a container with a higher CPU limit than it has CPUs; None without limits."""
    compose_at_least: str = Field(default="2", pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")
    """Oldest version of Docker Compose that reads the project: ``2`` or ``2.36``."""
    disk: Bytes | None = None
    """Bytes that have to be free on Docker's disk; None is not measured."""


class MachineNeeds(Record):
    """What one scenario asks, with its name."""

    scenario: str
    check: MachineCheck


class Machine(Record):
    """What could be read of a machine and of the Docker engine on it; sizes are in bytes."""

    platform: str
    """Key of :data:`hcreport.platforms.PLATFORMS`, or ``unknown``."""
    docker_memory: Bytes
    """What ``docker info`` reports."""
    cpus: int = Field(ge=1)
    """CPUs that Docker has."""
    memory: Bytes | None = None
    """What the machine around Docker's virtual machine reports; None is not measured."""
    memory_reason: str = ""
    """Why that is not measured, in one clause."""
    disk_free: Bytes | None = None
    """What is free on the disk of Docker's data; None is not measured."""
    disk_reason: str = ""
    """Why that is not measured, in one clause."""
    compose: str | None = None
    """Version of Docker Compose; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class CheckAnswer:
    """What comes of one comparison."""

    checked: Checked
    state: CheckState
    needs: Bytes | int | str | None = None
    """Bytes, a number of CPUs, or a version; None is not measured or nothing is asked."""
    has: Bytes | int | str | None = None
    """The same of the machine; None is not measured or missing."""
    setting: Bytes | None = None
    """What to give to Docker's virtual machine; None where that does not help."""
    reason: str = ""
    """Why something is not measured, in one clause."""


@dataclass(frozen=True, kw_only=True)
class ScenarioAnswer:
    """Whether one scenario runs on a machine."""

    scenario: str
    verdict: MachineVerdict
    checks: tuple[CheckAnswer, ...]
    """Memory, CPUs, disk and Compose, in this order."""


@dataclass(frozen=True, kw_only=True)
class MachineReport:
    """What comes of looking at one machine for one project."""

    project: str
    taken_at: Moment
    """When the snapshot was taken that the needs were made from."""
    machine: Machine
    answers: tuple[ScenarioAnswer, ...]
    """The scenarios that were asked for, in that order."""
