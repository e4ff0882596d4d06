"""The steps of the plan, done on a real engine just as they are printed, and undone again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hcreport.analyze import analyze
from hcreport.collect import CollectOptions, WindowOptions, collect
from hcreport.config import Config, PlannedModel
from hcreport.estimate.shortage import with_engine_memory
from hcreport.model import Action, Snapshot
from hcreport.render.pages import downloads
from hcreport.units import gib, mebibytes
from tests.engine.stack import BASE, IMAGE, Stack, compose, wait_until
from tests.engine_fixture import RunningEngine

pytestmark = pytest.mark.engine

SECONDS = 90

CONFIG = Config(models=(PlannedModel(name="big", service="model", memory=mebibytes(100)),))


def _service(**more: object) -> dict[str, Any]:
    return {
        "image": IMAGE,
        "network_mode": "none",
        "stop_grace_period": "0s",
        "command": ["sleep", "100000"],
        **more,
    }


@pytest.fixture(scope="module")
def stack(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a running project: a model, one that needs it, a busy one, one with a high limit."""
    engine.build(IMAGE, BASE)
    services = {
        "model": _service(),
        "app": _service(depends_on=["model"]),
        "busy": _service(command=["sh", "-c", "while true; do :; done"], cpus=0.1),
        "high": _service(mem_limit="512m"),
    }
    folder = tmp_path_factory.mktemp("steps")
    (folder / "compose.yaml").write_text(yaml.safe_dump({"services": services}), encoding="utf-8")
    found = Stack(engine=engine, folder=folder, name="hcreport-steps")
    try:
        compose(found, "up", "--detach")
        yield found
    finally:
        compose(found, "down", "--timeout", "0")


@pytest.fixture(scope="module")
def snapshot(stack: Stack) -> Snapshot:
    """Return what was seen of it in some seconds, as if the engine had less than it needs."""
    options = CollectOptions(
        compose=stack.request,
        host=stack.engine.host,
        config=CONFIG,
        window=WindowOptions(seconds=20, interval=0.5),
    )
    return with_engine_memory(mebibytes(300), collect(options))


def _step(snapshot: Snapshot, words: str) -> Action:
    (found,) = [each for each in analyze(snapshot, CONFIG).plan if words in each.what]
    return found


def _do(commands: str, stack: Stack) -> None:
    for line in commands.splitlines():
        words = shlex.split(line)
        assert words[:2] == ["docker", "compose"]
        compose(stack, *words[2:])


def _running(stack: Stack) -> set[str]:
    """Return the services that ``docker compose ps`` lists."""
    return {
        reply["Config"]["Labels"]["com.docker.compose.service"]
        for reply in stack.inspected().values()
        if reply["State"]["Status"] == "running"
    }


def _write_files(snapshot: Snapshot, stack: Stack) -> set[str]:
    """Write the files that the site offers; returns their names."""
    found = downloads(snapshot, analyze(snapshot, CONFIG))
    for name, content in found.items():
        (stack.folder / name).write_bytes(content)
    return set(found)


def test_running_without_the_model(stack: Stack, snapshot: Snapshot) -> None:
    step = _step(snapshot, "Run without the local model")
    assert set(step.files) <= _write_files(snapshot, stack)
    _do(step.command, stack)
    assert step.verify == "docker compose ps does not list model."
    wait_until(lambda: _running(stack) == {"app", "busy", "high"}, SECONDS, "all but the model")
    _do(step.undo, stack)
    wait_until(lambda: "model" in _running(stack), SECONDS, "the model again")


def test_limits_that_fit_what_was_measured(stack: Stack, snapshot: Snapshot) -> None:
    step = _step(snapshot, "Use the limits that fit what was measured")
    assert set(step.files) <= _write_files(snapshot, stack)
    _do(step.command, stack)
    name = stack.container("high")
    limit = stack.inspected()[name]["HostConfig"]["Memory"]
    assert 0 < limit < mebibytes(512)
    wait_until(lambda: _running(stack) == {"model", "app", "busy", "high"}, SECONDS, "all")
    named = step.verify.removesuffix(".").rpartition(" ")[2]
    shown = stack.inspected()[stack.container(named)]["HostConfig"]["Memory"]
    assert step.verify == f"docker stats --no-stream shows {gib(shown)} as the limit of {named}."
    _do(step.undo, stack)
    assert stack.inspected()[name]["HostConfig"]["Memory"] == mebibytes(512)


def test_stopping_what_was_idle(stack: Stack, snapshot: Snapshot) -> None:
    step = _step(snapshot, "Stop what was idle")
    assert step.command == "docker compose stop app high"
    _do(step.command, stack)
    assert _running(stack) == {"model", "busy"}
    _do(step.undo, stack)
    wait_until(lambda: _running(stack) == {"model", "app", "busy", "high"}, SECONDS, "all")
