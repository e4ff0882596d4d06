"""A real Docker engine for tests: the one that a variable names, else one that is started here.

``HCREPORT_TEST_DOCKER_HOST`` names an engine. Without it ``dockerd`` is started with folders of its
own and no network, which needs root. Where neither works the tests are skipped with the reason;
with ``HCREPORT_REQUIRE=engine`` they fail instead.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from docker import DockerClient

from tests.required import missing

CANARY = "canary-5f3a9c7e"
"""A text that stands in every private place of the engine, and may stand in no snapshot."""

BUSYBOX = Path("/bin/busybox")

_START_SECONDS = 60
_STOP_SECONDS = 60


@dataclass
class RunningEngine:
    """An engine that answers, and a client for tests to look at it independently."""

    host: str
    client: DockerClient
    started_here: bool
    """It holds nothing but what the tests put there, and has the canary in its own settings."""
    images: set[str] = field(default_factory=set)

    def build(self, tag: str, dockerfile: str, files: Mapping[str, bytes] | None = None) -> None:
        """Build an image with the classic builder; ``busybox`` is in the context."""
        if not BUSYBOX.is_file():
            unavailable(f"{BUSYBOX} is missing: install busybox-static")
        context = {"busybox": BUSYBOX.read_bytes(), **(files or {})}
        stream = _tar({"Dockerfile": dockerfile.encode(), **context})
        with stream:
            self.client.images.build(
                fileobj=stream, custom_context=True, tag=tag, network_mode="none", rm=True
            )
        self.images.add(tag)

    def remove(self, tag: str) -> None:
        """Remove an image that was built here, where other files count the engine's images."""
        self.client.images.remove(tag, force=True)
        self.images.discard(tag)

    def clean(self) -> None:
        """Remove the images that were built here."""
        for tag in self.images:
            self.client.images.remove(tag, force=True)
        self.images.clear()


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it where an engine is required."""
    missing("engine", reason)


@pytest.fixture(scope="session")
def engine() -> Iterator[RunningEngine]:
    """Yield a running engine."""
    with running_engine() as running:
        yield running


@pytest.fixture(scope="module")
def engine_of_its_own() -> Iterator[RunningEngine]:
    """Yield an engine for one file of tests that leave images, which others would count."""
    with running_engine() as running:
        yield running


@contextmanager
def running_engine() -> Iterator[RunningEngine]:
    """Yield a running engine, for tests and for ``make bench``."""
    host = os.environ.get("HCREPORT_TEST_DOCKER_HOST")
    if host:
        client = DockerClient(base_url=host, use_ssh_client=True)
        try:
            running = RunningEngine(host=host, client=client, started_here=False)
            yield running
            running.clean()
        finally:
            client.close()
        return
    if shutil.which("dockerd") is None:
        unavailable("there is no dockerd to start, and HCREPORT_TEST_DOCKER_HOST is not set")
    if os.geteuid() != 0:
        unavailable("starting dockerd needs root; set HCREPORT_TEST_DOCKER_HOST instead")
    # A short path: the name of a socket has room for about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="hce"))
    try:
        yield from _own_engine(folder)
    finally:
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _own_engine(folder: Path) -> Iterator[RunningEngine]:
    host = f"unix://{folder}/docker.sock"
    command = [
        *("dockerd", "--host", host, "--data-root", f"{folder}/data"),
        *("--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"),
        *("--iptables=false", "--ip6tables=false", "--bridge=none"),
        # Without a bridge the engine does not know the address by which containers reach it.
        "--host-gateway-ip=127.0.0.1",
        *("--label", f"owner={CANARY}"),
    ]
    proxy = f"http://user:{CANARY}@localhost:9"
    settings = {**os.environ, "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=settings)
        try:
            client = _wait_until_it_answers(host, process, folder / "log")
            yield RunningEngine(host=host, client=client, started_here=True)
            for container in client.containers.list(all=True, sparse=True):
                container.remove(force=True, v=True)
            client.close()
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _wait_until_it_answers(host: str, process: subprocess.Popen[bytes], log: Path) -> DockerClient:
    pause = threading.Event()
    for _ in range(_START_SECONDS * 10):
        if process.poll() is not None:
            break
        with socket.socket(socket.AF_UNIX) as attempt:
            answers = attempt.connect_ex(host.removeprefix("unix://")) == 0
        if answers:
            return DockerClient(base_url=host, timeout=_START_SECONDS)
        pause.wait(0.1)
    last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it wrote nothing"]
    unavailable(f"dockerd does not start: {last[0]}")
    raise AssertionError


def _unmount(folder: Path) -> None:
    """Unmount what a stopped engine left mounted, deepest first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((each for each in mounts if each.startswith(str(folder))), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)


def _tar(files: Mapping[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    stream.seek(0)
    return stream
