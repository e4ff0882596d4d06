"""Real images: figures are dive's, what is seen is what a container holds, and causes are right."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import cast

import pytest

from hcreport.collect.layers.archive import read_archive
from hcreport.contents.merged import Merged, merge
from hcreport.contents.reclaim import reclaimable
from hcreport.units import KIB
from tests.dive_binary import computed, dive_binary, printed_by_dive
from tests.engine_fixture import RunningEngine
from tests.engine_fixture import engine_of_its_own as engine
from tests.random_images import layer_files, random_image, write_archive

__all__ = ["engine"]

pytestmark = pytest.mark.engine

BASE = "hcreport-test/layers-base:1"

RANDOM = 8
"""How many random images the engine is given."""

_LONG = "n" * 150

_BASE = f"""\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /srv/app/lib /srv/data /var/cache/made /{_LONG} \\
 && for n in 1 2 3 4 5 6 7 8; do head -c 3000 /dev/urandom > /srv/app/lib/$n; done \\
 && for n in 1 2 3 4 5 6; do head -c 70000 /dev/urandom > /var/cache/made/$n; done \\
 && head -c 200000 /dev/urandom > /srv/data/big \\
 && ln /srv/data/big /srv/data/same && ln /srv/data/big /srv/same \\
 && ln -s ../data/big /srv/app/big && ln -s data /srv/link \\
 && head -c 500 /dev/urandom > /{_LONG}/$(head -c 120 /dev/zero | tr '\\0' m) \\
 && touch '/srv/-early' '/srv/é' && mkfifo /srv/pipe
"""

# What is done after that, and what hides bytes: cause, paths.
Causes = dict[str, set[str]]
CASES: dict[str, tuple[str, Causes]] = {
    "nothing": ("RUN true", {}),
    "chmod": ("RUN chmod -R go-rwx /srv/app", {"chmod copy": {"srv/app/lib"}}),
    "chown": ("RUN chown -R 1000:1000 /srv/app", {"chown copy": {"srv/app/lib"}}),
    "a folder deleted whole": ("RUN rm -rf /var/cache/made", {"deleted later": {"var/cache/made"}}),
    "files of a folder deleted": (
        "RUN rm -rf /var/cache/made/*",
        {"deleted later": {"var/cache/made"}},
    ),
    "some of them": (
        "RUN rm /var/cache/made/1 /var/cache/made/2",
        {"deleted later": {"var/cache/made/1", "var/cache/made/2"}},
    ),
    "deleted and made again": (
        "RUN rm -rf /var/cache/made && mkdir /var/cache/made && echo 1 > /var/cache/made/1",
        {"deleted later": {"var/cache/made"}, "rewritten": {"var/cache/made/1"}},
    ),
    "moved": ("RUN mv /var/cache/made /srv/made", {"moved": {"var/cache/made"}}),
    "one name deleted": ("RUN rm /srv/data/big /srv/data/same", {}),
    "all names deleted": ("RUN rm -r /srv/data /srv/same", {"deleted later": {"srv/data"}}),
    "a file instead of a folder": (
        "RUN rm -r /var/cache/made && echo 1 > /var/cache/made",
        {"deleted later": {"var/cache/made"}},
    ),
    "a folder instead of a file": (
        "RUN rm /var/cache/made/1 && mkdir -p /var/cache/made/1/2 && echo > /var/cache/made/1/2/3",
        {"deleted later": {"var/cache/made/1"}},
    ),
    "written again": (
        "RUN echo more >> /srv/app/lib/1",
        {"rewritten": {"srv/app/lib/1"}},
    ),
    "odd names": (
        f"RUN rm -r /{_LONG} /srv/-early /srv/é /srv/pipe /srv/link",
        {"deleted later": {_LONG}},
    ),
    "one after another": (
        "RUN chmod 600 /var/cache/made/*\nRUN chown 7 /var/cache/made/*\nRUN rm -r /var/cache",
        {
            "chmod copy": {"var/cache/made"},
            "chown copy": {"var/cache/made"},
            "deleted later": {"var/cache"},
        },
    ),
    "copied again": (
        "COPY busybox /opt/\nCOPY --chown=9 busybox /opt/\nADD busybox /opt/busybox",
        {"chown copy": {"opt/busybox"}},
    ),
}

_OF_THE_ENGINE = {
    *(".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "proc", "sys", "etc"),
    *("etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"),
}
"""What an engine adds to the file system of every container."""


@pytest.fixture(scope="module")
def base(engine: RunningEngine) -> RunningEngine:
    """Return an engine with the image that the others start from."""
    engine.build(BASE, _BASE)
    return engine


@pytest.mark.parametrize("name", CASES)
def test_layers_of_a_real_image(base: RunningEngine, tmp_path: Path, name: str) -> None:
    steps, causes = CASES[name]
    tag = f"hcreport-test/layers-{name.replace(' ', '-')}:1"
    base.build(tag, f"FROM {BASE}\n{steps}\n")
    archive = tmp_path / "image.tar"
    _save(base, tag, archive)
    (image,) = read_archive(archive)
    merged = merge(image.layers)

    found = reclaimable(image.layers, merged)
    assert sum(each.size for each in found) == image.size - merged.size
    assert {each.cause: {path.decode() for path in each.paths} for each in found} == causes

    held, size = _exported(base, tag, tmp_path / "container.tar")
    assert _paths(merged) - _OF_THE_ENGINE == held - _OF_THE_ENGINE
    assert abs(merged.size - size) < 4 * KIB

    assert computed(image.as_dive_sees) == printed_by_dive(dive_binary(), archive)


def test_random_images_are_seen_as_an_engine_sees_them(
    engine: RunningEngine, tmp_path: Path
) -> None:
    for seed in range(RANDOM):
        layers = random_image(seed, wild=False)
        archive = tmp_path / "image.tar"
        write_archive(archive, layers)
        (image,) = engine.client.images.load(archive.read_bytes())
        try:
            held, size = _exported(engine, str(image.id), tmp_path / "container.tar")
        finally:
            engine.client.images.remove(str(image.id), force=True)
        merged = merge([layer_files(layer) for layer in layers])
        assert _paths(merged) - _OF_THE_ENGINE == held - _OF_THE_ENGINE, seed
        assert abs(merged.size - size) < KIB, seed


def _save(engine: RunningEngine, tag: str, to: Path) -> None:
    with to.open("wb") as file:
        file.writelines(engine.client.images.get(tag).save(named=True))


def _exported(engine: RunningEngine, image: str, to: Path) -> tuple[set[str], int]:
    """Return the paths that a container of an image holds, and the bytes of its files."""
    container = engine.client.containers.create(image, ["sh"], network_mode="none")
    try:
        with to.open("wb") as file:
            file.writelines(cast("Iterable[bytes]", container.export()))
    finally:
        container.remove()
    with tarfile.open(to) as archive:
        entries = archive.getmembers()
    return {each.name.rstrip("/") for each in entries}, sum(
        each.size for each in entries if each.isreg()
    )


def _paths(merged: Merged) -> set[str]:
    """Return what is seen, with folders that no archive lists."""
    paths = {path.decode("utf-8", "surrogateescape") for path in merged.places}
    return {str(above) for path in paths for above in (path, *PurePosixPath(path).parents)} - {"."}
