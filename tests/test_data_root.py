"""Blocks in an engine's folder: equal to what du counts, and told apart by what they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import data_root
from hcreport.collect.data_root import DataRoot, Unread, count_data_root
from hcreport.collect.engine import Address
from hcreport.collect.history import chain_names
from hcreport.collect.images import read_image
from hcreport.units import Bytes, mebibytes
from tests.data_root_case import BASE, DB, HERE, TOP, WEB, root, write

__all__ = ["root"]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="an engine's folder is on this machine on Linux only"
)

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


def info(root: Path, **more: str) -> dict[str, Any]:
    return {"DockerRootDir": str(root), "Driver": "overlay2", **more}


def counted(root: Path, **more: str) -> DataRoot:
    found = count_data_root(HERE, info(root, **more), [WEB])
    assert isinstance(found, DataRoot), found
    return found


def unread(root: Path, address: Address = HERE, **more: str) -> Unread:
    found = count_data_root(address, info(root, **more), [WEB])
    assert isinstance(found, Unread), found
    return found


def du(*paths: Path) -> int:
    """Return what du finds in folders together, each file once."""
    words = [
        "du",
        "--one-file-system",
        "--block-size=1",
        "--summarize",
        "--total",
        *map(str, paths),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1].split()[0])


def test_each_thing_has_the_blocks_that_du_finds_in_its_folders(root: Path) -> None:
    found = counted(root)
    layers, database = root / "overlay2", root / "image" / "overlay2" / "layerdb"
    assert found.total == du(root)
    assert found.layers == {
        "c" * 16: du(layers / "base", database / "sha256" / BASE),
        "d" * 16: du(layers / "top", database / "sha256" / TOP),
    }
    log = root / "containers" / WEB / f"{WEB}-json.log"
    web = [layers / "web", layers / "web-init", database / "mounts" / WEB]
    db = [layers / "db", layers / "db-init", database / "mounts" / DB]
    assert found.logs == {WEB: du(log)}
    assert found.containers == {
        WEB: du(*web, root / "containers" / WEB) - du(log),
        DB: du(*db, root / "containers" / DB),
    }
    assert found.volumes == {name: du(root / "volumes" / name) for name in ("other", "shop_data")}
    assert found.builder == du(root / "buildkit", layers / "cached")
    assert found.unread == ""


def test_the_account_adds_up_to_the_folder(root: Path) -> None:
    found = counted(root)
    ours = {"chains": {"c" * 16}, "containers": {WEB}, "volumes": {"shop_data"}}
    disk = found.disk(None, **ours)
    assert disk.others == found.layers["d" * 16] + found.containers[DB] + found.volumes["other"]
    named = [found.layers["c" * 16], found.containers[WEB], found.logs[WEB]]
    named += [found.volumes["shop_data"], disk.others]
    assert disk.root == found.total
    assert disk.build_cache_on_disk == found.builder
    assert disk.records is not None
    assert disk.records == found.total - sum(named) - (found.builder or 0)
    assert disk.records > 0


@pytest.mark.parametrize(
    ("name", "is_log"),
    [
        (f"{DB}-json.log", True),
        (f"{DB}-json.log.1", True),
        (f"{DB}-json.log.2.gz", True),
        ("container-cached.log", True),
        ("container-cached.log.1", True),
        ("local-logs/container.log", True),
        ("local-logs/container.log.1.gz", True),
        ("hostconfig.json", False),
        ("checkpoints/one/dump.log", False),
    ],
)
def test_logs_are_known_by_their_names(root: Path, name: str, is_log: bool) -> None:
    before = counted(root)
    write(root / "containers" / DB / name, b"l" * 100_000)
    after = counted(root)
    assert after.total - before.total >= 100_000
    grown = after.logs.get(DB, Bytes(0)) >= 100_000
    assert (grown, after.containers[DB] - before.containers[DB] < 100_000) == (is_log, is_log)


def test_a_sparse_file_counts_what_it_takes(root: Path) -> None:
    before = counted(root).volumes["shop_data"]
    with (root / "volumes" / "shop_data" / "_data" / "sparse").open("wb") as stream:
        stream.truncate(mebibytes(500))
    assert counted(root).volumes["shop_data"] - before < mebibytes(1)


def test_tiny_files_count_a_block_each(root: Path) -> None:
    before = counted(root).layers["d" * 16]
    for number in range(200):
        write(root / "overlay2" / "top" / "diff" / "many" / str(number))
    grown = counted(root).layers["d" * 16] - before
    assert grown == du(root / "overlay2" / "top" / "diff" / "many")
    assert grown >= 200 * 512


def test_a_file_with_two_names_counts_once(root: Path) -> None:
    before = counted(root)
    data = root / "volumes" / "shop_data" / "_data"
    os.link(data / "table", data / "again")
    os.link(data / "table", root / "volumes" / "other" / "_data" / "again")
    after = counted(root)
    assert after.total == before.total == du(root)
    assert sum(after.volumes.values()) == sum(before.volumes.values())


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside" / "large", b"x" * 5_000_000)
    before = counted(root).total
    (root / "volumes" / "shop_data" / "_data" / "link").symlink_to(tmp_path / "outside")
    assert counted(root).total - before < 100_000


@contextmanager
def mounted(place: Path) -> Iterator[None]:
    """Mount a file system on a folder, or skip the test."""
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=False)
    if done.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@ROOT_ONLY
def test_what_is_mounted_in_it_is_left_out(root: Path) -> None:
    merged = root / "overlay2" / "web" / "merged"
    merged.mkdir()
    before = counted(root)
    with mounted(merged):
        write(merged / "large", b"x" * 5_000_000)
        after = counted(root)
        assert after.total == du(root)
    assert after.total <= before.total


@ROOT_ONLY
def test_layers_on_another_disk_are_not_counted_as_nothing(root: Path) -> None:
    shutil.rmtree(root / "overlay2")
    (root / "overlay2").mkdir()
    with mounted(root / "overlay2"):
        write(root / "overlay2" / "base" / "diff" / "file")
        found = counted(root)
    assert (found.layers, found.containers) == ({}, {})
    assert found.volumes


@contextmanager
def as_nobody() -> Iterator[None]:
    """Act as a user without rights where the tests are root's."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("place", ["", "overlay2/top/diff", "image/overlay2/layerdb/sha256"])
