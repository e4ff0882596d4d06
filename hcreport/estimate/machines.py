"""Which machines give Docker the memory that a scenario needs, in sizes that exist."""

from __future__ import annotations

import math
from typing import NamedTuple

from hcreport.facts import fact_bytes, fact_value
from hcreport.model import MachineNeed, Requirement
from hcreport.platforms import PLATFORMS, Platform, machine_memory, setting_for
from hcreport.units import Bytes, gib, gibibytes

MACHINES = tuple(
    gibibytes(size)
    for size in (2, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 64, 96, 128, 192, 256, 384, 512, 768)
)
"""Memory that machines are sold with, in bytes."""

_NO_MACHINE = "no common machine has that much"


def machine_needs(docker_memory: Bytes) -> tuple[MachineNeed, ...]:
    """Return for every platform the machines on which Docker has ``docker_memory`` bytes."""
    return tuple(_machine_need(docker_memory, each) for each in PLATFORMS.values())


def nominal(size: float) -> Bytes | None:
    """Return the smallest machine that has ``size`` bytes when it reports 7 % less than sold.

    None where no common machine has, see :func:`sold_with`.
    """
    return nominal_size(sold_with(size))


def sold_with(size: float) -> Bytes:
    """Return the memory a machine has to be sold with so that it reports ``size`` bytes.

    Formula: ``size / (1 - tolerance)``, rounded up to a byte. The tolerance is the fact
    ``platforms/virtual-machine-overhead``: machines sold as 16 GB report 15.2 GiB and more.
    """
    return Bytes(math.ceil(size / (1 - fact_value("platforms/virtual-machine-overhead"))))


def reported_at_least(sold: Bytes) -> Bytes:
    """Return the least that a machine reports that was sold with ``sold`` bytes.

    Formula: ``sold * (1 - tolerance)``, rounded down to a byte; the inverse of :func:`sold_with`.
    """
    return Bytes(math.floor(int(sold) * (1 - fact_value("platforms/virtual-machine-overhead"))))


def nominal_size(size: float) -> Bytes | None:
    """Return the smallest memory of at least ``size`` bytes that machines are sold with."""
    return next((each for each in MACHINES if each >= size), None)


class SmallestMachine(NamedTuple):
    """The least memory that a machine has to be sold with, in bytes, whatever sizes are sold."""

    when_set: Bytes
    """With the memory of Docker set by hand."""
    by_default: Bytes | None
    """With the platform's default; None where no default is ever enough."""


def smallest_machine(docker_memory: Bytes, platform: Platform) -> SmallestMachine:
    """Return the least machine on which Docker has ``docker_memory`` bytes."""
    if not platform.virtual_machine:
        enough = sold_with(docker_memory)
        return SmallestMachine(enough, enough)
    return SmallestMachine(
        setting_for(docker_memory, platform) + machine_memory(),
        None if _why_never(docker_memory, platform) else _default_from(docker_memory, platform),
    )


class Verdict(NamedTuple):
    """Whether a scenario runs where Docker has a certain memory."""

    runs: bool | None
    """None is not measured: a part of the requirement is missing, and what is known would fit."""
    short: Bytes
    """Bytes that are missing at least; 0 where nothing is."""


def verdict(requirement: Requirement, docker_memory: Bytes) -> Verdict:
    """Return whether a scenario runs where ``docker info`` reports ``docker_memory`` bytes.

    No tolerance is needed here: the sizes that :func:`machine_needs` names are chosen so that a
    machine that reports 7 % less than it was sold with still has the requirement.
    """
    needed = requirement.docker_memory or requirement.at_least
    if docker_memory < needed:
        return Verdict(runs=False, short=needed - docker_memory)
    known = requirement.docker_memory is not None
    return Verdict(runs=True if known else None, short=Bytes(0))


def _machine_need(docker_memory: Bytes, platform: Platform) -> MachineNeed:
    least = smallest_machine(docker_memory, platform)
    when_set = nominal_size(least.when_set)
    by_default = None if least.by_default is None else nominal_size(least.by_default)
    reason = _why_never(docker_memory, platform)
    if when_set is None or (by_default is None and not reason):
        reason = _NO_MACHINE
    virtual = platform.virtual_machine
    return MachineNeed(
        platform=platform.id,
        setting=setting_for(docker_memory, platform) if virtual else None,
        when_set=when_set,
        by_default=by_default,
        reason=reason,
    )


def _default_from(docker_memory: Bytes, platform: Platform) -> Bytes | None:
    """Return the least machine whose share, left as it is, gives Docker enough.

    The share is one of what the machine reports, and the virtual machine reports less than its
    share, so the tolerance counts twice. The share must leave as much as a setting does.
    """
    share = platform.default_share
    if share is None:
        return None
    given = docker_memory / (1 - fact_value("platforms/virtual-machine-overhead"))
    roomy = Bytes(math.ceil(int(machine_memory()) / (1 - share)))
    return max(sold_with(given / share), roomy)


def _why_never(docker_memory: Bytes, platform: Platform) -> str:
    """Return why a platform's default is never enough, whatever the machine; empty if it is."""
    if not platform.virtual_machine:
        return ""
    if platform.default_share is None:
        return "its default does not follow the machine's size"
    if platform.default_most_fact:
        most = fact_bytes(platform.default_most_fact)
        if sold_with(docker_memory) > most:
            return f"its default is never more than {gib(most)}"
    return ""
