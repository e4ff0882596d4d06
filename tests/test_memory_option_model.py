"""Options about the local model: without it, on the machine itself, or one that needs less."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.estimate.shortage import saved_without, shortage
from hcreport.model import Snapshot
from hcreport.rules.steps import with_project_files
from hcreport.units import gib, gibibytes
from tests.short_stack import ADDRESSED, MAC, WSL, named, options, short_of

SHAPE = {
    "architecture": "llama",
    "embedding": 4096,
    "feed_forward": 14336,
    "heads": 32,
    "caches": [{"layers": 32, "keys": 1024, "values": 1024}],
    "context_length": 131072,
    "vocabulary": 128256,
    "merges": 280147,
    "weights": 4912898304,
}


def test_without_the_model_is_not_offered_where_no_file_can_do_it() -> None:
    services = [{"name": "llama"}, {"name": "web", "tied_to": ["llama"]}]
    snapshot = short_of(2, services=services)
    assert not named(snapshot, "without the local model")
    why = options(snapshot)[0].why
    assert "Running without the local model is no option: web shares something with llama" in why


def test_without_the_model_uses_the_projects_own_files_and_profiles() -> None:
    project = {"compose_files": ["docker-compose.yml"]}
    (plain,) = named(short_of(2, project=project), "without the local model")
    assert plain.command.splitlines() == [
        "docker compose stop llama",
        "docker compose -f docker-compose.yml -f compose.without-model.yaml up -d",
    ]
    assert plain.undo == "docker compose up -d"
    project = {"compose_files": ["my file.yaml"], "active_profiles": ["ai"]}
    snapshot = short_of(2, project=project)
    (unnamed,) = named(snapshot, "without the local model")
    other = with_project_files(unnamed, snapshot)
    assert other.command.splitlines() == [
        "docker compose -f 'my file.yaml' stop llama",
        "docker compose -f 'my file.yaml' -f compose.without-model.yaml --profile ai up -d",
    ]
    assert other.undo == "docker compose -f 'my file.yaml' --profile ai up -d"
    assert other.verify == "docker compose -f 'my file.yaml' ps does not list llama."


@pytest.mark.parametrize(
    ("engine", "offered"),
    [
        (MAC, True),
        ({"operating_system": "OrbStack"}, True),
        ({"operating_system": "Alpine", "context": "colima", "client_os": "darwin"}, True),
        ({"operating_system": "Alpine", "context": "colima", "client_os": "linux"}, False),
        ({**MAC, "client_os": "linux"}, False),
        (WSL, False),
        ({"operating_system": "Debian GNU/Linux 12", "kernel": "6.1"}, False),
        ({**MAC, "host_memory": int(gibibytes(6))}, False),
        ({**MAC, "host_memory": int(gibibytes(64))}, True),
    ],
)
def test_ollama_on_the_machine_only_where_containers_get_no_gpu(
    engine: dict[str, Any], offered: bool
) -> None:
    empty = dict.fromkeys(("kernel", "operating_system"))
    snapshot = short_of(2, services=ADDRESSED, engine={**empty, **engine})
    found = named(snapshot, "on the machine itself")
    assert bool(found) == offered
    if found:
        assert "The machine itself then needs 5 GiB" in found[0].why
        assert found[0].effect == saved_without(["llama"], snapshot)


def test_ollama_on_the_machine_needs_an_address_to_change_and_ollama() -> None:
    assert not named(short_of(2, engine=MAC), "on the machine itself")
    assert (
        "Ollama on the machine itself is no option: no variable is known"
        in options(short_of(2, engine=MAC))[0].why
    )
    other = [{"name": "llama", "image": "vllm/vllm-openai"}, ADDRESSED[1]]
    assert not named(short_of(2, engine=MAC, services=other), "on the machine itself")


def shaped(engine: float, **settings: Any) -> Snapshot:
    model = {
        "name": "llama3.1:8b",
        "service": "llama",
        "shape": SHAPE,
        "shape_from": "catalogue",
        "settings": {"context": 32768, **settings},
    }
    return short_of(engine, models=[model])


def test_settings_that_are_enough_by_themselves_are_offered_with_what_they_save() -> None:
    short = shortage(shaped(1))
    assert short is not None
    engine = (int(short.wanted) - int(gibibytes(1))) / int(gibibytes(1))
    snapshot = shaped(engine)
    (cache,) = named(snapshot, "OLLAMA_KV_CACHE_TYPE=q8_0")
    (context,) = named(snapshot, "OLLAMA_CONTEXT_LENGTH=")
    for each in (cache, context):
        assert each.effect is not None
        assert each.effect >= gibibytes(1)
        assert each.gain.startswith(f"llama3.1:8b needs {gib(each.effect)} less; enough")
    without_flash = shaped(engine, flash_attention=False)
    assert not named(without_flash, "OLLAMA_KV_CACHE_TYPE")


def test_settings_that_are_not_enough_are_told_and_not_offered() -> None:
    snapshot = shaped(4)
    assert not named(snapshot, "OLLAMA_")
    (smaller,) = named(snapshot, "Choose a smaller model that needs")
    assert smaller.why.startswith("No context is short enough for llama3.1:8b; a cache in q8_0")


def test_a_smaller_model_only_where_there_is_room_for_any() -> None:
    assert not named(short_of(1), "Choose a smaller model")
    (smaller,) = named(short_of(4), "Choose a smaller model or a shorter context")
    short = shortage(short_of(4))
    assert short is not None
    assert smaller.effect == short.short


def test_the_model_that_makes_it_short_is_the_one_to_make_smaller() -> None:
    """One that starts later counts only where it needs more than all that starts."""
    services = [{"name": "llama"}, {"name": "later", "active": False}, {"name": "web"}]
    llama = {"name": "m", "service": "llama", "memory": int(gibibytes(5))}
    later = {"name": "later", "service": "later", "memory": int(gibibytes(5.5))}
    (smaller,) = named(short_of(3, services=services, models=[llama, later]), "Choose a smaller")
    assert "less than m," in smaller.gain
    later["memory"] = int(gibibytes(9))
    (smaller,) = named(short_of(7, services=services, models=[llama, later]), "Choose a smaller")
    assert "less than later," in smaller.gain


def test_without_a_model_that_nobody_knows_states_no_size() -> None:
    services = [{"name": "llama", "image": "ollama/ollama"}, {"name": "web"}]
    containers = [
        {
            "name": "w",
            "service": "web",
            "state": "running",
            "memory": {"usage": int(gibibytes(3))},
        }
    ]
    snapshot = short_of(2, services=services, models=[], containers=containers, engine=MAC)
    (step,) = named(snapshot, "without the local model")
    assert "leave out llama" in step.what
    assert step.effect is None
    assert step.gain == "as much less is needed as its model needs, which is not known"
    assert options(snapshot)[-1].effect is None
    assert not named(snapshot, "Run Ollama on the machine itself")
