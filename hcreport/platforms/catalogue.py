"""Every platform that is known, in the order to show them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hcreport.platforms import desktops, machines, native, wsl
from hcreport.platforms.platform import Platform

_ALL = (
    wsl.DOCKER_DESKTOP_WSL2,
    desktops.DOCKER_DESKTOP_HYPERV,
    desktops.DOCKER_DESKTOP_MAC,
    desktops.DOCKER_DESKTOP_LINUX,
    desktops.RANCHER_DESKTOP,
    wsl.RANCHER_DESKTOP_WINDOWS,
    desktops.ORBSTACK,
    machines.COLIMA,
    machines.LIMA,
    machines.PODMAN,
    wsl.PODMAN_WSL2,
    native.PODMAN_LINUX,
    wsl.WSL2,
    native.LINUX,
)

PLATFORMS: Mapping[str, Platform] = MappingProxyType({each.id: each for each in _ALL})
"""Every platform by id, in the order to show them where the platform is not known."""

UNKNOWN = Platform(
    id="unknown",
    name="an unknown platform",
    how_to_change_memory=("Follow the steps of the platform that you use.",),
    undo="Put the old amount back.",
    confidence="possible",
)
"""What :func:`hcreport.platforms.detect` answers where the engine said nothing about itself."""
