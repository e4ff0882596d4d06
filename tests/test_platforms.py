"""Which platform an engine runs on, and what its memory means for the machine beneath it.

What engines said as people posted it stands in ``tests/platforms``: the replies to ``/info`` and
``/version`` with the fields that tell the platform, where they were read, and what is composed.
"""

from __future__ import annotations

import platform as host
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from hcreport.collect.engine import Address, Connection, read_engine
from hcreport.facts import fact, fact_value
from hcreport.model import Engine
from hcreport.platforms import (
    PLATFORMS,
    UNKNOWN,
    Platform,
    candidates,
    detect,
    fits_machine,
    host_memory_for,
    host_memory_when_set,
    machine_memory,
    platforms_of,
    setting_for,
)
from hcreport.units import GIB, Bytes, gibibytes, mebibytes, parse_compose_memory

RECORDED = sorted((Path(__file__).parent / "platforms").glob("*.yaml"))

WSL = "5.15.167.4-microsoft-standard-WSL2"
DESKTOP = "6.10.14-linuxkit"
DEBIAN = "6.1.0-28-amd64"
DEBIAN_12 = "Debian GNU/Linux 12 (bookworm)"
PODMAN = ("Podman Engine", "Conmon", "OCI Runtime (crun)")


def recording(name: str) -> dict[str, Any]:
    """Return one recorded engine by the name of its file."""
    path = Path(__file__).parent / "platforms" / f"{name}.yaml"
    return cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))


def read_recorded(recorded: dict[str, Any], patch: pytest.MonkeyPatch, **other: Any) -> Engine:
    """Return what the collector makes of a recording; ``other`` replaces lines of ``info``."""
    patch.setattr(host, "system", lambda: recorded.get("client", ""))
    url = recorded.get("host", "unix:///var/run/docker.sock")
    connection = Connection(
        address=Address(url=url, context=recorded.get("context")),
        client=cast("Any", None),
        version=recorded.get("version", {}),
        api_version="1.47",
    )
    return read_engine(connection, {**recorded["info"], **other})


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
    assert PLATFORMS["podman"].commands(gibibytes(7.2))[1] == "podman machine set --memory 8192"
    assert PLATFORMS["orbstack"].commands()[0] == "orb config set memory_mib N"
    assert colima.commands() == ("colima stop", "colima start --memory N")
    assert colima.commands(gibibytes(8)) == ("colima stop", "colima start --memory 8")
    assert wsl.settings(gibibytes(8)) == "[wsl2]\nmemory=8GB\n"
    # 7.2 GiB cannot be written as whole GiB: the next larger amount is.
    assert wsl.settings(gibibytes(7.2)) == "[wsl2]\nmemory=8GB\n"


@pytest.mark.parametrize("platform", [*PLATFORMS.values(), UNKNOWN], ids=lambda each: each.id)
def test_every_platform_is_complete(platform: Platform) -> None:
    assert platform.id == "unknown" or PLATFORMS[platform.id] is platform
    for sentence in (*platform.how_to_change_memory, platform.undo):
        assert sentence.endswith(".")
        assert all(len(each.split()) <= 20 for each in sentence.split(". "))
    podman = platform.id.startswith("podman") and platform.id != "podman-wsl2"
    assert platform.verify_command == (
        "podman info --format '{{.Host.MemTotal}}'"
        if podman
        else "docker info --format '{{.MemTotal}}'"
    )
    if platform.virtual_machine and platform.id != "unknown":
        assert platform.sources
        assert all(fact(key).source.url for key in platform.sources)


def test_the_tolerance_covers_what_engines_reported() -> None:
    """Of what was set, no engine that somebody posted reports less than the tolerance leaves."""
    given = [recording(path.stem) for path in RECORDED]
    pairs = [
        (parse_compose_memory(each["set"]), each["reported"]) for each in given if "set" in each
    ]
    assert len(pairs) >= 4
    kept = 1 - fact_value("platforms/virtual-machine-overhead")
    for given_memory, reported in pairs:
        assert given_memory is not None
        assert int(given_memory) * kept <= reported * GIB < int(given_memory)


def test_a_machine_keeps_some_memory_for_itself() -> None:
    assert machine_memory() == gibibytes(4)
    assert fits_machine(gibibytes(12), gibibytes(16))
    assert not fits_machine(gibibytes(12) + 1, gibibytes(16))


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
