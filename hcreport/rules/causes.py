"""Why a container is unhealthy: decided once, so that all rules say the same.

Not a rule. How an engine judges health is read in moby, ``daemon/health.go``: probes that fail
within the start period do not count until one has passed, and so many in a row as ``retries`` says
make the container unhealthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hcreport.estimate.memory import RUNNING
from hcreport.estimate.served import is_ollama_image
from hcreport.facts import fact_value
from hcreport.model import Confidence, Container, Probe
from hcreport.rules.check_times import CheckTimes, age_seconds, health_check_of, times_of
from hcreport.rules.contract import FETCHERS, Case, counted
from hcreport.rules.kills import kill_of

HealthKind = Literal[
    "paused",
    "stopped",
    "program missing",
    "model not loaded",
    "times out",
    "starts slowly",
    "not known",
]

YOUNG_SECONDS = 300.0
"""A container that has failed for longer than this is not called slow to start: our choice."""

_HIDDEN = (-1, 1, 126, 127)
"""Exit codes of probes behind which a shell may hide that a program is missing."""


@dataclass(frozen=True, kw_only=True)
class HealthCause:
    """Why the engine calls a container unhealthy, or did so after its start."""

    kind: HealthKind
    confidence: Confidence
    evidence: str
    """A clause in our own words."""
    seconds: float | None = None
    """``starts slowly``: from the start to the first probe that passed, or so long at least."""


def health_cause(container: Container, case: Case) -> HealthCause | None:
    """Return why a container is unhealthy, or was so until it had started; None where it is not."""
    health = container.health
    if health is None or health.status == "starting":
        return None
    if container.state in ("exited", "dead"):
        stopped = HealthCause(
            kind="stopped", confidence="certain", evidence="its health is not checked any more"
        )
        return stopped if health.status == "unhealthy" else None
    if container.state not in RUNNING:
        return None
    if health.status == "healthy":
        return _was_slow(container, case)
    if container.state == "paused":
        return _paused(container, case)
    return (
        _by_outcome(health.probes, health.failing_streak)
        or _no_fetcher(container, case)
        or _may_be_slow(container, case)
        or HealthCause(
            kind="not known", confidence="certain", evidence="what its probes print says why"
        )
    )


def _paused(container: Container, case: Case) -> HealthCause:
    """A pause ends the checks; only failures before it tell that something else is wrong too."""
    streak = container.health.failing_streak if container.health else 0
    before = streak >= times_of(health_check_of(container, case)).retries
    return HealthCause(
        kind="paused",
        confidence="likely" if before else "certain",
        evidence="its last probes had failed before it was paused"
        if before
        else "no probe failed so often that it would be unhealthy",
    )


def _by_outcome(probes: Sequence[Probe], streak: int) -> HealthCause | None:
    """Return the cause that the last failed probes themselves name."""
    failed = [each.outcome for each in probes[-streak:] if each.outcome != "passed"]
    if not failed:
        return None
    all_alike: Confidence = "certain" if len(set(failed)) == 1 else "likely"
    if "program not found" in failed:
        evidence = "a probe could not find its program"
        return HealthCause(kind="program missing", confidence=all_alike, evidence=evidence)
    if "model not loaded" in failed:
        evidence = "a probe was told that memory is short for a model"
        return HealthCause(kind="model not loaded", confidence="likely", evidence=evidence)
    late = failed.count("timed out")
    if failed[-1] == "timed out" and 2 * late >= len(failed):
        evidence = f"{counted(late, 'kept probe')} of {len(failed)} took too long"
        return HealthCause(kind="times out", confidence=all_alike, evidence=evidence)
    return None


def _no_fetcher(container: Container, case: Case) -> HealthCause | None:
    """Return the cause where the image is known to lack the program, whatever a probe printed.

    A shell may hide what it says of a missing program. An exit code of the program's own shows
    that it is there.
    """
    service, check = case.service(container.service), health_check_of(container, case)
    image = container.image or (service.image if service else None)
    if check is None or check.probe not in FETCHERS or not is_ollama_image(image):
        return None
    probes = container.health.probes if container.health else ()
    if any(each.exit_code not in _HIDDEN or each.outcome != "failed" for each in probes):
        return None
    evidence = f"the image of Ollama does not hold {check.probe}"
    return HealthCause(kind="program missing", confidence="likely", evidence=evidence)


def _was_slow(container: Container, case: Case) -> HealthCause | None:
    """Return the cause where a healthy container had been unhealthy until it had started."""
    seen = _slow_by_probes(container, case)
    if seen is not None and seen.confidence != "possible":
        return seen
    return _slow_by_events(container, case) or seen


def _slow_by_probes(container: Container, case: Case) -> HealthCause | None:
    """Return the cause where the kept probes show failures, and then the first that passed."""
    probes = _probes_of_this_life(container)
    failed = _failed_first(probes)
    if not failed or len(failed) == len(probes):
        return None
    if {each.outcome for each in failed} & {"program not found", "model not loaded"}:
        return None
    check = times_of(health_check_of(container, case))
    counting = [each for each in failed if (each.began_after or 0) >= check.start_period]
    first_pass = probes[len(failed)].began_after or 0.0
    all_kept = _has_first_probe(probes, check)
    enough = len(counting) >= check.retries
    if first_pass > YOUNG_SECONDS or not (enough or (not all_kept and first_pass > check.allowed)):
        return None
    confidence: Confidence = "certain" if all_kept else "likely"
    return HealthCause(
        kind="starts slowly",
        confidence=confidence if enough else "possible",
        evidence=f"{counted(len(failed), 'kept probe')} failed before the first one passed",
        seconds=first_pass,
    )


def _slow_by_events(container: Container, case: Case) -> HealthCause | None:
    """Return the cause where its probes are lost, but events tell that it was unhealthy first.

    It must have been called unhealthy as soon as a check that always fails would: later on it may
    have been healthy before.
    """
    past, check = container.past, times_of(health_check_of(container, case))
    if past is None or past.unhealthy_after is None or past.healthy_after is None:
        return None
    soon = check.start_period + (check.interval + check.timeout) * (check.retries + 1)
    if past.unhealthy_after > soon or past.healthy_after > YOUNG_SECONDS:
        return None
    return HealthCause(
        kind="starts slowly",
        confidence="likely",
        evidence="the engine noted that it was unhealthy first, and healthy later",
        seconds=past.healthy_after,
    )


def _may_be_slow(container: Container, case: Case) -> HealthCause | None:
    """Return a possible cause where a container was young when all its probes failed."""
    probes = container.health.probes if container.health else ()
    if not probes or any(each.outcome != "failed" for each in probes):
        return None
    age = age_seconds(container, case)
    if age is None or age > YOUNG_SECONDS or container.restart_count:
        return None
    if kill_of(container, case.snapshot) is not None:
        return None
    return HealthCause(
        kind="starts slowly",
        confidence="possible",
        evidence="all kept probes failed, and it had been started shortly before",
        seconds=age,
    )


def _probes_of_this_life(container: Container) -> list[Probe]:
    """Return the probes that began after the last start; engines keep those before it too."""
    probes = container.health.probes if container.health else ()
    return [each for each in probes if each.began_after is not None]


def _failed_first(probes: Sequence[Probe]) -> list[Probe]:
    """Return the probes before the first that passed."""
    passed = (place for place, each in enumerate(probes) if each.outcome == "passed")
    return list(probes[: next(passed, len(probes))])


def _has_first_probe(probes: Sequence[Probe], check: CheckTimes) -> bool:
    """Tell whether the first probe of this life is among the kept ones.

    The second begins after two intervals at the earliest.
    """
    if len(probes) < fact_value("docker/health-probes-kept"):
        return True
    interval = check.interval
    if check.start_period:
        interval = min(interval, check.start_interval)
    return (probes[0].began_after or 0.0) < 2 * interval
