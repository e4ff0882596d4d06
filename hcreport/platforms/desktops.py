"""The platforms with a window in which memory is set: Docker Desktop, Rancher Desktop, OrbStack."""

from __future__ import annotations

from hcreport.platforms.platform import NO_DEFAULT_SHARE, Platform


def _docker_desktop(*, key: str, name: str) -> Platform:
    """Return a platform of Docker Desktop that has its own memory setting."""
    return Platform(
        id=key,
        name=name,
        family="Docker Desktop",
        memory_setting="in Docker Desktop: Settings, Resources, Advanced",
        how_to_change_memory=(
            "Open Docker Desktop, then Settings, Resources, Advanced.",
            "Set the memory limit.",
            "Choose Apply & restart. This stops all containers.",
        ),
        undo="Set the old memory limit in the same place, and choose Apply & restart.",
        default_share_fact="platforms/docker-desktop-default-share",
        sources=("platforms/docker-desktop-memory",),
    )


DOCKER_DESKTOP_HYPERV = _docker_desktop(
    key="docker-desktop-hyperv", name="Docker Desktop on Windows (Hyper-V)"
)
DOCKER_DESKTOP_MAC = _docker_desktop(key="docker-desktop-mac", name="Docker Desktop on Mac")
DOCKER_DESKTOP_LINUX = _docker_desktop(key="docker-desktop-linux", name="Docker Desktop on Linux")
RANCHER_DESKTOP = Platform(
    id="rancher-desktop",
    name="Rancher Desktop on Mac or Linux",
    family="Rancher Desktop",
    memory_setting="in Rancher Desktop: Preferences, Virtual Machine, Hardware",
    how_to_change_memory=(
        "Open Rancher Desktop, then Preferences, Virtual Machine, Hardware.",
        "Set the memory and choose Apply. Rancher Desktop starts its virtual machine again.",
        "Its command line does the same.",
    ),
    undo="Set the old amount in the same place.",
    command_lines=("rdctl set --virtual-machine.memory-in-gb {gib}",),
    default_share_fact="platforms/rancher-desktop-default-share",
    default_most_fact="platforms/rancher-desktop-default-most",
    sources=("platforms/rancher-desktop-memory",),
    doubt="We have not tried this command.",
)
ORBSTACK = Platform(
    id="orbstack",
    name="OrbStack",
    family=NO_DEFAULT_SHARE,
    memory_setting="in OrbStack: Settings, System",
    how_to_change_memory=(
        "Open OrbStack, then Settings, System.",
        "Raise the memory limit. OrbStack takes only what is in use, up to that limit.",
        "Its command line does the same, in MiB. Stopping OrbStack ends all containers.",
    ),
    undo="Set the old limit in the same place.",
    command_lines=("orb config set memory_mib {mib}", "orb stop", "orb start"),
    sources=("platforms/orbstack-memory",),
    doubt="We have not tried these commands.",
)
