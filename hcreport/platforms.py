"""Which platform a Docker engine runs on, and how that platform's memory is changed.

The engine only says what its virtual machine looks like, so the answer is read from several hints.
Their order follows ddev's ``pkg/dockerutil``: products first, then Podman, then WSL, then Linux.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hcreport.facts import fact_bytes, fact_value
from hcreport.model import Confidence, Engine
from hcreport.units import Bytes, gibibytes

VERIFY_COMMAND = "docker info --format '{{.MemTotal}}'"
"""Prints the engine's memory in bytes, on every platform."""

_WSL_KERNEL = "microsoft-standard-wsl2"
_DESKTOP_KERNEL = "linuxkit"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One way to run Docker, and what to do there to give it more memory."""

    id: str
    """Stable name for files, tabs and JSON: ``docker-desktop-wsl2``."""
    name: str
    """For people: ``Docker Desktop on Windows (WSL 2)``."""
    how_to_change_memory: tuple[str, ...]
    """Sentences, in the order to follow them; they name no amount."""
    command_lines: tuple[str, ...] = ()
    """Commands for a terminal; ``{gib}`` stands for a whole number of GiB. See :meth:`commands`."""
    settings_file: str = ""
    """The file that holds the setting, where there is one."""
    settings_text: str = ""
    """What stands in that file; ``{gib}`` as above. See :meth:`settings`."""
    default_share_fact: str = ""
    """Key of the fact that says which share of the host's memory Docker gets by default."""
    default_most_fact: str = ""
    """Key of the fact that says how much it gets by default at most."""
    virtual_machine: bool = True
    """Docker runs in a virtual machine and sees that machine's memory, not the host's."""
    doubt: str = ""
    """What we have not checked about these steps."""
    verify_command: str = VERIFY_COMMAND
    confidence: Confidence = "certain"
    """How sure :func:`detect` is."""

    @property
    def default_share(self) -> float | None:
        """Share of the host's memory that Docker gets by default; None where none is known."""
        return fact_value(self.default_share_fact) if self.default_share_fact else None

    def commands(self, setting: Bytes | None = None) -> tuple[str, ...]:
        """Return the commands that set ``setting`` bytes, with ``N`` for the amount if None."""
        return tuple(_fill(line, setting) for line in self.command_lines)

    def settings(self, setting: Bytes | None = None) -> str:
        """Return the text for the settings file, with ``N`` for the amount if None."""
        return _fill(self.settings_text, setting)


_WSL_STEPS = (
    "Open the WSL Settings app, or the file .wslconfig in your Windows user folder.",
    "Set the memory under [wsl2]. Windows ignores the file without a word if it is malformed.",
    "Close your work in every WSL distribution, then stop WSL: this ends all of them.",
)


def _on_wsl(*, id: str, name: str, last_step: str) -> Platform:  # noqa: A002
    """Return a platform whose memory is that of the one virtual machine of WSL 2."""
    return Platform(
        id=id,
        name=name,
        how_to_change_memory=(*_WSL_STEPS, last_step),
        command_lines=("wsl --shutdown",),
        settings_file=r"%UserProfile%\.wslconfig",
        settings_text="[wsl2]\nmemory={gib}GB\n",
        default_share_fact="platforms/wsl-default-share",
    )


def _with_desktop_settings(*, id: str, name: str) -> Platform:  # noqa: A002
    """Return a platform of Docker Desktop that has its own memory setting."""
    return Platform(
        id=id,
        name=name,
        how_to_change_memory=(
            "Open Docker Desktop, then Settings, Resources, Advanced.",
            "Set the memory limit.",
            "Choose Apply & restart.",
        ),
        default_share_fact="platforms/docker-desktop-default-share",
    )


_ALL = (
    _on_wsl(
        id="docker-desktop-wsl2",
        name="Docker Desktop on Windows (WSL 2)",
        last_step="Start Docker Desktop again. Its own settings do not change memory in this mode.",
    ),
    _with_desktop_settings(id="docker-desktop-hyperv", name="Docker Desktop on Windows (Hyper-V)"),
    _with_desktop_settings(id="docker-desktop-mac", name="Docker Desktop on Mac"),
    _with_desktop_settings(id="docker-desktop-linux", name="Docker Desktop on Linux"),
    Platform(
        id="rancher-desktop",
        name="Rancher Desktop on Mac or Linux",
        how_to_change_memory=(
            "Open Rancher Desktop, then Preferences, Virtual Machine, Hardware.",
            "Set the memory and choose Apply.",
        ),
        default_share_fact="platforms/rancher-desktop-default-share",
        default_most_fact="platforms/rancher-desktop-default-most",
    ),
    _on_wsl(
        id="rancher-desktop-windows",
        name="Rancher Desktop on Windows",
        last_step="Start Rancher Desktop again. It has no memory setting on Windows.",
    ),
    Platform(
        id="orbstack",
        name="OrbStack",
        how_to_change_memory=(
            "Open OrbStack, then Settings, System.",
            "Raise the memory limit. OrbStack takes only what is in use, up to that limit.",
        ),
    ),
    Platform(
        id="colima",
        name="Colima",
        how_to_change_memory=("Stop Colima and start it again with the new amount.",),
        command_lines=("colima stop", "colima start --memory {gib}"),
    ),
    Platform(
        id="lima",
        name="Lima",
        how_to_change_memory=(
            "Stop the instance, edit the key memory of its configuration, and start it again.",
        ),
        command_lines=("limactl stop", "limactl edit --memory {gib}", "limactl start"),
        doubt="We have not tried these commands.",
    ),
    Platform(
        id="podman",
        name="Podman",
        how_to_change_memory=(
            "In a Podman machine, stop it, set its memory, and start it again.",
            "On Linux without a machine, Podman already uses all of the computer's memory.",
        ),
        doubt="We have not tried these steps.",
    ),
    _on_wsl(
        id="wsl2",
        name="Docker Engine in a WSL 2 distribution",
        last_step="Open the distribution again and start Docker.",
    ),
    Platform(
        id="linux",
        name="Docker Engine on Linux",
        how_to_change_memory=(
            "There is no setting: Docker sees all memory of this computer or cloud machine.",
            "Add memory, choose a larger machine, stop other programs, or start fewer services.",
        ),
        virtual_machine=False,
    ),
)

