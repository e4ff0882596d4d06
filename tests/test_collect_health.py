"""How the health of a container is read: the check in force, and what came of its probes."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.collect.engine_health import health_check_in_force, probe_outcome, read_health
from hcreport.model import Health, HealthCheck, Probe
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "take"]

Json = dict[str, Any]

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (None, None),
        ({}, None),
        ({"Test": []}, None),
        ({"Test": ["NONE"]}, None),
        ({"Test": ["NONE", "true"]}, None),
        ({"Test": ["CMD"]}, None),
        ({"Test": ["CMD", "/usr/bin/curl", "-f", "http://secret"]},
         HealthCheck(kind="CMD", probe="curl")),
        ({"Test": ["CMD", "/my/secret"]}, HealthCheck(kind="CMD")),
        ({"Test": ["CMD", "/bin/bash", "-c", "curl http://secret"]},
         HealthCheck(kind="CMD-SHELL", probe="curl")),
        ({"Test": ["CMD", "sh", "/my/secret"]}, HealthCheck(kind="CMD", probe="sh")),
        ({"Test": ["CMD-SHELL", "wget -q http://secret || exit 1"], "Interval": 0, "Retries": 0},
         HealthCheck(kind="CMD-SHELL", probe="wget")),
        ({"Test": ["CMD-SHELL", "true"], "Interval": SECOND // 2, "Timeout": 90 * SECOND,
          "StartPeriod": 5 * SECOND, "StartInterval": 3 * SECOND, "Retries": 9},
         HealthCheck(kind="CMD-SHELL", probe="true", interval_seconds=0.5, timeout_seconds=90,
                     start_period_seconds=5, start_interval_seconds=3, retries=9)),
        ({"Test": ["CMD", "true"], "Interval": -SECOND},
         HealthCheck(kind="CMD", probe="true")),
    ],
)  # fmt: skip
def test_the_check_in_force_is_read(check: Json | None, expected: HealthCheck | None) -> None:
    """Zeros and what is absent mean that the engine's defaults apply."""
    assert health_check_in_force({"Healthcheck": check}) == expected


def test_a_container_without_a_check_has_none(take: Take, recorded: RecordedEngine) -> None:
    config = recorded.replies[recorded.of_container("shop-web-1", "json")]["Config"]
    config["Healthcheck"] = {"Test": ["CMD", "curl", "secret"], "Interval": SECOND}
    found = {each.service: each for each in take().containers}
    assert found["web"].health_check == HealthCheck(kind="CMD", probe="curl", interval_seconds=1)
    assert found["db"].health_check is None


def state(*probes: tuple[str, str], started: str = "2026-11-27T20:00:00.5Z") -> Json:
    log = [{"Start": start, "End": end, "ExitCode": 0, "Output": ""} for start, end in probes]
    return {"StartedAt": started, "Health": {"Status": "healthy", "Log": log}}


DAY = "2026-11-27T20:00"


@pytest.mark.parametrize(
    ("start", "end", "began_after", "seconds"),
    [
        (f"{DAY}:02.75Z", f"{DAY}:03Z", 2.25, 0.25),
        (f"{DAY}:00.5Z", f"{DAY}:00.5004Z", 0.0, 0.0),
        ("2026-11-27T21:00:10.5+01:00", f"{DAY}:15.5123Z", 10.0, 5.012),
        # One of an earlier life: the engine keeps probes over a restart.
        ("2026-11-27T19:59:59Z", f"{DAY}:00Z", None, 1.0),
        # The clock was set back.
        (f"{DAY}:09Z", f"{DAY}:08Z", 8.5, None),
        ("", "", None, None),
        ("0001-01-01T00:00:00Z", f"{DAY}:08Z", None, None),
        ("2026-13-45T00:00:00Z", "0001-01-01T00:00:00+14:00", None, None),
    ],
)
def test_probes_have_times(
    start: str, end: str, began_after: float | None, seconds: float | None
) -> None:
    probe = Probe(exit_code=0, outcome="passed", began_after=began_after, seconds=seconds)
    assert read_health(state((start, end))) == Health(
        status="healthy", failing_streak=0, probes=(probe,)
    )


