"""A project whose containers a test starts and stops itself, while it is watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcreport.collect import CollectOptions, SilentProgress, WindowOptions, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.model import Series, Snapshot
from tests.engine.stack import BASE, IMAGE
from tests.engine_fixture import RunningEngine

PROJECT = "hcreport-window"

FOREVER = "exec sleep 100000"


@dataclass
class Yard:
    """A project whose containers the test starts and stops itself."""

    engine: RunningEngine
    folder: Path

    def start(self, service: str, script: str, number: int = 1, **more: Any) -> str:
        """Start a container and return its name."""
        name = f"{PROJECT}-{service}-{number}"
        self.engine.client.containers.run(
            IMAGE,
            ["sh", "-c", script],
            name=name,
            labels={
                "com.docker.compose.project": PROJECT,
                "com.docker.compose.service": service,
                "com.docker.compose.container-number": str(number),
                "com.docker.compose.oneoff": "False",
            },
            network_mode="none",
            detach=True,
            **more,
        )
        return name

    def watch(self, act: Callable[[], object] | None = None, **options: Any) -> Snapshot:
        """Watch the project until three seconds after ``act``, which is called in the window."""
        done = self.folder / "done"
        progress = Acting(act, done)
        load = f"until [ -e {done} ]; do sleep 0.1; done; sleep 3"
        settings = {"seconds": 60.0, "interval": 0.5, "load": load, **options}
        request = ComposeRequest(folder=self.folder)
        snapshot = collect(
            CollectOptions(
                compose=request, host=self.engine.host, window=WindowOptions(**settings)
            ),
            progress,
        )
        progress.join()
        return snapshot


class Acting(SilentProgress):
    """Calls something in a thread of its own when the window has been open for a second."""

    def __init__(self, act: Callable[[], object] | None, done: Path) -> None:
        def call() -> None:
            try:
                if act is not None:
                    act()
            finally:
                done.touch()

        self._thread = threading.Thread(target=call)
        self._begun = False

    def watch(self, what: str, seconds: float, longest: float | None) -> None:
        if seconds >= 1 and not self._begun:
            self._begun = True
            self._thread.start()

    def join(self) -> None:
        self._thread.join()


@contextmanager
def running_yard(engine: RunningEngine, folder: Path) -> Iterator[Yard]:
    """Yield a yard whose containers are gone afterwards."""
    engine.build(IMAGE, BASE)
    services = f"services: {{idle: {{image: '{IMAGE}'}}}}\n"
    (folder / "compose.yaml").write_text(f"name: {PROJECT}\n{services}", encoding="utf-8")
    filters: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={PROJECT}"}
    try:
        yield Yard(engine=engine, folder=folder)
    finally:
        for each in engine.client.containers.list(all=True, sparse=True, filters=filters):
            each.remove(force=True)


def lives(snapshot: Snapshot) -> Mapping[str, list[Series]]:
    """Return the lives by service."""
    assert snapshot.window is not None
    found: dict[str, list[Series]] = {}
    for each in snapshot.window.series:
        found.setdefault(str(each.service), []).append(each)
    return found
