"""Writes snapshots of different days into a folder, for the tests of what changes over time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.pages_case import SNAPSHOTS

START = datetime(2026, 1, 1, tzinfo=UTC)


def write(folder: Path, day: int, name: str | None = None, **changed: Any) -> Path:
    """Write the snapshot of a day into a folder; ``changed`` replaces whole keys."""
    data = json.loads(SNAPSHOTS["watched"].read_text(encoding="utf-8"))
    taken_at = (START + timedelta(days=day)).isoformat()
    path = folder / (name or f"{day:03}.json")
    path.write_text(json.dumps(data | {"taken_at": taken_at} | changed), encoding="utf-8")
    return path


def nearly_full(folder: Path, *names: str) -> None:
    """Write two snapshots: of the engine's memory most is used in the first, all in the second."""
    data = json.loads(SNAPSHOTS["watched"].read_text(encoding="utf-8"))
    used = sum(each["memory"]["usage"] for each in data["containers"] if each.get("memory"))
    for day, (name, share) in enumerate(zip(names, (0.9, 0.99), strict=True)):
        write(folder, day, name, engine=data["engine"] | {"memory_total": int(used / share)})


def unhealthy(*services: str) -> list[dict[str, Any]]:
    """Return the containers, of which those of some services are unhealthy."""
    containers: list[dict[str, Any]] = json.loads(SNAPSHOTS["watched"].read_text(encoding="utf-8"))[
        "containers"
    ]
    for each in containers:
        if each["service"] in services:
            each["health"] = {"status": "unhealthy", "failing_streak": 4}
    return containers
