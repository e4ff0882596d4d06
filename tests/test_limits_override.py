"""The Compose file with suggested limits: what the real Compose makes of it, and its page."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from hcreport.collect.compose import ComposeRequest, read_project
from hcreport.compose_files import LIMITS_FILE
from hcreport.model import (
    Assessment,
    MemoryBudget,
    Number,
    Origin,
    Requirement,
    RequirementPart,
    SuggestedLimit,
)
from hcreport.render.limits import LimitRow, compose_size, limits_override, limits_view
from hcreport.render.marker import is_generated_file
from hcreport.units import Bytes, mebibytes
from tests.compose.support import BINARY, use_real_binary
from tests.fragments import snapshot_of
from tests.pages_case import assessed, files

Keys = tuple[Literal["mem_limit", "deploy"], ...]

LIMIT = mebibytes(208)

CASES: dict[str, tuple[str, Keys]] = {
    "none": ("{}", ("deploy",)),
    "mem_limit": ("{mem_limit: 1g}", ("mem_limit",)),
    "cpus": ("{cpus: 0.5}", ("mem_limit",)),
    "deploy memory": ("{deploy: {resources: {limits: {memory: 1g}}}}", ("deploy",)),
    "deploy cpus": ("{deploy: {resources: {limits: {cpus: '0.5'}}}}", ("deploy",)),
    "both": (
        "{mem_limit: 1g, deploy: {resources: {limits: {memory: 1g}}}}",
        ("mem_limit", "deploy"),
    ),
    "reservation": ("{deploy: {resources: {reservations: {memory: 64m}}}}", ("deploy",)),
    "small swap": ("{mem_limit: 64m, memswap_limit: 128m}", ("mem_limit",)),
    "no swap": ("{mem_limit: 1g, memswap_limit: 1g}", ("mem_limit",)),
    "large swap": ("{mem_limit: 1g, memswap_limit: 2g}", ("mem_limit",)),
}


def _suggested(service: str, keys: Keys, limit: Bytes = LIMIT) -> SuggestedLimit:
    return SuggestedLimit(service=service, limit=limit, needs=mebibytes(150), keys=keys)


def _composed(folder: Path, *names: str) -> dict[str, Any]:
    """Return the services as the real Compose merges some files."""
    options = [word for name in names for word in ("-f", name)]
    done = subprocess.run(
        [str(BINARY), "-p", "limits", *options, "config", "--format", "json"],
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


def _memory(service: dict[str, Any]) -> set[str]:
    """Return every memory limit that Compose hands to the engine, in bytes as text."""
    deployed = service.get("deploy", {}).get("resources", {}).get("limits", {})
    found = {service.get("mem_limit"), deployed.get("memory")}
    return {str(each) for each in found if each is not None}


@pytest.mark.parametrize("name", CASES)
def test_compose_takes_the_limits_as_they_are_meant(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_binary(monkeypatch)
    text, keys = CASES[name]
    base = {"services": {"web": {"image": "x"} | yaml.safe_load(text), "other": {"image": "y"}}}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(base), encoding="utf-8")
    services = read_project(ComposeRequest(folder=tmp_path)).services
    (web,) = [each for each in services if each.name == "web"]
    assert (web.memory_limit_keys or ("deploy",)) == keys
    override = limits_override([_suggested("web", keys)], services)
    (tmp_path / LIMITS_FILE).write_text(override, encoding="utf-8")
    before = _composed(tmp_path, "compose.yaml")
    after = _composed(tmp_path, "compose.yaml", LIMITS_FILE)
    assert _memory(after["web"]) == {str(int(LIMIT))}
    assert after["other"] == before["other"]
    # The engine refuses a smaller sum of memory and swap, and an equal one means no swap.
    raised = {"small swap", "no swap"}
    expected = str(int(LIMIT)) if name in raised else before["web"].get("memswap_limit")
    assert after["web"].get("memswap_limit") == expected


def test_names_that_mean_something_to_yaml_stay_names() -> None:
    names = ["on", "null", "1.5", "0x1f", "a.b-c_d", "~", "2026-03-01", "1e3", "y"]
    text = limits_override([_suggested(each, ("deploy",)) for each in names])
    assert sorted(yaml.safe_load(text)["services"]) == sorted(names)


def test_the_file_is_the_same_every_time_and_carries_the_mark() -> None:
    some = [_suggested("b", ("mem_limit",)), _suggested("a", ("deploy",))]
    assert limits_override(some) == limits_override(reversed(some))
    assert is_generated_file(limits_override(some))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (mebibytes(64), "64m"),
        (mebibytes(6), "6m"),
        (mebibytes(64) + 1, "67108865b"),
    ],
)
def test_a_size_for_compose(size: Bytes, text: str) -> None:
    assert compose_size(size) == text


def _rows(name: str) -> dict[str, LimitRow]:
    return {each.suggested.service: each for each in limits_view(*assessed(name)).rows}


def test_rows_say_what_could_be_lower() -> None:
    rows = _rows("watched")
    assert rows["cache"].lower == mebibytes(256) - rows["cache"].suggested.limit
    assert rows["cache"].higher is None
    assert rows["api"].lower is None
    assert rows["api"].higher is None


def test_a_service_of_which_only_a_bound_is_known_is_left_out() -> None:
    view = limits_view(*assessed("watched"))
    assert view.left_out == ("worker",)
    assert "worker" not in yaml.safe_load(view.override)["services"]
    assert files("watched")[LIMITS_FILE].decode() == view.override


def test_the_sum_counts_every_container() -> None:
    view = limits_view(*assessed("watched"))
    rows = _rows("watched")
    containers = {"web": 2}
    assert view.sum == sum(
        int(rows[name].suggested.limit) * containers.get(name, 1)
        for name in ("api", "cache", "db", "web")
    )


def test_a_limit_that_is_too_low_is_said() -> None:
    snapshot = snapshot_of("services: [{name: web, limits: {memory: !memory 32MiB}}]")
    need = Number(
        name="need",
        value=float(mebibytes(100)),
        unit="bytes",
        family="memory",
        origin=Origin(kind="measured", evidence="test"),
    )
    part = RequirementPart(
        name="web", memory=need, containers=1, largest=mebibytes(100), exact=True
    )
    assessment = Assessment(
        outcomes=(),
        findings=(),
        memory=MemoryBudget(),
        requirements=(Requirement(scenario="all", parts=(part,)),),
    )
    (row,) = limits_view(snapshot, assessment).rows
    assert row.higher == row.suggested.limit - mebibytes(32)
    assert row.lower is None


def test_without_a_suggestion_there_is_no_file() -> None:
    assert LIMITS_FILE not in files("empty")
    assert limits_view(*assessed("empty")).override == ""
