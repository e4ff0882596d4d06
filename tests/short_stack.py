"""A stack whose local model and other service need more memory than its engine may have."""

from __future__ import annotations

from typing import Any

from hcreport.analyze import case_of
from hcreport.model import Action, Snapshot
from hcreport.rules.memory_options import memory_options
from hcreport.units import gibibytes
from tests.fragments import snapshot_of

WSL = {"operating_system": "Docker Desktop", "kernel": "5.15-microsoft-standard-WSL2"}
MAC = {"operating_system": "Docker Desktop", "kernel": "6.6-linuxkit", "client_os": "darwin"}


ADDRESSED: list[dict[str, Any]] = [
    {"name": "llama", "image": "ollama/ollama"},
    {
        "name": "web",
        "addresses": [{"variable": "URL", "service": "llama", "scheme": "http", "port": 11434}],
    },
]


def short_of(size: float, **parts: Any) -> Snapshot:
    """Return a stack with a model of 5 GiB and a web service of 1 GiB; the engine's size in GiB."""
    whole: dict[str, Any] = {
        "services": [{"name": "llama", "image": "ollama/ollama"}, {"name": "web"}],
        "containers": [
            {
                "name": "w",
                "service": "web",
                "state": "running",
                "memory": {"usage": int(gibibytes(1))},
            }
        ],
        "models": [{"name": "llama3.1:8b", "service": "llama", "memory": int(gibibytes(5))}],
        **parts,
    }
    engine_parts = {"memory_total": int(gibibytes(size)), **WSL, **parts.get("engine", {})}
    return snapshot_of({**whole, "engine": engine_parts})


def options(snapshot: Snapshot) -> tuple[Action, ...]:
    return memory_options(case_of(snapshot))


def named(snapshot: Snapshot, words: str) -> list[Action]:
    return [each for each in options(snapshot) if words in each.what]
