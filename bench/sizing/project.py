"""Runs services as a real Compose project, with limits or without, and makes their load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench
from bench.sizing.engine import Engine, MemoryGroup
from bench.sizing.image import copy_data, evict, image_name
from bench.sizing.services import Service
from hcreport.collect.compose_binary import find_compose

_CODE = Path(bench.__file__).parent
PARENT = "hcreport-sizing"
"""Name of the group that all containers are in."""

_PREFIX = "hcreport-sizing"


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What one row of trials works with; lanes do not share files that are charged to somebody."""

    number: int
    engine: Engine
    folder: Path
    """For states and copies of data."""
    data: Path
    root: Path
    image_files: Sequence[Path]


@dataclass(frozen=True, kw_only=True)
class Member:
    """One service in a project."""

    service: Service
    replicas: int = 1
    limit: int | None = None
    """Bytes, without swap; None is no limit."""


@dataclass(kw_only=True)
class Running:
    """One container of a project that was started, and the program that makes its load."""

    service: str
    id: str
    group: MemoryGroup
    state: Path
    driver: subprocess.Popen[bytes] | None = None

    @property
    def ready(self) -> bool:
        """The program, or whoever makes its load, said so."""
        return (self.state / "ready").exists()

    @property
    def work(self) -> int:
        """Units of work done so far."""
        try:
            return int((self.state / "work").read_text(encoding="utf-8") or 0)
        except OSError:
            return 0

    @property
    def errors(self) -> str:
        """What went wrong, as a user would notice it."""
        try:
            return (self.state / "errors").read_text(encoding="utf-8").strip()
        except OSError:
            return ""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A started project."""

    name: str
    file: Path
    containers: Sequence[Running]


@contextmanager
def running_project(
    lane: Lane, name: str, members: Sequence[Member], *, parent: str = PARENT
) -> Iterator[Project]:
    """Start services with cold files, and their load.

    Every container has a folder of its own for its state, so each replica is a service in the file.
    """
    name = f"{_PREFIX}-{name}-{lane.number}"
    folder = lane.folder / name
    shutil.rmtree(folder, ignore_errors=True)
    parts = {
        f"{member.service.name}{'' if member.replicas == 1 else f'-{number}'}": member
        for member in members
        for number in range(1, member.replicas + 1)
    }
    file = folder / "compose.yaml"
    for part, member in parts.items():
        _prepare(lane, folder / part, member.service)
    definitions = {
        part: _definition(lane, folder / part, member, parent) for part, member in parts.items()
    }
    file.write_text(json.dumps({"services": definitions}), encoding="utf-8")
    evict(lane.image_files)
    evict(each for each in lane.data.rglob("*") if each.is_file())
    running: list[Running] = []
    try:
        compose(lane, name, file, "up", "--detach", "--no-build")
        running += _containers(lane, name, folder, parent)
        for each in running:
            _make_load(lane, each, parts[each.service].service)
        yield Project(name=name, file=file, containers=running)
    finally:
        for each in running:
            if each.driver is not None:
                each.driver.kill()
                each.driver.wait()
        compose(lane, name, file, "down", "--timeout", "0", "--volumes")
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(engine: Engine) -> None:
    """Remove the containers of a run that was cut short."""
    label = "com.docker.compose.project"
    listed: Any = engine.client.api.containers(all=True, filters={"label": label})
    for each in listed:
        if each["Labels"][label].startswith(_PREFIX):
            engine.client.api.remove_container(each["Id"], force=True, v=True)


def compose(lane: Lane, name: str, file: Path, *words: str) -> None:
    """Run the real Compose. Raises RuntimeError where it fails."""
    done = subprocess.run(
        [*find_compose().command, "--project-name", name, "--file", str(file), *words],
        check=False,
        capture_output=True,
        text=True,
        env=lane.engine.environment,
    )
    if done.returncode != 0:
        raise RuntimeError(f"docker compose {words[0]}: {done.stderr.strip()[-500:]}")


def _prepare(lane: Lane, folder: Path, service: Service) -> None:
    state = folder / "state"
    state.mkdir(parents=True)
    state.chmod(0o777)
    if service.copied and service.data:
        copy_data(lane.data / service.data, folder / "data")
        evict(each for each in (folder / "data").rglob("*") if each.is_file())


def _definition(lane: Lane, folder: Path, member: Member, parent: str) -> Mapping[str, Any]:
    service = member.service
    volumes = [_bind(_CODE, "/code/bench"), _bind(folder / "state", "/state", writable=True)]
    if service.data:
        source = folder / "data" if service.copied else lane.data / service.data
        volumes.append(_bind(source, "/data", writable=service.copied))
    definition: dict[str, Any] = {
        "image": image_name(lane.number),
        "command": list(service.command),
        "network_mode": "none",
        "working_dir": "/code",
        "init": False,
        "stop_grace_period": "0s",
        "pull_policy": "never",
        "cgroup_parent": f"/{parent}",
        "volumes": volumes,
        "environment": {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            **service.environment,
        },
    }
    if member.limit is not None:
        definition |= {"mem_limit": member.limit, "memswap_limit": member.limit}
    if service.user:
        definition["user"] = service.user
    if service.tmpfs:
        definition["tmpfs"] = [f"/scratch:size={service.tmpfs}"]
    if service.shared_memory:
        definition["shm_size"] = service.shared_memory
    return definition


def _bind(source: Path, target: str, *, writable: bool = False) -> Mapping[str, Any]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": not writable}


def _containers(lane: Lane, name: str, folder: Path, parent: str) -> Sequence[Running]:
    listed: Any = lane.engine.client.api.containers(
        all=True, filters={"label": f"com.docker.compose.project={name}"}
    )
    found = []
    for each in listed:
        service = each["Labels"]["com.docker.compose.service"]
        group = MemoryGroup(f"{parent}/{each['Id']}")
        found.append(
            Running(service=service, id=each["Id"], group=group, state=folder / service / "state")
        )
    return sorted(found, key=lambda one: one.service)


def _make_load(lane: Lane, running: Running, service: Service) -> None:
    """Start the program that makes load, on the host but in the container's network."""
    if not service.load:
        return
    details: Any = lane.engine.client.api.inspect_container(running.id)
    process = details["State"]["Pid"]
    if not process:
        return  # it ended already, which the trial will notice
    kind, *options = (word.format(root=lane.root) for word in service.load)
    running.driver = subprocess.Popen(
        [
            *("nice", "-n", "-10", "nsenter", "--net", f"--target={process}", "--"),
            *(sys.executable, "-m", "bench.sizing.drive", kind, *options),
        ],
        cwd=_CODE.parent,
        env={**os.environ, "SIZING_STATE": str(running.state)},
        stderr=subprocess.DEVNULL,
    )
