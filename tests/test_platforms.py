"""Which platform an engine runs on, and what its memory means for the machine beneath it."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.model import Engine
from hcreport.platforms import (
    PLATFORMS,
    UNKNOWN,
    candidates,
    detect,
    host_memory_for,
    host_memory_when_set,
    setting_for,
)
from hcreport.units import Bytes, gibibytes, mebibytes

WSL = "5.15.167.4-microsoft-standard-WSL2"
DESKTOP = "6.10.14-linuxkit"
DEBIAN = "6.1.0-28-amd64"

# What /info and /version say on each platform, reduced to the facts that a snapshot keeps.
RECORDED: dict[str, tuple[dict[str, Any], str, str]] = {
    "Docker Desktop, WSL 2": (
        {"operating_system": "Docker Desktop", "kernel": WSL, "client_os": "windows"},
        "docker-desktop-wsl2",
        "certain",
    ),
    "Docker Desktop, asked from a WSL distribution": (
        {"operating_system": "Docker Desktop", "kernel": WSL, "client_os": "linux"},
        "docker-desktop-wsl2",
        "certain",
    ),
    "Docker Desktop, Hyper-V": (
        {"operating_system": "Docker Desktop", "kernel": DESKTOP, "client_os": "windows"},
        "docker-desktop-hyperv",
        "certain",
    ),
    "Docker Desktop, Mac": (
        {"operating_system": "Docker Desktop", "kernel": DESKTOP, "client_os": "darwin"},
        "docker-desktop-mac",
        "certain",
    ),
    "Docker Desktop, Linux": (
        {"operating_system": "Docker Desktop", "kernel": DESKTOP, "client_os": "linux"},
        "docker-desktop-linux",
        "certain",
    ),
    "Docker Desktop, known by its host name": (
        {
            "operating_system": "Alpine Linux v3.20",
            "kernel": DESKTOP,
            "host_hint": "docker-desktop",
            "client_os": "darwin",
        },
        "docker-desktop-mac",
        "certain",
    ),
    "Rancher Desktop, Mac": (
        {
            "operating_system": "Alpine Linux v3.20",
            "kernel": "6.6.49-0-virt",
            "host_hint": "rancher-desktop",
            "client_os": "darwin",
        },
        "rancher-desktop",
        "certain",
    ),
    "Rancher Desktop, Windows": (
        {
            "operating_system": "Rancher Desktop WSL Distribution",
            "kernel": WSL,
            "client_os": "windows",
        },
        "rancher-desktop-windows",
        "certain",
    ),
    "OrbStack": (
        {"operating_system": "OrbStack", "kernel": "6.11.0-orbstack", "host_hint": "orbstack"},
        "orbstack",
        "certain",
    ),
    "Colima": (
        {"operating_system": "Ubuntu 24.04 LTS", "kernel": "6.8.0-39", "host_hint": "colima"},
        "colima",
        "certain",
    ),
    "Colima, known by its context": (
        {"operating_system": "Ubuntu 24.04 LTS", "kernel": "6.8.0-39", "context": "colima-work"},
        "colima",
        "certain",
    ),
    "Lima": (
        {"operating_system": "Ubuntu 24.10", "kernel": "6.11.0-8", "host_hint": "lima"},
        "lima",
        "certain",
    ),
    "Podman": (
        {
            "operating_system": "fedora",
            "kernel": "6.11.3-200.fc40.x86_64",
            "components": ("Podman Engine", "Conmon", "OCI Runtime (crun)"),
        },
        "podman",
        "certain",
    ),
    "Engine in a WSL distribution": (
        {"operating_system": "Ubuntu 20.04.6 LTS", "kernel": WSL, "client_os": "linux"},
        "wsl2",
        "likely",
    ),
    "Linux": (
        {
            "operating_system": "Debian GNU/Linux 12 (bookworm)",
            "kernel": DEBIAN,
            "platform": "",
            "client_os": "linux",
        },
        "linux",
        "likely",
    ),
}


@pytest.mark.parametrize("name", RECORDED)
def test_detects_the_recorded_engines(name: str) -> None:
    facts, expected, confidence = RECORDED[name]
    found = detect(Engine(**facts))
    assert (found.id, found.confidence) == (expected, confidence)
    assert found.id in [each.id for each in candidates(Engine(**facts))]


def test_the_recorded_engines_cover_every_platform() -> None:
    assert {expected for _, expected, _ in RECORDED.values()} == set(PLATFORMS)


# Where the engine says too little, everything that fits is named.
UNSURE: dict[str, tuple[dict[str, Any], tuple[str, ...], str, str]] = {
    "Docker Desktop on Windows, kernel unknown": (
        {"operating_system": "Docker Desktop", "client_os": "windows"},
        ("docker-desktop-wsl2", "docker-desktop-hyperv"),
        "docker-desktop-wsl2",
        "likely",
    ),
    "a remote Docker Desktop: the client's system says nothing": (
        {
            "operating_system": "Docker Desktop",
            "kernel": DESKTOP,
            "client_os": "darwin",
            "remote": True,
        },
        ("docker-desktop-mac", "docker-desktop-hyperv", "docker-desktop-linux"),
        "docker-desktop-mac",
        "possible",
    ),
    "Docker Desktop and nothing else": (
        {"operating_system": "Docker Desktop"},
        (
            "docker-desktop-wsl2",
            "docker-desktop-mac",
            "docker-desktop-hyperv",
            "docker-desktop-linux",
        ),
        "docker-desktop-wsl2",
        "possible",
    ),
    "Rancher Desktop and nothing else": (
        {"operating_system": "Rancher Desktop"},
        ("rancher-desktop", "rancher-desktop-windows"),
        "rancher-desktop",
        "likely",
    ),
    "nothing": ({}, tuple(PLATFORMS), "unknown", "possible"),
}


@pytest.mark.parametrize("name", UNSURE)
def test_names_every_platform_that_fits(name: str) -> None:
    facts, expected, first, confidence = UNSURE[name]
    engine = Engine(**facts)
    assert tuple(each.id for each in candidates(engine)) == expected
    assert (detect(engine).id, detect(engine).confidence) == (first, confidence)


def test_no_step_on_wsl_sends_anybody_to_a_slider() -> None:
    for platform in PLATFORMS.values():
        steps = " ".join(platform.how_to_change_memory)
        on_wsl = platform.settings_file.endswith(".wslconfig")
        assert on_wsl == ("wsl" in platform.id or platform.id == "rancher-desktop-windows")
        if on_wsl:
            assert "Resources" not in steps
            assert "Preferences" not in steps
            assert platform.commands() == ("wsl --shutdown",)


def test_commands_and_settings_carry_the_amount() -> None:
    colima, wsl = PLATFORMS["colima"], PLATFORMS["docker-desktop-wsl2"]
    assert colima.commands() == ("colima stop", "colima start --memory N")
    assert colima.commands(gibibytes(8)) == ("colima stop", "colima start --memory 8")
    assert wsl.settings(gibibytes(8)) == "[wsl2]\nmemory=8GB\n"
    # 7.2 GiB cannot be written as whole GiB: the next larger amount is.
    assert wsl.settings(gibibytes(7.2)) == "[wsl2]\nmemory=8GB\n"


def test_every_platform_is_complete() -> None:
    for key, platform in {**PLATFORMS, "unknown": UNKNOWN}.items():
        assert platform.id == key
        assert all(step.endswith(".") for step in platform.how_to_change_memory)
        assert platform.verify_command == "docker info --format '{{.MemTotal}}'"


@pytest.mark.parametrize(
    ("platform", "docker_memory", "at_default"),
    [
        ("docker-desktop-wsl2", gibibytes(12), gibibytes(24)),
        ("docker-desktop-mac", gibibytes(8), gibibytes(16)),
        ("rancher-desktop", gibibytes(4), gibibytes(16)),
        ("rancher-desktop", gibibytes(6), gibibytes(24)),
        ("rancher-desktop", gibibytes(6.5), None),
        ("wsl2", Bytes(3), Bytes(6)),
        ("colima", gibibytes(2), None),
        ("orbstack", gibibytes(2), None),
        ("linux", gibibytes(5), gibibytes(5)),
    ],
)
def test_host_memory_at_the_default(
    platform: str, docker_memory: Bytes, at_default: Bytes | None
) -> None:
    assert host_memory_for(docker_memory, PLATFORMS[platform]) == at_default


@pytest.mark.parametrize(
    ("platform", "docker_memory", "setting", "machine"),
    [
        # 8 GiB / 0.93 is 8.6 GiB, so 9 are set, and 4 stay with the machine.
        ("docker-desktop-wsl2", gibibytes(8), gibibytes(9), gibibytes(13)),
        ("colima", gibibytes(0.93), gibibytes(1), gibibytes(5)),
        ("linux", mebibytes(3000), gibibytes(3), mebibytes(3000)),
    ],
)
def test_host_memory_when_set(
    platform: str, docker_memory: Bytes, setting: Bytes, machine: Bytes
) -> None:
    assert setting_for(docker_memory, PLATFORMS[platform]) == setting
    assert host_memory_when_set(docker_memory, PLATFORMS[platform]) == machine
