"""The Compose files that leave services out, used on a real engine: what starts, what is saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hcreport.analyze import analyze, case_of
from hcreport.collect import CollectOptions, collect
from hcreport.compose_files import ASLEEP_FILE, MODEL_ON_HOST_FILE, WITHOUT_MODEL_FILE
from hcreport.config import Config, PlannedModel
from hcreport.model import SleepGroup, Snapshot
from hcreport.render.overrides import (
    asleep_override,
    asleep_services,
    model_on_host_override,
    overrides,
    without_model_override,
)
from hcreport.rules.memory_option_model import run_without_model
from hcreport.units import mebibytes
from tests.compose.support import Case
from tests.engine.stack import BASE, IMAGE, Stack, compose, wait_until
from tests.engine_fixture import RunningEngine
from tests.override_projects import NAMES, foreign_project, written

pytestmark = pytest.mark.engine

Json = dict[str, Any]

SECONDS = 90

TOLERANCE = 0.1
"""How far a predicted saving may be from the measured one, as a share of it."""

# MiB that each container holds: so much that the room which Docker should have besides, a share of
# all that is in use, would be far more than 10 % of what is saved.
MODEL, APP, AGENTS = 1500, 150, {"agent-1": 24, "agent-2": 32, "agent-3": 40, "agent-4": 48}


@pytest.fixture(scope="module")
def base(engine: RunningEngine) -> RunningEngine:
    engine.build(IMAGE, BASE)
    return engine


# --- Whatever the project: all that is to start starts.


@pytest.mark.parametrize("name", NAMES)
def test_all_but_the_model_starts(base: RunningEngine, tmp_path: Path, name: str) -> None:
    project = foreign_project(name, tmp_path)
    snapshot = project.snapshot()
    files = {
        WITHOUT_MODEL_FILE: without_model_override(snapshot),
        MODEL_ON_HOST_FILE: model_on_host_override(snapshot),
    }
    expected = set(project.composed(snapshot)) - set(project.left_out)
    stack = _stand_in(Stack(base, tmp_path, f"hcreport-{name}"), snapshot)
    try:
        for file, text in files.items():
            if text:
                written(text, file, tmp_path)
                profiles = [each for name in project.profiles for each in ("--profile", name)]
                words = ("-f", "stand-in.yaml", "-f", file, *profiles)
                compose(stack, *words, "up", "--detach", "--quiet-pull")
                assert {each["Config"]["Labels"][SERVICE] for each in _all(stack)} == expected
    finally:
        compose(stack, "-f", "stand-in.yaml", "--profile", "*", "down", "--timeout", "0")


SERVICE = "com.docker.compose.service"


def _all(stack: Stack) -> list[Json]:
    return list(stack.inspected().values())


def _stand_in(stack: Stack, snapshot: Snapshot) -> Stack:
    """Write a project of the same shape whose every service runs the tests' image."""
    files = snapshot.project.compose_files
    answer = Case(stack.folder, files).run("--profile", "*", "config", "--format", "json")
    assert answer.returncode == 0, answer.stderr
    declared: Json = json.loads(answer.stdout)["services"]
    services = {name: _stand_in_service(each) for name, each in declared.items()}
    path = stack.folder / "stand-in.yaml"
    path.write_text(json.dumps({"services": services}), encoding="utf-8")
    return stack


def _stand_in_service(service: Json) -> Json:
    kept = {"profiles", "depends_on", "environment", "restart", "network_mode", "links"}
    found = {key: value for key, value in service.items() if key in kept}
    found |= {
        "image": IMAGE,
        "command": _command(service.get("command")),
        "stop_grace_period": "0s",
        "network_mode": _network(service.get("network_mode")),
    }
    if "replicas" in service.get("deploy", {}):
        found["deploy"] = {"replicas": service["deploy"]["replicas"]}
    if "healthcheck" in service:
        found["healthcheck"] = {"test": ["CMD", "true"], "interval": "1s"}
    return found


def _command(command: list[str] | None) -> list[str]:
    return command if command in (["true"], ["false"]) else ["sleep", "100000"]


def _network(mode: str | None) -> str:
    return mode if mode is not None and mode.startswith("service:") else "none"


# --- What is saved is what was predicted.


CONFIG = Config(
    models=(PlannedModel(name="big", service="model", memory=mebibytes(MODEL)),),
    groups=(SleepGroup(name="agents", services=tuple(AGENTS), awake=1),),
)


def _holding(size: int, **more: object) -> Json:
    """Return a service that holds so many MiB: a program that cannot write what it has read."""
    return {
        "image": IMAGE,
        "network_mode": "none",
        "stop_grace_period": "0s",
        "command": ["sh", "-c", f"dd if=/dev/zero bs={size}M count=1 | sleep 100000"],
        **more,
    }


