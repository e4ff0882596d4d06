"""The assessment: what the analyzer concluded from one snapshot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hcreport.model.choices import LocalOrApi, Sleep
from hcreport.model.contents import Certainty, DiveFigures, Group, Reclaimable, StepKind
from hcreport.model.finding import Action, Finding, Outcome
from hcreport.model.origin import Number
from hcreport.model.record import Record
from hcreport.units import Bytes


class MemoryBudget(Record):
    """The three memory figures of the stack, which are never mixed.

    *Measured* is what running containers used at the moment of the snapshot. *Worst case* is what
    they may use: the sum of limits, plus an unknown amount for each without one. *Requirement* is
    on :class:`Requirement`.
    """

    engine_total: Number | None = None
    measured: Number | None = None
    """Sum over the containers that were sampled; None where none was."""
    measured_containers: int = 0
    running_containers: int = 0
    limits: Number | None = None
    """Sum of the limits of active services (times replicas); None where no service has one."""
    limited: tuple[str, ...] = ()
    unlimited: tuple[str, ...] = ()
    """Services that may use all there is."""


class ContainerNeed(Record):
    """What one container brings to a sum where containers share the memory; in bytes."""

    minimum: Bytes
    """Enough for it under a limit of its own."""
    highest: Bytes
    """What of it was in use at its highest; the rest is a margin."""
    without_files: Bytes
    """What of that was no file, which could be read again."""
    elsewhere: Bytes = Bytes(0)
    """What of ``highest`` are files on the account of somebody else."""
    mapped: Bytes = Bytes(0)
    """Files on its own account that its processes mapped."""
    program_files: Bytes = Bytes(0)
    """Files that its processes mapped, on whoever's account."""
    program: int | None = None
    """Containers with the same number map the same files; None is not known."""
    watched: bool = False
    """It was seen for a while, together with the others."""


class RequirementPart(Record):
    """One line of a requirement's breakdown; the parts add up to the total, to the byte."""

    name: str
    kind: Literal["service", "model", "margin", "engine", "system"] = "service"
    """``margin``: takes off what the services do not need at once."""
    memory: Number | None = None
    """Bytes it needs at least, all its containers together; None is not measured."""
    each: tuple[ContainerNeed, ...] = ()
    """What each of its measured containers brings where services share the memory."""
    recommended: Number | None = None
    """Bytes with which it keeps its page cache and has room; None where not measured."""
    containers: int = 0
    """How many containers of a service are counted."""
    largest: Bytes | None = None
    """For a service: what the hungriest of its containers needs beyond its model, in bytes."""
    left_out: bool = False
    """Known to be no part of the sum: it takes turns with one that is."""
    exact: bool = False
    """``memory`` is enough for what was seen, not only a lower bound."""
    elastic: str = ""
    """For a heap that takes what it finds: the setting that bounds it."""
    notes: tuple[str, ...] = ()
    """What a reader should know: it grew, it lives from page cache, it was killed."""
    reason: str = ""
    """Why it is not measured."""


class MachineNeed(Record):
    """What one platform needs so that Docker has the memory of a requirement."""

    platform: str
    """Key of :data:`hcreport.platforms.PLATFORMS`."""
    setting: Bytes | None = None
    """Memory to give to Docker's virtual machine, in whole GiB; None where there is none."""
    when_set: Bytes | None = None
    """Nominal memory of a machine with which that setting leaves enough to the machine itself."""
    by_default: Bytes | None = None
    """Nominal memory of a machine whose default is enough; None where no default ever is."""
    reason: str = ""
    """Why one of them is not known or cannot be."""


class DiskPart(Record):
    """One line of what a scenario needs on disk."""

    name: str
    size: Number | None = None
    """Bytes; None is not measured, or there is nothing of it."""
    reason: str = ""
    """Why there is no size."""
    applies: bool = True
    """False where the scenario has nothing of it, so that nothing is missing."""


class DiskNeed(Record):
    """What a scenario needs on the disk of Docker; the parts add up to the total, to the byte."""

    total: Number | None = None
    """Sum of the known parts in bytes; None where nothing is known of the scenario."""
    parts: tuple[DiskPart, ...] = ()


class CpuNeed(Record):
    """CPU that one service used while it was watched; there is no pass or fail."""

    service: str
    average: Number
    """CPUs on average, all its containers together."""
    highest: Number | None = None
    """Most CPUs between two samples in a row, all its containers added up."""
    limit: float | None = None
    """CPUs its containers may use together; None where one has no limit."""
    throttled: Number | None = None
    """Share of the limit's periods in which it was made to wait."""


