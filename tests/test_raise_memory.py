"""The step that gives Docker more memory: its amount, its words, and when it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.analyze import case_of
from hcreport.model import Action
from hcreport.rules.raise_memory import Refused, raise_engine_memory
from hcreport.units import Bytes, gibibytes
from tests.fragments import snapshot_of

WSL: dict[str, Any] = {
    "operating_system": "Docker Desktop",
    "kernel": "5.15.167.4-microsoft-standard-WSL2",
    "client_os": "windows",
}
COLIMA: dict[str, Any] = {
    "operating_system": "Ubuntu 24.04",
    "kernel": "6.8.0-39-generic",
    "host_hint": "colima",
    "client_os": "darwin",
}
LINUX: dict[str, Any] = {
    "operating_system": "Debian GNU/Linux 12",
    "kernel": "6.1.0-28-amd64",
    "client_os": "linux",
}
DESKTOP_MAC: dict[str, Any] = {
    "operating_system": "Docker Desktop",
    "kernel": "6.10.14-linuxkit",
    "client_os": "darwin",
}

NEED = gibibytes(10)
"""What Docker needs in these tests; a virtual machine is set to 11 GiB, as 10 / 0.93 is 10.8."""


def raised(engine: dict[str, Any], *, has: float = 2, also: str = "") -> Action | Refused:
    """Return the step for a stack that needs :data:`NEED` on an engine with ``has`` GiB."""
    whole = {"memory_total": int(gibibytes(has)), **engine}
    if "host_memory" in whole:
        whole["host_memory"] = int(gibibytes(whole["host_memory"]))
    return raise_engine_memory(case_of(snapshot_of({"engine": whole})), also=also, least=NEED)


def step(engine: dict[str, Any], *, has: float = 2, also: str = "") -> Action:
    """Return the step where there has to be one."""
    found = raised(engine, has=has, also=also)
    assert isinstance(found, Action)
    return found


def test_on_wsl_it_is_the_file_of_windows_and_no_slider() -> None:
    found = step(WSL)
    assert found.what == (
        "Raise the memory of Docker Desktop on Windows (WSL 2) to at least 11 GiB: "
        r"write [wsl2] memory=11GB into %UserProfile%\.wslconfig"
    )
    assert found.command == "wsl --shutdown"
    assert "Resources" not in " ".join((found.what, found.why, found.verify, found.undo))


def test_it_says_why_how_much_and_how_to_tell() -> None:
    found = step(COLIMA)
    assert found.what == "Raise the memory of Colima to at least 11 GiB"
    assert found.why == "What is to run needs at least 10 GiB; Docker has 2 GiB."
    assert found.command == "colima stop\ncolima start --memory 11"
    assert found.effect == gibibytes(8)
    assert found.gain == "8 GiB more than the engine has"
    assert found.verify == f"docker info --format '{{{{.MemTotal}}}}' prints {int(NEED)} or more."
    assert found.undo == "Stop Colima and start it again with the old amount."
    assert found.effort == "minutes"


def test_native_linux_has_no_setting_and_is_never_refused() -> None:
    found = step({**LINUX, "host_memory": 2})
    assert found.what == (
        "Give the machine that runs Docker at least 10 GiB of memory, or start fewer services"
    )
    assert (found.command, found.effort) == ("", "a day")


def test_over_the_network_it_is_the_other_machine_and_no_command() -> None:
    found = step({**WSL, "remote": True})
    assert "to at least 11 GiB on the machine that runs it" in found.what
    assert found.command == ""
    several = step({**DESKTOP_MAC, "remote": True})
    assert several.what == (
        "Give Docker at least 11 GiB of memory on the machine that runs it: "
        "the requirements page says how on each platform"
    )


def test_where_several_platforms_fit_the_page_says_how() -> None:
    found = step({"operating_system": "Docker Desktop", "client_os": "windows"})
    assert found.what == (
        "Give Docker at least 11 GiB of memory: the requirements page says how on each platform"
    )
    assert (found.command, found.undo) == ("", "Put the old amount back.")


def test_a_second_half_follows() -> None:
    assert step(COLIMA, also=". Then more").what.endswith("11 GiB. Then more")


@pytest.mark.parametrize("engine", [WSL, COLIMA, DESKTOP_MAC], ids=["WSL", "Colima", "Mac"])
def test_it_is_refused_where_too_little_would_stay_with_the_machine(engine: dict[str, Any]) -> None:
    """11 GiB for Docker and 4 GiB for the machine are 15 GiB."""
    assert isinstance(raised({**engine, "host_memory": 15}), Action)
    assert raised({**engine, "host_memory": 14.9}) == Refused(
        "The machine has 14.9 GiB. Docker would need a setting of 11 GiB, "
        "and 4 GiB must stay with the machine itself."
    )


def test_it_is_refused_where_docker_has_enough() -> None:
    assert raised(COLIMA, has=10) == Refused(
        "Docker has 10 GiB, and all that is known needs 10 GiB."
    )
    assert isinstance(raised(COLIMA, has=9.9), Action)


def test_the_known_need_counts_where_it_is_more_than_what_is_asked_for() -> None:
    snapshot = snapshot_of(
        {
            "engine": {"memory_total": int(gibibytes(2)), **COLIMA},
            "models": [{"name": "llama", "memory": int(gibibytes(20))}],
        }
    )
    found = raise_engine_memory(case_of(snapshot), least=Bytes(1))
    assert isinstance(found, Action)
    assert found.effect is not None
    assert found.effect >= gibibytes(18)


def test_an_engine_is_needed() -> None:
    with pytest.raises(LookupError, match="needs"):
        raise_engine_memory(case_of(snapshot_of({})))
