"""How the kernel's count of killed processes is found in a container's control group."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import kernel_counts
from hcreport.collect.kernel_counts import oom_kills
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "take"]

Json = dict[str, Any]

ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4

V1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
V2 = "low 0\nhigh 0\nmax 8\noom 5\noom_kill 4\noom_group_kill 0\n"

DOCKER_V1 = f"9:name=systemd:/docker/{ID}\n8:pids:/docker/{ID}\n4:memory:/docker/{ID}\n"
SYSTEMD_V1 = f"4:cpu,memory:/system.slice/docker-{ID}.scope\n0::/system.slice/docker-{ID}.scope\n"
SYSTEMD_V2 = f"0::/system.slice/docker-{ID}.scope\n"
PODMAN_V2 = f"0::/machine.slice/libpod-{ID}.scope/container\n"


def machine(root: Path, groups: str, file: str = "", text: str = "") -> Path:
    """Make the files of a machine on which process 77 is in some control groups."""
    process = root / "proc" / "77"
    process.mkdir(parents=True)
    (process / "cgroup").write_text(groups, encoding="ascii")
    if file:
        place = root / "sys/fs/cgroup" / file
        place.parent.mkdir(parents=True)
        place.write_text(text, encoding="ascii")
    return root


def inspected(process: object = 77, key: object = ID) -> Json:
    return {"Id": key, "State": {"Pid": process}}


@pytest.mark.parametrize(
    ("groups", "file", "text", "expected"),
    [
        (DOCKER_V1, f"memory/docker/{ID}/memory.oom_control", V1, 3),
        (SYSTEMD_V1, f"memory/system.slice/docker-{ID}.scope/memory.oom_control", V1, 3),
        (SYSTEMD_V2, f"system.slice/docker-{ID}.scope/memory.events", V2, 4),
        (PODMAN_V2, f"machine.slice/libpod-{ID}.scope/memory.events", V2, 4),
        (f"0::/docker/{ID}/init.scope\n", f"docker/{ID}/memory.events", V2, 4),
        # Before Linux 4.13 there is no such key.
        (DOCKER_V1, f"memory/docker/{ID}/memory.oom_control", "under_oom 0\n", None),
        (SYSTEMD_V2, f"system.slice/docker-{ID}.scope/memory.events", "oom_kill many\n", None),
        (SYSTEMD_V2, f"system.slice/docker-{ID}.scope/memory.events", "oom_kill\n", None),
        (SYSTEMD_V2, "", "", None),
        ("", "", "", None),
        ("nonsense\n", "", "", None),
        # Process 77 of another machine, or of a container in a virtual one, is not this one.
        (DOCKER_V1.replace(ID, OTHER), f"memory/docker/{OTHER}/memory.oom_control", V1, None),
        ("0::/user.slice\n", "user.slice/memory.events", V2, None),
        # A group outside of those that this process may see.
        (f"0::/../docker/{ID}\n", f"../docker/{ID}/memory.events", V2, None),
    ],
)
def test_the_count_is_that_of_the_containers_own_group(
    tmp_path: Path, groups: str, file: str, text: str, expected: int | None
) -> None:
    assert oom_kills(inspected(), machine(tmp_path, groups, file, text)) == expected


@pytest.mark.parametrize(
    "reply",
    [
        inspected(process=0),
        inspected(process=-1),
        inspected(process="77"),
        inspected(process=78),
        inspected(process=None),
        inspected(key="0"),
        inspected(key=f"{ID}/.."),
        inspected(key=None),
        {"Id": ID},
        {"Id": ID, "State": None},
        {},
    ],
)
def test_what_does_not_run_here_has_no_count(tmp_path: Path, reply: Json) -> None:
    root = machine(tmp_path, SYSTEMD_V2, f"system.slice/docker-{ID}.scope/memory.events", V2)
    assert oom_kills(inspected(), root) == 4
    assert oom_kills(reply, root) is None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no control groups")
def test_a_snapshot_has_the_count(
    take: Take, recorded: RecordedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = recorded.container("shop-web-1")
    groups, file = DOCKER_V1.replace(ID, key), f"memory/docker/{key}/memory.oom_control"
    root = machine(tmp_path / "machine", groups, file, V1)
    recorded.replies[recorded.of_container("shop-web-1", "json")]["State"]["Pid"] = 77
    monkeypatch.setattr(kernel_counts, "_ROOT", root)
    found = {each.service: each.oom_kills for each in take().containers}
    assert found == {"web": 3, "db": None, "llm": None, "done": None}
