"""Faults of health checks and of services that wait for others, with their controls."""

from __future__ import annotations

from typing import Any

from tests.engine.faults.fault import (
    FOREVER,
    GREEDY,
    SURE,
    Fault,
    both,
    check,
    ended,
    ends_orderly,
    greedy,
    health,
    not_started,
    noted,
    pause,
    run,
    running,
    service,
    stop,
)
from tests.engine.stack import Json

CHECKED_IMAGE = "hcreport-test/checked:1"
"""It brings a health check of its own, whose program it does not hold."""

BARE_IMAGE = "hcreport-test/bare:1"
"""It has no shell."""

OLLAMA_IMAGE = "ollama/ollama:hcreport-test"
"""Built here of busybox; only its name is Ollama's."""

BARE = """\
FROM scratch
COPY busybox /busybox
"""

_UNHEALTHY = health("unhealthy")
_CURL = "curl -f http://localhost"
_REFUSED = "echo 'Error: model requires more system memory (5.6 GiB) than is available (1.8 GiB)'"
_IS_READY = "[ -e /ready ]"


def _fails(name: str, test: Json, rule: str, **more: Any) -> Fault:
    return Fault(
        name=name,
        service=service(healthcheck=test, **more),
        ready=_UNHEALTHY,
        rules=(rule,),
        confidence=SURE,
    )


def _still_young(name: str, probe: str) -> Fault:
    """Return a service whose probes fail for a reason that only time will tell."""
    return Fault(
        name=name,
        service=service(healthcheck=check("CMD-SHELL", probe)),
        ready=_UNHEALTHY,
        rules=("start-period-too-short",),
        confidence=("possible",),
    )


def _waits(dependency: str, condition: str) -> Json:
    return service(depends_on={dependency: {"condition": condition}})


CHECKS = (
    _fails("curl-missing", check("CMD", *_CURL.split()), "healthcheck-program-missing"),
    _fails("curl-missing-shell", check("CMD-SHELL", _CURL), "healthcheck-program-missing"),
    _fails(
        "curl-missing-hidden",
        check("CMD-SHELL", f"{_CURL} || exit 1"),
        "healthcheck-program-missing",
    ),
    _fails(
        "shell-missing",
        check("CMD-SHELL", "true"),
        "healthcheck-program-missing",
        image=BARE_IMAGE,
        command=["/busybox", "sleep", "100000"],
    ),
    Fault(
        name="curl-missing-in-image",
        service=service(image=CHECKED_IMAGE),
        ready=_UNHEALTHY,
        rules=("healthcheck-program-missing",),
        confidence=SURE,
    ),
    _fails("too-slow", check("CMD", "sleep", "60", timeout="1s"), "healthcheck-times-out"),
    _fails(
        "too-slow-shell",
        check("CMD-SHELL", "sleep 60 || exit 1", timeout="1s"),
        "healthcheck-times-out",
    ),
    Fault(
        name="starts-late",
        service=service(healthcheck=check("CMD-SHELL", _IS_READY)),
        ready=_UNHEALTHY,
        act=run("touch", "/ready"),
        settled=health("healthy"),
        rules=("start-period-too-short",),
        confidence=SURE,
    ),
    _still_young("still-not-ready", _IS_READY),
    _still_young("connection-refused", "wget -q -O /dev/null http://127.0.0.1:9/ || exit 1"),
    _still_young("page-not-found", "echo 'curl: (22) The requested URL: 404 Not Found'; exit 22"),
    Fault(
        name="was-well",
        service=service(f"touch /ready; {FOREVER}", healthcheck=check("CMD-SHELL", _IS_READY)),
        ready=health("healthy"),
        act=run("rm", "/ready"),
        settled=_UNHEALTHY,
        rules=("container-unhealthy",),
    ),
    Fault(
        name="paused",
        service=service(healthcheck=check("CMD", "true", retries=3)),
        ready=health("healthy"),
        act=pause,
        settled=_UNHEALTHY,
        rules=("paused-unhealthy",),
        confidence=SURE,
    ),
    Fault(
        name="paused-while-failing",
        service=service(healthcheck=check("CMD", "false")),
        ready=_UNHEALTHY,
        act=pause,
        rules=("paused-unhealthy",),
        confidence=("likely", "possible"),
    ),
    Fault(
        name="stopped-unhealthy",
        service=service(ends_orderly(0), healthcheck=check("CMD", "false")),
        ready=_UNHEALTHY,
        act=stop,
        settled=both(ended(0), _UNHEALTHY),
        rules=("stopped-still-unhealthy",),
        confidence=SURE,
    ),
    Fault(
        name="ollama-probe",
        service=service(image=OLLAMA_IMAGE, healthcheck=check("CMD-SHELL", f"{_REFUSED}; exit 1")),
        ready=_UNHEALTHY,
        rules=("ollama-refused-model",),
    ),
    Fault(
        name="ollama-curl",
        service=service(image=OLLAMA_IMAGE, healthcheck=check("CMD", *_CURL.split())),
        ready=_UNHEALTHY,
        rules=("healthcheck-program-missing",),
        confidence=SURE,
    ),
    Fault(
        name="probe-out-of-memory",
        service=greedy(FOREVER, healthcheck=check("CMD", *GREEDY.split())),
        ready=both(_UNHEALTHY, noted("oom")),
        rules=("process-oom-killed",),
    ),
)

WAITING = (
    Fault(
        name="failing-task",
        service=service("exit 3"),
        ready=ended(3),
    ),
    Fault(
        name="never-ready",
        service=service(healthcheck=check("CMD", "false", start_period="24h")),
        ready=health("starting"),
    ),
    Fault(name="unchecked", service=service(), ready=running),
    Fault(
        name="waits-for-unhealthy",
        service=_waits("curl-missing", "service_healthy"),
        ready=not_started,
        started_by="Compose",
        rules=("dependency-not-healthy",),
        confidence=SURE,
    ),
    Fault(
        name="waits-for-failed-task",
        service=_waits("failing-task", "service_completed_successfully"),
        ready=not_started,
        started_by="Compose",
        rules=("dependency-not-healthy",),
        confidence=SURE,
    ),
    Fault(
        name="waits-without-check",
        service=_waits("unchecked", "service_healthy"),
        ready=not_started,
        started_by="Compose",
        rules=("dependency-not-healthy",),
        confidence=SURE,
    ),
    Fault(
        name="waits-for-starting",
        service=_waits("never-ready", "service_healthy"),
        ready=not_started,
        started_by="nobody",
        left_open="dependency-not-healthy",
    ),
    Fault(
        name="waits-in-a-chain",
        service=_waits("waits-for-unhealthy", "service_started"),
        ready=not_started,
        started_by="nobody",
        rules=("dependency-not-healthy",),
    ),
)

CONTROLS = (
    Fault(
        name="one-slow-probe",
        service=service(
            healthcheck=check(
                *("CMD-SHELL", "[ -e /once ] || { touch /once; sleep 60; }"),
                timeout="2s",
                retries=3,
            )
        ),
        ready=health("healthy"),
    ),
    Fault(
        name="slow-but-allowed",
        service=service(
            healthcheck=check(
                "CMD-SHELL", "[ -e /once ] || { touch /once; exit 1; }", start_period="10m"
            )
        ),
        ready=health("healthy"),
    ),
    Fault(
        name="healthy",
        service=service(healthcheck=check("CMD", "true", retries=3)),
        ready=health("healthy"),
    ),
    Fault(
        name="waits-for-healthy",
        service=_waits("healthy", "service_healthy"),
        ready=running,
    ),
)

HEALTH = (*CHECKS, *WAITING, *CONTROLS)
