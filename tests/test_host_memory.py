"""Which memory is that of the machine around the engine's virtual machine."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from hcreport.collect import host_memory
from hcreport.collect.host_memory import this_machine, with_host_memory
from hcreport.config import Config
from hcreport.model import Engine
from hcreport.units import Bytes, gibibytes
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "take"]

OURS = gibibytes(16)
ENGINES = gibibytes(4)

DESKTOP_KERNEL = "6.6.31-linuxkit"
WSL_KERNEL = "5.15.153.1-microsoft-standard-WSL2"
USUAL_KERNEL = "6.8.0-45-generic"

DESKTOP = Engine(operating_system="Docker Desktop", kernel=DESKTOP_KERNEL, memory_total=ENGINES)
COLIMA = Engine(
    operating_system="Ubuntu 24.04.1 LTS", kernel=USUAL_KERNEL, host_hint="colima",
    memory_total=ENGINES,
)  # fmt: skip
LINUX = Engine(operating_system="Debian GNU/Linux 12", kernel="6.1.0", memory_total=ENGINES)


@pytest.mark.parametrize(
    ("engine", "changes", "kernel", "expected"),
    [
        (DESKTOP, {"client_os": "darwin"}, "23.6.0", OURS),
        (DESKTOP, {"client_os": "windows"}, "10", OURS),
        (DESKTOP, {"client_os": "linux"}, USUAL_KERNEL, OURS),
        # hcreport in a container on Docker Desktop sees the virtual machine's memory.
        (DESKTOP, {"client_os": "linux"}, DESKTOP_KERNEL, None),
        (DESKTOP, {"client_os": "darwin", "remote": True}, "23.6.0", None),
        (DESKTOP, {"client_os": "windows", "kernel": WSL_KERNEL}, "10", OURS),
        (DESKTOP, {"client_os": "linux", "kernel": WSL_KERNEL}, WSL_KERNEL, None),
        # A distribution of WSL is in a virtual machine too, whatever its engine is.
        (DESKTOP, {"client_os": "linux"}, WSL_KERNEL, None),
        # Without a kernel to compare, a container in the virtual machine looks the same.
        (DESKTOP, {"client_os": "linux", "kernel": None}, USUAL_KERNEL, None),
        (COLIMA, {"client_os": "darwin"}, "23.6.0", OURS),
        (COLIMA, {"client_os": "linux"}, USUAL_KERNEL, None),
        (LINUX, {"client_os": "linux"}, "6.1.0", ENGINES),
        (LINUX, {"client_os": "windows", "remote": True}, "10", ENGINES),
        (LINUX, {"client_os": "linux", "kernel": WSL_KERNEL}, WSL_KERNEL, None),
    ],
)
def test_the_machine_around_the_engine_may_be_this_one(
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    changes: dict[str, object],
    kernel: str,
    expected: Bytes | None,
) -> None:
    monkeypatch.setattr(platform, "release", lambda: kernel)
    monkeypatch.setattr(host_memory, "this_machine", lambda: OURS)
    found = with_host_memory(engine.model_copy(update=changes), None)
    assert found is not None
    assert found.host_memory == expected


@pytest.mark.parametrize("remote", [False, True])
def test_what_the_user_wrote_counts_more(remote: bool) -> None:
    engine = DESKTOP.model_copy(update={"remote": remote, "client_os": "darwin"})
    found = with_host_memory(engine, gibibytes(24))
    assert found is not None
    assert found.host_memory == gibibytes(24)


def test_without_an_engine_there_is_no_machine() -> None:
    assert with_host_memory(None, gibibytes(24)) is None


def test_a_snapshot_has_the_memory_of_the_machine(take: Take) -> None:
    native, named = take().engine, take(config=Config(machine_memory=gibibytes(64))).engine
    assert native is not None
    assert native.host_memory == native.memory_total
    assert named is not None
    assert named.host_memory == gibibytes(64)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it in a file on Linux only")
def test_this_machines_memory_is_the_kernels_total() -> None:
    words = Path("/proc/meminfo").read_text(encoding="ascii").split()
    assert words[0] == "MemTotal:"
    assert this_machine() == int(words[1]) * 1024


def _refuse(_: object) -> int:
    raise ValueError("unrecognized configuration name")


def test_a_system_that_does_not_say_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", _refuse, raising=False)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    assert this_machine() is None
    monkeypatch.setattr(platform, "system", lambda: "Plan 9")
    assert this_machine() is None
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    monkeypatch.setattr(host_memory, "_windows", lambda: OURS)
    assert this_machine() == OURS


def test_on_a_mac_the_kernel_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(host_memory, "_SYSCTL", (sys.executable, "-c", "print(17179869184)"))
    assert this_machine() == gibibytes(16)
    monkeypatch.setattr(host_memory, "_SYSCTL", (sys.executable, "-c", "print('none')"))
    assert this_machine() is None
    monkeypatch.setattr(host_memory, "_SYSCTL", ("/no/such/program",))
    assert this_machine() is None
