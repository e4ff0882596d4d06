"""An engine for the experiment, and what the kernel says about its containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient

_WAIT_SECONDS = 60
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine on this machine, whose files and groups can be reached."""

    host: str
    client: DockerClient

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment for programs that talk to it."""
        return {**os.environ, "DOCKER_HOST": self.host}


@contextmanager
def started_engine(folder: Path) -> Iterator[Engine]:
    """Start ``dockerd`` with its own folders; its images stay in ``folder`` for the next time."""
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        raise RuntimeError("the experiment starts dockerd, which needs root; or name one: --engine")
    # A short path: the name of a socket has room for about a hundred characters.
    place = Path(tempfile.mkdtemp(prefix="hcs"))
    host = f"unix://{place}/docker.sock"
    command = [
        *("dockerd", "--host", host, "--data-root", f"{folder}/engine"),
        *("--exec-root", f"{place}/exec", "--pidfile", f"{place}/pid"),
        *("--iptables=false", "--ip6tables=false", "--bridge=none"),
        *("--exec-opt", "native.cgroupdriver=cgroupfs"),
    ]
    with (folder / "engine.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with connected_engine(host) as engine:
            yield engine
    finally:
        process.terminate()
        process.wait(_WAIT_SECONDS)
        _unmount(place)
        _unmount(folder / "engine")
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def connected_engine(host: str) -> Iterator[Engine]:
    """Connect to an engine, as soon as it answers."""
    socket = Path(host.removeprefix("unix://"))
    end = time.monotonic() + _WAIT_SECONDS
    while not socket.exists() and time.monotonic() < end:
        time.sleep(0.1)
    client = DockerClient(base_url=host, timeout=300)
    try:
        client.ping()
        yield Engine(host=host, client=client)
    finally:
        client.close()


def _unmount(folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((each for each in mounts if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)


def favour(group: str) -> None:
    """Give the containers in a group four times the CPU of any other program on the machine.

    More would starve the engine and the programs that make load.
    """
    v1 = _CGROUPS / "cpu" / group
    if v1.parent.is_dir():
        v1.mkdir(exist_ok=True)
        (v1 / "cpu.shares").write_text("4096", encoding="ascii")
        return
    v2 = _CGROUPS / group
    v2.mkdir(exist_ok=True)
    (v2 / "cpu.weight").write_text("400", encoding="ascii")


class MemoryGroup:
    """The kernel's memory group of a container, or the parent of several; cgroup v1 and v2."""

    def __init__(self, name: str) -> None:
        """``name`` is the path below the controller's root, such as ``docker/ID``."""
        self._v1 = (_CGROUPS / "memory").is_dir()
        self._folder = (_CGROUPS / "memory" if self._v1 else _CGROUPS) / name

    def create(self) -> None:
        """Make the group, for a parent."""
        self._folder.mkdir(exist_ok=True)
        if not self._v1:
            (_CGROUPS / "cgroup.subtree_control").write_text("+memory")

    def remove(self) -> None:
        """Remove the group once it is empty: the kernel lets go of containers a little later."""
        end = time.monotonic() + _WAIT_SECONDS
        while self._folder.is_dir():
            try:
                self._folder.rmdir()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def set_limit(self, limit: int | None) -> None:
        """Limit memory, and memory with swap, to so many bytes; None takes the limit away."""
        if not self._v1:
            self._write("memory.max", "max" if limit is None else str(limit))
            return
        self._write("memory.memsw.limit_in_bytes", "-1")
        self._write("memory.limit_in_bytes", "-1" if limit is None else str(limit))
        if limit is not None:
            self._write("memory.memsw.limit_in_bytes", str(limit))

    @property
    def oom_kills(self) -> int | None:
        """How many processes of this group the kernel killed; None where the group is gone."""
        return self._counter("memory.oom_control" if self._v1 else "memory.events", "oom_kill")

    @property
    def refaults(self) -> int | None:
        """How many file pages were read again after the kernel had taken them back."""
        return self._counter("memory.stat", "workingset_refault_file")

    @property
    def peak(self) -> int | None:
        """The kernel's own highest value, in bytes."""
        return self._number("memory.max_usage_in_bytes" if self._v1 else "memory.peak")

    def _write(self, name: str, value: str) -> None:
        (self._folder / name).write_text(value, encoding="ascii")

    def _number(self, name: str) -> int | None:
        try:
            return int((self._folder / name).read_text(encoding="ascii"))
        except OSError:
            return None

    def _counter(self, file: str, name: str) -> int | None:
        try:
            lines = (self._folder / file).read_text(encoding="ascii").splitlines()
        except OSError:
            return None
        values = dict(line.split(" ", 1) for line in lines)
        return int(values[name]) if name in values else None
