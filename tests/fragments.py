"""Whole snapshots from the few lines that a test is about, with sizes as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from hcreport.model import Snapshot
from hcreport.units import parse_docker_image_size, parse_docker_stats_memory


class _Loader(yaml.SafeLoader):
    """Reads ``!memory 1.86GiB`` (binary) and ``!disk 16.3GB`` (decimal) as bytes."""


_Loader.add_constructor("!memory", lambda _, node: int(parse_docker_stats_memory(str(node.value))))
_Loader.add_constructor("!disk", lambda _, node: int(parse_docker_image_size(str(node.value))))


def read_yaml(text: str) -> Any:
    """Return what a YAML text says, with its sizes in bytes."""
    return yaml.load(text, Loader=_Loader)  # a SafeLoader


def snapshot_of(fragment: Mapping[str, Any] | str) -> Snapshot:
    """Return a whole snapshot: what the fragment says, and as little else as possible."""
    parts = read_yaml(fragment) or {} if isinstance(fragment, str) else fragment
    whole = {
        "taken_at": "2026-02-06T13:03:00Z",
        "tool": "a test",
        **parts,
        "project": {"name": "shop", **parts.get("project", {})},
    }
    return Snapshot.model_validate(whole)
