"""A real Compose project of seventeen containers in every state that matters."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hcreport.collect import CollectOptions, Progress, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.collect.compose_binary import find_compose
from hcreport.model import Snapshot
from tests.engine_fixture import CANARY, RunningEngine

IMAGE = "hcreport-test/base:1"
API_IMAGE = "hcreport-test/api:1"
WEB_IMAGE = "hcreport-test/web:1"

BASE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]
"""

API = f"""\
FROM {IMAGE}
ENV PASSWORD={CANARY}
ARG TOKEN={CANARY}
RUN chmod 755 /bin/busybox && echo $TOKEN > /token
LABEL owner={CANARY}
COPY app /app/app
"""

WEB = f"""\
FROM {IMAGE}
RUN true
WORKDIR /srv
COPY . /srv/
"""

STATES_SECONDS = 90
"""How long the containers may take to reach the states that the tests look for."""

_FOREVER = ["sleep", "100000"]

Json = dict[str, Any]


_GREEDY = "dd if=/dev/zero of=/dev/null bs=64M count=1"


def _service(**more: object) -> Json:
    return {
        "image": IMAGE,
        "network_mode": "none",
        "command": _FOREVER,
        "stop_grace_period": "0s",
        **more,
    }


def _probe(*test: str, **more: object) -> Json:
    return {"test": list(test), "interval": "1s", "timeout": "1s", "retries": 1, **more}


def services() -> dict[str, Json]:
    """Return the services of the project, as in ``compose.yaml``."""
    agents = {f"agent-{number}": _service(mem_limit="32m", cpus=0.5) for number in range(1, 6)}
    return agents | {
        "web": _service(
            image=WEB_IMAGE,
            mem_limit="64m",
            mem_reservation="48m",
            memswap_limit="96m",
            tmpfs=["/run:size=16m"],
            healthcheck=_probe("CMD", "true"),
            restart="unless-stopped",
        ),
        "api": _service(
            image=API_IMAGE,
            environment={"PASSWORD": CANARY},
            labels={"owner": CANARY},
            command=["sh", "-c", f": {CANARY}; sleep 100000"],
        ),
        "db": _service(
            deploy={"resources": {"limits": {"memory": "96m", "cpus": "1.5", "pids": 50}}},
            shm_size="32m",
            volumes=["data:/var/lib/db", "/scratch"],
            restart="on-failure:3",
        ),
        "worker": _service(deploy={"replicas": 2}, volumes=["data:/data:ro"]),
        "llm": _service(healthcheck=_probe("CMD-SHELL", f"echo {CANARY}; exit 1")),
        "no-program": _service(healthcheck=_probe("CMD", "curl", "-f", "http://localhost")),
        "slow-probe": _service(healthcheck=_probe("CMD", "sleep", "60")),
        # Engines learn of the kernel's kill and of the exit on two ways, and may hear of the exit
        # first: so a child is killed before PID 1 is.
        "killed": _service(
            mem_limit="16m", command=["sh", "-c", f"{_GREEDY}; sleep 2; exec {_GREEDY}"]
        ),
        "crashing": _service(restart="always", command=["sh", "-c", "exit 3"]),
        "paused": _service(),
        "done": _service(command=["true"]),
        "tool": _service(profiles=["tools"]),
    }


@dataclass
class Stack:
    """The project while it runs."""

    engine: RunningEngine
    folder: Path
    name: str

    @property
    def request(self) -> ComposeRequest:
        """What to hand to ``collect``."""
        return ComposeRequest(folder=self.folder, project_name=self.name)

    def inspected(self) -> dict[str, Json]:
        """Return inspect replies by container name, asked for independently of hcreport."""
        api = self.engine.client.api
        listed = api.containers(
            all=True, filters={"label": f"com.docker.compose.project={self.name}"}
        )
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(api.inspect_container, [each["Id"] for each in listed]))
        return {reply["Name"].removeprefix("/"): reply for reply in replies}

    def container(self, service: str, number: int = 1) -> str:
        """Return the name of one of the project's containers."""
        return f"{self.name}-{service}-{number}"


def take(stack: Stack, progress: Progress | None = None) -> Snapshot:
    """Collect a snapshot of the project."""
    return collect(CollectOptions(compose=stack.request, host=stack.engine.host), progress)


@contextmanager
def running_stack(engine: RunningEngine, folder: Path, name: str) -> Iterator[Stack]:
    """Build the images, start the project, and wait until its containers are in their states."""
    engine.build(IMAGE, BASE)
    engine.build(API_IMAGE, API, {"app": b"a" * 300_000})
    engine.build(WEB_IMAGE, WEB, {"page": b"p" * 200_000})
    project = {"services": services(), "volumes": {"data": {}, "unused": {}}}
    (folder / "compose.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    stack = Stack(engine=engine, folder=folder, name=name)
    left = engine.client.volumes.create(f"{name}_old")
    try:
        compose(stack, "up", "--detach", "--quiet-pull")
        engine.client.containers.get(stack.container("paused")).pause()
        wait_until(lambda: _in_their_states(stack), STATES_SECONDS, "the containers' states")
        yield stack
    finally:
        compose(stack, "down", "--volumes", "--timeout", "0")
        left.remove(force=True)


def compose(stack: Stack, *arguments: str) -> None:
    """Run the real Compose on the project."""
    words = [*find_compose().command, "--project-name", stack.name, *arguments]
    settings = {**os.environ, "DOCKER_HOST": stack.engine.host}
    done = subprocess.run(
        words, cwd=stack.folder, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again until a condition holds."""
    pause = threading.Event()
    for _ in range(int(seconds * 4)):
        if condition():
            return
        pause.wait(0.25)
    raise AssertionError(f"{what}: not within {seconds} seconds")


def _in_their_states(stack: Stack) -> bool:
    now = stack.inspected()

    def health(service: str) -> str:
        return str((now[stack.container(service)]["State"].get("Health") or {}).get("Status"))

    def state(service: str) -> Json:
        return dict(now[stack.container(service)]["State"])

    return (
        health("web") == "healthy"
        and {health("llm"), health("no-program"), health("slow-probe")} == {"unhealthy"}
        and state("killed")["Status"] == state("done")["Status"] == "exited"
        and now[stack.container("crashing")]["RestartCount"] >= 5
    )