PLATFORMS: Mapping[str, Platform] = MappingProxyType({each.id: each for each in _ALL})
"""Every platform by id, in the order to show them where the platform is not known."""

UNKNOWN = Platform(
    id="unknown",
    name="an unknown platform",
    how_to_change_memory=("Follow the steps of the platform that you use.",),
    confidence="possible",
)
"""What :func:`detect` answers where the engine said nothing about itself."""


def detect(engine: Engine) -> Platform:
    """Return the platform an engine runs on, with how sure that is; ``UNKNOWN`` without any hint.

    Where several are possible, the most common one is returned and its confidence is *likely*
    (two candidates) or *possible* (more): :func:`candidates` names them all.
    """
    found = candidates(engine)
    if len(found) == len(PLATFORMS):
        return UNKNOWN
    confidence: Confidence = "certain"
    if len(found) > 1 or found[0].id in ("linux", "wsl2"):
        confidence = "likely" if len(found) <= 2 else "possible"
    return replace(found[0], confidence=confidence)


def candidates(engine: Engine) -> tuple[Platform, ...]:
    """Return every platform that fits what the engine says, the most common first; never none."""
    return tuple(PLATFORMS[each] for each in _candidate_ids(engine))


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


def setting_for(docker_memory: Bytes, platform: Platform) -> Bytes:
    """Return the bytes to set so that containers find ``docker_memory``: whole GiB, rounded up.

    Formula: ``docker_memory / (1 - overhead)``, as a virtual machine's kernel keeps a part of
    what the machine was given (fact ``platforms/virtual-machine-overhead``).
    """
    overhead = fact_value("platforms/virtual-machine-overhead") if platform.virtual_machine else 0
    return gibibytes(math.ceil(int(docker_memory) / (1 - overhead) / int(gibibytes(1))))


def host_memory_when_set(docker_memory: Bytes, platform: Platform) -> Bytes:
    """Return the bytes a machine needs where the platform's memory is set by hand.

    Formula: :func:`setting_for` plus what we leave to the machine itself (fact
    ``platforms/docker-desktop-system-memory``); on Linux without a virtual machine it is
    ``docker_memory``, as nothing is set aside.
    """
    if not platform.virtual_machine:
        return docker_memory
    return setting_for(docker_memory, platform) + fact_bytes(
        "platforms/docker-desktop-system-memory"
    )


def _candidate_ids(engine: Engine) -> tuple[str, ...]:
    system, kernel = engine.operating_system or "", (engine.kernel or "").lower()
    hint = engine.host_hint or _context_hint(engine.context)
    if system.startswith("Docker Desktop") or hint == "docker-desktop":
        return _docker_desktop(engine, kernel)
    if system.startswith("Rancher Desktop") or hint == "rancher-desktop":
        return _rancher_desktop(engine, kernel)
    if system.startswith("OrbStack"):
        return ("orbstack",)
    if hint in ("orbstack", "colima", "lima"):
        return (hint,)
    if any(name.startswith("Podman Engine") for name in engine.components):
        return ("podman",)
    if _WSL_KERNEL in kernel:
        return ("wsl2",)
    if not system and not kernel:
        return tuple(PLATFORMS)
    return ("linux",)


def _docker_desktop(engine: Engine, kernel: str) -> tuple[str, ...]:
    if _WSL_KERNEL in kernel:
        return ("docker-desktop-wsl2",)
    # A remote engine's platform has nothing to do with the machine that asks.
    match None if engine.remote else engine.client_os:
        case "darwin":
            return ("docker-desktop-mac",)
        case "linux":
            return ("docker-desktop-linux",)
        case "windows" if _DESKTOP_KERNEL in kernel:
            return ("docker-desktop-hyperv",)
        case "windows":
            return ("docker-desktop-wsl2", "docker-desktop-hyperv")
    virtual = ("docker-desktop-mac", "docker-desktop-hyperv", "docker-desktop-linux")
    return virtual if _DESKTOP_KERNEL in kernel else ("docker-desktop-wsl2", *virtual)


def _rancher_desktop(engine: Engine, kernel: str) -> tuple[str, ...]:
    client = None if engine.remote else engine.client_os
    if _WSL_KERNEL in kernel or "WSL" in (engine.operating_system or "") or client == "windows":
        return ("rancher-desktop-windows",)
    if kernel or client:
        return ("rancher-desktop",)
    return ("rancher-desktop", "rancher-desktop-windows")


def _context_hint(context: str | None) -> str | None:
    """Return what the name of a Docker CLI context says about the platform."""
    name = context or ""
    if name.startswith("colima"):
        return "colima"
    known = {"desktop-linux": "docker-desktop", "desktop-windows": "docker-desktop"}
    known |= {each: each for each in ("orbstack", "rancher-desktop")}
    return known.get(name)


def _fill(text: str, setting: Bytes | None) -> str:
    """Put a whole number of GiB, rounded up, in place of ``{gib}``."""
    amount = "N" if setting is None else f"{math.ceil(int(setting) / int(gibibytes(1)))}"
    return text.replace("{gib}", amount)
