"""What happened when a scenario was really run with the memory that was stated for it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hcreport.model.record import Moment, Record
from hcreport.units import Bytes

FailureKind = Literal["memory", "exited", "unhealthy", "not ready", "load"]
"""``memory``: the kernel killed a process for want of memory. ``exited``: a container ended that
should not have. ``unhealthy``: its health check failed. ``not ready``: it was not up in time.
``load``: the load command failed while all containers were well."""


class ProofFailure(Record):
    """What broke first."""

    kind: FailureKind
    service: str | None = None
    """None where the load failed, or where it could not be told which container it was."""
    container: str | None = None
    """Its name in the throwaway project."""
    exit_code: int | None = None
    """Of the container or of the load."""
    seconds: float = Field(ge=0)
    """Time since the containers of that run were started."""
    run: int = Field(default=1, ge=1)
    """In which run, counted from 1."""


class Pressure(Record):
    """How much work stood still for want of memory while the scenario ran."""

    full: float = Field(ge=0, le=1)
    """Highest share of ten seconds in which every task was waiting for memory: the kernel's
    ``full avg10``, as a ratio."""
    scope: Literal["stack", "container", "machine"]
    """``stack``: all containers together. ``container``: the worst of them. ``machine``: all that
    runs on the machine, where the containers alone could not be read."""


class Proof(Record):
    """One scenario, run as a throwaway project with limited memory. Sizes are in bytes."""

    scenario: str
    taken_at: Moment
    """When it began, in UTC."""
    docker_memory: Bytes
    """The memory of Docker that was tried, with what Docker itself and the system need."""
    containers_memory: Bytes
    """What all containers together were allowed to use."""
    limits: dict[str, Bytes] = Field(default_factory=dict)
    """The limit of each container of a service; empty where they shared one."""
    together: bool = False
    """All containers shared one limit and had none of their own."""
    passed: bool
    failure: ProofFailure | None = None
    """None where it passed."""
    runs: int = Field(ge=1)
    """How often it was started, the run that failed included."""
    seconds: float = Field(ge=0)
    """How long it ran once it was ready, all runs added up."""
    ready_seconds: float | None = Field(default=None, ge=0)
    """Longest time from the start until it was ready; None where it never was."""
    load: str | None = None
    """Name of the program that made load; None where it ran without any."""
    load_runs: int = Field(default=0, ge=0)
    """How often the load ran from its beginning to its end."""
    pressure: Pressure | None = None
    """None is not measured."""
    notes: tuple[str, ...] = ()
    """What was different from the real project, one sentence each."""
    engine_version: str | None = None
    kernel: str | None = None
    """Of the machine that ran the containers."""
    tool: str
    """``hcreport 0.1.0``."""
    config_hash: str | None = None
    """SHA-256 over Compose's hashes of the services that were run; None where Compose gave none."""

    @model_validator(mode="after")
    def _failure_says_what_failed(self) -> Proof:
        if self.passed == (self.failure is not None):
            raise ValueError("a proof that passed has no failure, and one that failed has one")
        return self

    @property
    def key(self) -> tuple[str, Bytes, bool]:
        """What it is about: a later proof of the same replaces it."""
        return self.scenario, self.docker_memory, self.together


class Proofs(Record):
    """The last proof of each scenario and size."""

    proofs: tuple[Proof, ...] = ()
    """By scenario, memory, and whether the limit was shared."""

    def with_proof(self, proof: Proof) -> Proofs:
        """Return these proofs and a new one, which replaces an earlier one of the same."""
        kept = [each for each in self.proofs if each.key != proof.key]
        return Proofs(proofs=tuple(sorted([*kept, proof], key=lambda each: each.key)))

    def of(self, scenario: str) -> tuple[Proof, ...]:
        """Return the proofs of one scenario, from the least memory to the most."""
        return tuple(each for each in self.proofs if each.scenario == scenario)
