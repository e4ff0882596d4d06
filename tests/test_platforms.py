"""Which platform an engine runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hcreport.model import Engine
from hcreport.platforms import (
    PLATFORMS,
    UNKNOWN,
    candidates,
    detect,
    platforms_of,
)
from tests.recorded_platforms import RECORDED, read_recorded, recording

WSL = "5.15.167.4-microsoft-standard-WSL2"
DESKTOP = "6.10.14-linuxkit"
DEBIAN = "6.1.0-28-amd64"
DEBIAN_12 = "Debian GNU/Linux 12 (bookworm)"
PODMAN = ("Podman Engine", "Conmon", "OCI Runtime (crun)")


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_identifies_what_people_posted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = recording(path.stem)
    found = detect(read_recorded(recorded, monkeypatch))
    assert (found.id, found.confidence) == (recorded["platform"], recorded["confidence"])


def test_every_recording_says_where_it_comes_from() -> None:
    assert len(RECORDED) >= 14
    assert {recording(path.stem)["platform"] for path in RECORDED} == set(PLATFORMS)
    for path in RECORDED:
        recorded = recording(path.stem)
        composed = recorded["source"].startswith("Composed from")
        assert (
            composed
            or "https://" in recorded["source"]
            or "no address" in " ".join(recorded["source"].split())
        )
        assert recorded["posted"].endswith(".")
        assert str(recorded["seen"]) == "2026-11-27"


@pytest.mark.parametrize(
    "kernel",
    [
        "4.19.104-microsoft-standard",
        "5.10.16.3-microsoft-standard-WSL2",
        "6.6.87.2-microsoft-standard-WSL2+",
        "6.18.33.1-microsoft-standard-WSL2",
        "6.1.21.2-custom-wsl2",
        "5.15.90.1-Microsoft-Standard-WSL2-dirty",
    ],
)
def test_no_kernel_of_wsl_leads_to_a_slider(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked on WSL, and whatever it is called, the file of Windows is the answer."""
    for path in RECORDED:
        recorded = recording(path.stem)
        if recorded.get("version"):
            recorded["version"].pop("KernelVersion", None)
        if not recorded["info"].get("OperatingSystem", "").startswith("OrbStack"):
            engine = read_recorded(recorded, monkeypatch, KernelVersion=kernel)
            assert all(each.settings_file for each in candidates(engine)), path.stem


