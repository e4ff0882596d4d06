"""The text of the Compose files that leave services out, and why there is sometimes none."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from hcreport.compose_files import (
    ASLEEP_FILE,
    MODEL_ON_HOST_FILE,
    WITHOUT_MODEL_FILE,
    compose_with,
)
from hcreport.estimate.without_model import without_model
from hcreport.model import Sleep
from hcreport.render.marker import DOWNLOADS
from hcreport.render.overrides import (
    asleep_services,
    model_on_host_override,
    without_model_override,
)
from tests.fragments import snapshot_of

_TWO = """
services:
- {name: ollama, image: ollama/ollama}
- {name: app, image: app, depends_on: [{service: ollama}]}
models: [{name: tiny, service: ollama}]
"""


def _of(text: str, **project: object) -> Any:
    parts = yaml.safe_load(text)
    return snapshot_of({**parts, "project": {"name": "shop", **project}})


def test_without_a_model_there_is_nothing_to_leave_out() -> None:
    assert without_model(_of("services: [{name: app, image: app}]")) is None
    unserved = "services: [{name: app, image: app}]\nmodels: [{name: tiny}]"
    assert without_model(_of(unserved)) is None
    off = _TWO.replace("image: ollama/ollama}", "image: ollama/ollama, active: false}")
    assert without_model(_of(off)) is None
    assert without_model_override(_of(off)) == ""


@pytest.mark.parametrize(
    ("replaced", "by", "obstacle"),
    [
        ("ollama}]}", "ollama}], tied_to: [ollama]}", "shares something"),
        ("{service: ollama}", "{service: ollama, condition: unknown}", "is not known"),
        ("image: app, ", "image: app, active: false, ", "no other service"),
    ],
)
def test_why_the_model_cannot_be_left_out(replaced: str, by: str, obstacle: str) -> None:
    assert replaced in _TWO
    found = without_model(_of(_TWO.replace(replaced, by)))
    assert found is not None
    assert obstacle in found.obstacle
    assert without_model_override(_of(_TWO.replace(replaced, by))) == ""


def test_all_profiles_switched_on_leave_no_way_to_be_off() -> None:
    found = without_model(_of(_TWO, active_profiles=["*"]))
    assert found is not None
    assert "all profiles" in found.obstacle


@pytest.mark.parametrize(
    ("version", "own", "possible"),
    [
        ("2.19.1", "", False),
        ("2.20.0", "", True),
        ("2.24.4", "profiles: [cpu], ", False),
        ("2.25.0", "profiles: [cpu], ", True),
        ("5.6.1", "profiles: [cpu], ", True),
        (None, "profiles: [cpu], ", True),
        ("odd", "", True),
    ],
)
def test_an_old_compose_cannot_read_the_file(version: str | None, own: str, possible: bool) -> None:
    text = _TWO.replace("name: ollama,", f"name: ollama, {own}")
    found = without_model(_of(text, compose_version=version))
    assert found is not None
    assert (not found.obstacle) == possible
    assert possible or f"this is {version}"[:-2] in found.obstacle


def test_a_version_is_named_only_where_not_every_one_will_do() -> None:
    assert "Needs Docker Compose 2.20.0 and newer." in without_model_override(_of(_TWO))
    alone = _TWO.replace(", depends_on: [{service: ollama}]", "")
    assert "Needs" not in without_model_override(_of(alone))


def test_the_model_moves_to_the_machine_only_where_its_address_is_known() -> None:
    found = without_model(_of(_TWO))
    assert found is not None
    assert "no variable is known" in found.host_obstacle
    assert model_on_host_override(_of(_TWO)) == ""
    address = "addresses: [{variable: LLM, service: ollama, scheme: http, port: 11434}], "
    text = _TWO.replace("image: app, ", f"image: app, {address}")
    override = model_on_host_override(_of(text))
    assert yaml.safe_load(override)["services"]["app"] == {
        "depends_on": {"ollama": {"condition": "service_started", "required": False}},
        "environment": {"LLM": "http://host.docker.internal:11434"},
        "extra_hosts": ["host.docker.internal:host-gateway"],
    }
    assert "# Start the model on the machine first. It has to listen on port 11434.\n" in override
    shared = text.replace("image: app, ", "image: app, tied_to: [db], ")
    assert model_on_host_override(_of(shared)) == ""


def test_who_depends_on_the_model_without_a_known_address_is_named() -> None:
    other = "- {name: silent, image: silent, depends_on: [{service: ollama}]}\nmodels:"
    address = "addresses: [{variable: LLM, service: ollama}], "
    text = _TWO.replace("image: app, ", f"image: app, {address}").replace("models:", other)
    override = model_on_host_override(_of(text))
    assert "it was not found: silent\n" in override
    assert yaml.safe_load(override)["services"]["app"]["environment"] == {
        "LLM": "host.docker.internal"
    }
    assert "It has to listen.\n" in override


HOSTILE = 'a\nservices: {evil: {privileged: true}}\n# "x" \u2028 $HOME'


def test_no_name_breaks_out_of_the_file() -> None:
    snapshot = snapshot_of(
        {
            "project": {"name": HOSTILE, "compose_files": [f"{HOSTILE}.yaml"]},
            "services": [
                {"name": HOSTILE, "image": "ollama/ollama", "profiles": [HOSTILE]},
                {"name": "app", "image": "app", "depends_on": [{"service": HOSTILE}]},
            ],
            "models": [{"name": "tiny", "service": HOSTILE}],
        }
    )
    text = without_model_override(snapshot)
    assert list(yaml.safe_load(text.replace("!override", ""))["services"]) == [HOSTILE, "app"]
    assert all(line.startswith("#") for line in text.partition("services:\n")[0].splitlines())


_GROUPS = """
services: [{name: a}, {name: b}, {name: c}, {name: keeper}]
"""


def _sleep(*groups: dict[str, Any], **frees: float) -> Sleep:
    number = {"name": "x", "unit": "bytes", "origin": {"kind": "measured", "evidence": "test"}}
    return Sleep.model_validate(
        {
            "services": [
                {"service": name, "containers": 1, "frees": {**number, "value": value}}
                for name, value in frees.items()
            ],
            "groups": groups,
        }
    )


def _group(*running: str, awake: int) -> dict[str, Any]:
    return {
        "group": {"name": "+".join(running), "services": running, "awake": awake},
        "running": running,
        "asleep": len(running) - awake,
    }


def test_those_that_free_least_sleep() -> None:
    snapshot = _of(_GROUPS)
    assert asleep_services(snapshot, _sleep(_group("a", "b", "c", awake=1), a=3, b=9, c=1)) == (
        "a",
        "c",
    )
    # One that was not measured may be the hungriest.
    assert asleep_services(snapshot, _sleep(_group("a", "b", "c", awake=1), a=3, c=1)) == ("a", "c")
    assert asleep_services(snapshot, Sleep()) == ()


def test_a_service_that_one_group_keeps_awake_stays_awake() -> None:
    groups = (_group("a", "b", awake=1), _group("b", "c", awake=1))
    assert asleep_services(_of(_GROUPS), _sleep(*groups, a=1, b=2, c=3)) == ("a",)


def test_a_group_that_cannot_sleep_is_left_alone() -> None:
    tied = _GROUPS.replace("{name: keeper}", "{name: keeper, tied_to: [a]}")
    groups = (_group("a", "b", awake=1), _group("c", awake=0))
    assert asleep_services(_of(tied), _sleep(*groups, a=1, b=2, c=3)) == ("c",)


def test_every_file_is_known_as_ours() -> None:
    assert {WITHOUT_MODEL_FILE, MODEL_ON_HOST_FILE, ASLEEP_FILE} < set(DOWNLOADS)


def test_the_words_that_use_a_file() -> None:
    assert compose_with((), "x.yaml") == "docker compose -f compose.yaml -f x.yaml"
    assert compose_with(["a b.yaml"], "x.yaml", profiles=["", "cpu"]) == (
        "docker compose -f 'a b.yaml' -f x.yaml --profile cpu"
    )
