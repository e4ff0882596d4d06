"""How an engine is given more memory on each platform, and what that means for the machine."""

from __future__ import annotations

import pytest

from hcreport.facts import fact, fact_value
from hcreport.platforms import (
    PLATFORMS,
    UNKNOWN,
    Platform,
    fits_machine,
    host_memory_for,
    host_memory_when_set,
    machine_memory,
    setting_for,
)
from hcreport.units import GIB, Bytes, gibibytes, mebibytes, parse_compose_memory
from tests.recorded_platforms import RECORDED, recording


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