@pytest.fixture(scope="module")
def team(base: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a running project: a model, an application, and agents that hold memory."""
    services = {
        "model": _holding(MODEL, healthcheck={"test": ["CMD", "true"], "interval": "1s"}),
        "app": _holding(
            APP,
            depends_on={"model": {"condition": "service_healthy"}},
            environment={"LLM_URL": "http://model:11434"},
        ),
        **{name: _holding(size, depends_on=["app"]) for name, size in AGENTS.items()},
    }
    folder = tmp_path_factory.mktemp("team")
    (folder / "compose.yaml").write_text(yaml.safe_dump({"services": services}), encoding="utf-8")
    stack = Stack(engine=base, folder=folder, name="hcreport-team")
    try:
        yield stack
    finally:
        compose(stack, "down", "--timeout", "0")


@pytest.fixture
def before(team: Stack) -> Snapshot:
    """Return a snapshot of the whole project, running, when every container holds its memory."""
    compose(team, "up", "--detach")
    return _taken(team, set(AGENTS) | {"model", "app"})


def _taken(stack: Stack, services: set[str]) -> Snapshot:
    """Return a snapshot of the project as soon as just these services run and hold their memory."""
    holds = {"model": MODEL, "app": APP, **AGENTS}
    found: list[Snapshot] = []

    def settled() -> bool:
        options = CollectOptions(compose=stack.request, host=stack.engine.host, config=CONFIG)
        found[:] = [collect(options)]
        running = {each.service: each for each in found[0].containers if each.state == "running"}
        return set(running) == services and all(
            each.memory is not None and each.memory.shown >= mebibytes(holds[name or ""])
            for name, each in running.items()
        )

    wait_until(settled, SECONDS, "all memory")
    return found[0]


def _used(snapshot: Snapshot) -> float:
    measured = analyze(snapshot, CONFIG).memory.measured
    assert measured is not None
    return measured.value


def _use(stack: Stack, file: str, text: str, stopped: tuple[str, ...]) -> None:
    """Do what the file's own comments say."""
    stop, start, _ = written(text, file, stack.folder)
    assert stop == f"docker compose -f compose.yaml stop {' '.join(stopped)}"
    for command in (stop, start):
        words = command.split()
        assert words[:2] == ["docker", "compose"]
        compose(stack, *words[2:])


def test_running_without_the_model_saves_what_was_predicted(team: Stack, before: Snapshot) -> None:
    step = run_without_model(case_of(before))
    effect = getattr(step, "effect", None)
    assert effect is not None
    text = overrides(before, analyze(before, CONFIG))[WITHOUT_MODEL_FILE]
    _use(team, WITHOUT_MODEL_FILE, text, ("model",))
    after = _taken(team, set(AGENTS) | {"app"})
    saved = _used(before) - _used(after)
    assert saved == pytest.approx(mebibytes(MODEL), rel=TOLERANCE)
    assert effect == pytest.approx(saved, rel=TOLERANCE)
    choice = analyze(before, CONFIG).local_or_api
    assert choice is not None
    assert choice.memory_used is not None
    assert choice.memory_used.value == pytest.approx(saved, rel=TOLERANCE)


def test_a_model_on_the_machine_saves_the_same(team: Stack, before: Snapshot) -> None:
    text = overrides(before, analyze(before, CONFIG))[MODEL_ON_HOST_FILE]
    _use(team, MODEL_ON_HOST_FILE, text, ("model",))
    after = _taken(team, set(AGENTS) | {"app"})
    saved = _used(before) - _used(after)
    assert saved == pytest.approx(mebibytes(MODEL), rel=TOLERANCE)
    app = team.inspected()[team.container("app")]
    assert "LLM_URL=http://host.docker.internal:11434" in app["Config"]["Env"]
    assert app["HostConfig"]["ExtraHosts"] == ["host.docker.internal:host-gateway"]
    hosts = team.engine.client.containers.get(app["Id"]).exec_run(["cat", "/etc/hosts"])
    assert b"host.docker.internal" in hosts.output


def test_agents_asleep_save_what_was_predicted(team: Stack, before: Snapshot) -> None:
    assessment = analyze(before, CONFIG)
    (group,) = assessment.sleep.groups
    assert group.saves is not None
    asleep = asleep_services(before, assessment.sleep)
    assert asleep == ("agent-1", "agent-2", "agent-3")
    text = overrides(before, assessment)[ASLEEP_FILE]
    assert text == asleep_override(before, asleep)
    _use(team, ASLEEP_FILE, text, asleep)
    after = _taken(team, {"model", "app", "agent-4"})
    assert group.saves.value == pytest.approx(_used(before) - _used(after), rel=TOLERANCE)
    # One that is named wakes, and wakes no other.
    compose(team, "-f", "compose.yaml", "-f", ASLEEP_FILE, "up", "--detach", "agent-1")
    _taken(team, {"model", "app", "agent-1", "agent-4"})


def test_without_the_file_all_is_as_it_was(team: Stack, before: Snapshot) -> None:
    """The way back that each file states: its last command."""
    texts = overrides(before, analyze(before, CONFIG))
    for file in (WITHOUT_MODEL_FILE, MODEL_ON_HOST_FILE, ASLEEP_FILE):
        stop, start, back = written(texts[file], file, team.folder)
        for command in (stop, start, back):
            compose(team, *command.split()[2:])
    again = _taken(team, set(AGENTS) | {"model", "app"})
    assert _used(again) == pytest.approx(_used(before), rel=TOLERANCE)
