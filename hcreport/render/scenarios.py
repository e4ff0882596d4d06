"""One scenario as the requirements page shows it: its tiers, machines, and what can be left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from hcreport.estimate.machines import machine_needs
from hcreport.estimate.memory import RUNNING
from hcreport.facts import fact_value
from hcreport.model import (
    MachineNeed,
    Proofs,
    Requirement,
    RequirementPart,
    Snapshot,
)
from hcreport.names import slug
from hcreport.platforms import PLATFORMS
from hcreport.proofs import hash_of_services
from hcreport.render.proof_lines import ProofLine, proof_lines, prove_command, proven_by
from hcreport.render.savings import Saving, savings
from hcreport.units import Bytes, total


@dataclass(frozen=True, kw_only=True)
class MachineRow:
    """The machines of the platforms whose answer is the same; sizes are in bytes."""

    names: tuple[str, ...]
    own: bool
    """The snapshot was taken on one of them."""
    minimum: MachineNeed
    recommended: MachineNeed | None
    """None where no recommendation is known."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What another tool's formula gives for the containers, beside ours; bytes."""

    others: Bytes
    ours: Bytes


class ScenarioView:
    """A requirement with everything that follows from it; nothing here changes."""

    def __init__(
        self,
        requirement: Requirement,
        snapshot: Snapshot,
        proofs: Proofs,
        own_platforms: Iterable[str] = (),
    ) -> None:
        self.requirement = requirement
        self.anchor = f"scenario-{slug(requirement.scenario)}"
        self._snapshot = snapshot
        self._proofs = proofs.of(requirement.scenario)
        self._own_platforms = frozenset(own_platforms)

    @property
    def need(self) -> Bytes | None:
        """Memory for Docker in bytes, all of it or a lower bound; None where nothing is known."""
        known = any(part.memory for part in self.stack_parts)
        return self.requirement.at_least if known else None

    @property
    def exact(self) -> bool:
        """The need is the minimum, not only a lower bound."""
        return self.requirement.docker_memory is not None

    @property
    def stack_parts(self) -> tuple[RequirementPart, ...]:
        """The parts that are the project's: its models and services."""
        return tuple(each for each in self.requirement.parts if each.kind in ("model", "service"))

    @cached_property
    def lower_bounds(self) -> tuple[RequirementPart, ...]:
        """Return the parts of which only a lower bound is known."""
        return tuple(
            each for each in self.requirement.parts if each.memory is not None and not each.exact
        )

    @cached_property
    def unknown(self) -> tuple[RequirementPart, ...]:
        """Return the parts without a number that should have one."""
        return tuple(
            each for each in self.requirement.parts if each.memory is None and not each.left_out
        )

    @cached_property
    def noted(self) -> tuple[RequirementPart, ...]:
        """Return the parts that a reader should know something about."""
        return tuple(each for each in self.requirement.parts if each.notes)

    @cached_property
    def shares_margins(self) -> bool:
        """Return whether a part takes off margins that are not needed at once."""
        return any(each.kind == "margin" for each in self.requirement.parts)

    @cached_property
    def ranged(self) -> bool:
        """Return whether a part has a stated range."""
        return any(each.memory and each.memory.high is not None for each in self.requirement.parts)

    @cached_property
    def setting(self) -> Bytes | None:
        """Return what to set on a virtual machine for the minimum, in bytes; None if unknown."""
        return _setting(minimum for minimum, _ in self.machine_pairs.values())

    @cached_property
    def setting_recommended(self) -> Bytes | None:
        """Return what to set on a virtual machine for the recommended memory, in bytes."""
        return _setting(roomy for _, roomy in self.machine_pairs.values())

    @cached_property
    def machine_pairs(self) -> Mapping[str, tuple[MachineNeed, MachineNeed | None]]:
        """Return by platform the machines for the minimum and for the recommended memory."""
        roomy = self.requirement.docker_memory_recommended
        recommended = {each.platform: each for each in machine_needs(roomy)} if roomy else {}
        return {
            each.platform: (each, recommended.get(each.platform))
            for each in self.requirement.machines
        }

    @cached_property
    def machines(self) -> tuple[MachineRow, ...]:
        """Return the machines by platforms with the same answer, the project's own first."""
        grouped: dict[tuple[object, ...], list[str]] = {}
        for platform, (minimum, recommended) in self.machine_pairs.items():
            other = platform not in self._own_platforms
            answer = (other, *_answer(minimum), *_answer(recommended))
            grouped.setdefault(answer, []).append(platform)
        rows = [
            MachineRow(
                names=tuple(_platform_name(each) for each in platforms),
                own=platforms[0] in self._own_platforms,
                minimum=self.machine_pairs[platforms[0]][0],
                recommended=self.machine_pairs[platforms[0]][1],
            )
            for platforms in grouped.values()
        ]
        return tuple(sorted(rows, key=lambda row: not row.own))

    @property
    def virtual(self) -> MachineNeed | None:
        """The machine around a virtual machine that is set by hand: the same on all platforms."""
        return self._machine(virtual=True)

    @property
    def native(self) -> MachineNeed | None:
        """The machine where Docker sees all of it."""
        return self._machine(virtual=False)

    @cached_property
    def savings(self) -> tuple[Saving, ...]:
        """Return what each service saves when it is stopped, the most first."""
        return savings(self.requirement, self._snapshot)

    @cached_property
    def comparison(self) -> Comparison | None:
        """Return Robusta KRR's figure for the containers beside ours, for comparison only.

        Formula: the highest use that ``docker stats`` would have shown of each container, added
        up, plus the fact ``sizing/krr-buffer``. None where a container was not sampled.
        """
        shown = [
            _shown(each.name, each.containers, self._snapshot)
            for each in self.requirement.parts
            if each.kind == "service"
        ]
        known = [each for each in shown if each is not None]
        parts = [each.memory for each in self.stack_parts]
        ours = [Bytes(round(each.value)) for each in parts if each is not None]
        if not known or len(known) < len(shown) or len(ours) < len(parts):
            return None
        others = math.ceil(int(total(known)) * (1 + fact_value("sizing/krr-buffer")))
        return Comparison(others=Bytes(others), ours=total(ours))

    @cached_property
    def proofs(self) -> tuple[ProofLine, ...]:
        """Return what came of running the scenario with limited memory, in words."""
        services = self._snapshot.services_by_name
        hashes = {
            each.name: services[each.name].config_hash
            for each in self.requirement.parts
            if each.kind == "service" and each.name in services
        }
        return proof_lines(self._proofs, self.requirement, hash_of_services(hashes))

    @property
    def command(self) -> str:
        """What proves it, to copy."""
        return prove_command(self.requirement)

    @cached_property
    def proven(self) -> str:
        """Return the day on which the stated minimum was proven; empty where it was not."""
        return proven_by(self._proofs, self.requirement)

    def _machine(self, *, virtual: bool) -> MachineNeed | None:
        """Return the machine for the minimum, on any platform with or without virtual machine."""
        return next(
            (
                least
                for platform, (least, _) in self.machine_pairs.items()
                if PLATFORMS[platform].virtual_machine is virtual
            ),
            None,
        )


def _setting(machines: Iterable[MachineNeed | None]) -> Bytes | None:
    """Return the largest setting; virtual machines of all platforms have the same."""
    settings = (each.setting for each in machines if each is not None)
    return max((each for each in settings if each is not None), default=None)


def _answer(need: MachineNeed | None) -> tuple[object, ...]:
    if need is None:
        return ()
    return (need.setting, need.when_set, need.by_default, need.reason)


def _platform_name(platform: str) -> str:
    return PLATFORMS[platform].name if platform in PLATFORMS else platform


def _shown(service: str, containers: int, snapshot: Snapshot) -> Bytes | None:
    """Return the highest use of a service as docker stats shows it; None where not all were seen.

    Bytes: for each container the highest of all its lives, added up.
    """
    found: dict[int, Bytes] = {}
    for series in snapshot.window.series if snapshot.window else ():
        if series.service == service:
            found[series.number] = max(found.get(series.number, Bytes(0)), series.shown)
    for container in snapshot.containers_by_service.get(service, ()):
        if container.memory is not None and container.state in RUNNING:
            found.setdefault(container.number, container.memory.shown)
    return total(found.values()) if containers and len(found) >= containers else None
