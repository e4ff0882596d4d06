"""What ``hcreport doctor --format json`` prints, and its published JSON Schema."""

from __future__ import annotations

import json
from typing import Any, get_args

from hcreport.model import CheckAnswer, CheckState, Machine, MachineReport, MachineVerdict
from hcreport.model.machine import Checked
from hcreport.render.assessed_parts import size
from hcreport.render.schema import COUNT, DRAFT, TEXT, Schema, about, or_null, several, whole
from hcreport.render.schema import size as bytes_or_null

SCHEMA_NUMBER = 1
"""Rises when a key goes away or changes its meaning; new keys may come without it."""


def doctor_json(report: MachineReport) -> str:
    """Return what came of looking at a machine as JSON; only ASCII, always the same bytes."""
    data = {
        "schema": SCHEMA_NUMBER,
        "project": report.project,
        "taken_at": report.taken_at.isoformat(),
        "machine": _machine(report.machine),
        "scenarios": [
            {
                "scenario": each.scenario,
                "verdict": each.verdict,
                "checks": [_check(check) for check in each.checks],
            }
            for each in report.answers
        ],
    }
    return json.dumps(data, indent=2) + "\n"


def _machine(machine: Machine) -> dict[str, Any]:
    return {
        "platform": machine.platform,
        "docker_memory": int(machine.docker_memory),
        "cpus": machine.cpus,
        "memory": size(machine.memory),
        "memory_reason": machine.memory_reason,
        "disk_free": size(machine.disk_free),
        "disk_reason": machine.disk_reason,
        "compose": machine.compose,
    }


def _check(answer: CheckAnswer) -> dict[str, Any]:
    return {
        "check": answer.checked,
        "state": answer.state,
        "needs": _plain(answer.needs),
        "has": _plain(answer.has),
        "setting": size(answer.setting),
        "reason": answer.reason,
    }


def _plain(value: int | str | None) -> int | str | None:
    """Return a value of a check; a size as a plain number."""
    return value if value is None or isinstance(value, str) else int(value)


def doctor_schema() -> Schema:
    """Return the schema of what ``hcreport doctor`` prints, published under docs/schema."""
    value = {"type": ["integer", "string", "null"]}
    machine = {
        "platform": about(TEXT, "Which way to run Docker this is."),
        "docker_memory": about(COUNT, "Bytes; what docker info reports."),
        "cpus": about(COUNT, "CPUs that Docker has."),
        "memory": bytes_or_null("what the machine around Docker's virtual machine reports."),
        "memory_reason": about(TEXT, "Why that is null."),
        "disk_free": bytes_or_null("free on the disk of Docker's data."),
        "disk_reason": about(TEXT, "Why that is null."),
        "compose": or_null(TEXT, "Version of Docker Compose; null where there is none."),
    }
    check = {
        "check": {"enum": list(get_args(Checked))},
        "state": {"enum": list(get_args(CheckState))},
        "needs": about(value, "Bytes, a number of CPUs, or a version; null is not measured."),
        "has": about(value, "The same of this machine."),
        "setting": bytes_or_null("what to give to Docker's virtual machine."),
        "reason": about(TEXT, "Why something is not measured."),
    }
    scenario = {
        "scenario": TEXT,
        "verdict": {"enum": list(get_args(MachineVerdict))},
        "checks": several(whole(check), "Memory, CPUs, disk and Compose."),
    }
    moment = {"type": "string", "format": "date-time"}
    return {
        "$schema": DRAFT,
        "title": "hcreport doctor",
        "description": "All sizes are in bytes; null is not measured or does not apply.",
        **whole(
            {
                "schema": {"const": SCHEMA_NUMBER, "description": "The number of this schema."},
                "project": TEXT,
                "taken_at": about(moment, "When the snapshot was taken."),
                "machine": whole(machine),
                "scenarios": several(whole(scenario), "The scenarios that were asked for."),
            }
        ),
    }