def test_what_may_not_be_read_is_a_reason(root: Path, place: str) -> None:
    for above in [root, *root.parents][:4]:
        if above.owner() == root.owner():
            above.chmod(0o755)
    closed = root / place
    closed.chmod(0)
    with as_nobody():
        found = unread(root)
    closed.chmod(0o755)
    assert "may not read" in found.reason
    assert not found.failed


def test_what_vanishes_meanwhile_does_not_count(root: Path) -> None:
    """A folder is listed before its files are looked at, so one of them may be gone by then."""
    files = root / "volumes" / "shop_data" / "_data"
    for number in range(50):
        write(files / str(number))
    entries = data_root._entries(str(files), in_order=True)
    next(entries)
    shutil.rmtree(files)
    assert list(entries) == []
    assert list(data_root._entries(str(files), in_order=True)) == []


def test_an_image_without_all_its_layers_there_is_not_counted() -> None:
    diff_ids = [f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"]
    base, top = chain_names(diff_ids)
    details = {"Id": "sha256:" + "3" * 64, "Size": 9, "RootFS": {"Layers": diff_ids}}
    sizes = {base: Bytes(8192), top: Bytes(4096), "other": Bytes(1)}
    assert read_image(details, [], (), sizes).layers_on_disk == {base: 8192, top: 4096}
    assert read_image(details, [], (), {base: Bytes(8192)}).layers_on_disk == {}


@pytest.mark.parametrize(
    ("address", "more", "words"),
    [
        (Address(url="tcp://10.0.0.1:2375"), {}, "run it as root on the engine's machine"),
        (Address(url="tcp://127.0.0.1:2375"), {}, "run it as root on the engine's machine"),
        (Address(url="ssh://somebody@host"), {}, "run it as root on the engine's machine"),
        (HERE, {"DockerRootDir": ""}, "run it as root on the engine's machine"),
        (HERE, {"OperatingSystem": "Docker Desktop"}, "in a virtual machine"),
        (HERE, {"DockerRootDir": "/nowhere/at-all"}, "not on this machine"),
    ],
)
def test_where_it_cannot_be_read_there_is_a_reason(
    root: Path, address: Address, more: dict[str, str], words: str
) -> None:
    found = unread(root, address, **more)
    assert words in found.reason
    assert not found.failed


def test_the_folder_of_another_engine_is_not_read(root: Path) -> None:
    found = count_data_root(HERE, info(root), ["e" * 64])
    assert isinstance(found, Unread)
    assert "not on this machine" in found.reason
    assert isinstance(count_data_root(HERE, info(root), ["e" * 64, WEB]), DataRoot)
    assert isinstance(count_data_root(HERE, info(root), []), DataRoot)


def test_patience_ends(root: Path) -> None:
    found = count_data_root(HERE, info(root), [WEB], patience=0)
    assert found == Unread(
        reason="counting the engine's files took longer than 0 seconds", failed=True
    )


def test_another_storage_driver_still_has_logs_and_volumes(root: Path) -> None:
    found = counted(root, Driver="btrfs")
    assert found.total == du(root)
    assert found.logs.keys() == {WEB}
    assert found.volumes.keys() == {"other", "shop_data"}
    assert (found.layers, found.containers, found.builder) == ({}, {}, None)
    assert "overlay2" in found.unread
    disk = found.disk(None, chains=set(), containers={WEB}, volumes=set())
    assert (disk.root, disk.others, disk.records) == (found.total, None, None)
