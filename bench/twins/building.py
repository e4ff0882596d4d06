"""Builds images with the Docker command line, saves them, and waits for healthy containers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from docker import DockerClient

PATIENCE = 60.0
"""Seconds until a container has to be healthy."""

_HOST_NETWORK = ("--network", "host")


class BuildFailed(Exception):
    """An image could not be built; the message is what the builder said last."""


@lru_cache(maxsize=1)
def command_line() -> tuple[str, bool]:
    """Return a Docker command line, and whether it can use BuildKit; an empty name without one.

    Up to version 22 BuildKit is part of it; from 23 on it is a plugin, and may be missing.
    """
    found = ("", False)
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin"):
        program = shutil.which("docker", path=folder)
        if program is None:
            continue
        version = _said(program, "--version")
        major = re.search(r"version (\d+)", version)
        if major is None:
            continue
        buildkit = int(major[1]) < 23 or "buildx" in _said(program, "buildx", "version")
        if buildkit:
            return program, True
        found = found if found[0] else (program, False)
    return found


def _said(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def build(
    host: str, tag: str, context: Path, *, dockerfile: Path | None = None, buildkit: bool = False
) -> None:
    """Build an image. Raises BuildFailed."""
    program, _ = command_line()
    named = ("--file", str(dockerfile)) if dockerfile else ()
    done = subprocess.run(
        [program, "--host", host, "build", *_HOST_NETWORK, *named, "--tag", tag, str(context)],
        check=False,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "DOCKER_BUILDKIT": "1" if buildkit else "0",
            "BUILDKIT_PROGRESS": "plain",
        },
    )
    if done.returncode != 0:
        raise BuildFailed("\n".join((done.stdout + done.stderr).strip().splitlines()[-25:]))


def save(client: DockerClient, tag: str, archive: Path) -> None:
    """Write an image to a file as ``docker save`` does."""
    with archive.open("wb") as file:
        for piece in client.images.get(tag).save():
            file.write(piece)


def real_size(client: DockerClient, tag: str) -> tuple[int, ...]:
    """Return the bytes of an image's layers as the engine counts them, oldest first."""
    return tuple(int(each["Size"]) for each in reversed(client.images.get(tag).history()))


def becomes_healthy(client: DockerClient, tag: str, *, user: str | None = None) -> str:
    """Start a container without a network; return nothing once it is healthy, else what it said."""
    options: dict[str, Any] = {"user": user} if user else {}
    container = client.containers.run(tag, detach=True, network_mode="none", **options)
    pause = threading.Event()
    try:
        for _ in range(round(PATIENCE * 5)):
            container.reload()
            state = container.attrs["State"]
            if state.get("Health", {}).get("Status") == "healthy":
                return ""
            if not state["Running"]:
                break
            pause.wait(0.2)
        said = container.logs(tail=10).decode(errors="replace")
        checks = container.attrs["State"].get("Health", {}).get("Log") or [{}]
        return (
            f"{container.attrs['State']['Status']}: {said} {checks[-1].get('Output', '')}".strip()
        )
    finally:
        container.remove(force=True, v=True)
