"""Collecting a project with an Ollama: how it is found, and that nothing private is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hcreport.cli import main
from hcreport.collect import CollectOptions, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.collect.ollama_registry import ADDRESS_VARIABLE
from hcreport.config import Config
from hcreport.model import LocalModel, Snapshot
from hcreport.snapshot import format_snapshot, parse_snapshot, read_snapshot
from tests.engine_fixture import CANARY
from tests.ollama_server import (
    Answer,
    Json,
    RecordedOllama,
    WebServer,
    listed,
    model_file,
    registry_of,
    running,
    serve_web,
    stored_model,
    write_store,
)
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import recorded

__all__ = ["recorded"]

COMPOSE = f"""\
name: shop
services:
  llm:
    image: "ollama/ollama:0.33.0"
    volumes: ["models:/root/.ollama"]
    environment:
      - OLLAMA_KV_CACHE_TYPE="q8_0"
      - OLLAMA_NUM_PARALLEL=2
      - OLLAMA_HOST={CANARY}
      - OLLAMA_ORIGINS={CANARY}
volumes: {{models: {{}}}}
"""

Take = Callable[..., Snapshot]


@pytest.fixture
def ollama() -> RecordedOllama:
    return RecordedOllama()


@pytest.fixture
def web(ollama: RecordedOllama) -> Iterator[WebServer]:
    with serve_web(ollama.respond) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def container(recorded: RecordedEngine) -> Json:
    """Return the engine's reply about the container that is the project's Ollama."""
    reply: Json = recorded.replies[recorded.of_container("shop-llm-1", "json")]
    reply["State"] |= {"Running": True}
    reply["Config"]["Env"] = [f"OLLAMA_HOST={CANARY}"]
    return reply


@pytest.fixture
def take(folder: Path, recorded: RecordedEngine, container: Json) -> Take:
    """Collect from the recorded engine; keywords go to the options."""

    def call(**more: Any) -> Snapshot:
        request = ComposeRequest(folder=folder)
        snapshot = collect(CollectOptions(compose=request, host=recorded.host, **more))
        assert CANARY not in format_snapshot(snapshot)
        assert parse_snapshot(format_snapshot(snapshot)) == snapshot
        return snapshot

    return call


def publish(container: Json, port: int, host: str = "127.0.0.1") -> None:
    binding = {"HostIp": host, "HostPort": str(port)}
    container["NetworkSettings"] = {"Ports": {"11434/tcp": [binding], "9/tcp": None}}


def mount(container: Json, source: Path) -> None:
    container["Mounts"] = [
        {
            "Type": "volume",
            "Name": "shop_models",
            "Source": str(source),
            "Destination": "/root/.ollama",
            "Driver": "local",
            "RW": True,
        }
    ]


def only(snapshot: Snapshot) -> LocalModel:
    (model,) = snapshot.models
    return model


def reasons(snapshot: Snapshot) -> list[tuple[str | None, str]]:
    return [(gap.subject, gap.reason) for gap in snapshot.gaps if gap.source == "ollama"]


@pytest.mark.parametrize("host", ["", "0.0.0.0", "127.0.0.1"])
def test_a_published_port_is_asked(
    take: Take, web: WebServer, ollama: RecordedOllama, container: Json, host: str
) -> None:
    publish(container, web.port, host)
    ollama.replies["/api/ps"] = {"models": [running("small:latest", 777, context=2000)]}
    model = only(take())
    assert (model.name, model.service, model.shape_from) == ("small:latest", "llm", "ollama")
    assert model.loaded == 777
    assert model.settings is not None
    assert model.settings.context == 2000
    assert (model.settings.slots, model.settings.key_type) == (2, "q8_0")


@pytest.mark.parametrize(
    ("ports", "running_now", "reason"),
    [
        ({}, True, "Its Ollama publishes no port on this machine."),
        ({"11434/tcp": None}, True, "Its Ollama publishes no port on this machine."),
        ({"11434/tcp": [{"HostIp": CANARY, "HostPort": "1"}]}, True, "Its Ollama publishes no "),
        ({"11434/tcp": [{"HostIp": "", "HostPort": CANARY}]}, True, "Its Ollama publishes no "),
        ({"11434/tcp": [{"HostIp": "", "HostPort": "1"}]}, False, "Its Ollama does not run."),
    ],
)
def test_why_a_server_is_not_asked_is_said(
    take: Take, container: Json, ports: Json, *, running_now: bool, reason: str
) -> None:
    container["NetworkSettings"] = {"Ports": ports}
    container["State"]["Running"] = running_now
    ((subject, text),) = reasons(take())
    assert subject == "llm"
    assert text.startswith(reason)


@pytest.mark.parametrize("published", [True, False])
def test_another_runner_that_the_configuration_names_is_no_gap(
    take: Take, folder: Path, container: Json, *, published: bool
) -> None:
    compose = COMPOSE.replace("ollama/ollama:0.33.0", "ghcr.io/ggml-org/llama.cpp:server")
    (folder / "compose.yaml").write_text(compose, encoding="utf-8")
    config = Config.model_validate({"models": [{"name": "mine", "service": "llm"}]})
    with serve_web(lambda asked: Answer(status=404)) as other:
        if published:
            publish(container, other.port)
        snapshot = take(config=config)
    assert [each.path for each in other.asked] == (["/api/version"] if published else [])
    assert reasons(snapshot) == []


def test_a_named_service_with_an_image_of_its_own_may_be_an_ollama(
    take: Take, folder: Path, container: Json, web: WebServer
) -> None:
    compose = COMPOSE.replace("ollama/ollama:0.33.0", "our/llm:1")
    (folder / "compose.yaml").write_text(compose, encoding="utf-8")
    publish(container, web.port)
    assert take().models == ()
    config = Config.model_validate({"models": [{"name": "small", "service": "llm"}]})
    assert only(take(config=config)).shape_from == "ollama"


def test_a_reply_of_another_form_is_a_gap(take: Take, container: Json) -> None:
    container["NetworkSettings"] = {"Ports": {"11434/tcp": [7]}}
    assert reasons(take()) == [(None, "The engine's answer was not of the expected form.")]


def test_a_volume_is_read_where_no_port_is_published(
    take: Take, container: Json, tmp_path: Path
) -> None:
    store = tmp_path / "volume" / "models"
    write_store(store, {"library/small/latest": stored_model({"model": model_file()})})
    mount(container, store.parent)
    snapshot = take()
    model = only(snapshot)
    assert (model.name, model.service, model.shape_from) == ("small:latest", "llm", "file")
    assert reasons(snapshot) == []
    assert str(store) not in format_snapshot(snapshot)


def test_a_server_counts_more_than_its_volume(
    take: Take, web: WebServer, container: Json, tmp_path: Path
) -> None:
    store = tmp_path / "volume"
    write_store(store, {"library/small/latest": stored_model({"model": model_file()})})
    mount(container, store)
    publish(container, web.port)
    assert only(take()).shape_from == "ollama"


def test_a_server_that_fails_leaves_its_volume(
    take: Take, web: WebServer, ollama: RecordedOllama, container: Json, tmp_path: Path
) -> None:
    store = tmp_path / "volume"
    write_store(store, {"library/small/latest": stored_model({"model": model_file()})})
    mount(container, store)
    publish(container, web.port)
    ollama.shown = {}
    ollama.replies["/api/show"] = {"model_info": CANARY}
    snapshot = take()
    assert only(snapshot).shape_from == "file"
    assert [subject for subject, _ in reasons(snapshot)] == ["small:latest"]


def test_a_file_that_the_configuration_names_is_read(take: Take, folder: Path) -> None:
    (folder / "here.gguf").write_bytes(model_file())
    entry = {"name": "mine", "service": "llm", "path": "here.gguf", "memory": "5m"}
    snapshot = take(config=Config.model_validate({"models": [entry]}))
    model = only(snapshot)
    assert (model.name, model.shape_from, model.memory) == ("mine", "file", 5 * 1024**2)
    assert "here.gguf" not in format_snapshot(snapshot)


@pytest.mark.parametrize("given", ["option", "configuration"])
def test_a_server_elsewhere_is_asked_where_it_is_named(
    take: Take, web: WebServer, ollama: RecordedOllama, given: str
) -> None:
    ollama.replies["/api/tags"] = {"models": [listed("small:latest"), listed("big:7b")]}
    config = Config.model_validate(
        {"models": [{"name": "small"}]} | ({"ollama": web.url} if given != "option" else {})
    )
    model = only(take(config=config, ollama=web.url if given == "option" else None))
    assert (model.service, model.shape_from) == ("llm", "ollama")


def test_the_catalogue_knows_what_nobody_was_asked_about(folder: Path) -> None:
    config = Config.model_validate({"models": [{"name": "llama3.1:8b", "service": "llm"}]})
    request = ComposeRequest(folder=folder)
    snapshot = collect(CollectOptions(compose=request, engine=False, config=config))
    model = only(snapshot)
    assert model.shape_from == "catalogue"
    assert model.fact == "models/llama3.1-8b"
    assert model.settings is not None
    assert (model.settings.slots, model.settings.context) == (2, 4096)
    assert reasons(snapshot) == []


def test_a_declared_need_does_not_cite_the_catalogue(folder: Path) -> None:
    config = Config.model_validate({"models": [{"name": "llama3.1:8b", "memory": "6g"}]})
    request = ComposeRequest(folder=folder)
    model = only(collect(CollectOptions(compose=request, engine=False, config=config)))
    assert model.shape is not None
    assert model.fact is None


def test_the_commands_options_reach_the_sources(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    web: WebServer,
) -> None:
    small = stored_model({"model": model_file()})
    store = write_store(tmp_path / "store", {"library/kept/latest": small})
    models = [{"name": name} for name in ("small", "kept", "far")]
    (folder / "hcreport.yml").write_text(json.dumps({"models": models}), encoding="utf-8")
    arguments = ["collect", "--no-engine", "--project-directory", str(folder)]
    options = ["--ollama", web.url, "--ollama-store", str(store), "--from-registry"]
    output = tmp_path / "snapshot.json"
    with serve_web(registry_of({"library/far:latest": small})) as registry:
        monkeypatch.setenv(ADDRESS_VARIABLE, registry.url)
        done = CliRunner().invoke(main, [*arguments, *options, "-o", str(output)])
    assert done.exit_code == 0, done.output
    snapshot = read_snapshot(output)
    assert [(each.name, each.shape_from) for each in snapshot.models] == [
        ("small", "ollama"),
        ("kept", "file"),
        ("far", "registry"),
    ]
    assert CANARY not in output.read_text(encoding="utf-8")
