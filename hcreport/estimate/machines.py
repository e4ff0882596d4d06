"""Which machines give Docker the memory that a scenario needs, in sizes that exist."""

from __future__ import annotations

from typing import NamedTuple

from hcreport.facts import fact_bytes, fact_value
from hcreport.model import MachineNeed, Requirement
from hcreport.platforms import PLATFORMS, Platform, setting_for
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

    None where no common machine has. The tolerance is the fact
    ``platforms/virtual-machine-overhead``: machines sold as 16 GB report 15.2 GiB and more.
    """
    return _smallest(size / (1 - fact_value("platforms/virtual-machine-overhead")))


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
    if not platform.virtual_machine:
        machine = nominal(docker_memory)
        return MachineNeed(
            platform=platform.id,
            when_set=machine,
            by_default=machine,
            reason="" if machine else _NO_MACHINE,
        )
    setting = setting_for(docker_memory, platform)
    when_set = _smallest(setting + _left())
    by_default, reason = _by_default(docker_memory, platform)
    if when_set is None:
        reason = _NO_MACHINE
    return MachineNeed(
        platform=platform.id,
        setting=setting,
        when_set=when_set,
        by_default=by_default,
        reason=reason,
    )


def _by_default(docker_memory: Bytes, platform: Platform) -> tuple[Bytes | None, str]:
    """Return the machine on which Docker gets enough without a setting, or why there is none.

    The share is one of what the machine reports, and the virtual machine reports less than its
    share, so the tolerance counts twice. The share must leave as much as a setting does.
    """
    share = platform.default_share
    if share is None:
        return None, "its default does not follow the machine's size"
    given = docker_memory / (1 - fact_value("platforms/virtual-machine-overhead"))
    if platform.default_most_fact:
        most = fact_bytes(platform.default_most_fact)
        if given > most:
            return None, f"its default is never more than {gib(most)}"
    enough = nominal(given / share)
    roomy = _smallest(int(_left()) / (1 - share))
    machine = max(enough, roomy) if enough and roomy else None
    return machine, "" if machine else _NO_MACHINE


def _left() -> Bytes:
    """Return the bytes that stay with the machine itself, of those it was sold with."""
    return fact_bytes("platforms/docker-desktop-system-memory")


def _smallest(size: float) -> Bytes | None:
    return next((each for each in MACHINES if each >= size), None)
