"""The platforms on WSL 2: Windows decides on their memory, and they have no setting of their own.

All WSL distributions share one virtual machine, so one file and one command serve them all.
"""

from __future__ import annotations

from hcreport.platforms.platform import Platform

_STEPS = (
    "Open the WSL Settings app, or the file .wslconfig in your Windows user folder.",
    "Set the memory under [wsl2]. Windows ignores the file without a word if it is malformed.",
    "Close your work in every WSL distribution, then stop WSL: this ends all of them.",
)


def _on_wsl(*, key: str, name: str, last_step: str, sources: tuple[str, ...] = ()) -> Platform:
    """Return a platform whose memory is that of the one virtual machine of WSL 2."""
    return Platform(
        id=key,
        name=name,
        family="Windows with WSL 2",
        memory_setting="in the file .wslconfig of your Windows user folder",
        how_to_change_memory=(*_STEPS, last_step),
        undo="Put the old line back, or delete it for the default; then stop WSL again.",
        command_lines=("wsl --shutdown",),
        settings_file=r"%UserProfile%\.wslconfig",
        settings_text="[wsl2]\nmemory={gib}GB\n",
        default_share_fact="platforms/wsl-default-share",
        sources=("platforms/wsl-memory", *sources),
    )


DOCKER_DESKTOP_WSL2 = _on_wsl(
    key="docker-desktop-wsl2",
    name="Docker Desktop on Windows (WSL 2)",
    last_step="Start Docker Desktop again. Its own settings do not change memory in this mode.",
    sources=("platforms/docker-desktop-memory",),
)
RANCHER_DESKTOP_WINDOWS = _on_wsl(
    key="rancher-desktop-windows",
    name="Rancher Desktop on Windows",
    last_step="Start Rancher Desktop again. It has no memory setting on Windows.",
    sources=("platforms/rancher-desktop-windows-memory",),
)
PODMAN_WSL2 = _on_wsl(
    key="podman-wsl2",
    name="Podman on Windows (WSL 2)",
    last_step="Start Podman again: podman machine start. It refuses to set memory on WSL.",
    sources=("platforms/podman-wsl-memory",),
)
WSL2 = _on_wsl(
    key="wsl2",
    name="Docker Engine in a WSL 2 distribution",
    last_step="Open the distribution again and start Docker.",
)
