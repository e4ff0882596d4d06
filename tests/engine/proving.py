"""A small real project that holds memory, and a look at everything that a proof could leave."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from hcreport.collect.compose_binary import find_compose
from hcreport.model import (
    Engine,
    Project,
    Proof,
    Series,
    Service,
    Snapshot,
    Window,
)
from hcreport.proofs import proofs_path, read_proofs
from hcreport.prove.cgroup import ROOT
from hcreport.prove.guard import throwaway_name
from hcreport.snapshot import write_snapshot
from hcreport.units import Bytes, mebibytes
from tests.engine.stack import BASE, IMAGE
from tests.engine_fixture import RunningEngine

Json = dict[str, Any]

NAME = "hcreport-shop"
SCENARIO = "everything that starts"

HOLDS = {"cache": 40, "web": 20, "worker": 10}
"""MiB that a container of each service holds in its shared memory."""

ROOM = 8
"""MiB that are stated beyond what is held: the shell, and what the engine's runtime needs."""


def _holding(name: str, then: str = "sleep 100000") -> Json:
    script = f"dd if=/dev/zero of=/dev/shm/held bs=1M count={HOLDS[name]} && {then}"
    return {
        "image": IMAGE,
        "network_mode": "none",
        "stop_grace_period": "0s",
        "command": ["sh", "-c", script],
    }


def services() -> dict[str, Json]:
    """Return the services of the project, as in ``compose.yaml``."""
    return {
        "cache": _holding("cache")
        | {
            "container_name": "hcreport-shop-cache",
            "restart": "unless-stopped",
            "volumes": ["data:/data", "/scratch", "./settings:/settings"],
        },
        "web": _holding("web", "touch /run/up && sleep 100000")
        | {
            "tmpfs": ["/run"],
            "depends_on": ["cache"],
            "secrets": ["password"],
            "healthcheck": {
                "test": ["CMD", "test", "-f", "/run/up"],
                "interval": "1s",
                "retries": 1,
                "start_period": "60s",
            },
        },
        "worker": _holding("worker") | {"deploy": {"replicas": 2}},
    }


@dataclass
class Shop:
    """The real project while it runs, with a snapshot of it."""

    engine: RunningEngine
    folder: Path
    temporary: Path
    """Where hcreport is to keep its temporary files."""

    @property
    def snapshot(self) -> Path:
        return self.folder / "shop.json"

    @property
    def throwaway(self) -> str:
        return throwaway_name(self.folder.resolve(), NAME)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start ``hcreport prove`` with more words."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "hcreport", "prove", SCENARIO, "--host", self.engine.host),
                *("--snapshot", str(self.snapshot), "--project-directory", str(self.folder)),
                *("--ready-within", "90s", *words),
            ],
            env=self._settings(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def prove(self, *words: str) -> tuple[int, str]:
        """Run ``hcreport prove`` to its end; return its exit code and what it said."""
        with self.start(*words) as process:
            said, _ = process.communicate()
        return process.returncode, said

    def proof(self) -> Proof:
        """Return the newest proof, where there is just one of its kind."""
        proofs = read_proofs(proofs_path(self.snapshot)).proofs
        return max(proofs, key=lambda each: each.taken_at)

    def has_temporary_files(self) -> bool:
        """Tell whether a proof holds its lock or its folder."""
        return any(self.temporary.iterdir())

    def has_throwaway(self) -> bool:
        """Tell whether the engine has a container of the throwaway."""
        wanted = {"label": f"com.docker.compose.project={self.throwaway}"}
        return bool(self.engine.client.api.containers(all=True, filters=wanted))

    def is_quiet(self) -> bool:
        """Tell whether nothing runs any more that belongs to a proof."""
        return not self.has_temporary_files() and not any(processes(self.throwaway))

    def compose(self, *arguments: str) -> None:
        """Run the real Compose on the real project."""
        done = subprocess.run(
            [*find_compose().command, *arguments],
            cwd=self.folder,
            env=self._settings() | {"DOCKER_HOST": self.engine.host},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _settings(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self.temporary), "PASSWORD": "example"}


@dataclass(frozen=True)
class Everything:
    """What there is, of all that a proof makes."""

    containers: dict[str, str]
    """When each was started, by its identifier."""
    networks: frozenset[str]
    volumes: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    processes: frozenset[str]


def everything(shop: Shop) -> Everything:
    """Look at it, by the engine and by the machine, without hcreport."""
    api = shop.engine.client.api
    return Everything(
        containers={
            each["Id"]: _started(api.inspect_container(each["Id"]))
            for each in api.containers(all=True)
        },
        networks=frozenset(each["Id"] for each in api.networks()),
        volumes=frozenset(each["Name"] for each in api.volumes()["Volumes"] or ()),
        groups=frozenset(
            str(place / shop.throwaway)
            for place in (ROOT, *ROOT.iterdir())
            if (place / shop.throwaway).exists()
        ),
        files=frozenset(each.name for each in shop.temporary.iterdir()),
        processes=frozenset(processes(shop.throwaway)),
    )


def _started(container: dict[str, Any]) -> str:
    """Return when a container started; nothing for one that crashes again and again."""
    return "" if container["RestartCount"] else str(container["State"]["StartedAt"])


def processes(name: str) -> Iterator[str]:
    """Yield the processes in whose arguments or environment the throwaway's name stands."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except OSError:
                continue
            if name.encode() in text:
                yield folder.name


@contextmanager
def running_shop(engine: RunningEngine, folder: Path) -> Iterator[Shop]:
    """Build the image, start the real project, and write a snapshot of what it needs."""
    engine.build(IMAGE, BASE)
    project = {
        "name": NAME,
        "services": services(),
        "volumes": {"data": {}},
        "secrets": {"password": {"environment": "PASSWORD"}},
    }
    (folder / "settings").mkdir()
    (folder / "compose.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    # The name of a socket has room for about a hundred characters, and so have other tools' paths.
    with tempfile.TemporaryDirectory(prefix="hcp") as temporary:
        shop = Shop(engine=engine, folder=folder, temporary=Path(temporary))
        write_snapshot(_snapshot(), shop.snapshot)
        try:
            shop.compose("up", "--detach")
            yield shop
        finally:
            shop.compose("down", "--volumes", "--timeout", "0")


def _snapshot() -> Snapshot:
    """Return a snapshot of the project in which the need of each container is known."""
    taken_at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    counts = {"cache": 1, "web": 1, "worker": 2}
    each = [(name, number) for name in HOLDS for number in range(1, counts[name] + 1)]
    return Snapshot(
        taken_at=taken_at,
        tool="a test",
        project=Project(name=NAME),
        engine=Engine(memory_total=mebibytes(4096), cgroup_version="1"),
        services=tuple(Service(name=name, replicas=counts[name]) for name in HOLDS),
        window=Window(
            started_at=taken_at,
            seconds=60,
            interval_seconds=1,
            rounds=60,
            series=tuple(_series(name, number) for name, number in each),
        ),
    )


def _need(name: str) -> Bytes:
    return mebibytes(HOLDS[name] + ROOM)


def _series(name: str, number: int) -> Series:
    need = _need(name)
    return Series(
        container=f"{NAME}-{name}-{number}",
        id=f"{name}{number}"[:12],
        service=name,
        number=number,
        first_at=0,
        last_at=59,
        samples=60,
        usage=need,
        shown=need,
        held=need,
        warm=need,
        peak=need,
        peak_source="engine",
    )
