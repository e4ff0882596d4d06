"""Makes the image with the real servers, from the packages of Debian, and the prepared data.

The folder with the unpacked packages is kept, so that they are fetched once. Each lane, a row of
trials beside another, has an image of its own: files of one image would be charged to the container
that reads them first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from docker import DockerClient

from bench.sizing.services import PACKAGES
from hcreport.units import MIB

SUITE = "bookworm"
_MORE = ("python3", "procps", "xz-utils", "postgresql-client")
_NAME = "hcreport-sizing/lane-{}:1"
_RANDOM_PART = 4 * MIB


def image_name(lane: int) -> str:
    """Return the image of one lane."""
    return _NAME.format(lane)


def unpacked(folder: Path) -> Path:
    """Return the folder with the unpacked packages; fetch them where it is not there yet."""
    root, unfinished = folder / "root", folder / "root.unfinished"
    if root.is_dir():
        return root
    if shutil.which("debootstrap") is None:
        raise RuntimeError("the image is made by debootstrap: install the package debootstrap")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    packages = ",".join((*_MORE, *PACKAGES))
    _run("debootstrap", "--variant=minbase", f"--include={packages}", SUITE, unfinished)
    for archive in (unfinished / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    unfinished.rename(root)
    return root


def versions(root: Path) -> dict[str, str]:
    """Return the version of each package that is measured."""
    said = _run("chroot", root, "dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES)
    return dict(line.split(" ", 1) for line in said.splitlines())


def load_image(client: DockerClient, root: Path, lane: int) -> None:
    """Import the image of a lane into the engine, where it is not there yet.

    A file with the lane's number makes its layer differ, or the engine would share the layers.
    """
    if any(image_name(lane) in image.tags for image in client.images.list()):
        return
    (root / "lane").write_text(f"{lane}\n", encoding="utf-8")
    words = ["tar", "-C", str(root), "--exclude=./dev", "--exclude=./proc", "--exclude=./sys"]
    with subprocess.Popen([*words, "-c", "."], stdout=subprocess.PIPE) as packing:
        assert packing.stdout is not None
        repository, tag = image_name(lane).split(":")
        client.api.import_image_from_stream(packing.stdout, repository=repository, tag=tag)
    os.sync()


def files_of(client: DockerClient, lane: int) -> list[Path]:
    """Return the files of a lane's image in the engine's folders."""
    details = client.images.get(image_name(lane)).attrs
    return _files(Path(details["GraphDriver"]["Data"]["UpperDir"]))


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]


def evict(files: Iterable[Path]) -> None:
    """Take files out of the page cache, so that whoever reads them next is charged for them."""
    for file in files:
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue  # removed meanwhile
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def prepare_data(folder: Path, root: Path, lane: int) -> Path:
    """Make the data of a lane's services, where they are not there yet; return their folder."""
    data = folder / "data" / f"lane-{lane}"
    makers = {"model": _model, "static": _static, "postgres": _postgres, "mariadb": _mariadb}
    for name, make in makers.items():
        if not (data / name).is_dir():
            unfinished = data / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            make(unfinished, root)
            unfinished.rename(data / name)
    os.sync()
    return data


def copy_data(source: Path, target: Path) -> None:
    """Copy a folder with owners and modes, and flush it to disk."""
    _run("cp", "-a", source, target)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_flush, _files(target)))


def _flush(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _model(folder: Path, _: Path) -> None:
    with (folder / "model").open("wb") as stream:
        for _part in range(30):
            stream.write(os.urandom(_RANDOM_PART))


def _static(folder: Path, _: Path) -> None:
    for page in range(160):
        (folder / f"page-{page}").write_bytes(os.urandom(MIB))


def _postgres(folder: Path, root: Path) -> None:
    script = """
        export PATH=/usr/lib/postgresql/15/bin:$PATH
        initdb --wal-segsize=4 -D /mnt/data -A trust -U postgres >/dev/null
        pg_ctl -D /mnt/data -o '-k /tmp -p 54329 -c listen_addresses=' -w start >/dev/null
        pgbench -h /tmp -p 54329 -U postgres -i -s 4 -q postgres
        pg_ctl -D /mnt/data -w stop >/dev/null
    """
    _in_root(folder, root, "postgres", script)


def _mariadb(folder: Path, root: Path) -> None:
    script = "mariadb-install-db --no-defaults --datadir=/mnt/data --user=mysql >/dev/null"
    _in_root(folder, root, "mysql", script)


def _in_root(folder: Path, root: Path, user: str, script: str) -> None:
    """Run a script as a user of the unpacked packages, with the folder at ``/mnt/data``."""
    place = root / "mnt" / "data"
    place.mkdir(exist_ok=True)
    _run("mount", "--bind", folder, place)
    try:
        _run("chroot", root, "chown", f"{user}:", "/mnt/data")
        _run("chroot", root, "chmod", "700", "/mnt/data")
        _run("chroot", root, "setpriv", f"--reuid={user}", "--clear-groups", "sh", "-ec", script)
    finally:
        _run("umount", place)
        place.rmdir()


def _run(*words: str | Path) -> str:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    done = subprocess.run(
        [str(word) for word in words], check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise RuntimeError(f"{words[0]} ended with {done.returncode}: {said}")
    return done.stdout
