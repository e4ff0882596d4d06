"""What the kernel tells: pressure, kills and free memory, and the files of a parent cgroup."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.errors import ProveError
from hcreport.model import Pressure
from hcreport.prove import cgroup, kernel
from hcreport.units import Bytes, mebibytes

NAME = "hcreport-prove-x"


def pressure(some: float, full: float) -> str:
    """Return the text of a pressure file."""
    return (
        f"some avg10={some:.2f} avg60=0.00 avg300=0.00 total=1\n"
        f"full avg10={full:.2f} avg60=0.00 avg300=0.00 total=1\n"
    )


@pytest.fixture(params=["1", "2"])
def version(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make an empty tree of control groups of one version."""
    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    if request.param == "2":
        (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    else:
        (tmp_path / "memory").mkdir()
        (tmp_path / "cpu").mkdir()
    return str(request.param)


def test_the_highest_pressure_of_the_machine_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    file = tmp_path / "pressure"
    monkeypatch.setattr(kernel, "_MACHINE", file)
    gauge = kernel.PressureGauge(None, ())
    gauge.read()
    assert gauge.highest is None
    for full in (12.5, 40.0, 3.0):
        file.write_text(pressure(90, full))
        gauge.read()
    assert gauge.highest == Pressure(full=0.4, scope="machine")


def test_a_parent_of_version_2_has_its_own_pressure(tmp_path: Path, version: str) -> None:
    cgroup.make_parent(NAME, mebibytes(64))
    (cgroup.memory_folder(NAME) / "memory.pressure").write_text(pressure(5, 2))
    gauge = kernel.PressureGauge(NAME, ())
    gauge.read()
    own = gauge.highest is not None and gauge.highest.scope == "stack"
    assert own == (version == "2")


def test_the_worst_of_several_runs_counts() -> None:
    low, high = (Pressure(full=full, scope="machine") for full in (0.1, 0.3))
    assert kernel.worst([low, None, high]) == high
    assert kernel.worst([None]) is None


@pytest.mark.parametrize(
    ("text", "kills"), [("nr_free 3\noom_kill 12\nthp 1\n", 12), ("nr_free 3\n", 0)]
)
def test_the_kernels_count_of_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, kills: int
) -> None:
    monkeypatch.setattr(kernel, "_COUNTS", tmp_path / "vmstat")
    assert kernel.kill_count() == 0
    (tmp_path / "vmstat").write_text(text)
    assert kernel.kill_count() == kills


def test_memory_that_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_MEMORY", tmp_path / "meminfo")
    assert kernel.available_memory() is None
    (tmp_path / "meminfo").write_text("MemFree:    1 kB\nMemAvailable:   2048 kB\n")
    assert kernel.available_memory() == mebibytes(2)


def test_a_parent_is_made_with_its_limit(version: str) -> None:
    cgroup.make_parent(NAME, mebibytes(64))
    file = "memory.max" if version == "2" else "memory.limit_in_bytes"
    assert (cgroup.memory_folder(NAME) / file).read_text() == "67108864"
    with pytest.raises(ProveError, match="could not be made"):
        cgroup.make_parent(NAME, mebibytes(64))


def test_swap_is_refused_where_the_kernel_can(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Path.mkdir
    swap = "memory.swap.max" if version == "2" else "memory.memsw.limit_in_bytes"

    def with_swap(folder: Path) -> None:
        made(folder)
        (folder / swap).write_text("max")

    monkeypatch.setattr(Path, "mkdir", with_swap)
    cgroup.make_parent(NAME, Bytes(4096))
    expected = "0" if version == "2" else "4096"
    assert (cgroup.memory_folder(NAME) / swap).read_text() == expected


def test_containers_below_a_parent_and_their_victims(version: str) -> None:
    cgroup.make_parent(NAME, mebibytes(64))
    assert not cgroup.holds(NAME, {"abc": "web"})
    file = "memory.events.local" if version == "2" else "memory.oom_control"
    for container, kills in (("abc", 0), ("def", 2)):
        folder = cgroup.memory_folder(NAME) / container
        folder.mkdir()
        (folder / file).write_text(f"oom 3\noom_kill {kills}\n")
    (cgroup.memory_folder(NAME) / "gone").mkdir()
    assert cgroup.holds(NAME, {"abc": "web"})
    assert cgroup.victims(NAME) == {"def"}


def test_an_empty_parent_is_removed_from_every_hierarchy(tmp_path: Path, version: str) -> None:
    places = [tmp_path] if version == "2" else [tmp_path / "memory", tmp_path / "cpu"]
    for place in places:
        (place / NAME / "container").mkdir(parents=True)
    assert cgroup.remove_parent(NAME)
    assert not [place for place in places if (place / NAME).exists()]
    assert cgroup.remove_parent(NAME)


@pytest.mark.parametrize(
    ("driver", "local", "message"),
    [
        ("cgroupfs", False, "on this machine"),
        ("systemd", True, "not systemd"),
        (None, True, "not another"),
    ],
)
def test_where_a_shared_limit_cannot_be_it_is_said(
    version: str, driver: str | None, local: bool, message: str
) -> None:
    with pytest.raises(ProveError, match=message) as refusal:
        cgroup.check_usable(driver, local=local)
    assert "--together" in refusal.value.hint
    cgroup.check_usable("cgroupfs", local=True)
