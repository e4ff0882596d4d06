"""Which platforms fit what an engine says about itself, with how sure that is.

The engine only says what its virtual machine looks like, so the answer is read from several hints.
What a product writes into its own replies counts before the kernel, and the kernel before names,
which anybody may give to a machine or a context. Where hints leave several platforms, all are
named. The order began as that of ddev's ``pkg/dockerutil``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from hcreport.model import Confidence, Engine
from hcreport.platforms.catalogue import PLATFORMS, UNKNOWN
from hcreport.platforms.platform import Platform

# 5.15.167.4-microsoft-standard-WSL2, 4.19.104-microsoft-standard, 6.1.21.2-custom-wsl2
_WSL_KERNEL = re.compile(r"microsoft|wsl2")
# 6.10.14-linuxkit; 4.9.49-moby before 2018
_DESKTOP_KERNEL = re.compile(r"-(linuxkit|moby)\b")
_ORBSTACK_KERNEL = re.compile(r"-orbstack\b")

_DESKTOPS = ("docker-desktop-mac", "docker-desktop-hyperv", "docker-desktop-linux")
"""The platforms of Docker Desktop with a virtual machine of its own."""

_NOT_CERTAIN = {"linux", "wsl2", "podman-linux"}
"""What is left where no product named itself."""

_CONTEXTS = {
    "desktop-linux": "docker-desktop",
    "orbstack": "orbstack",
    "rancher-desktop": "rancher-desktop",
}


def detect(engine: Engine) -> Platform:
    """Return the platform an engine runs on, with how sure that is; ``UNKNOWN`` without any hint.

    Where several are possible, the most common one is returned and its confidence is *likely*
    (two candidates) or *possible* (more): :func:`candidates` names them all.
    """
    found = candidates(engine)
    if len(found) == len(PLATFORMS):
        return UNKNOWN
    confidence: Confidence = "certain"
    if len(found) > 1 or found[0].id in _NOT_CERTAIN:
        confidence = "likely" if len(found) <= 2 else "possible"
    return replace(found[0], confidence=confidence)


def candidates(engine: Engine) -> tuple[Platform, ...]:
    """Return every platform that fits what the engine says, the most common first; never none."""
    return tuple(PLATFORMS[each] for each in _candidate_ids(engine))


def platforms_of(engine: Engine | None) -> tuple[Platform, ...]:
    """Return the platforms that fit an engine, the most common first; none where nothing tells."""
    found = candidates(engine) if engine is not None else ()
    return () if len(found) == len(PLATFORMS) else found


def _candidate_ids(engine: Engine) -> tuple[str, ...]:
    kernel, hint = (engine.kernel or "").lower(), _name_hint(engine)
    system = (engine.operating_system or "").lower()
    if system.startswith(("windows", "microsoft windows")):
        return tuple(PLATFORMS)  # Windows containers: none of our steps is about them
    return (
        _by_product(engine, system, kernel)
        or _by_kernel(engine, system, kernel, hint)
        or _by_name(engine, kernel, hint)
        or (tuple(PLATFORMS) if not system and not kernel else _without_a_name(engine))
    )


def _by_product(engine: Engine, system: str, kernel: str) -> tuple[str, ...]:
    """Return what the engine's own replies name, or nothing."""
    product = (engine.platform or "").lower()
    if any(name.startswith("Podman Engine") for name in engine.components):
        return ("lima",) if engine.host_hint == "lima" else _podman(engine, system, kernel)
    if system.startswith("docker for mac"):
        return ("docker-desktop-mac",)
    if system.startswith("docker for windows"):
        return ("docker-desktop-hyperv",)
    if system.startswith("docker desktop") or product.startswith("docker desktop"):
        return _docker_desktop(engine, kernel)
    if system.startswith("rancher desktop"):
        return _rancher_desktop(engine, system, kernel)
    return ("orbstack",) if system.startswith("orbstack") else ()


