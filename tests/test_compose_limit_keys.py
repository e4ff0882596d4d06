"""Under which keys a memory limit of a service has to stand: Compose itself is the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hcreport.collect.compose import ComposeRequest, read_project
from hcreport.errors import ComposeRejected
from hcreport.units import mebibytes
from tests.compose.support import use_real_binary

OTHER = "200m"
OVERRIDES: dict[tuple[str, ...], dict[str, Any]] = {
    ("mem_limit",): {"mem_limit": OTHER},
    ("deploy",): {"deploy": {"resources": {"limits": {"memory": OTHER}}}},
}
OVERRIDES["mem_limit", "deploy"] = OVERRIDES["mem_limit",] | OVERRIDES["deploy",]


def limits(**values: object) -> str:
    return yaml.safe_dump({"resources": {"limits": values}}, default_flow_style=True).strip()


CASES = {
    "nothing": ("{}", ()),
    "mem_limit": ("mem_limit: 100m", ("mem_limit",)),
    "mem_limit without bound": ("mem_limit: -1", ("mem_limit",)),
    "mem_limit of zero": ("mem_limit: 0", ()),
    "mem_limit that Compose drops": ("mem_limit: 1e9", ()),
    "cpus": ("cpus: 0.5", ("mem_limit",)),
    "pids_limit": ("pids_limit: 50", ("mem_limit",)),
    "pids_limit of zero": ("pids_limit: 0", ()),
    "reservation": ("mem_reservation: 20m", ()),
    "deploy": (f"deploy: {limits(memory='100m')}", ("deploy",)),
    "deploy, memory of zero": (f"deploy: {limits(memory='0')}", ("deploy",)),
    "deploy, CPUs only": (f"deploy: {limits(cpus='0.5')}", ("deploy",)),
    "deploy, nothing in it": (f"deploy: {limits()}", ("deploy",)),
    "deploy, a reservation": ("deploy: {resources: {reservations: {memory: 20m}}}", ()),
    "deploy with cpus": (f"{{cpus: 0.5, deploy: {limits(cpus='0.5')}}}", ("deploy",)),
    "mem_limit, a reservation": (
        "{mem_limit: 100m, deploy: {resources: {reservations: {memory: 20m}}}}",
        ("mem_limit",),
    ),
    "both": (f"{{mem_limit: 100m, deploy: {limits(memory='100m')}}}", ("mem_limit", "deploy")),
}


@pytest.fixture(autouse=True)
def _real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)


def write(path: Path, service: dict[str, Any]) -> None:
    services = {"services": {"one": {"image": "x", **service}}}
    path.write_text(yaml.safe_dump(services), encoding="utf-8")


@pytest.mark.parametrize(("service", "keys"), CASES.values(), ids=CASES)
def test_compose_accepts_another_limit_under_these_keys_and_no_other(
    tmp_path: Path, service: str, keys: tuple[str, ...]
) -> None:
    write(tmp_path / "base.yaml", yaml.safe_load(service))
    (found,) = read_project(ComposeRequest(tmp_path, files=("base.yaml",))).services
    assert found.memory_limit_keys == keys
    for name, override in OVERRIDES.items():
        write(tmp_path / "override.yaml", override)
        request = ComposeRequest(tmp_path, files=("base.yaml", "override.yaml"))
        if name == keys or not keys:
            (changed,) = read_project(request).services
            assert changed.limits.memory == mebibytes(200)
        elif len(name) == 1:
            with pytest.raises(ComposeRejected, match="can't set distinct values"):
                read_project(request)
