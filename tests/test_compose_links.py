"""Which services need each other without saying so: what they share, and where they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hcreport.collect.compose import ComposeRequest, read_project
from hcreport.collect.compose_links import addresses, tied_to
from hcreport.model import Service, ServiceAddress
from tests.compose.support import use_real_binary

PROJECT = """\
name: links
services:
  llm: {image: "ollama/ollama", container_name: my-llm}
  db:
    image: "postgres:16"
    networks: {back: {aliases: [Database, store]}}
  sidecar: {image: x, network_mode: "service:llm"}
  by-name: {image: x, network_mode: "container:my-llm"}
  strange: {image: x, network_mode: "container:somebody-elses"}
  helper: {image: x, ipc: "service:db", pid: "service:llm"}
  files: {image: x, volumes_from: ["db:ro", "container:my-llm:ro", llm]}
  linked:
    image: x
    links: ["db:sql", llm]
    environment: {SQL_URL: "http://sql:5432"}
  app:
    image: x
    env_file: [app.env]
    networks: [back, default]
    environment:
      OLLAMA_BASE_URL: "http://llm:11434"
      API_BASE: "HTTP://My-LLM:11434/v1/"
      DATABASE_HOST: store
      TARGET: "db:5432"
      SECURE: "https://database/api"
      NOBODY: "http://localhost:11434"
      SELF: "http://app:80"
      PROVIDER: llm
      MODEL: "llm:8"
      POSTGRES_IMAGE: "db:16"
      EMPTY: ""
      NUMBER: 5
      PRIVATE: "http://user:canary-pw@llm:11434"
      TOKEN: "http://llm:11434/?key=canary"
      PLACE: "http://llm:11434/canary"
      LONG: "postgresql://db:5432/canary"
      SEVERAL: "http://llm:1;http://db:2"
      HUGE: "http://llm:99999"
      ZERO: "http://llm:0"
networks: {back: {}}
"""


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Service]:
    use_real_binary(monkeypatch)
    (tmp_path / "compose.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "app.env").write_text("EMBEDDINGS=http://llm:11434/v1\n", encoding="utf-8")
    project = read_project(ComposeRequest(folder=tmp_path))
    assert project.gaps == ()
    return {each.name: each for each in project.services}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sidecar", ("llm",)),
        ("by-name", ("llm",)),
        ("strange", ()),
        ("helper", ("db", "llm")),
        ("files", ("db", "llm")),
        # A link gives a name, and Compose starts a service without it where it may be absent.
        ("linked", ()),
        ("app", ()),
        ("llm", ()),
    ],
)
def test_what_a_service_shares_ties_it_to_others(
    services: dict[str, Service], name: str, expected: tuple[str, ...]
) -> None:
    assert services[name].tied_to == expected


def test_addresses_are_those_of_other_services(services: dict[str, Service]) -> None:
    assert services["app"].addresses == (
        ServiceAddress(variable="API_BASE", service="llm", scheme="http", port=11434, path="/v1/"),
        ServiceAddress(variable="DATABASE_HOST", service="db"),
        ServiceAddress(variable="EMBEDDINGS", service="llm", scheme="http", port=11434, path="/v1"),
        ServiceAddress(variable="OLLAMA_BASE_URL", service="llm", scheme="http", port=11434),
        ServiceAddress(variable="SECURE", service="db", scheme="https", path="/api"),
        ServiceAddress(variable="TARGET", service="db", port=5432),
    )
    assert "canary" not in services["app"].model_dump_json()


def test_a_link_is_a_name_for_the_one_who_has_it(services: dict[str, Service]) -> None:
    assert services["linked"].addresses == (
        ServiceAddress(variable="SQL_URL", service="db", scheme="http", port=5432),
    )
    assert services["llm"].addresses == ()


@pytest.mark.parametrize(
    "value",
    [
        "http://db.example.com:5432",
        "http://db:5432#canary",
        "http://db:5432 ",
        "http://db:5432/v1/\n",
        "ftp://db:21",
        "//db:5432",
        "http://[db]:5432",
        "http://db:",
        "db:",
        "db:http",
        "db/x",
        "http://" + "d" * 10_000,
        None,
        5432,
        ["db"],
    ],
)
def test_other_texts_are_no_addresses(value: object) -> None:
    declared = {"app": {"environment": {"DB_URL": value}}, "db": {}}
    found = addresses("app", declared["app"], declared)
    stripped = isinstance(value, str) and value.strip() in ("http://db:5432", "http://db:5432/v1/")
    assert len(found) == (1 if stripped else 0)


@pytest.mark.parametrize("name", ["DB_URL=canary", "DB_URL: canary", "", "http://canary"])
def test_a_variable_that_is_more_than_a_name_is_none(name: str) -> None:
    """The list form ``- "PASSWORD: secret"`` makes Compose take the whole text as a name."""
    declared = {"app": {"environment": {name: "http://db:5432"}}, "db": {}}
    assert addresses("app", declared["app"], declared) == ()


@pytest.mark.parametrize(
    "config",
    [
        {"network_mode": "service:nobody", "ipc": "host", "pid": "service:app"},
        {"network_mode": ["service:db"], "volumes_from": ["nobody", "container:x"]},
        {"links": ["nobody:db", 5], "volumes_from": [None, {}]},
        {"network_mode": "container:", "volumes_from": ["container:"]},
    ],
)
def test_what_names_no_service_ties_to_none(config: dict[str, object]) -> None:
    declared: dict[str, object] = {"app": config, "db": {"container_name": "own"}, "x": None}
    assert tied_to("app", config, declared) == ()


def test_the_project_is_one_that_compose_knows(services: dict[str, Service]) -> None:
    """Every service of the file is looked at here, so that none is left without a word."""
    assert services.keys() == yaml.safe_load(PROJECT)["services"].keys()
