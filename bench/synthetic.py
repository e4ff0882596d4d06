"""A made-up snapshot of a large project, the same each time."""

from __future__ import annotations

import json
from typing import Any

from hcreport.snapshot import SCHEMA_NUMBER, format_snapshot, parse_snapshot
from hcreport.units import gibibytes, mebibytes


def synthetic_snapshot(services: int) -> str:
    """Return the text of a snapshot with that many services, each with a running container."""
    data = {
        "schema": SCHEMA_NUMBER,
        "taken_at": "2026-01-02T03:04:05Z",
        "tool": "hcreport bench",
        "project": {"name": "large", "compose_files": ["compose.yaml"]},
        "engine": {
            "memory_total": int(gibibytes(64)),
            "cpus": 16,
            "version": "29.2.0",
            "operating_system": "Debian GNU/Linux 12 (bookworm)",
            "kernel": "6.1.0-28-amd64",
        },
        "services": [_service(number) for number in range(services)],
        "containers": [_container(number) for number in range(services)],
        "images": [_image(number) for number in range(services // 20)],
        "scenarios": [{"name": "all", "services": [f"service-{n}" for n in range(services)]}],
    }
    return format_snapshot(parse_snapshot(json.dumps(data)))


def _service(number: int) -> dict[str, Any]:
    # One in five has no limit and one in ten no health check, so that rules find something.
    limits = {} if number % 5 == 0 else {"memory": int(mebibytes(64 + number % 7)), "cpus": 0.5}
    service: dict[str, Any] = {
        "name": f"service-{number}",
        "location": {"file": "compose.yaml", "line": 10 + 8 * number},
        "image": f"image-{number // 20}:latest",
        "limits": limits,
        "restart": "unless-stopped",
        "depends_on": [{"service": f"service-{number - 1}"}] if number % 3 == 2 else [],
        "environment_names": ["LOG_LEVEL", "PORT"],
        "mounts": [{"kind": "volume", "volume": f"data-{number}", "target": "/data"}],
    }
    if number % 10:
        service["health_check"] = {"kind": "CMD", "probe": "curl", "interval_seconds": 30}
    return service


def _container(number: int) -> dict[str, Any]:
    limit = {} if number % 5 == 0 else {"memory": int(mebibytes(64 + number % 7))}
    return {
        "name": f"large-service-{number}-1",
        "id": f"{number:012x}",
        "service": f"service-{number}",
        "image": f"image-{number // 20}:latest",
        "state": "exited" if number % 50 == 49 else "running",
        "exit_code": 137 if number % 50 == 49 else 0,
        "oom_killed": number % 100 == 99,
        "restart_count": number % 4,
        "limits": limit,
        "memory": {
            "usage": int(mebibytes(30 + number % 40)),
            "inactive_file": int(mebibytes(4)),
            "limit": limit.get("memory"),
        },
        "cpu": {"total_nanoseconds": 1_000_000 * number},
        "mounts": [{"kind": "volume", "volume": f"data-{number}", "target": "/data"}],
    }


def _image(number: int) -> dict[str, Any]:
    sizes = [int(mebibytes(75)), int(mebibytes(10 + number)), int(mebibytes(number * 3))]
    instructions = ("FROM", "RUN", "COPY")
    return {
        "id": f"sha256:{number:064x}",
        "tags": [f"image-{number}:latest"],
        "size": sum(sizes),
        "layers": [
            {"instruction": name, "size": size, "whole_context": name == "COPY"}
            for name, size in zip(instructions, sizes, strict=True)
        ],
    }
