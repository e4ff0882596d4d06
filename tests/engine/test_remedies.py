"""Advice is tried: what a finding says is done on a real engine, and then it is gone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from hcreport.model import Action, Assessment
from tests.engine.faults.fault import (
    FOREVER,
    Fault,
    both,
    check,
    ended,
    health,
    noted,
    pause,
    running,
    service,
    stop,
)
from tests.engine.faults.staging import STAGING_SECONDS, Staged, build_images, staged
from tests.engine.stack import Json, compose, wait_until
from tests.engine_fixture import RunningEngine, engine_of_its_own

__all__ = ["engine_of_its_own"]

pytestmark = pytest.mark.engine

_UNHEALTHY = health("unhealthy")
_HUNGRY = "dd if=/dev/zero of=/dev/null bs=40M count=1"

Edit = Callable[[Json, Action], object]


def _number_in(step: Action, form: str) -> str:
    """Return the value that a step names."""
    found = re.search(form, step.what)
    assert found, step.what
    return found[1]


def _raise_limit(entry: Json, step: Action) -> None:
    entry["mem_limit"] = _number_in(step, r"memory limit of killed to (\d+m)")


def _longer_period(entry: Json, step: Action) -> None:
    entry["healthcheck"]["start_period"] = _number_in(step, r"start_period: (\d+s)")


def _longer_timeout(entry: Json, step: Action) -> None:
    entry["healthcheck"]["timeout"] = _number_in(step, r"timeout: (\d+s)")


def _own_program(entry: Json, step: Action) -> None:
    assert "a program that its image holds" in step.what
    entry["healthcheck"]["test"] = ["CMD", "true"]


def _with_init(entry: Json, step: Action) -> None:
    assert "init: true" in step.what
    entry["init"] = True


def _as_it_is(_entry: Json, step: Action) -> None:
    assert not step.files


# ``settled`` is what each has to become once the step was done.
TRIED: tuple[tuple[Fault, Edit], ...] = (
    (
        Fault(
            name="killed",
            service=service(f"{_HUNGRY}; sleep 2; exec {_HUNGRY}", mem_limit="32m"),
            ready=both(ended(137), noted("oom")),
            settled=ended(0),
            rules=("container-oom-killed",),
        ),
        _raise_limit,
    ),
    (
        Fault(
            name="late",
            service=service(
                f"sleep 12; touch /ready; {FOREVER}",
                healthcheck=check("CMD-SHELL", "[ -e /ready ]"),
            ),
            ready=health("healthy"),
            settled=health("healthy"),
            rules=("start-period-too-short",),
        ),
        _longer_period,
    ),
    (
        Fault(
            name="slow",
            service=service(healthcheck=check("CMD", "sleep", "3", timeout="2s")),
            ready=_UNHEALTHY,
            settled=health("healthy"),
            rules=("healthcheck-times-out",),
        ),
        _longer_timeout,
    ),
    (
        Fault(
            name="no-program",
            service=service(healthcheck=check("CMD", "curl", "-f", "http://localhost")),
            ready=_UNHEALTHY,
            settled=health("healthy"),
            rules=("healthcheck-program-missing",),
        ),
        _own_program,
    ),
    (
        Fault(
            name="deaf",
            service=service("exec sleep 100000"),
            ready=running,
            act=stop,
            settled=running,
            rules=("killed-not-out-of-memory",),
        ),
        _with_init,
    ),
    (
        Fault(
            name="held",
            service=service(healthcheck=check("CMD", "true", retries=3)),
            ready=health("healthy"),
            act=pause,
            settled=health("healthy"),
            rules=("paused-unhealthy",),
        ),
        _as_it_is,
    ),
)


def test_the_first_step_of_each_finding_settles_it(
    engine_of_its_own: RunningEngine, tmp_path: Path
) -> None:
    build_images(engine_of_its_own)
    faults = [_until_diagnosed(fault) for fault, _ in TRIED]
    with staged(engine_of_its_own, tmp_path / "remedies", faults) as project:
        before = project.assessed()
        steps = {fault.name: _first_step(project, before, fault) for fault, _ in TRIED}
        for fault, edit in TRIED:
            _follow(project, fault, edit, steps[fault.name])
        wait_until(lambda: _all_well(project), STAGING_SECONDS, "what was mended")
        compose(project.stack, "stop", "deaf")
        assert ended(143)(project.seen()["deaf"]), "its first process still ignores SIGTERM"
        after = project.assessed()
        for fault, _ in TRIED:
            named = {each.rule for each in project.found(after, fault.name)}
            assert not named & set(fault.rules), (fault.name, named)


def _until_diagnosed(fault: Fault) -> Fault:
    """Return a fault that is staged only until it shows."""
    shown = {"deaf": ended(137), "held": _UNHEALTHY}.get(fault.name, fault.ready)
    return Fault(
        name=fault.name, service=fault.service, ready=fault.ready, act=fault.act, settled=shown
    )


def _first_step(project: Staged, assessment: Assessment, fault: Fault) -> Action:
    found = [each for each in project.found(assessment, fault.name) if each.rule == fault.rules[0]]
    assert len(found) == 1, fault.name
    return found[0].remedies[0]


def _all_well(project: Staged) -> bool:
    """Tell whether each container has become what it should be at the same time."""
    seen = project.seen()
    return all(fault.settled and fault.settled(seen[fault.name]) for fault, _ in TRIED)


def _follow(project: Staged, fault: Fault, edit: Edit, step: Action) -> None:
    """Change the Compose file as a step says, and run its command."""
    file = project.stack.folder / "compose.yaml"
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    edit(declared["services"][fault.name], step)
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    program, verb, *words = shlex.split(step.command)
    assert (program, verb) == ("docker", "compose"), step.command
    compose(project.stack, *words)
