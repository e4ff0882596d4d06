"""Platforms by how they share a machine's memory: those of one family need the same machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hcreport.platforms.catalogue import PLATFORMS
from hcreport.platforms.platform import Platform


@dataclass(frozen=True, kw_only=True)
class Family:
    """Platforms whose default, and whose setting, give Docker the same of a machine."""

    name: str
    platforms: tuple[Platform, ...]
    """At least one, in the order to show them."""

    @property
    def any(self) -> Platform:
        """One of them: for the size of a machine, each stands for all."""
        return self.platforms[0]


@cache
def families() -> tuple[Family, ...]:
    """Return every platform in its family, in the order to show them."""
    found: dict[str, list[Platform]] = {}
    for each in PLATFORMS.values():
        found.setdefault(each.family, []).append(each)
    return tuple(Family(name=name, platforms=tuple(platforms)) for name, platforms in found.items())
