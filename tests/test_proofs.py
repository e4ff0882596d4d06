"""Files of proofs: written the same, read strictly, one proof for each scenario and size."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hcreport.errors import SnapshotError, SnapshotTooNew
from hcreport.model import Pressure, Proof, ProofFailure, Proofs
from hcreport.proofs import format_proofs, parse_proofs, proofs_path, read_proofs, write_proofs
from hcreport.render.report import ReportSource, example_snapshot, make_report, read_material
from hcreport.units import mebibytes

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


def proof(**more: Any) -> Proof:
    """Return a proof that passed, where nothing else is said."""
    values: dict[str, Any] = {
        "scenario": "all",
        "taken_at": BEGAN,
        "docker_memory": mebibytes(512),
        "containers_memory": mebibytes(300),
        "limits": {"web": mebibytes(300)},
        "passed": True,
        "runs": 1,
        "seconds": 120.0,
        "tool": "hcreport 0.1.0",
    }
    return Proof(**(values | more))


FAILED = proof(
    passed=False,
    failure=ProofFailure(kind="memory", service="web", container="x-web-1", seconds=3.5),
    pressure=Pressure(full=0.25, scope="machine"),
    docker_memory=mebibytes(256),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = proofs_path(tmp_path / "stack.json")
    written = Proofs().with_proof(proof()).with_proof(FAILED)
    write_proofs(written, path)
    assert path.name == "stack.proofs.json"
    assert read_proofs(path) == written
    assert json.loads(path.read_text("utf-8"))["schema"] == 1
    assert format_proofs(read_proofs(path)) == path.read_text("utf-8")


def test_without_a_file_there_is_no_proof(tmp_path: Path) -> None:
    assert read_proofs(tmp_path / "none.proofs.json") == Proofs()


def test_a_proof_replaces_the_earlier_one_of_the_same() -> None:
    later = proof(taken_at=BEGAN + timedelta(days=1))
    others = [proof(scenario="a"), proof(together=True, limits={}), FAILED]
    found = Proofs(proofs=(proof(),))
    for each in (*others, later):
        found = found.with_proof(each)
    assert found.proofs == (others[0], FAILED, later, others[1])
    assert found.of("all") == (FAILED, later, others[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "it has no schema"),
        ('{"proofs": []}', "it has no schema"),
        ('{"schema": true}', "it has no schema"),
        ('{"schema": 1, "prooves": []}', "prooves: is not a key"),
        ('{"schema": 1, "proofs": [{}]}', "proofs/0/scenario"),
    ],
)
def test_what_is_no_file_of_proofs_is_refused(text: str, message: str) -> None:
    with pytest.raises(SnapshotError, match=message) as refusal:
        parse_proofs(text)
    assert refusal.value.hint


def test_a_file_of_a_newer_hcreport_is_refused_by_name() -> None:
    with pytest.raises(SnapshotTooNew, match="schema 2"):
        parse_proofs('{"schema": 2, "anything": 1}')


@pytest.mark.parametrize(
    "more", [{"passed": False}, {"failure": ProofFailure(kind="load", seconds=1)}]
)
def test_a_failure_is_named_where_there_is_one_and_only_there(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="has no failure"):
        proof(**more)


def test_a_file_that_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_proofs(tmp_path)
    with pytest.raises(SnapshotError, match="cannot be written"):
        write_proofs(Proofs(), tmp_path)


def test_a_report_holds_and_watches_the_proofs_beside_its_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    path.write_bytes(example_snapshot().read_bytes())
    source = ReportSource(folder=tmp_path, snapshot=path)
    assert read_material(source).proofs == Proofs()
    assert proofs_path(path) not in read_material(source).watched
    write_proofs(Proofs(proofs=(FAILED,)), proofs_path(path))
    report = make_report(source)
    assert report.proofs.proofs == (FAILED,)
    assert proofs_path(path) in report.watched
