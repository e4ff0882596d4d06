"""Reads what an inspect reply says of a container's health: the check in force, and its probes.

The command of the check and the output of probes are looked at, never kept.
"""

from __future__ import annotations

import re
from typing import Any

from hcreport.collect.engine_times import nanoseconds, seconds_between
from hcreport.collect.ollama_refusals import says_not_loaded
from hcreport.collect.redact import begins_with_shell, probe_program
from hcreport.model import Health, HealthCheck, Probe, ProbeOutcome
from hcreport.units import NANOSECONDS_PER_SECOND

Json = dict[str, Any]

# moby, daemon/health.go: the text of a probe that was stopped, with exit code -1.
_TIMED_OUT = re.compile(r"exceeded timeout", re.IGNORECASE)

# runc for a probe of kind CMD, and the shells' own complaints for one of kind CMD-SHELL.
_NO_PROGRAM = re.compile(r"executable file not found|no such file or directory", re.IGNORECASE)
_SHELL_NO_PROGRAM = re.compile(
    r"^(?:/bin/|/usr/bin/)?(?:ba|da|a)?sh: (?:line )?(?:\d+: )?[^\s:]+: (?:command )?not found"
    r"|^(?:/bin/|/usr/bin/)?zsh:(?:\d+:)? command not found: "
    # Programs that run another one: of GNU coreutils, of BusyBox.
    r"|^(?:/bin/|/usr/bin/)?(?:env|nice|nohup|timeout): (?:can't execute |failed to run command )?"
    r"\S+: No such file or directory",
    re.MULTILINE,
)

_NOT_EXECUTED = (-1, 126, 127)


def health_check_in_force(config: Json) -> HealthCheck | None:
    """Return the check of a container, given its ``Config``, whoever declares it.

    The engine merges what the image declares into ``Config`` when it makes the container (moby,
    ``daemon/commit.go``, merge). A shell that is handed a script is ``CMD-SHELL``, however it is
    written. Zeros mean that its defaults apply. None where there is no check.
    """
    check = config.get("Healthcheck") or {}
    test = [str(word) for word in check.get("Test") or ()]
    if len(test) < 2 or test[0] == "NONE":
        return None
    return HealthCheck(
        kind="CMD-SHELL" if test[0] == "CMD-SHELL" or begins_with_shell(test[1:]) else "CMD",
        probe=probe_program(test),
        interval_seconds=_seconds(check.get("Interval")),
        timeout_seconds=_seconds(check.get("Timeout")),
        start_period_seconds=_seconds(check.get("StartPeriod")),
        start_interval_seconds=_seconds(check.get("StartInterval")),
        retries=check.get("Retries") or None,
    )


def read_health(state: Json) -> Health | None:
    """Return a container's health; None where it has no health check, or it was switched off."""
    health = state.get("Health") or {}
    status = health.get("Status")
    if status not in ("starting", "healthy", "unhealthy"):
        return None
    started = nanoseconds(state.get("StartedAt"))
    return Health(
        status=status,
        failing_streak=health.get("FailingStreak") or 0,
        probes=tuple(_probe(entry, started) for entry in health.get("Log") or ()),
    )


def _probe(entry: Json, started: int) -> Probe:
    """Return a probe; one of an earlier life of the container has no time since the last start."""
    began = nanoseconds(entry.get("Start"))
    return Probe(
        exit_code=entry["ExitCode"],
        outcome=probe_outcome(entry["ExitCode"], entry.get("Output") or ""),
        began_after=seconds_between(started, began),
        seconds=seconds_between(began, nanoseconds(entry.get("End"))),
    )


def probe_outcome(exit_code: int, output: str) -> ProbeOutcome:
    """Say what came of a probe; the output is matched and not kept.

    A shell that cannot find a program says so in a line of its own, and often a later ``|| exit 1``
    hides its exit code 127.
    """
    if exit_code == 0:
        return "passed"
    if says_not_loaded(output):
        return "model not loaded"
    if exit_code == -1 and _TIMED_OUT.search(output):
        return "timed out"
    if exit_code in _NOT_EXECUTED and _NO_PROGRAM.search(output):
        return "program not found"
    return "program not found" if _SHELL_NO_PROGRAM.search(output) else "failed"


def _seconds(duration: int | None) -> float | None:
    """Return a duration in nanoseconds as seconds; None where it is absent or not positive."""
    return duration / NANOSECONDS_PER_SECOND if duration and duration > 0 else None
