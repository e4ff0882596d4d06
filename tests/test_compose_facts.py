"""Every fact about a service equals what the real Compose prints in its other format, JSON."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect.compose import read_project
from hcreport.errors import ComposeRejected
from hcreport.model import Service
from tests.compose.support import INVALID, PROJECTS, VALID, Case, single, use_real_binary

CASES = [single(path) for path in VALID] + [
    Case(PROJECTS / "override"),
    Case(PROJECTS / "include"),
    Case(PROJECTS / "extends-file"),
    Case(PROJECTS / "env-files"),
    Case(PROJECTS / "env-files", env_files=("other.env",), project_name="other"),
    Case(PROJECTS / "several-files", files=("base.yaml", "sub/more.yaml")),
    Case(PROJECTS / "named-by-env"),
    Case(PROJECTS / "parent" / "child"),
    Case(PROJECTS / "profiles-by-env"),
    Case(PROJECTS / "disabled-dependency"),
    Case(PROJECTS / "folder-name"),
]

_TIMES = ("interval", "timeout", "start_period", "start_interval")
_GO_UNITS = {
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 1000),
    "µs": Fraction(1, 1000000),
}


@pytest.fixture(autouse=True)
def _real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)


def go_seconds(text: str | None) -> float | None:
    """Read a Go duration by another way than hcreport does."""
    if text is None:
        return None
    parts = re.findall(r"([\d.]+)(h|ms|m|µs|s)", text)
    assert "".join(number + unit for number, unit in parts) == text
    return float(sum(Fraction(number) * _GO_UNITS[unit] for number, unit in parts))


def size(*values: str | None) -> int | None:
    """Return the first size that is set; Compose prints sizes as texts of bytes."""
    return next((int(value) for value in values if value and int(value) > 0), None)


def expected(config: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return the facts about one service of Compose's JSON."""
    deploy = config.get("deploy") or {}
    resources = deploy.get("resources") or {}
    limits, reserved = resources.get("limits") or {}, resources.get("reservations") or {}
    swap, build, check = (config.get(key) for key in ("memswap_limit", "build", "healthcheck"))
    return {
        "image": config.get("image"),
        "memory": size(limits.get("memory"), config.get("mem_limit")),
        "reservation": size(reserved.get("memory"), config.get("mem_reservation")),
        "swap": -1 if swap == "-1" else size(swap),
        "shm": size(config.get("shm_size")),
        "cpus": limits.get("cpus") or config.get("cpus") or None,
        "scale": config.get("scale", deploy.get("replicas", 1)),
        "profiles": config.get("profiles", []),
        "build": None if build is None else expected_build(build, folder),
        "env": sorted(config.get("environment") or {}),
        "depends_on": {
            name: (entry["condition"], entry["required"], entry.get("restart", False))
            for name, entry in (config.get("depends_on") or {}).items()
        },
        "health": None if check is None else expected_health(check),
        "restart": config.get("restart"),
        "container_name": config.get("container_name"),
        "provider": "provider" in config,
        "models": sorted(config.get("models") or {}),
    }


def expected_build(build: Mapping[str, Any], folder: str) -> tuple[object, ...]:
    context, dockerfile = build["context"], build.get("dockerfile")
    inside = context == folder or context.startswith(folder + os.sep)
    return (
        os.path.relpath(context, folder).replace(os.sep, "/") if inside else None,
        None if dockerfile is None or dockerfile.startswith("/") else dockerfile,
        build.get("target"),
        sorted(build.get("args") or {}),
    )


def expected_health(check: Mapping[str, Any]) -> tuple[object, ...]:
    kind = (check.get("test") or ["image"])[0]
    times = tuple(go_seconds(check.get(key)) for key in _TIMES)
    return ("NONE" if check.get("disable") else kind, *times, check.get("retries"))


def ours(service: Service) -> dict[str, Any]:
    """Return the same facts as hcreport has them."""
    limits, build, check = service.limits, service.build, service.health_check
    return {
        "image": service.image,
        "memory": limits.memory,
        "reservation": limits.memory_reservation,
        "swap": -1 if limits.swap_unlimited else limits.memory_swap,
        "shm": limits.shm_size,
        "cpus": limits.cpus,
        "scale": service.replicas,
        "profiles": list(service.profiles),
        "build": build
        and (build.context, build.dockerfile, build.target, list(build.argument_names)),
        "env": list(service.environment_names),
        "depends_on": {
            each.service: (each.condition, each.required, each.restart)
            for each in service.depends_on
        },
        "health": check
        and (
            check.kind,
            check.interval_seconds,
            check.timeout_seconds,
            check.start_period_seconds,
            check.start_interval_seconds,
            check.retries,
        ),
        "restart": service.restart,
        "container_name": service.container_name,
        "provider": service.provider,
        "models": list(service.models),
    }


def project_folder(case: Case) -> str:
    """Return the folder of the first file, which Compose takes as the project directory."""
    if case.files:
        return str((case.folder / case.files[0]).parent)
    if case.folder.name == "named-by-env":
        return str(case.folder / "stack")
    return str(case.folder.parent if case.folder.name == "child" else case.folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_facts_equal_those_of_compose(case: Case) -> None:
    oracle = case.oracle()
    project = read_project(case.request)
    services = oracle.get("services") or {}
    folder = project_folder(case)
    assert project.project.name == oracle["name"]
    assert {each.name: ours(each) for each in project.services} == {
        name: expected(config, folder) for name, config in services.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_hashes_and_locations_are_there_for_every_service(case: Case) -> None:
    lines = case.run("--profile", "*", "config", "--hash", "*").stdout.splitlines()
    project = read_project(case.request)
    hashes = {each.name: each.config_hash for each in project.services}
    assert hashes == dict(line.split(" ") for line in lines)
    assert [each.name for each in project.services if each.location is None] == []


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_what_compose_refuses_is_refused_with_its_reason(path: Path) -> None:
    case = single(path)
    answer = case.run("--profile", "*", "config")
    with pytest.raises(ComposeRejected) as caught:
        read_project(case.request)
    reason = [line for line in answer.stderr.splitlines() if not line.startswith("time=")]
    assert answer.returncode != 0
    assert caught.value.message == "\n".join(reason).strip()
    assert f"-f {path.name} --profile '*' config" in caught.value.hint


def test_there_are_many_files() -> None:
    assert len(CASES) + len(INVALID) >= 60
