"""How Docker is given more memory on each platform that fits, with the amounts of this report."""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.model import Engine
from hcreport.platforms import (
    PLATFORMS,
    Platform,
    fits_machine,
    host_memory_when_set,
    setting_for,
)
from hcreport.units import Bytes


@dataclass(frozen=True, kw_only=True)
class MemorySteps:
    """The steps on one platform; sizes are in bytes."""

    platform: Platform
    own: bool
    """The snapshot may have been taken on it."""
    need: Bytes | None
    """Memory that Docker needs at least; None where nothing is known."""
    setting: Bytes | None
    """What to set; None where nothing is known, or there is no setting."""
    machine: Bytes | None
    """Memory that the machine needs so that enough stays with it; None like ``setting``."""
    fits: bool | None
    """Whether this snapshot's machine has that much; None where its memory is not known."""

    @property
    def expected(self) -> str:
        """The smallest number that the platform's verify command may print afterwards."""
        return "" if self.need is None else f"{int(self.need)}"

    @property
    def settings(self) -> str:
        """Text for the settings file; empty where there is none."""
        return self.platform.settings(self.setting)

    @property
    def commands(self) -> str:
        """Commands for a terminal, one a line; empty where there are none."""
        return "\n".join(self.platform.commands(self.setting))


def memory_steps(
    own: tuple[Platform, ...], engine: Engine | None, need: Bytes | None
) -> tuple[MemorySteps, ...]:
    """Return the steps for every platform, those that fit the engine first.

    ``need`` is what Docker needs in bytes, None where that is not known.
    """
    host = engine.host_memory if engine else None
    ids = {each.id for each in own}
    others = (each for each in PLATFORMS.values() if each.id not in ids)
    return (
        *(_steps(each, need, host, own=True) for each in own),
        *(_steps(each, need, None, own=False) for each in others),
    )


def _steps(platform: Platform, need: Bytes | None, host: Bytes | None, *, own: bool) -> MemorySteps:
    if need is None or not platform.virtual_machine:
        return MemorySteps(
            platform=platform, own=own, need=need, setting=None, machine=None, fits=None
        )
    setting = setting_for(need, platform)
    return MemorySteps(
        platform=platform,
        own=own,
        need=need,
        setting=setting,
        machine=host_memory_when_set(need, platform),
        fits=None if host is None else fits_machine(setting, host),
    )
