"""Blocks in the engine's folder reach the snapshot, or the reason why there are none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hcreport.collect import data_root
from hcreport.collect.data_root import BLOCKS, DataRoot, count_data_root
from hcreport.model import Gap
from hcreport.snapshot import format_snapshot
from tests.data_root_case import HERE, WEB, root
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "root", "take"]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="an engine's folder is on this machine on Linux only"
)


def _as_recorded(root: Path, engine: RecordedEngine) -> str:
    """Make the folder that of the recorded engine; returns the id of one of its containers."""
    web = engine.container("shop-web-1")
    (root / "containers" / WEB).rename(root / "containers" / web)
    database = root / "image" / "overlay2" / "layerdb" / "mounts"
    (database / WEB).rename(database / web)
    engine.replies["/info"]["DockerRootDir"] = str(root)
    return web


def test_a_snapshot_holds_blocks_and_no_paths(
    root: Path, take: Take, recorded: RecordedEngine
) -> None:
    web = _as_recorded(root, recorded)
    snapshot = take()
    container = next(each for each in snapshot.containers if each.id == web[:12])
    blocks = counted_of(recorded)
    assert snapshot.gaps == ()
    assert snapshot.disk is not None
    assert snapshot.disk.root == blocks.total
    assert snapshot.disk.layers is not None
    assert container.writable_on_disk == blocks.containers[web]
    assert container.logs_on_disk == blocks.logs[web]
    assert container.writable is not None
    assert snapshot.engine is not None
    assert snapshot.engine.files_unread == ""
    assert str(root) not in format_snapshot(snapshot)


def counted_of(engine: RecordedEngine) -> DataRoot:
    found = count_data_root(HERE, engine.replies["/info"], [])
    assert isinstance(found, DataRoot)
    return found


def test_without_blocks_the_snapshot_says_why(take: Take, recorded: RecordedEngine) -> None:
    recorded.replies["/info"]["DockerRootDir"] = "/nowhere/at-all"
    snapshot = take()
    assert snapshot.gaps == ()
    assert snapshot.engine is not None
    assert snapshot.engine.files_unread == "the engine's folder is not on this machine"
    assert snapshot.disk is not None
    assert (snapshot.disk.root, snapshot.disk.records) == (None, None)
    assert {each.logs_on_disk for each in snapshot.containers} == {None}


def test_counting_that_takes_too_long_is_a_gap_and_costs_nothing_else(
    root: Path, take: Take, recorded: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as_recorded(root, recorded)
    monkeypatch.setattr(data_root, "PATIENCE", 0.0)
    snapshot = take()
    reason = "Counting the engine's files took longer than 0 seconds."
    assert snapshot.gaps == (Gap(source=BLOCKS, reason=reason),)
    assert snapshot.disk is not None
    assert snapshot.disk.layers is not None
    assert snapshot.disk.root is None
    assert len(snapshot.containers) == 4
