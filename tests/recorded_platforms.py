"""Engines as people posted them, from ``tests/platforms``, and what the collector makes of them.

Each file has of the replies to ``/info`` and ``/version`` the fields that tell the platform. It
says where they were read, and what is composed.
"""

from __future__ import annotations

import platform as host
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from hcreport.collect.engine import Address, Connection, read_engine
from hcreport.model import Engine

RECORDED = sorted((Path(__file__).parent / "platforms").glob("*.yaml"))


def recording(name: str) -> dict[str, Any]:
    """Return one recorded engine by the name of its file."""
    path = Path(__file__).parent / "platforms" / f"{name}.yaml"
    return cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))


def read_recorded(recorded: dict[str, Any], patch: pytest.MonkeyPatch, **other: Any) -> Engine:
    """Return what the collector makes of a recording; ``other`` replaces lines of ``info``."""
    patch.setattr(host, "system", lambda: recorded.get("client", ""))
    url = recorded.get("host", "unix:///var/run/docker.sock")
    connection = Connection(
        address=Address(url=url, context=recorded.get("context")),
        client=cast("Any", None),
        version=recorded.get("version", {}),
        api_version="1.47",
    )
    return read_engine(connection, {**recorded["info"], **other})
