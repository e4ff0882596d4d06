"""Scenarios that consist of Compose files: the real Compose says which services they start."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.collect import CollectOptions, collect
from hcreport.collect.compose import ComposeProject, ComposeRequest
from hcreport.collect.compose_scenarios import read_stack
from hcreport.config import Config
from hcreport.errors import ComposeRejected
from hcreport.model import DeclaredVolume, Gap, Location, Scenario
from hcreport.snapshot import format_snapshot
from tests.compose.support import PROJECTS, use_real_binary

FOLDER = PROJECTS / "scenarios"
REFUSED = "`docker compose -f compose.yaml -f refused.yaml config`"
LLM = ("compose.yaml", "compose.llm.yaml")


@pytest.fixture(autouse=True)
def _real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)


def scenario(name: str = "full", *files: str, services: tuple[str, ...] = ()) -> Scenario:
    return Scenario(name=name, files=files or LLM, services=services)


def read(*scenarios: Scenario, profiles: tuple[str, ...] = ()) -> ComposeProject:
    return read_stack(ComposeRequest(FOLDER, profiles=profiles), scenarios)


def test_a_scenario_gets_the_services_that_its_files_start() -> None:
    found = read(scenario()).scenarios[0]
    assert found.services == ("llama", "web", "worker")
    assert found.replicas == {"worker": 3}
    assert found.files == LLM
    assert read(scenario(), profiles=("debug",)).scenarios[0].services[0] == "debug"


def test_what_only_a_scenario_declares_is_in_the_project_and_not_active() -> None:
    found = read(scenario(), scenario("gpu", *LLM, "more/gpu.yaml"))
    assert {each.name: each.active for each in found.services} == {
        "asleep": False,
        "cloud": False,
        "debug": False,
        "llama": False,
        "trace": False,
        "web": True,
        "worker": True,
    }
    llama = next(each for each in found.services if each.name == "llama")
    assert llama.location == Location(file="compose.llm.yaml", line=6)
    assert llama.build is not None
    assert llama.build.context == "llama"
    assert llama.config_hash
    assert found.project.compose_files == ("compose.yaml",)
    assert found.project.volumes == (DeclaredVolume(name="scenarios_weights"),)


def test_later_scenarios_differ_from_the_first_that_declares_a_service() -> None:
    found = read(scenario(), scenario("gpu", *LLM, "more/gpu.yaml"))
    assert found.scenarios[1].replicas == {"llama": 2, "worker": 3}
    assert found.scenarios[1].models == ("example/tiny:1",)
    assert [each.name for each in found.models] == ["example/tiny:1"]


def test_the_same_file_alone_counts_from_the_folder_of_the_project() -> None:
    """Without the project's directory its ``.env`` would not be found, and a limit would miss."""
    base = read(scenario("alone", "more/../compose.yaml", "more/gpu.yaml"))
    assert base.scenarios[0].services == ("llama", "web", "worker")
    assert base.scenarios[0].files == ("compose.yaml", "more/gpu.yaml")
    first = read(scenario("first", "more/gpu.yaml", "compose.yaml"))
    assert first.scenarios[0].services == ("llama", "web", "worker")
    assert first.gaps == ()


def test_what_a_scenario_names_itself_is_kept() -> None:
    named = Scenario(
        name="own", files=LLM, services=("debug",), models=("large",), replicas={"worker": 5}
    )
    found = read(named).scenarios[0]
    assert found.services == ("debug", "llama", "web", "worker")
    assert (found.models, found.replicas) == (("large",), {"worker": 5})


def test_without_files_nothing_is_asked_and_nothing_changes() -> None:
    plain = Scenario(name="plain", services=("web",))
    found = read(plain)
    assert found.scenarios == (plain,)
    assert [each.name for each in found.services] == ["debug", "web", "worker"]
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("absent.yaml", "there is no file absent.yaml"),
        ("more", "there is no file more"),
        (
            "refused.yaml",
            f"Compose refuses its files; {REFUSED} says why",
        ),
    ],
)
def test_files_that_cannot_be_read_are_a_gap_of_the_scenario(file: str, reason: str) -> None:
    found = read(scenario("broken", "compose.yaml", file), scenario())
    assert found.gaps == (Gap(source="scenarios", subject="broken", reason=reason),)
    assert found.scenarios[0].services == ()
    assert found.scenarios[1].services == ("llama", "web", "worker")


def test_the_project_itself_must_be_read() -> None:
    with pytest.raises(ComposeRejected):
        read_stack(ComposeRequest(FOLDER, files=("refused.yaml",)), (scenario(),))


def test_a_snapshot_holds_the_scenarios_and_no_path_and_no_value(tmp_path: Path) -> None:
    outside = tmp_path / "a-users-name" / "outside.yaml"
    outside.parent.mkdir()
    outside.write_text("services: {far: {image: x}}\n", encoding="utf-8")
    scenarios = (
        scenario("far", "compose.yaml", str(outside)),
        scenario("gone", str(outside.with_name("gone.yaml"))),
        scenario("refused", "compose.yaml", "refused.yaml"),
    )
    request = ComposeRequest(FOLDER)
    options = CollectOptions(compose=request, engine=False, config=Config(scenarios=scenarios))
    snapshot = collect(options)
    assert snapshot.scenarios[0].files == ("compose.yaml", "outside.yaml")
    assert snapshot.scenarios[0].services == ("far", "web", "worker")
    assert {each.subject for each in snapshot.gaps} == {"gone", "refused"}
    text = format_snapshot(snapshot)
    for secret in ("a-users-name", "a-secret"):
        assert secret not in text
