"""What a snapshot shows of failed loads of a local model."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.model import Snapshot
from hcreport.render.model_evidence import failed_loads
from tests.fragments import snapshot_of

REFUSED = {"status": "unhealthy", "probes": [{"exit_code": 1, "outcome": "model not loaded"}] * 2}


def _snapshot(containers: list[dict[str, Any]], *, kills: int = 0) -> Snapshot:
    life = {"container": "llama-1", "id": "0123456789ab", "first_at": 0, "last_at": 9, "samples": 9}
    window = {
        "started_at": "2026-03-01T08:58:00Z",
        "seconds": 10,
        "interval_seconds": 1,
        "rounds": 9,
        "series": [life | {"usage": 1, "shown": 1, "oom_kills": kills}],
    }
    return snapshot_of(
        {
            "containers": [{"service": "llama", "state": "running", **each} for each in containers],
            "models": [{"name": "chat", "service": "llama"}],
            "window": window if kills else None,
        }
    )


@pytest.mark.parametrize(
    ("container", "kills", "expected"),
    [
        ({}, 0, []),
        (
            {"health": REFUSED},
            0,
            [("Ollama answered 2 probes of llama-1 that memory is short", "ollama-refused-model")],
        ),
        (
            {"refusals": [{"wording": "since 0.30"}]},
            0,
            [("Ollama wrote into the log of llama-1", "ollama-refused-model")],
        ),
        (
            {"oom_killed": True, "state": "exited", "exit_code": 137},
            0,
            [("the kernel killed llama-1 for want of memory", "container-oom-killed")],
        ),
        ({"oom_kills": 1}, 0, [("the kernel killed a process in llama-1", "process-oom-killed")]),
        ({}, 3, [("the kernel killed 3 processes in llama-1", "process-oom-killed")]),
    ],
)
def test_each_kind_of_evidence_names_its_rule(
    container: dict[str, Any], kills: int, expected: list[tuple[str, str]]
) -> None:
    snapshot = _snapshot([{"name": "llama-1", **container}], kills=kills)
    found = failed_loads(snapshot.models[0], snapshot)
    assert found is not None
    assert [each.rule for each in found] == [rule for _, rule in expected]
    for each, (text, _) in zip(found, expected, strict=True):
        assert each.text.startswith(text)


def test_without_a_container_nothing_is_known() -> None:
    snapshot = _snapshot([])
    assert failed_loads(snapshot.models[0], snapshot) is None