def test_without_a_start_only_the_length_of_a_probe_is_known() -> None:
    health = read_health(state((f"{DAY}:01Z", f"{DAY}:02Z"), started="0001-01-01T00:00:00Z"))
    assert health is not None
    assert (health.probes[0].began_after, health.probes[0].seconds) == (None, 1.0)


def test_a_recorded_probe_has_the_engines_times(take: Take) -> None:
    found = {each.service: each for each in take().containers}
    health = found["web"].health
    assert health is not None
    assert [each.began_after for each in health.probes] == [9.524, 10.622, 11.702, 12.794, 13.893]
    assert [each.seconds for each in health.probes] == [0.085, 0.073, 0.072, 0.094, 0.079]


RUNC = (
    "OCI runtime exec failed: exec failed: unable to start container process: "
    'exec: "curl": executable file not found in $PATH: unknown'
)

REFUSED_UNTIL_029 = "Error: model requires more system memory (5.6 GiB) than is available (1.6 GiB)"
REFUSED_SINCE_030 = (
    '{"error":"llama-server process has terminated: exit status 1: '
    'ggml_aligned_malloc: insufficient memory (attempted to allocate 4685.30 MB)"}'
)


@pytest.mark.parametrize(
    ("exit_code", "output", "outcome"),
    [
        (0, "curl: not found", "passed"),
        (1, "", "failed"),
        (1, "connection refused", "failed"),
        (137, "", "failed"),
        (-1, "Health check exceeded timeout (30s)", "timed out"),
        (-1, "Health check exceeded timeout (1s): starting", "timed out"),
        (1, "exceeded timeout of the server", "failed"),
        (-1, RUNC, "program not found"),
        (-1, "exec: /nope: stat /nope: no such file or directory: unknown", "program not found"),
        (127, "/bin/sh: 1: curl: not found", "program not found"),
        (127, "/bin/sh: curl: not found", "program not found"),
        (1, "/bin/sh: 1: curl: not found", "program not found"),
        (1, "sh: curl: not found\n", "program not found"),
        (1, "/bin/sh: line 1: curl: command not found", "program not found"),
        (127, "bash: wget: command not found", "program not found"),
        (1, "bash: line 1: wget: command not found", "program not found"),
        (1, "/bin/bash: wget: command not found", "program not found"),
        (1, "zsh:1: command not found: wget", "program not found"),
        (1, "timeout: can't execute 'curl': No such file or directory", "program not found"),
        (1, "timeout: failed to run command 'curl': No such file or directory",
         "program not found"),
        (1, "env: 'python3': No such file or directory", "program not found"),
        (-1, 'exec: "/bin/sh": stat /bin/sh: no such file or directory', "program not found"),
        (127, "/bin/bash: line 1: /check.sh: No such file or directory", "program not found"),
        (2, "python3: can't open file '/check.py': [Errno 2] No such file or directory",
         "failed"),
        (2, "sh: can't open '/check.sh': No such file or directory", "failed"),
        (1, "cat: /run/ready: No such file or directory", "failed"),
        (126, "/bin/sh: 1: /check.sh: Permission denied", "failed"),
        (1, "llama runner process has terminated: signal: killed", "model not loaded"),
        (1, "the page was not found", "failed"),
        (22, "curl: (22) The requested URL returned error: 404 Not Found", "failed"),
        (-1, "rpc error: something else", "failed"),
        (1, REFUSED_UNTIL_029, "model not loaded"),
        (22, REFUSED_SINCE_030, "model not loaded"),
        (1, "llama-server process has terminated: signal: killed", "model not loaded"),
        (1, "llama-server process has terminated: exit status 1: unknown model", "failed"),
        (1, "insufficient memory", "failed"),
        (0, REFUSED_UNTIL_029, "passed"),
    ],
)  # fmt: skip
def test_a_probe_is_reduced_to_what_came_of_it(exit_code: int, output: str, outcome: str) -> None:
    assert probe_outcome(exit_code, output) == outcome
