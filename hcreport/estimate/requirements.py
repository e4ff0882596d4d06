"""What each way of running the stack needs: memory by parts, machines, CPU and disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hcreport.estimate.cpu import cpu_needs, cpu_total
from hcreport.estimate.disk import disk_need
from hcreport.estimate.machines import machine_needs
from hcreport.estimate.memory import memory_number
from hcreport.estimate.parts import requirement_parts
from hcreport.estimate.scenarios import Plan, everything, plans
from hcreport.model import Number, Origin, Requirement, RequirementPart, Snapshot
from hcreport.platforms import PLATFORMS, host_memory_when_set
from hcreport.units import Bytes, total


def requirements(snapshot: Snapshot) -> tuple[Requirement, ...]:
    """Return one requirement per scenario, declared or derived, in the order to show them."""
    return tuple(_requirement(each, snapshot) for each in plans(snapshot))


def started_requirement(snapshot: Snapshot) -> Requirement:
    """Return what a plain ``docker compose up`` needs, whatever scenarios are declared.

    Many rules ask for it, so that of the last snapshots is kept.
    """
    return _started(_Same(snapshot))


class _Same:
    """A snapshot that is equal to itself alone: to compare two by their parts takes long."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.snapshot is self.snapshot

    def __hash__(self) -> int:
        return id(self.snapshot)


@lru_cache(maxsize=2)
def _started(same: _Same) -> Requirement:
    return _requirement(everything(same.snapshot), same.snapshot)


@dataclass(frozen=True, kw_only=True)
class MemoryNeed:
    """What a scenario needs in memory, by its parts."""

    scenario: str
    parts: tuple[RequirementPart, ...]
    at_least: Bytes
    """The sum of the known parts, in bytes."""
    known: bool
    """A part of the stack itself is known, not only what Docker itself needs."""
    complete: bool
    """All parts are known."""
    exact: bool
    """``at_least`` is enough for what was seen, not only a lower bound."""


def memory_need(snapshot: Snapshot, scenario: str | None = None) -> MemoryNeed | None:
    """Return what a scenario needs in memory, the first one where none is named.

    None where the snapshot has no such scenario. Machines, CPUs and disk are left out: together
    they take longer than this.
    """
    for plan in plans(snapshot):
        if scenario is None or plan.scenario == scenario:
            return _memory_need(plan, snapshot)
    return None


def memory_needs(snapshot: Snapshot) -> dict[str, MemoryNeed]:
    """Return what each scenario needs in memory, by name, in the order to show them."""
    return {plan.scenario: _memory_need(plan, snapshot) for plan in plans(snapshot)}


def _memory_need(plan: Plan, snapshot: Snapshot) -> MemoryNeed:
    parts = requirement_parts(plan, snapshot)
    counted = [each for each in parts if not each.left_out]
    complete = bool(plan.services) and all(each.memory for each in counted)
    return MemoryNeed(
        scenario=plan.scenario,
        parts=parts,
        at_least=_sum(each.memory for each in parts),
        known=any(each.memory for each in parts if each.kind in ("service", "model")),
        complete=complete,
        exact=complete and all(each.exact for each in counted),
    )


def _requirement(plan: Plan, snapshot: Snapshot) -> Requirement:
    need = _memory_need(plan, snapshot)
    parts, at_least = need.parts, need.at_least
    services = tuple(each.name for each in plan.services)
    cpus = cpu_needs(services, snapshot)
    disk = disk_need(plan.services, snapshot, plan.models)
    return Requirement(
        scenario=plan.scenario,
        description=plan.description,
        services=services,
        parts=parts,
        at_least=at_least,
        complete=need.complete,
        docker_memory=at_least if need.exact else None,
        docker_memory_recommended=_sum(_recommended(each) for each in parts)
        if need.exact
        else None,
        seen_together=_seen_together(services, snapshot),
        host_memory={
            platform.id: host_memory_when_set(at_least, platform) for platform in PLATFORMS.values()
        }
        if need.known
        else {},
        machines=machine_needs(at_least) if need.known else (),
        cpus=cpu_total(cpus),
        cpu_by_service=cpus,
        disk=disk.total,
        disk_parts=disk.parts,
    )


def _sum(numbers: Iterable[Number | None]) -> Bytes:
    """Return the whole bytes of the known numbers added up."""
    return total(Bytes(round(each.value)) for each in numbers if each is not None)


def _recommended(part: RequirementPart) -> Number | None:
    return part.recommended or part.memory


def _seen_together(services: tuple[str, ...], snapshot: Snapshot) -> Number | None:
    """Return the most that a scenario's containers held at one time; bytes.

    Known only where the containers watched are those of the scenario: single moments of the
    series are not kept.
    """
    window = snapshot.window
    if window is None or window.together is None or window.together.held is None:
        return None
    if {each.service for each in window.series} != set(services):
        return None
    together = window.together
    evidence = (
        f"the round with most in use, of {window.rounds} in {window.seconds:.0f} s; "
        f"containers in it: {together.containers}"
    )
    return memory_number(
        "seen together", window.together.held, Origin(kind="measured", evidence=evidence)
    )
