"""What an amount of memory for Docker means on a platform: the setting, and the machine."""

from __future__ import annotations

import math

from hcreport.facts import fact_bytes, fact_value
from hcreport.platforms.platform import Platform
from hcreport.units import Bytes, gibibytes

_LEFT_TO_THE_MACHINE = "platforms/docker-desktop-system-memory"


def setting_for(docker_memory: Bytes, platform: Platform) -> Bytes:
    """Return the bytes to set so that containers find ``docker_memory``: whole GiB, rounded up.

    Formula: ``docker_memory / (1 - overhead)``, as a virtual machine's kernel keeps a part of
    what the machine was given (fact ``platforms/virtual-machine-overhead``).
    """
    overhead = fact_value("platforms/virtual-machine-overhead") if platform.virtual_machine else 0
    return gibibytes(math.ceil(int(docker_memory) / (1 - overhead) / int(gibibytes(1))))


def machine_memory() -> Bytes:
    """Return the bytes that stay with the machine around a virtual machine.

    Fact ``platforms/docker-desktop-system-memory``.
    """
    return fact_bytes(_LEFT_TO_THE_MACHINE)


def fits_machine(setting: Bytes, host_memory: Bytes) -> bool:
    """Tell whether a machine of ``host_memory`` bytes can give a virtual machine ``setting``.

    Formula: ``setting`` plus :func:`machine_memory` is at most what the machine has.
    """
    return setting + machine_memory() <= host_memory


def host_memory_for(docker_memory: Bytes, platform: Platform) -> Bytes | None:
    """Return the bytes a machine needs so that its *default* gives Docker ``docker_memory``.

    Formula: ``docker_memory / default_share``, rounded up to a byte. On Linux without a virtual
    machine it is ``docker_memory`` itself, as Docker sees the whole machine. None where no
    default share is known, and where the default never reaches that amount.
    """
    if not platform.virtual_machine:
        return docker_memory
    share = platform.default_share
    if share is None:
        return None
    if platform.default_most_fact and docker_memory > fact_bytes(platform.default_most_fact):
        return None
    return Bytes(math.ceil(int(docker_memory) / share))


def host_memory_when_set(docker_memory: Bytes, platform: Platform) -> Bytes:
    """Return the bytes a machine needs where the platform's memory is set by hand.

    Formula: :func:`setting_for` plus :func:`machine_memory`; on Linux without a virtual machine
    it is ``docker_memory``, as nothing is set aside.
    """
    if not platform.virtual_machine:
        return docker_memory
    return setting_for(docker_memory, platform) + machine_memory()
