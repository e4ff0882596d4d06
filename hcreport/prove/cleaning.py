"""Removes a throwaway project: containers, networks, volumes, its parent cgroup and its folder."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hcreport.collect.engine_errors import engine_failures
from hcreport.prove.cgroup import remove_parent

if TYPE_CHECKING:
    from docker.api.client import APIClient

PROJECT_LABEL = "com.docker.compose.project"

PATIENCE_SECONDS = 120.0
"""How long cleaning goes on while the engine has not removed everything."""

_QUIET_SECONDS = 1.5
"""A container whose creation was under way when Compose was killed appears within this time."""

_SIDE_BY_SIDE = 3  # each may be a log-in of its own, through ssh

_PAUSE_SECONDS = 0.1

_SHORTEST_SECONDS = 0.02


@dataclass(frozen=True)
class Left:
    """What of a throwaway is still there, by kind."""

    containers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.containers or self.networks or self.volumes)


def left_of(client: APIClient, project: str) -> Left:
    """Return what the engine has of a throwaway. Raises what the Docker SDK raises."""
    wanted = {"label": f"{PROJECT_LABEL}={project}"}
    return Left(
        containers=tuple(each["Id"] for each in client.containers(all=True, filters=wanted)),
        networks=tuple(each["Id"] for each in client.networks(filters=wanted)),
        volumes=tuple(each["Name"] for each in client.volumes(filters=wanted)["Volumes"] or ()),
    )


def remove_from_engine(client: APIClient, project: str, *, interrupted: bool = False) -> bool:
    """Remove a throwaway from the engine, again and again until nothing is left of it.

    After an interruption it looks for a while longer, since the engine may still be creating what
    Compose asked for. Returns whether nothing is left; raises what the Docker SDK raises where the
    engine does not answer until the end.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    quiet_since: float | None = None
    wait = _QUIET_SECONDS if interrupted else 0.0
    while True:
        now = time.monotonic()
        try:
            left = left_of(client, project)
            if left:
                quiet_since = None
                _remove(client, left)
            else:
                quiet_since = now if quiet_since is None else quiet_since
                if now - quiet_since >= wait:
                    return True
        except engine_failures():
            if now > end:
                raise
        if now > end:
            return False
        time.sleep(_PAUSE_SECONDS if quiet_since is None else _SHORTEST_SECONDS)


def remove_folder(folder: Path) -> None:
    """Remove the private folder. A link in its place is removed, not followed."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def remove_from_machine(project: str, folder: Path) -> bool:
    """Remove the parent cgroup and the private folder. Returns whether nothing is left."""
    remove_folder(folder)
    return remove_parent(project) and not folder.exists()


def _remove(client: APIClient, left: Left) -> None:
    """Try to remove each thing once; what is in use or on its way out is tried again later."""

    def try_to(remove: Callable[..., object], name: str, **more: bool) -> None:
        with contextlib.suppress(*_refusals()):
            remove(name, **more)

    # Engines take a while for each container, and do several side by side.
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        tasks = [
            pool.submit(try_to, client.remove_container, each, force=True, v=True)
            for each in left.containers
        ]
    for task in tasks:
        task.result()
    for each in left.networks:
        try_to(client.remove_network, each)
    for each in left.volumes:
        try_to(client.remove_volume, each, force=True)


def _refusals() -> tuple[type[Exception], ...]:
    from docker.errors import APIError

    return (APIError,)
