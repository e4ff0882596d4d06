"""``requirements.json``: what each scenario needs, for programs, in bytes and with its origins."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hcreport.estimate.declaration import declaration_hash, declared_in
from hcreport.estimate.doctor import machine_check
from hcreport.model import (
    CpuNeed,
    MachineNeed,
    Number,
    Proof,
    Proofs,
    Requirement,
    Snapshot,
)
from hcreport.render.assessed_parts import amount, disk_part_json, part_json, size
from hcreport.render.marker import FILE_MARK
from hcreport.render.requirements_schema import SCHEMA_NUMBER, requirements_schema
from hcreport.render.scenarios import ScenarioView

__all__ = ["SCHEMA_NUMBER", "requirements_json", "requirements_schema"]

_NOTE = f"{FILE_MARK}. All sizes are in bytes; null is not measured or does not apply."


def requirements_json(snapshot: Snapshot, scenarios: Iterable[ScenarioView], proofs: Proofs) -> str:
    """Return what each scenario needs as one JSON object; only ASCII, always the same bytes."""
    data = {
        "note": _NOTE,
        "schema": SCHEMA_NUMBER,
        "project": snapshot.project.name,
        "taken_at": snapshot.taken_at.isoformat(),
        "tool": snapshot.tool,
        "declaration": declaration_hash(declared_in(snapshot)) if snapshot.services else None,
        "scenarios": [_scenario(each, snapshot, proofs) for each in scenarios],
    }
    return json.dumps(data, indent=2) + "\n"


def _scenario(view: ScenarioView, snapshot: Snapshot, proofs: Proofs) -> dict[str, Any]:
    requirement = view.requirement
    return {
        "scenario": requirement.scenario,
        "description": requirement.description,
        "services": list(requirement.services),
        "docker_memory_minimum": size(requirement.docker_memory),
        "docker_memory_recommended": size(requirement.docker_memory_recommended),
        "docker_memory_at_least": int(requirement.at_least),
        "setting": size(view.setting),
        "setting_recommended": size(view.setting_recommended),
        "machines": _machines(view),
        "check": machine_check(requirement, snapshot).model_dump(mode="json"),
        "parts": [part_json(each) for each in requirement.parts],
        "seen_together": amount(requirement.seen_together),
        "cpu": _cpus(requirement),
        "disk": amount(requirement.disk),
        "disk_parts": [disk_part_json(each) for each in requirement.disk_parts],
        "savings": [
            {
                "service": each.service,
                "saves": size(each.saves),
                "exact": each.exact,
                "models": list(each.models),
                "needed_by": list(each.needed_by),
            }
            for each in view.savings
        ],
        "proven": bool(view.proven),
        "proofs": [_proof(each) for each in proofs.of(requirement.scenario)],
    }


def _machines(view: ScenarioView) -> dict[str, Any]:
    return {
        platform: {"minimum": _machine(minimum), "recommended": _machine(recommended)}
        for platform, (minimum, recommended) in sorted(view.machine_pairs.items())
    }


def _machine(need: MachineNeed | None) -> dict[str, Any] | None:
    if need is None:
        return None
    return {
        "setting": size(need.setting),
        "when_set": size(need.when_set),
        "by_default": size(need.by_default),
        "reason": need.reason,
    }


def _cpus(requirement: Requirement) -> dict[str, Any]:
    """Return the CPUs used, in all and by service."""
    return {
        "average": _value(requirement.cpus),
        "services": [_cpu(each) for each in requirement.cpu_by_service],
    }


def _cpu(need: CpuNeed) -> dict[str, Any]:
    return {
        "service": need.service,
        "average": need.average.value,
        "highest": _value(need.highest),
        "limit": need.limit,
        "throttled": _value(need.throttled),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    failure = proof.failure
    return {
        "taken_at": proof.taken_at.isoformat(),
        "docker_memory": int(proof.docker_memory),
        "passed": proof.passed,
        "seconds": proof.seconds,
        "load": proof.load,
        "broke": None
        if failure is None
        else {"kind": failure.kind, "service": failure.service, "seconds": failure.seconds},
    }


def _value(number: Number | None) -> float | None:
    return None if number is None else number.value
