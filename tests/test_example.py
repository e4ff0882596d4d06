"""The embedded example: every value has its origin, and its Compose file declares its services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hcreport.analyze import analyze
from hcreport.collect.compose import ComposeRequest, read_project
from hcreport.facts import fact, fact_bytes
from hcreport.model import Service
from hcreport.snapshot import format_snapshot, json_schema, read_snapshot

FOLDER = Path(__file__).parent.parent / "docs" / "snapshots"
COMPOSE = "hypercode.compose.yaml"
TEXT = (FOLDER / "hypercode.json").read_text(encoding="utf-8")
SNAPSHOT = read_snapshot(FOLDER / "hypercode.json")

# Not values: the format's number, its author, and what it says about itself.
WITHOUT_ORIGIN = {"schema", "tool", "gaps", "origins"}


@pytest.fixture(scope="module")
def declared() -> Mapping[str, Service]:
    """Return the services that the collector reads in the example's Compose file, by name."""
    project = read_project(ComposeRequest(folder=FOLDER, files=(COMPOSE,)))
    return {each.name: each.model_copy(update={"config_hash": None}) for each in project.services}


def test_the_file_is_what_hcreport_would_write() -> None:
    assert format_snapshot(SNAPSHOT) == TEXT


def test_the_file_is_valid_by_the_published_schema() -> None:
    jsonschema.validate(json.loads(TEXT), json_schema())


def test_its_services_are_those_of_its_compose_file(declared: Mapping[str, Service]) -> None:
    assert {each.name: each for each in SNAPSHOT.services} == dict(declared)
    assert SNAPSHOT.project.compose_files == (COMPOSE,)


def test_every_value_has_an_origin(declared: Mapping[str, Service]) -> None:
    """A service's values come from the Compose file, all others from a note."""
    noted = tuple(f"{note.path}/" for note in SNAPSHOT.origins)
    paths = [path for path in leaves(json.loads(TEXT)) if not f"{path}/".startswith(noted)]
    assert [path for path in paths if path.split("/")[0] != "services"] == []
    assert {path.split("/")[1] for path in paths} == declared.keys()


def test_every_note_covers_a_value() -> None:
    paths = [f"{path}/" for path in leaves(json.loads(TEXT))]
    idle = [
        note.path
        for note in SNAPSHOT.origins
        if not any(path.startswith(f"{note.path}/") for path in paths)
    ]
    assert idle == []


def test_what_is_cited_is_a_fact() -> None:
    for note in SNAPSHOT.origins:
        if note.origin.kind == "cited":
            assert note.origin.fact is not None, note.path
        if note.origin.fact is not None:
            assert fact(note.origin.fact).claim


def test_sizes_equal_the_facts_they_rest_on() -> None:
    engine, (core, ollama) = SNAPSHOT.engine, SNAPSHOT.images
    containers = {each.name: each for each in SNAPSHOT.containers}
    services = {each.name: each for each in SNAPSHOT.services}
    memory = containers["hypercode-core"].memory
    assert engine is not None
    assert memory is not None
    assert {
        "hypercode/engine-memory": engine.memory_total,
        "hypercode/core-memory": memory.usage,
        "hypercode/core-image-size": core.size,
        "hypercode/build-context": core.layers[-1].size,
        "hypercode/multi-stage-saving": core.layers[0].size,
        "hypercode/ollama-image-size": ollama.size,
        "hypercode/llama-limit": services["llama"].limits.memory,
        "hypercode/agent-limits": services["qa-engineer"].limits.memory,
        "hypercode/celery-limit": services["celery-worker"].limits.memory,
        "ollama/llama31-8b-4k-peak": SNAPSHOT.models[0].memory,
    } == {
        key: fact_bytes(key)
        for key in (
            "hypercode/engine-memory",
            "hypercode/core-memory",
            "hypercode/core-image-size",
            "hypercode/build-context",
            "hypercode/multi-stage-saving",
            "hypercode/ollama-image-size",
            "hypercode/llama-limit",
            "hypercode/agent-limits",
            "hypercode/celery-limit",
            "ollama/llama31-8b-4k-peak",
        )
    }
    assert sum(layer.size for layer in core.layers) == core.size


def test_seventeen_containers_of_which_one_is_unhealthy() -> None:
    by_health: dict[str, list[str]] = {}
    for container in SNAPSHOT.containers:
        assert container.state == "running"
        assert container.health is not None
        assert container.health.probes == ()
        by_health.setdefault(container.health.status, []).append(container.name)
    assert len(by_health["healthy"]) == 16
    assert by_health["unhealthy"] == ["hypercode-llama"]


def test_containers_belong_to_declared_services_and_keep_their_names(
    declared: Mapping[str, Service],
) -> None:
    seen = {each.service: each for each in SNAPSHOT.containers}
    assert declared.keys() - seen.keys() == {"celery-worker"}
    for name, container in seen.items():
        assert name is not None
        assert container.name == declared[name].container_name
        assert container.limits == declared[name].limits


def test_a_scenario_holds_what_its_services_wait_for() -> None:
    waits = {each.name: {need.service for need in each.depends_on} for each in SNAPSHOT.services}
    for scenario in SNAPSHOT.scenarios:
        names = set(scenario.services)
        assert names <= waits.keys()
        assert set().union(*(waits[name] for name in names)) <= names, scenario.name
    sizes = {each.name: len(each.services) for each in SNAPSHOT.scenarios}
    assert sizes == {"Everything": 17, "Without the local LLM": 16, "Agents only": 12}


def test_the_report_finds_what_the_example_is_about() -> None:
    found = {(each.rule, each.subject) for each in analyze(SNAPSHOT).findings}
    assert ("limit-above-engine", "llama") in found
    assert ("model-does-not-fit", "llama3.1:8b") in found
    assert ("layer-holds-most", "hypercode-core") in found
    assert ("healthcheck-program-missing", "llama") in found


def leaves(tree: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value, with names for positions as origin notes write them."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if path or key not in WITHOUT_ORIGIN:
                yield from leaves(value, f"{path}/{key}" if path else key)
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for position, value in enumerate(tree):
            yield from leaves(value, f"{path}/{_name(value, position)}")
    else:
        yield path


def _name(value: Mapping[str, Any], position: int) -> str:
    """Return the name that stands for a position: an image's is its first tag."""
    return str(value.get("name") or (value.get("tags") or [position])[0])