# The same products in other versions and under other names, and names that mislead.
VARIANTS: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "Docker Desktop known by its platform alone": (
        {"platform": "Docker Desktop 4.90.0 (1)", "kernel": WSL, "client_os": "windows"},
        ("docker-desktop-wsl2",),
        "certain",
    ),
    "Docker Desktop with a kernel of one's own for WSL": (
        {"operating_system": "Docker Desktop", "kernel": "6.1.21-mine", "client_os": "windows"},
        ("docker-desktop-wsl2",),
        "certain",
    ),
    "the same, asked from inside WSL": (
        {"operating_system": "Docker Desktop", "kernel": "6.1.21-mine", "client_os": "linux"},
        ("docker-desktop-wsl2",),
        "certain",
    ),
    "Docker Desktop on a Mac, asked from inside a container": (
        {
            "operating_system": "Docker Desktop",
            "kernel": DESKTOP,
            "client_os": "linux",
            "architecture": "aarch64",
        },
        ("docker-desktop-mac",),
        "certain",
    ),
    "Docker inside a container of Docker Desktop": (
        {
            "operating_system": "Alpine Linux v3.20 (containerized)",
            "kernel": "7.0.12-linuxkit",
            "client_os": "darwin",
        },
        ("docker-desktop-mac",),
        "certain",
    ),
    "Docker for Windows in 2018": (
        {"operating_system": "Docker for Windows", "kernel": "4.9.125-linuxkit"},
        ("docker-desktop-hyperv",),
        "certain",
    ),
    "Docker inside a Linux machine of OrbStack": (
        {"operating_system": "Ubuntu 24.04", "kernel": "6.13.7-orbstack-00283-g9d1400e7e9c6"},
        ("orbstack",),
        "certain",
    ),
    "OrbStack known by its name alone": ({"host_hint": "orbstack"}, ("orbstack",), "certain"),
    "Colima whose machine has another name": (
        {
            "operating_system": "Ubuntu 24.04",
            "kernel": "6.8.0-39",
            "context": "colima",
            "client_os": "darwin",
        },
        ("colima",),
        "certain",
    ),
    "Colima before its machines had names of their own": (
        {
            "operating_system": "Alpine Linux v3.14",
            "kernel": "5.10.61-0-virt",
            "host_hint": "lima",
            "context": "colima",
            "client_os": "darwin",
        },
        ("colima",),
        "certain",
    ),
    "Colima on Linux": (
        {
            "operating_system": "Ubuntu 24.04",
            "kernel": "6.8.0-39-generic",
            "host_hint": "colima",
            "context": "colima",
            "client_os": "linux",
        },
        ("colima",),
        "certain",
    ),
    "Podman in a machine of Lima": (
        {
            "operating_system": "fedora",
            "kernel": "6.11.4-301.fc41.aarch64",
            "host_hint": "lima",
            "components": PODMAN,
            "client_os": "darwin",
        },
        ("lima",),
        "certain",
    ),
    "a Podman machine on Windows with Hyper-V": (
        {
            "operating_system": "fedora",
            "kernel": "6.11.3-200.fc40.x86_64",
            "components": PODMAN,
            "client_os": "windows",
        },
        ("podman",),
        "certain",
    ),
    "Podman on Debian": (
        {
            "operating_system": "debian",
            "kernel": DEBIAN,
            "components": PODMAN,
            "client_os": "linux",
        },
        ("podman-linux",),
        "likely",
    ),
    "Podman on Fedora, asked by nobody knows whom": (
        {"operating_system": "fedora", "kernel": "6.11.3-200.fc40", "components": PODMAN},
        ("podman", "podman-linux"),
        "likely",
    ),
    "a Linux machine that is called docker-desktop": (
        {
            "operating_system": DEBIAN_12,
            "kernel": DEBIAN,
            "host_hint": "docker-desktop",
            "context": "default",
            "client_os": "linux",
        },
        ("linux",),
        "likely",
    ),
    "a Linux machine behind a context of Docker Desktop's name": (
        {
            "operating_system": "Fedora Linux 44 (Workstation Edition)",
            "kernel": "7.1.9-200.fc44.x86_64",
            "context": "desktop-linux",
            "client_os": "linux",
        },
        ("linux",),
        "likely",
    ),
    "a Linux machine that is called orbstack": (
        {"operating_system": DEBIAN_12, "kernel": DEBIAN, "host_hint": "orbstack"},
        ("linux",),
        "likely",
    ),
    "a Linux server that is called colima": (
        {
            "operating_system": "Ubuntu 24.04",
            "kernel": "6.8.0-39-generic",
            "host_hint": "colima",
            "client_os": "linux",
        },
        ("colima", "linux"),
        "likely",
    ),
    "a Linux server that is called lima-1, over the network": (
        {
            "operating_system": "Ubuntu 24.04",
            "kernel": "6.8.0-39-generic",
            "host_hint": "lima",
            "client_os": "darwin",
            "remote": True,
        },
        ("lima", "linux"),
        "likely",
    ),
    "a server behind a context of OrbStack's name": (
        {
            "operating_system": "Ubuntu 24.04",
            "kernel": "6.8.0-39-generic",
            "context": "orbstack",
            "client_os": "darwin",
            "remote": True,
        },
        ("linux",),
        "likely",
    ),
    "a server behind a context of Colima's name": (
        {
            "operating_system": "Ubuntu 24.04",
            "kernel": "6.8.0-39-generic",
            "context": "colima",
            "client_os": "darwin",
            "remote": True,
        },
        ("linux",),
        "likely",
    ),
    "a distribution of WSL on a PC that is called docker-desktop": (
        {"operating_system": "Ubuntu 22.04", "kernel": WSL, "host_hint": "docker-desktop"},
        ("docker-desktop-wsl2", "wsl2"),
        "likely",
    ),
    "Rancher Desktop on WSL before its distribution was named": (
        {"operating_system": "Alpine Linux v3.14", "kernel": WSL, "host_hint": "rancher-desktop"},
        ("rancher-desktop-windows",),
        "certain",
    ),
    "a cloud's kernel": (
        {"operating_system": "Ubuntu 24.04", "kernel": "6.8.0-1017-azure", "client_os": "linux"},
        ("linux",),
        "likely",
    ),
    "an ordinary Linux that a Mac reaches through a socket": (
        {"operating_system": "Ubuntu 24.04", "kernel": "6.8.0-39-generic", "client_os": "darwin"},
        ("colima", "lima", "rancher-desktop", "linux"),
        "possible",
    ),
    "Docker Desktop on Windows, kernel unknown": (
        {"operating_system": "Docker Desktop", "client_os": "windows"},
        ("docker-desktop-wsl2", "docker-desktop-hyperv"),
        "likely",
    ),
    "Docker Desktop over the network": (
        {
            "operating_system": "Docker Desktop",
            "kernel": DESKTOP,
            "client_os": "darwin",
            "remote": True,
        },
        ("docker-desktop-mac", "docker-desktop-hyperv", "docker-desktop-linux"),
        "possible",
    ),
    "Docker Desktop on WSL over the network": (
        {"operating_system": "Docker Desktop", "kernel": WSL, "client_os": "linux", "remote": True},
        ("docker-desktop-wsl2",),
        "certain",
    ),
    "Docker Desktop and nothing else": (
        {"operating_system": "Docker Desktop"},
        (
            "docker-desktop-wsl2",
            "docker-desktop-mac",
            "docker-desktop-hyperv",
            "docker-desktop-linux",
        ),
        "possible",
    ),
    "the name docker-desktop and nothing else, on a Mac": (
        {"host_hint": "docker-desktop", "client_os": "darwin"},
        ("docker-desktop-mac",),
        "certain",
    ),
    "Rancher Desktop and nothing else": (
        {"operating_system": "Rancher Desktop"},
        ("rancher-desktop", "rancher-desktop-windows"),
        "likely",
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_names_every_platform_that_fits(name: str) -> None:
    facts, expected, confidence = VARIANTS[name]
    engine = Engine(**facts)
    assert tuple(each.id for each in candidates(engine)) == expected
    assert (detect(engine).id, detect(engine).confidence) == (expected[0], confidence)
    assert platforms_of(engine) == candidates(engine)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"operating_system": "", "kernel": "", "platform": "", "context": "default"},
        {"version": "29.0.0", "client_os": "linux"},
        {"operating_system": "Microsoft Windows Server 2022", "kernel": "10.0 20348"},
    ],
    ids=["nothing", "empty fields", "no reply to /info", "Windows containers"],
)
def test_where_nothing_tells_the_platform_is_unknown(facts: dict[str, Any]) -> None:
    engine = Engine(**facts)
    assert tuple(each.id for each in candidates(engine)) == tuple(PLATFORMS)
    assert detect(engine) == UNKNOWN
    assert platforms_of(engine) == platforms_of(None) == ()
