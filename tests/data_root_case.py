"""An engine's folder as tests make it, without an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.collect.engine import Address

HERE = Address(url="unix:///var/run/docker.sock")

WEB, DB = "a" * 64, "b" * 64
BASE, TOP = "c" * 64, "d" * 64


def write(path: Path, content: bytes = b"ab") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an engine's folder: two layers, two containers, two volumes, a builder's cache."""
    place = tmp_path / "data"
    for name in ("base", "top", "web", "web-init", "db", "db-init", "cached"):
        write(place / "overlay2" / name / "diff" / "file", name.encode() * 3000)
    write(place / "overlay2" / "l" / "SHORT")
    database = place / "image" / "overlay2" / "layerdb"
    for chain, name in ((BASE, "base"), (TOP, "top")):
        write(database / "sha256" / chain / "cache-id", name.encode())
        write(database / "sha256" / chain / "tar-split.json.gz", b"t" * 9000)
    for container, name in ((WEB, "web"), (DB, "db")):
        write(database / "mounts" / container / "mount-id", name.encode())
        write(database / "mounts" / container / "init-id", f"{name}-init".encode())
        write(place / "containers" / container / "config.v2.json")
    write(place / "containers" / WEB / f"{WEB}-json.log", b"l" * 50_000)
    write(place / "volumes" / "shop_data" / "_data" / "table", b"t" * 70_000)
    write(place / "volumes" / "other" / "_data" / "table", b"t" * 20_000)
    write(place / "volumes" / "metadata.db")
    write(place / "buildkit" / "cache.db", b"c" * 30_000)
    write(place / "image" / "overlay2" / "repositories.json")
    return place
