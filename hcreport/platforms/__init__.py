"""Which platform a Docker engine runs on, and how that platform's memory is changed."""

from __future__ import annotations

from hcreport.platforms.catalogue import PLATFORMS, UNKNOWN
from hcreport.platforms.detection import candidates, detect, platforms_of
from hcreport.platforms.families import Family, families
from hcreport.platforms.memory import (
    fits_machine,
    host_memory_for,
    host_memory_when_set,
    machine_memory,
    setting_for,
)
from hcreport.platforms.platform import VERIFY_COMMAND, Platform

__all__ = [
    "PLATFORMS",
    "UNKNOWN",
    "VERIFY_COMMAND",
    "Family",
    "Platform",
    "candidates",
    "detect",
    "families",
    "fits_machine",
    "host_memory_for",
    "host_memory_when_set",
    "machine_memory",
    "platforms_of",
    "setting_for",
]
