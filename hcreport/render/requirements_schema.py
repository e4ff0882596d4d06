"""The published JSON Schema (draft 2020-12) of ``requirements.json``."""

from __future__ import annotations

from hcreport.render.schema import (
    AMOUNT,
    COUNT,
    DRAFT,
    FLAG,
    TEXT,
    Schema,
    about,
    disk_part,
    or_null,
    part,
    several,
    size,
    whole,
)

SCHEMA_NUMBER = 1
"""Rises when a key goes away or changes its meaning; new keys may come without it."""


def requirements_schema() -> Schema:
    """Return the schema of ``requirements.json``, which is published under docs/schema."""
    moment = {"type": "string", "format": "date-time"}
    return {
        "$schema": DRAFT,
        "title": "hcreport requirements",
        "description": "All sizes are in bytes; null is not measured or does not apply.",
        **whole(
            {
                "note": TEXT,
                "schema": {"const": SCHEMA_NUMBER, "description": "The number of this schema."},
                "project": TEXT,
                "taken_at": about(moment, "When the snapshot was taken."),
                "tool": TEXT,
                "declaration": or_null(
                    TEXT,
                    "SHA-256 of what the Compose files declared: hcreport check --stale compares "
                    "it. null where the snapshot holds no services.",
                ),
                "scenarios": several(_scenario(), "What each scenario needs, the main one first."),
            }
        ),
    }


def _scenario() -> Schema:
    return whole(
        {
            "scenario": TEXT,
            "description": TEXT,
            "services": several(TEXT),
            "docker_memory_minimum": size(
                "what docker info has to report at least; null where only a lower bound is known."
            ),
            "docker_memory_recommended": size("the minimum with page cache and room to grow."),
            "docker_memory_at_least": about(COUNT, "Bytes; the sum of the known parts."),
            "setting": size("what to give a virtual machine of Docker for docker_memory_at_least."),
            "setting_recommended": size("the same for docker_memory_recommended."),
            "machines": {
                "type": "object",
                "additionalProperties": whole({"minimum": _machine(), "recommended": _machine()}),
                "description": "Machines by platform.",
            },
            "check": about(_check(), "What a machine is compared with."),
            "parts": several(part(), "The known ones add up to docker_memory_at_least."),
            "seen_together": size("the most that was held at one time while it was watched."),
            "cpu": whole(
                {
                    "average": or_null(AMOUNT, "CPUs that all services used together."),
                    "services": several(_cpu()),
                }
            ),
            "disk": size("on the disk of Docker."),
            "disk_parts": several(disk_part(), "The known ones add up to disk."),
            "savings": several(_saving(), "What stopping each service saves, the most first."),
            "proven": about(FLAG, "It ran with docker_memory_minimum or less."),
            "proofs": several(_proof(), "What came of running it with limited memory."),
        }
    )


def _check() -> Schema:
    return whole(
        {
            "docker_memory": size("what docker info has to report."),
            "exact": about(FLAG, "False where docker_memory is a lower bound."),
            "setting": size("what to give a virtual machine of Docker, in whole GiB."),
            "machine_reports": size("what the machine around it reports if that is to be given."),
            "setting_recommended": size("the same setting for the recommended memory."),
            "machine_reports_recommended": size("what a machine reports for that setting."),
            "cpus_at_least": or_null(COUNT, "The highest CPU limit; null without limits."),
            "compose_at_least": about(TEXT, "Oldest version of Docker Compose that reads it."),
            "disk": size("that have to be free on the disk of Docker."),
        }
    )


def _machine() -> Schema:
    return or_null(
        whole(
            {
                "setting": size("memory to give to the virtual machine; null where there is none."),
                "when_set": size("memory of a machine on which that can be set."),
                "by_default": size("memory of a machine whose default is enough."),
                "reason": about(TEXT, "Why one of them is null."),
            }
        )
    )


def _cpu() -> Schema:
    return whole(
        {
            "service": TEXT,
            "average": about(AMOUNT, "CPUs, all its containers together."),
            "highest": or_null(AMOUNT, "Most CPUs between two samples."),
            "limit": or_null(AMOUNT, "CPUs its containers may use together."),
            "throttled": or_null(AMOUNT, "Share of periods in which it had to wait; 1 is all."),
        }
    )


def _saving() -> Schema:
    return whole(
        {
            "service": TEXT,
            "saves": size("its containers, its models, and what Docker keeps for them."),
            "exact": about(FLAG, "False where it saves at least that."),
            "models": several(TEXT, "Models that go with it."),
            "needed_by": several(TEXT, "Services that do not start without it."),
        }
    )


def _proof() -> Schema:
    return whole(
        {
            "taken_at": {"type": "string", "format": "date-time"},
            "docker_memory": about(COUNT, "Bytes; the memory of Docker that was tried."),
            "passed": FLAG,
            "seconds": AMOUNT,
            "load": or_null(TEXT, "The program that made load; null without any."),
            "broke": or_null(
                whole(
                    {
                        "kind": {"enum": ["memory", "exited", "unhealthy", "not ready", "load"]},
                        "service": or_null(TEXT),
                        "seconds": AMOUNT,
                    }
                ),
                "What broke first; null where it passed.",
            ),
        }
    )
