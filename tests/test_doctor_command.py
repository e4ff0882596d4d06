"""``hcreport doctor``: what it reads, says and exits with, on an engine behind a socket."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validate

from hcreport.cli import run
from hcreport.errors import SnapshotError, SnapshotTooNew
from hcreport.estimate.doctor import examine
from hcreport.model import MachineReport
from hcreport.render.doctor_json import doctor_json, doctor_schema
from hcreport.render.doctor_text import doctor_text
from hcreport.requirements_file import parse_requirements, read_requirements
from hcreport.units import GB, gibibytes
from tests.doctor_case import MACHINES, THREE, read_machine_file, recorded_machine
from tests.recorded_engine import RecordedEngine, serve
from tests.test_cli import Hcreport

# Sockets of the Docker SDK are closed when Python gets round to it.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

EXAMPLE = Path(__file__).parent.parent / "docs" / "snapshots" / "hypercode.json"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedEngine]:
    """Yield an engine on Linux with 23.5 GiB, 2 CPUs, and its data in a folder of this machine."""
    folder = tmp_path_factory.mktemp("engine")
    engine = RecordedEngine()
    engine.replies["/info"]["DockerRootDir"] = str(folder)
    with serve(engine, folder / "socket") as served:
        yield served


@pytest.fixture
def hcreport(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: RecordedEngine,
) -> Hcreport:
    """Call the command line in an empty folder, with the engine and a Compose 2.40.3."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    compose = tmp_path / "compose"
    compose.write_text("#!/bin/sh\necho 2.40.3\n", encoding="utf-8")
    compose.chmod(0o755)
    monkeypatch.setenv("HCREPORT_COMPOSE", str(compose))

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_info:
            run(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code, captured.out, captured.err

    return call


def write(folder: Path, **changes: Any) -> str:
    """Write the three scenarios with changes to the check of each; return the path."""
    data = json.loads(THREE.read_text(encoding="utf-8"))
    for scenario in data["scenarios"]:
        scenario["check"] |= {"disk": 1} | changes
    path = folder / "requirements.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)


def test_the_first_scenario_is_asked_and_everything_is_said(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    code, out, err = hcreport("doctor", write(tmp_path))
    assert (code, err) == (0, "")
    assert "Docker here: Docker Engine on Linux\n" in out
    assert "\nSmall: runs\n  Docker's memory: has 23.5 GiB, needs 1.81 GiB: enough.\n" in out
    assert "Docker Compose: has 2.40.3, needs 2 or newer: enough.\n" in out
    assert "Middle" not in out


@pytest.mark.parametrize(
    ("scenarios", "changes", "expected"),
    [
        (("Small",), {}, 0),
        (("Large",), {}, 0),
        (("Middle",), {}, 1),  # 2 CPUs are fewer than 4
        (("Small", "Middle"), {}, 1),
        (("Small",), {"compose_at_least": "9"}, 1),
        (("Small",), {"disk": 10**15}, 1),
        (("Small",), {"docker_memory": None}, 3),
        (("Small", "Middle"), {"docker_memory": None}, 1),
        (("Nobody",), {}, 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst_scenario(
    hcreport: Hcreport,
    tmp_path: Path,
    scenarios: tuple[str, ...],
    changes: dict[str, Any],
    expected: int,
) -> None:
    words = [word for each in scenarios for word in ("--scenario", each)]
    code, _, err = hcreport("doctor", write(tmp_path, **changes), *words)
    assert code == expected
    assert ("Choose from: Small, Middle, Large." in err) is (expected == 2)


def test_the_json_is_what_its_schema_says(
    hcreport: Hcreport, tmp_path: Path, engine: RecordedEngine
) -> None:
    folder = engine.replies["/info"]["DockerRootDir"]
    code, out, _ = hcreport("doctor", write(tmp_path), "--format", "json")
    data = json.loads(out)
    validate(data, doctor_schema())
    assert code == 0
    machine = data["machine"]
    assert machine["docker_memory"] == engine.replies["/info"]["MemTotal"]
    # Other tests write while this one reads.
    assert abs(machine["disk_free"] - shutil.disk_usage(folder).free) < 10 * GB
    assert data["scenarios"][0]["verdict"] == "runs"


def test_without_a_file_the_needs_are_those_of_the_snapshot(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    (tmp_path / "hcreport.yml").write_text(f"snapshot: {EXAMPLE}\n", encoding="utf-8")
    code, out, _ = hcreport("doctor", "--format", "json")
    data = json.loads(out)
    (checked,) = data["scenarios"]
    assert checked["scenario"] == "Everything"
    # 5.68 GiB of memory are there; a part of the need is not measured.
    assert checked["checks"][0]["state"] == "may be enough"
    assert code in (0, 1)  # the example wants 46 GB of disk, which this machine may have


def test_without_an_engine_it_says_so_and_names_no_option_of_another_command(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    code, out, err = hcreport("doctor", write(tmp_path), "--host", f"unix://{tmp_path}/nobody")
    assert (code, out) == (3, "")
    assert "No Docker engine is running here" in err
    assert "--no-engine" not in err


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("{", SnapshotError, "not valid JSON"),
        ("[]", SnapshotError, "no list of scenarios"),
        ('{"schema": 1, "project": {"name": "a snapshot"}}', SnapshotError, "no list of scenarios"),
        ('{"scenarios": []}', SnapshotError, "no schema"),
        ('{"schema": true, "scenarios": []}', SnapshotError, "no schema"),
        ('{"schema": 2, "scenarios": []}', SnapshotTooNew, "schema 2"),
        ('{"schema": 1, "scenarios": [1]}', SnapshotError, "is no object"),
        ('{"schema": 1, "scenarios": [{"scenario": "a"}]}', SnapshotError, "earlier hcreport"),
        ("[" * 100_000, SnapshotError, "not valid JSON"),
        ('{"schema": 1, "scenarios": ' + "9" * 5000 + "}", SnapshotError, "not valid JSON"),
    ],
    ids=range(10),
)
def test_another_file_is_refused_with_the_reason(
    text: str, kind: type[SnapshotError], says: str
) -> None:
    with pytest.raises(kind, match=says) as caught:
        parse_requirements(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("docker_memory", -1),
        ("docker_memory", 1.5),
        ("docker_memory", "1"),
        ("docker_memory", 10**30),
        ("cpus_at_least", 0),
        ("compose_at_least", "2.x"),
        ("compose_at_least", "2\n"),
        ("compose_at_least", None),
        ("exact", None),
    ],
)
def test_a_number_that_cannot_be_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(SnapshotError):
        read_requirements(Path(write(tmp_path, **{key: value})))


def test_a_key_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    assert len(read_requirements(Path(write(tmp_path, later=1))).scenarios) == 3


def test_a_hostile_name_stays_text_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "[red]\x1b[31m\u202e\n`rm`"
    machine = read_machine_file(recorded_machine(MACHINES[0]), monkeypatch)
    needs = read_requirements(THREE)
    asked = needs.scenarios[0].model_copy(update={"scenario": hostile})
    seen = machine.model_copy(update={"compose": "2.1\x1b[31m"})
    report = MachineReport(
        project=hostile, taken_at=needs.taken_at, machine=seen, answers=(examine(asked, seen),)
    )
    text = doctor_text(report, width=200)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len([line for line in text.splitlines() if "[red]" in line and "rm" in line]) == 2
    assert doctor_json(report).isascii()


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_every_advice_has_its_amount(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = read_machine_file(recorded_machine(path), monkeypatch)
    needs = read_requirements(THREE)
    answers = tuple(examine(each, machine) for each in needs.scenarios)
    report = MachineReport(
        project="three", taken_at=needs.taken_at, machine=machine, answers=answers
    )
    validate(json.loads(doctor_json(report)), doctor_schema())
    text = doctor_text(report, width=200)
    for answer in answers:
        setting = answer.checks[0].setting
        if setting is not None:
            assert f"Set Docker's memory to {int(setting) // int(gibibytes(1))} GiB:" in text
    assert "{gib}" not in text
