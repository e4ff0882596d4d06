"""The script for a machine gives the recorded verdicts in every shell, and never fails silently."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.estimate.doctor import examine
from hcreport.estimate.machines import machine_needs, reported_at_least, smallest_machine
from hcreport.model import Machine, MachineCheck, MachineNeeds
from hcreport.platforms import PLATFORMS, setting_for
from hcreport.render.marker import POWERSHELL_SCRIPT, REQUIREMENTS_FILE, SHELL_SCRIPT
from hcreport.render.pages import downloads
from hcreport.snapshot import read_snapshot
from hcreport.units import Bytes, gibibytes, mebibytes
from tests.machine_scripts_case import MACHINES, SHELLS, played, run, script_text, three_checks
from tests.pages_case import SNAPSHOTS
from tests.required import missing

EXIT_CODES = {
    "runs": 0,
    "may run": 0,
    "runs after a change": 1,
    "does not run": 1,
    "not measured": 3,
}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / SHELL_SCRIPT
    path.write_text(script_text(three_checks()), encoding="utf-8")
    return path


def test_there_are_twelve_machines_and_three_scenarios() -> None:
    assert len(MACHINES) >= 12
    assert list(three_checks()) == ["Small", "Middle", "Large"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", MACHINES)
def test_a_recorded_machine_gets_its_verdicts(
    shell: str, name: str, script: Path, tmp_path: Path
) -> None:
    machine = MACHINES[name]
    environment = played(machine, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for scenario, verdict in machine["verdicts"].items():
        done = run(shell, script, environment, scenario)
        assert done.stdout.splitlines()[0] == f"{scenario}: {verdict}", done
        assert (done.stderr, done.returncode) == ("", EXIT_CODES[verdict]), done
    assert sorted(tmp_path.rglob("*")) == before
    assert list(script.parent.iterdir()) == [script]


def test_the_first_scenario_is_the_default(script: Path, tmp_path: Path) -> None:
    done = run("dash", script, played(MACHINES["linux-cloud"], tmp_path))
    assert done.stdout.startswith("Small: runs\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_change_comes_with_the_steps_of_the_platform(
    shell: str, script: Path, tmp_path: Path
) -> None:
    """Colima has 2 GiB and 2 CPUs of a Mac with 16; the recommended memory needs 10 GiB."""
    done = run(shell, script, played(MACHINES["colima"], tmp_path), "Middle")
    lines = done.stdout.splitlines()
    assert (
        "  Docker's memory: has 1.9 GiB, needs 7.2 GiB: too little, and this machine" in done.stdout
    )
    assert "Set Docker's memory to 10 GiB:" in lines
    assert "    colima start --memory 10" in lines
    assert not [each for each in lines if "wsl" in each]


@pytest.mark.parametrize("name", MACHINES)
def test_the_steps_are_those_of_the_machine_s_platform(name: str, tmp_path: Path) -> None:
    """Whatever it has is too little here, and every machine has the room for more."""
    machine = MACHINES[name]
    platform = PLATFORMS[machine["platform"]]
    check = MachineCheck(
        docker_memory=gibibytes(10_000),
        exact=True,
        setting=gibibytes(10_753),
        machine_reports=gibibytes(1),
    )
    path = tmp_path / SHELL_SCRIPT
    path.write_text(script_text({"Huge": check}), encoding="utf-8")
    done = run("dash", path, played(machine, tmp_path))
    steps = [f"  {each}" for each in platform.how_to_change_memory]
    commands = [f"    {each}" for each in platform.commands(check.setting)]
    shown = done.stdout.splitlines()[5:]
    if platform.virtual_machine:
        assert [each for each in shown if each in steps] == steps
        assert [each for each in shown if each in commands] == commands
        assert "set Docker's memory to 10753 GiB:" in done.stdout.replace("Set", "set")
    else:
        assert shown == []


def broken(machine: dict[str, Any], **info: object) -> dict[str, Any]:
    return {**machine, "info": {**machine["info"], **info}}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"MemTotal": 0}, "how much memory"),
        ({"MemTotal": ""}, "how much memory"),
        ({"MemTotal": "lots"}, "how much memory"),
        ({"MemTotal": -1}, "how much memory"),
        ({"MemTotal": "1e9"}, "how much memory"),
        ({"MemTotal": "08"}, "how much memory"),
        ({"MemTotal": 9223372036854775807}, "how much memory"),
        ({"MemTotal": "9" * 400}, "how much memory"),
        ({"MemTotal": "a[$(echo 1 >x)]"}, "how much memory"),
        ({"NCPU": 0}, "how many CPUs"),
        ({"NCPU": "<no value>"}, "how many CPUs"),
    ],
)
def test_an_odd_reply_is_one_sentence(
    shell: str, info: dict[str, object], said: str, script: Path, tmp_path: Path
) -> None:
    done = run(shell, script, played(broken(MACHINES["linux-cloud"], **info), tmp_path))
    assert done.returncode == 3
    assert done.stderr == ""
    assert re.fullmatch(rf"Not measured: [^\n]*{said}[^\n]*\.\n", done.stdout), done
    assert list(script.parent.iterdir()) == [script]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_docker_that_cannot_be_asked_is_one_sentence(
    shell: str, script: Path, tmp_path: Path
) -> None:
    environment = played(MACHINES["linux-cloud"], tmp_path)
    docker = tmp_path / "docker"
    for reply, said in {
        "permission denied while trying to connect": "You may not ask Docker.",
        "Cannot connect to the Docker daemon": "Docker does not answer.",
    }.items():
        docker.write_text(f"#!/bin/sh\necho '{reply}' >&2\nexit 1\n", encoding="utf-8")
        done = run(shell, script, environment)
        assert (done.returncode, done.stderr) == (3, "")
        assert done.stdout.startswith(f"Not measured: {said}")
    docker.write_text("#!/bin/sh\n[ $# -eq 1 ]\n", encoding="utf-8")
    done = run(shell, script, environment)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.endswith("It may be that of Podman.\n")
    docker.unlink()
    done = run(shell, script, environment)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("Not measured: There is no docker command here.")


@pytest.mark.parametrize("shell", SHELLS)
def test_largest_sizes_are_computed_rightly(shell: str, script: Path, tmp_path: Path) -> None:
    """999 TB is more than 32 bits hold, times ten more than 50."""
    machine = broken(MACHINES["linux-cloud"], MemTotal=999_999_999_999_999)
    done = run(shell, script, played({**machine, "disk_free_kib": 10**11}, tmp_path), "Middle")
    assert done.stdout.splitlines()[:2] == [
        "Middle: runs",
        "  Docker's memory: has 931322.5 GiB, needs 7.2 GiB: enough",
    ]


@pytest.mark.parametrize("kind", ["sh", "dash"])
def test_shellcheck_finds_nothing(kind: str, script: Path) -> None:
    if shutil.which("shellcheck") is None:
        missing("shells", "shellcheck is not installed")
    command = ["shellcheck", "-s", kind, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize("size", [1.5, 3.6, 5.7, 14, 59])
@pytest.mark.parametrize("name", ["linux-cloud", "docker-desktop-mac-16"])
def test_a_machine_that_the_page_names_is_enough(size: float, name: str, tmp_path: Path) -> None:
    """Whatever it reports between 93 % and all of what it was sold with."""
    machine, need = MACHINES[name], gibibytes(size)
    platform = PLATFORMS[machine["platform"]]
    least = smallest_machine(need, PLATFORMS["docker-desktop-mac"]).when_set
    check = MachineCheck(
        docker_memory=need,
        exact=True,
        setting=setting_for(need, PLATFORMS["docker-desktop-mac"]),
        machine_reports=reported_at_least(least),
    )
    path = tmp_path / SHELL_SCRIPT
    path.write_text(script_text({"Some": check}), encoding="utf-8")
    named = next(each for each in machine_needs(need) if each.platform == platform.id)
    assert named.when_set is not None
    for share in (0.93, 1):
        reported = math.ceil(int(named.when_set) * share)
        docker = 0 if platform.virtual_machine else reported
        played_one = broken(machine, MemTotal=docker or int(mebibytes(512)))
        environment = played({**played_one, "machine_memory": reported}, tmp_path)
        verdict = run("dash", path, environment).stdout.splitlines()[0]
        expected = "runs after a change" if platform.virtual_machine else "may run"
        assert verdict == f"Some: {expected}"


def test_it_holds_the_numbers_of_the_published_requirements() -> None:
    snapshot = read_snapshot(SNAPSHOTS["watched"])
    files = downloads(snapshot, analyze(snapshot, Config()))
    for each in json.loads(files[REQUIREMENTS_FILE])["scenarios"]:
        check = each["check"]
        for name in (SHELL_SCRIPT, POWERSHELL_SCRIPT):
            text = files[name].decode("ascii")
            assert each["scenario"] in text
            for key in ("docker_memory", "setting", "machine_reports", "disk"):
                assert check[key] is None or re.search(rf"[= ]{check[key]}\b", text), key


def test_the_program_itself_gives_the_same_answer_at_every_edge(tmp_path: Path) -> None:
    """A byte less, as much, and a byte more than is needed, of each thing."""
    check = three_checks()["Middle"]
    assert check.docker_memory is not None
    assert check.disk is not None
    path = tmp_path / SHELL_SCRIPT
    path.write_text(script_text({"Middle": check}), encoding="utf-8")
    for step in (-1, 0, 1):
        for cpus, compose in ((3, "2.38.0"), (4, "2.37.9"), (4, "v2.38.1"), (4, "3.0.0")):
            memory = check.docker_memory + step
            machine = broken(MACHINES["linux-cloud"], MemTotal=int(memory), NCPU=cpus)
            kib = math.ceil(int(check.disk) / 1024)
            machine |= {"disk_free_kib": kib, "compose": {"plugin": compose, "standalone": None}}
            answer = examine(
                MachineNeeds(scenario="Middle", check=check),
                Machine(
                    platform="linux",
                    docker_memory=memory,
                    cpus=cpus,
                    disk_free=Bytes(kib * 1024),
                    compose=compose.lstrip("v"),
                ),
            )
            done = run("dash", path, played(machine, tmp_path))
            assert done.stdout.splitlines()[0] == f"Middle: {answer.verdict}", (step, cpus, compose)
