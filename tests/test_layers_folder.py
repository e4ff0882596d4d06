"""An engine's folder is read in place only where it is on this machine and as it should be."""

from __future__ import annotations

import gzip
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hcreport.collect.engine import Address
from hcreport.collect.layers.overlay import SplitArchive
from tests.engine_folder import split, unpack
from tests.engine_images_case import (
    BASE,
    FAR,
    LIBRARY,
    TOP,
    WEB,
    Client,
    Json,
    folder_of,
    notes_of,
    read,
    root,
)
from tests.image_archives import layer

__all__ = ["root"]

WEIGHTS = "opt/app/weights.gguf"


def replaced_by(
    make: Callable[[Path, Path], object], name: str = WEIGHTS
) -> Callable[[Path], object]:
    """Return an act that puts something in the place of a file or folder of the second layer.

    What was there is outside then, under the second path.
    """

    def act(root: Path) -> object:
        place = folder_of(root, 1) / name
        return make(place, place.rename(root / "outside"))

    return act


def noted(name: str, content: bytes) -> Callable[[Path], None]:
    """Return an act that writes one of the engine's notes on the first layer anew."""

    def act(root: Path) -> None:
        (notes_of(root) / name).write_bytes(content)

    return act


def cut(root: Path) -> None:
    """Cut the notes on a layer short."""
    path = notes_of(root) / "tar-split.json.gz"
    path.write_bytes(path.read_bytes()[:-900])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no notes": lambda root: (notes_of(root) / "tar-split.json.gz").unlink(),
    "notes cut": cut,
    "notes of a form that is not known": noted("tar-split.json.gz", gzip.compress(b'{"type":3}')),
    "notes that are none": noted("tar-split.json.gz", gzip.compress(b"[]")),
    "another layer": noted("diff", WEB.diff_ids[1].encode()),
    "a folder elsewhere": noted("cache-id", b"../../../outside"),
    "no files": lambda root: shutil.rmtree(folder_of(root)),
    "the whole folder missing": shutil.rmtree,
    "another size": replaced_by(lambda place, old: place.write_bytes(old.read_bytes() + b"more")),
    "a file missing": lambda root: (folder_of(root, 1) / WEIGHTS).unlink(),
    "a link instead of a file": replaced_by(lambda place, old: place.symlink_to(old)),
    "a link instead of a folder": replaced_by(lambda place, old: place.symlink_to(old), "opt/app"),
    "a pipe instead of a file": replaced_by(lambda place, _: os.mkfifo(place)),
}


@pytest.mark.parametrize("act", DAMAGE)
def test_a_folder_that_is_not_as_it_should_be_is_not_used(root: Path, act: str) -> None:
    DAMAGE[act](root)
    client = Client([WEB], root=str(root))
    found = read(client)
    assert (found.read, client.asked) == ("engine", [["shop/web:1"]])
    assert found.images == read(Client([WEB])).images


@pytest.mark.parametrize("place", [FAR, Address(url="ssh://somebody@host")])
def test_the_folder_of_an_engine_elsewhere_is_not_looked_at(root: Path, place: Address) -> None:
    assert read(Client([WEB], root=str(root)), address=place).read == "engine"


@pytest.mark.parametrize(
    "more",
    [
        {"OperatingSystem": "Docker Desktop"},
        {"Driver": "btrfs"},
        {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
        {"DockerRootDir": ""},
    ],
)
def test_other_ways_to_keep_layers_are_not_read_in_place(root: Path, more: Json) -> None:
    found = read(Client([WEB], root=str(root), more=more))
    assert (found.read, not found.failures) == ("engine", True)


def test_an_archive_is_put_together_to_the_byte(tmp_path: Path) -> None:
    for number, content in enumerate((BASE, TOP, LIBRARY, layer())):
        place = tmp_path / str(number)
        unpack(content, place)
        with SplitArchive(io.BytesIO(b"".join(split(content))), place) as archive:
            found = b"".join(iter(lambda: archive.read(100_000), b""))
        assert found == content


@pytest.mark.parametrize("count", [1, 511, 4097, 40_000])
def test_parts_of_an_archive_may_be_passed_over(tmp_path: Path, count: int) -> None:
    unpack(TOP, tmp_path / "files")
    for start in range(0, len(TOP) - 2 * count - 7, 7001):
        with SplitArchive(io.BytesIO(b"".join(split(TOP))), tmp_path / "files") as archive:
            archive.skip(start)
            ahead = archive.look(10, 20)
            assert ahead in (b"", TOP[start + 10 : start + 30])
            found = archive.read(count)
            assert found == TOP[start : start + len(found)]
            archive.skip(count)
            rest = start + len(found) + count
            found = archive.read(7)
            assert found == TOP[rest : rest + len(found)]
            with pytest.raises(EOFError):
                archive.skip(len(TOP))
