"""Twelve recorded machines, and three scenarios as a ``requirements.json`` publishes them.

``python -m tests.doctor_case`` writes ``doctor_requirements/three.json`` anew. The verdicts of each
machine were worked out by hand; its file says how.
"""

from __future__ import annotations

import json
import platform as host
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from hcreport.collect.engine import Address, Connection
from hcreport.collect.machine import Around, machine_of
from hcreport.estimate.machines import machine_needs
from hcreport.model import (
    Limits,
    Machine,
    Number,
    Origin,
    Project,
    Proofs,
    Requirement,
    RequirementPart,
    Service,
    Snapshot,
)
from hcreport.render.requirements_json import requirements_json
from hcreport.render.scenarios import ScenarioView
from hcreport.units import GB, KIB, Bytes, mebibytes

HERE = Path(__file__).parent
MACHINES = sorted((HERE / "doctor_machines").glob("*.yaml"))
THREE = HERE / "doctor_requirements" / "three.json"
TAKEN_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCENARIOS = ("Small", "Middle", "Large")

_ORIGIN = Origin(kind="measured", evidence="chosen")


def recorded_machine(path: Path) -> dict[str, Any]:
    """Return what a file of ``doctor_machines`` holds."""
    return cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))


def read_machine_file(recorded: dict[str, Any], patch: pytest.MonkeyPatch) -> Machine:
    """Return what the real reader makes of a recorded machine."""
    patch.setattr(host, "system", lambda: recorded["client"])
    components = [{"Name": each} for each in recorded["components"]]
    connection = Connection(
        address=Address(url=recorded["endpoint"]),
        client=cast("Any", None),
        version={"Components": components, "KernelVersion": recorded["info"]["KernelVersion"]},
        api_version="1.47",
    )
    free, compose = recorded["disk_free_kib"], recorded["compose"]
    around = Around(
        kernel=recorded["release"],
        memory=None if recorded["machine_memory"] is None else Bytes(recorded["machine_memory"]),
        compose=compose["plugin"] or compose["standalone"],
        free=lambda _: None if free is None else Bytes(free * KIB),
    )
    return machine_of(connection, recorded["info"], around)


def three_requirements() -> str:
    """Return the text of the published requirements of the three scenarios."""
    files = [_published(_small(), _large()), _published(_middle(), models=("llm",), cpus=3.5)]
    small, large = files[0].pop("scenarios")
    (middle,) = files[1].pop("scenarios")
    return json.dumps({**files[0], "scenarios": [small, middle, large]}, indent=2) + "\n"


def _published(
    *requirements: Requirement, models: tuple[str, ...] = (), cpus: float | None = None
) -> dict[str, Any]:
    snapshot = Snapshot(
        taken_at=TAKEN_AT,
        tool="hcreport",
        project=Project(name="three"),
        services=(Service(name="app", models=models, limits=Limits(cpus=cpus)),),
    )
    views = [ScenarioView(each, snapshot, Proofs()) for each in requirements]
    return cast("dict[str, Any]", json.loads(requirements_json(snapshot, views, Proofs())))


def _small() -> Requirement:
    return requirement("Small", mebibytes(1850), recommended=mebibytes(2600), disk=6 * GB)


def _middle() -> Requirement:
    return requirement("Middle", mebibytes(7400), recommended=mebibytes(9000), disk=40 * GB)


def _large() -> Requirement:
    return requirement("Large", mebibytes(15150))


def requirement(
    name: str, need: Bytes, *, recommended: Bytes | None = None, disk: int | None = None
) -> Requirement:
    """Return what a scenario of one service needs; a lower bound without ``recommended``."""
    return Requirement(
        scenario=name,
        services=("app",),
        parts=(RequirementPart(name="app", memory=_number(int(need)), exact=bool(recommended)),),
        at_least=need,
        docker_memory=need if recommended else None,
        docker_memory_recommended=recommended,
        machines=machine_needs(need),
        disk=None if disk is None else _number(disk, "image"),
    )


def _number(value: int, family: Any = "memory") -> Number:
    return Number(name="app", value=float(value), unit="bytes", family=family, origin=_ORIGIN)


if __name__ == "__main__":
    THREE.write_text(three_requirements(), encoding="utf-8")