class Requirement(Record):
    """What one scenario needs."""

    scenario: str
    description: str = ""
    services: tuple[str, ...] = ()
    parts: tuple[RequirementPart, ...] = ()
    at_least: Bytes = Bytes(0)
    """Sum of the known parts in bytes: Docker needs at least this much memory."""
    complete: bool = False
    """Every part is known, so ``at_least`` is the requirement at the time of the snapshot."""
    docker_memory: Bytes | None = None
    """Minimum memory for Docker in bytes, the sum of the parts; None while a part is not measured
    or only a lower bound."""
    docker_memory_recommended: Bytes | None = None
    """Sum of what is recommended for each part, in bytes; None like ``docker_memory``."""
    seen_together: Number | None = None
    """Most that the containers held at one time while they were watched."""
    host_memory: dict[str, Bytes] = Field(default_factory=dict)
    """Memory of the machine in bytes by platform, where ``docker_memory`` or its bound is known."""
    machines: tuple[MachineNeed, ...] = ()
    """The same in sizes that exist, with the platform's default and its own setting."""
    cpus: Number | None = None
    """CPUs used on average while watched, by all services of the scenario that were seen."""
    cpu_by_service: tuple[CpuNeed, ...] = ()
    disk: Number | None = None
    """Bytes on the disk of Docker: the sum of the known ``disk_parts``."""
    disk_parts: tuple[DiskPart, ...] = ()


class SuggestedLimit(Record):
    """A memory limit for the containers of one service that follows from what was measured."""

    service: str
    limit: Bytes
    """Bytes for each of its containers."""
    needs: Bytes
    """What the hungriest of its containers needed, in bytes; never more than ``limit``."""
    current: Bytes | None = None
    """The limit it has; None where it has none."""
    containers: int = 1
    keys: tuple[Literal["mem_limit", "deploy"], ...] = ("deploy",)
    """Where the limit is to stand in the Compose file, so that Compose accepts both files."""


class TargetStep(Record):
    """One step towards a smaller image, with what is left after it; steps follow each other."""

    kind: StepKind
    what: str
    """Verb first: ``Build in a stage of its own``."""
    saves: Number
    """Bytes, after all steps before it."""
    after: Number
    """Bytes that the image weighs after this step and all before it."""
    certainty: Certainty
    could_break: str
    """What to try before it is relied on, in words."""
    names: tuple[str, ...] = ()
    """Packages, patterns or folders that it is about."""
    more: int = 0
    """How many further names there are."""


class ImageTarget(Record):
    """What one image weighs and what it could weigh.

    From ``seen`` on, the fields are known only where its layers were read.
    """

    image: str
    size: Number
    services: tuple[str, ...] = ()
    shared: Bytes | None = None
    """Bytes in layers that another image of the project has too."""
    alone: Bytes | None = None
    """Bytes in layers that only this image has; with ``shared`` they are its size."""
    largest_layer: Number | None = None
    largest_instruction: str | None = None
    whole_context: bool = False
    target: Number | None = None
    """Size without the avoidable part; None where nothing is known to be avoidable. Where the
    layers were read, the size after all steps."""
    reason: str = ""
    benchmark: Number | None = None
    """What images of its class weigh: context, never the target's reason."""
    base: Number | None = None
    """Bytes in layers of its base image; None where it is not known which they are."""
    base_image: str | None = None
    """Name of the base image, where it is known."""
    scanned: bool = False
    """Its layers were read."""
    seen: Number | None = None
    """What a container sees of it."""
    reclaimable: Number | None = None
    """Bytes in its layers that no container sees: the sum of ``causes``."""
    causes: tuple[Reclaimable, ...] = ()
    groups: dict[Group, Bytes] = Field(default_factory=dict)
    """Bytes that a container sees, by group; they add up to ``seen``."""
    duplicates: Number | None = None
    """Bytes of files that are there twice."""
    dive: DiveFigures | None = None
    steps: tuple[TargetStep, ...] = ()
    target_sure: Number | None = None
    """Size after those steps that are sure."""
    needs_glibc: bool | None = None
    """Something that stays is linked with glibc; None is not measured."""
    notes: tuple[str, ...] = ()
    """What was not measured, and why."""


class ModelFit(Record):
    """Whether one local model fits into the engine's memory."""

    model: str
    service: str | None = None
    needs: Number | None = None
    has: Number | None = None
    """The smaller of the engine's memory and the service's limit."""
    fits: bool | None = None
    """None is not measured."""
    reason: str = ""


class IdleSuppression(Record):
    """A suppression that suppresses nothing, as what it is about is in order or not there."""

    rule: str
    subject: str | None = None
    """None is every subject of the rule."""
    reason: str
    """Why the project had it."""


class Assessment(Record):
    """Everything the pages, the terminal and the gate need to know."""

    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    """Open problems, worst first."""
    memory: MemoryBudget
    images: tuple[ImageTarget, ...] = ()
    models: tuple[ModelFit, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    plan: tuple[Action, ...] = ()
    """Actions in the order to do them."""
    sleep: Sleep = Sleep()
    local_or_api: LocalOrApi | None = None
    """None where the project has no local model."""
    idle_suppressions: tuple[IdleSuppression, ...] = ()
    """Those of ``hcreport.yml`` that can go, in its order."""
