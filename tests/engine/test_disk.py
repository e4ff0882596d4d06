"""What hcreport says of the disk is what du finds in the folder of a real engine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hcreport.estimate.disk import (
    CACHE,
    IMAGES,
    LOGS,
    OTHERS,
    RECORDS,
    UNPACK,
    VOLUMES,
    WRITTEN,
    disk_need,
)
from hcreport.model import Snapshot
from hcreport.units import MIB, mebibytes
from tests.engine.stack import BASE, Stack, compose, take, wait_until
from tests.engine_fixture import RunningEngine, running_engine, unavailable

pytestmark = pytest.mark.engine

IMAGE = "hcreport-test/disk:1"
OTHER = "hcreport-test/other:1"

TINY_FILES = 5000
LINES = 200_000

_TINY = f"""\
{BASE}
RUN mkdir /tiny && for each in $(seq {TINY_FILES}); do printf ab > /tiny/$each; done \
 && dd if=/dev/zero of=/sparse bs=1 count=1 seek=20M \
 && dd if=/dev/zero of=/deleted bs=1M count=20
RUN rm /deleted
"""

# A file with a hole stays one where the container itself makes it.
_WRITE = f"""\
dd if=/dev/zero of=/written bs=1M count=7
dd if=/dev/zero of=/hole bs=1 count=1 seek=300M
mkdir /many && for each in $(seq 500); do printf ab > /many/$each; done
dd if=/dev/zero of=/data/rows bs=1M count=11
seq 1 {LINES}
echo ready > /data/ready
sleep 100000
"""


@pytest.fixture(scope="module")
def own_engine() -> Iterator[RunningEngine]:
    """Yield an engine that holds nothing else, so that its whole folder is this project's."""
    with running_engine() as running:
        if not running.started_here:
            unavailable("the folder of an engine that was not started here holds other things")
        if running.client.info()["Driver"] != "overlay2":
            pytest.skip("layers are counted for the storage driver overlay2 alone")
        yield running


@pytest.fixture(scope="module")
def project(own_engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a running project whose files are tiny, sparse and deleted."""
    own_engine.build(IMAGE, _TINY)
    folder = tmp_path_factory.mktemp("disk")
    services = {
        name: {
            "image": IMAGE,
            "network_mode": "none",
            "stop_grace_period": "0s",
            "volumes": ["data:/data"] if name == "writer" else [],
            "command": ["sh", "-c", _WRITE.replace("$", "$$")] if name == "writer" else ["true"],
        }
        for name in ("writer", "idle")
    }
    whole = {"services": services, "volumes": {"data": {}}}
    (folder / "compose.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    stack = Stack(engine=own_engine, folder=folder, name="hcreport-disk")
    compose(stack, "up", "--detach", "--quiet-pull")
    ready = _volume(stack) / "ready"
    wait_until(ready.exists, 60, "the files of the container")
    # The engine copies what a container prints at its own pace, also after the last file is there.
    wait_until(lambda: _last_line(stack) == str(LINES), 60, "the last line of the log")
    yield stack
    compose(stack, "down", "--volumes", "--timeout", "0")


def _last_line(stack: Stack) -> str:
    (writer,) = stack.engine.client.containers.list(filters={"name": f"{stack.name}-writer"})
    return writer.logs(tail=1).decode().strip()


def _data_root(stack: Stack) -> Path:
    return Path(stack.engine.client.info()["DockerRootDir"])


def _volume(stack: Stack) -> Path:
    return _data_root(stack) / "volumes" / f"{stack.name}_data" / "_data"


def _du(folder: Path) -> int:
    words = ["du", "--one-file-system", "--block-size=1", "--summarize", str(folder)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[0])


def _sizes(snapshot: Snapshot) -> dict[str, float]:
    need = disk_need(snapshot.services, snapshot)
    assert need.total is not None
    found = {part.name: part.size.value for part in need.parts if part.size is not None}
    assert need.total.value == sum(found.values())
    return found


def test_the_parts_are_what_du_finds(project: Stack) -> None:
    snapshot = take(project)
    sizes = _sizes(snapshot)
    assert sizes.keys() == {IMAGES, VOLUMES, WRITTEN, LOGS, CACHE, RECORDS, UNPACK}
    there = sum(sizes.values()) - sizes[UNPACK]
    assert there == pytest.approx(_du(_data_root(project)), rel=0.05)
    assert snapshot.disk is not None
    assert there == snapshot.disk.root
    assert snapshot.gaps == ()


def test_each_part_is_of_the_size_that_was_written(project: Stack) -> None:
    snapshot = take(project)
    sizes = _sizes(snapshot)
    block = os.statvfs(_data_root(project)).f_frsize
    # A block for each tiny file, and what was deleted in a later layer.
    assert sizes[IMAGES] > TINY_FILES * block + 20 * MIB
    assert mebibytes(11) < sizes[VOLUMES] < mebibytes(12)
    # A block for each tiny file, and nothing for the hole.
    assert mebibytes(7) + 500 * block < sizes[WRITTEN] < mebibytes(11)
    # Each line of a log is a line of JSON with its time.
    assert sizes[LOGS] > LINES * len(str(LINES))
    assert 0 < sizes[RECORDS] < mebibytes(2)


def test_lengths_of_files_would_not_have_been_right(project: Stack) -> None:
    """The engine's own count holds the hole in full, and none of the tiny files' blocks."""
    snapshot = take(project)
    (image,) = snapshot.images
    assert sum(image.layers_on_disk.values()) > image.size
    writer = next(each for each in snapshot.containers if each.service == "writer")
    assert writer.writable is not None
    assert writer.writable_on_disk is not None
    assert writer.writable > mebibytes(300) > writer.writable_on_disk


def test_what_others_have_on_the_engine_is_left_out_and_said(project: Stack) -> None:
    before = _sizes(take(project))
    project.engine.build(OTHER, "FROM scratch\nCOPY large /large\n", {"large": b"x" * 3_000_000})
    try:
        snapshot = take(project)
    finally:
        project.engine.client.images.remove(OTHER, force=True)
        project.engine.images.discard(OTHER)
    need = disk_need(snapshot.services, snapshot)
    reasons = {part.name: part.reason for part in need.parts if part.size is None}
    assert snapshot.disk is not None
    assert snapshot.disk.others is not None
    assert snapshot.disk.others > 3_000_000
    assert reasons[RECORDS] == "the engine keeps records for other projects too"
    assert "left out" in reasons[OTHERS]
    after = {part.name: part.size.value for part in need.parts if part.size is not None}
    assert after == {name: before[name] for name in after}
    assert after.keys() == {IMAGES, VOLUMES, WRITTEN, LOGS, UNPACK}