def _by_kernel(engine: Engine, system: str, kernel: str, hint: str | None) -> tuple[str, ...]:
    """Return what a kernel tells that one product alone builds, or nothing."""
    if _ORBSTACK_KERNEL.search(kernel):
        return ("orbstack",)
    if _WSL_KERNEL.search(kernel):
        if hint == "rancher-desktop":
            return ("rancher-desktop-windows",)
        if hint == "docker-desktop":
            return ("docker-desktop-wsl2", "wsl2") if system else ("docker-desktop-wsl2",)
        return ("wsl2",)
    return _docker_desktop(engine, kernel) if _DESKTOP_KERNEL.search(kernel) else ()


def _by_name(engine: Engine, kernel: str, hint: str | None) -> tuple[str, ...]:
    """Return what the names of machine and context tell, or nothing.

    Docker Desktop and OrbStack have kernels of their own, so another kernel refutes the name.
    A client on Linux may look at a machine without any product that is only called like one.
    """
    if hint in ("docker-desktop", "orbstack"):
        if kernel:
            return ()
        return _docker_desktop(engine, kernel) if hint == "docker-desktop" else ("orbstack",)
    if hint is None:
        return ()
    found = _rancher_desktop(engine, "", kernel) if hint == "rancher-desktop" else (hint,)
    by_name_alone = _context_hint(engine) != hint
    return (*found, "linux") if by_name_alone and _may_be_native(engine) else found


def _without_a_name(engine: Engine) -> tuple[str, ...]:
    """Return what fits an ordinary Linux; a Mac reaches one in a machine or through a tunnel."""
    if engine.client_os == "darwin" and not engine.remote:
        return ("colima", "lima", "rancher-desktop", "linux")
    return ("linux",)


def _docker_desktop(engine: Engine, kernel: str) -> tuple[str, ...]:
    own_kernel = _DESKTOP_KERNEL.search(kernel) is not None
    if _WSL_KERNEL.search(kernel):
        return ("docker-desktop-wsl2",)
    # A remote engine's platform has nothing to do with the machine that asks.
    match None if engine.remote else engine.client_os:
        case "darwin":
            return ("docker-desktop-mac",)
        case "linux" if own_kernel and engine.architecture in ("aarch64", "arm64"):
            # There is none for Linux on ARM, so this is a Mac's, asked from inside a container.
            return ("docker-desktop-mac",)
        case "linux":
            # A kernel that is neither its own nor Microsoft's is one that was built for WSL.
            strange = kernel and not own_kernel
            return ("docker-desktop-wsl2",) if strange else ("docker-desktop-linux",)
        case "windows" if own_kernel:
            return ("docker-desktop-hyperv",)
        case "windows":
            return ("docker-desktop-wsl2", *([] if kernel else ["docker-desktop-hyperv"]))
    return _DESKTOPS if own_kernel else ("docker-desktop-wsl2", *_DESKTOPS)


def _rancher_desktop(engine: Engine, system: str, kernel: str) -> tuple[str, ...]:
    client = None if engine.remote else engine.client_os
    if _WSL_KERNEL.search(kernel) or "wsl" in system or client == "windows":
        return ("rancher-desktop-windows",)
    if kernel or client:
        return ("rancher-desktop",)
    return ("rancher-desktop", "rancher-desktop-windows")


def _podman(engine: Engine, system: str, kernel: str) -> tuple[str, ...]:
    if _WSL_KERNEL.search(kernel):
        return ("podman-wsl2",)
    client = None if engine.remote else engine.client_os
    if client in ("darwin", "windows"):
        return ("podman",)
    if system and not system.startswith("fedora"):
        return ("podman-linux",)  # a machine holds Fedora
    both = ("podman-linux", "podman")
    return both if client == "linux" else both[::-1]


def _may_be_native(engine: Engine) -> bool:
    """Tell whether the engine may run on the machine that asks, or on a server."""
    return engine.remote or engine.client_os == "linux"


def _name_hint(engine: Engine) -> str | None:
    """Return what the machine's name says about the platform, or else the context's.

    Colima is built on Lima, and early versions of it named their machines as Lima does.
    """
    context = _context_hint(engine)
    return context if engine.host_hint in (None, "lima") and context else engine.host_hint


def _context_hint(engine: Engine) -> str | None:
    """Return what the name of a Docker CLI context says; of a remote engine it says nothing."""
    name = "" if engine.remote else engine.context or ""
    return "colima" if name.startswith("colima") else _CONTEXTS.get(name)
