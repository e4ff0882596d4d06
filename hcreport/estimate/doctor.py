"""Whether a scenario runs on a machine that was looked at: memory, CPUs, disk and Compose.

Here are only whole numbers and comparisons, so that the scripts for a machine without Python come
to the same answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from hcreport.estimate.machines import reported_at_least, smallest_machine
from hcreport.facts import fact_value
from hcreport.model import (
    CheckAnswer,
    CheckState,
    Machine,
    MachineCheck,
    MachineNeeds,
    MachineVerdict,
    Requirement,
    ScenarioAnswer,
    Service,
    Snapshot,
)
from hcreport.platforms import PLATFORMS, UNKNOWN, setting_for
from hcreport.units import Bytes

_VERSION = re.compile(r"v?([0-9]{1,9})(?:\.([0-9]{1,9}))?")

FINE = ("runs", "may run")
"""The verdicts after which a machine is good enough."""


def machine_needs_of(
    requirements: Iterable[Requirement], snapshot: Snapshot
) -> tuple[MachineNeeds, ...]:
    """Return what each scenario asks of a machine, in the order of the requirements."""
    return tuple(
        MachineNeeds(scenario=each.scenario, check=machine_check(each, snapshot))
        for each in requirements
    )


def machine_check(requirement: Requirement, snapshot: Snapshot) -> MachineCheck:
    """Return the numbers of one scenario that a machine is compared with; sizes in bytes."""
    known = any(
        each.memory is not None for each in requirement.parts if each.kind in ("service", "model")
    )
    need = requirement.at_least if known else None
    least = _around(need)
    roomy = _around(requirement.docker_memory_recommended)
    return MachineCheck(
        docker_memory=need,
        exact=known and requirement.docker_memory is not None,
        setting=least.setting,
        machine_reports=least.reports,
        setting_recommended=roomy.setting,
        machine_reports_recommended=roomy.reports,
        cpus_at_least=_cpus(requirement.services, snapshot),
        compose_at_least=_compose(snapshot.services),
        disk=None if requirement.disk is None else Bytes(round(requirement.disk.value)),
    )


@dataclass(frozen=True)
class _Around:
    """A virtual machine of Docker and the machine around it, in bytes; None where unknown."""

    setting: Bytes | None
    reports: Bytes | None


def _around(need: Bytes | None) -> _Around:
    """Return what to set for a need, and what a machine reports that has the room for it.

    All platforms with a virtual machine have the same, so that any one of them stands for all.
    """
    if need is None:
        return _Around(None, None)
    platform = next(each for each in PLATFORMS.values() if each.virtual_machine)
    least = smallest_machine(need, platform).when_set
    return _Around(setting_for(need, platform), reported_at_least(least))


def _cpus(services: Iterable[str], snapshot: Snapshot) -> int | None:
    """Return the CPUs that the highest declared limit asks for, rounded up; None without limits.

    Fact ``docker/cpu-limit-above-cpus``: Docker refuses to create such a container.
    """
    known = snapshot.services_by_name
    limits = [known[each].limits.cpus for each in services if each in known]
    return max((math.ceil(each) for each in limits if each), default=None)


def _compose(services: Iterable[Service]) -> str:
    """Return the oldest version of Compose that reads the project's files, by what is in them."""
    services = tuple(services)
    major = int(fact_value("compose/version-1-has-ended"))
    minors = []
    if any(each.models for each in services):
        minors.append(int(fact_value("compose/models-since")))
    if any(each.provider for each in services):
        minors.append(int(fact_value("compose/provider-since")))
    return f"{major}.{max(minors)}" if minors else f"{major}"


def examine(needs: MachineNeeds, machine: Machine) -> ScenarioAnswer:
    """Return whether a scenario runs on a machine, with every comparison."""
    check = needs.check
    checks = (
        _memory(check, machine),
        _processors(check, machine),
        _disk(check, machine),
        _composes(check, machine),
    )
    return ScenarioAnswer(scenario=needs.scenario, verdict=_verdict(checks), checks=checks)


def _verdict(checks: tuple[CheckAnswer, ...]) -> MachineVerdict:
    states = [each.state for each in checks]
    if "too little" in states:
        return "does not run"
    if checks[0].state == "not measured":
        return "not measured"
    if "after a change" in states:
        return "runs after a change"
    return "may run" if {"may be enough", "not measured"} & set(states) else "runs"


def _memory(check: MachineCheck, machine: Machine) -> CheckAnswer:
    """Compare Docker's memory as it reports it, and see whether it can be raised here.

    No tolerance here: the published sizes leave room for a machine that reports 7 % less than it
    was sold with. The machine's own memory counts as sold, see :func:`reported_at_least`.
    """
    state: CheckState
    setting, reason = None, ""
    if check.docker_memory is None:
        state, reason = "not measured", "nothing is known of what it needs"
    elif machine.docker_memory >= check.docker_memory:
        state = "enough" if check.exact else "may be enough"
        reason = "" if check.exact else "a part of the need is not measured"
    elif not PLATFORMS.get(machine.platform, UNKNOWN).virtual_machine:
        state = "too little"
    elif machine.memory is None:
        state, setting, reason = "too little", check.setting, machine.memory_reason
    else:
        setting = _setting(check, machine.memory)
        state = "too little" if setting is None else "after a change"
    return CheckAnswer(
        checked="memory",
        state=state,
        needs=check.docker_memory,
        has=machine.docker_memory,
        setting=setting,
        reason=reason,
    )


def _setting(check: MachineCheck, memory: Bytes) -> Bytes | None:
    """Return the most useful amount that a machine which reports ``memory`` can give; in bytes."""
    for setting, reports in (
        (check.setting_recommended, check.machine_reports_recommended),
        (check.setting, check.machine_reports),
    ):
        if setting is not None and reports is not None and memory >= reports:
            return setting
    return None


def _processors(check: MachineCheck, machine: Machine) -> CheckAnswer:
    enough = check.cpus_at_least is None or machine.cpus >= check.cpus_at_least
    return CheckAnswer(
        checked="cpus",
        state="enough" if enough else "too little",
        needs=check.cpus_at_least,
        has=machine.cpus,
    )


def _disk(check: MachineCheck, machine: Machine) -> CheckAnswer:
    state: CheckState
    if check.disk is None or machine.disk_free is None:
        state = "not measured"
    else:
        state = "enough" if machine.disk_free >= check.disk else "too little"
    reason = machine.disk_reason if check.disk is not None else "nothing is known of what it needs"
    return CheckAnswer(
        checked="disk",
        state=state,
        needs=check.disk,
        has=machine.disk_free,
        reason=reason if state == "not measured" else "",
    )


def _composes(check: MachineCheck, machine: Machine) -> CheckAnswer:
    has = machine.compose
    enough = has is not None and version_of(has) >= version_of(check.compose_at_least)
    return CheckAnswer(
        checked="compose",
        state="enough" if enough else "after a change",
        needs=check.compose_at_least,
        has=has,
    )


def version_of(text: str) -> tuple[int, int]:
    """Return major and minor of a version as Compose prints it; ``2`` is ``2.0``.

    Raises ValueError where it does not begin with a number, with or without a v before it.
    """
    match = _VERSION.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a version")
    return int(match.group(1)), int(match.group(2) or 0)
