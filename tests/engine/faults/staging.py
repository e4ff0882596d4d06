"""Stages faults on a real engine: all at once, then waits for what each of them must show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from hcreport.analyze import analyze
from hcreport.model import Assessment, Finding
from tests.engine.faults.fault import Condition, Fault, Seen, noted, start
from tests.engine.faults.health import BARE, BARE_IMAGE, CHECKED_IMAGE, OLLAMA_IMAGE
from tests.engine.stack import BASE, IMAGE, Json, Stack, compose, take, wait_until
from tests.engine_fixture import RunningEngine

STAGING_SECONDS = 120
"""How long the containers of one project may take, on a busy machine."""

_CHECKED = f"""\
FROM {IMAGE}
HEALTHCHECK --interval=5s --timeout=5s --retries=1 CMD curl -f http://localhost || exit 1
"""

_EVENTS_KEPT = 256
"""Moby, ``daemon/events/events.go``."""


@dataclass(frozen=True)
class Staged:
    """A project of faults while its containers are there."""

    stack: Stack
    faults: Sequence[Fault]

    def subjects(self, name: str) -> tuple[str, str]:
        """Return what rules may call a fault: its service or its container."""
        return name, self.stack.container(name)

    def assessed(self) -> Assessment:
        """Collect a snapshot now, and return what the rules say of it."""
        return analyze(take(self.stack))

    def found(self, assessment: Assessment, name: str) -> list[Finding]:
        """Return the findings about a fault."""
        return [each for each in assessment.findings if each.subject in self.subjects(name)]

    def said(self, assessment: Assessment, fault: Fault) -> str:
        """Return what its own rules say of a fault, for the message of a test that fails."""
        rules = {*fault.rules, fault.left_open}
        return "; ".join(
            f"{each.rule}: {each.status} {each.reason}"
            for each in assessment.outcomes
            if each.rule in rules and each.subject in self.subjects(fault.name)
        )

    def seen(self) -> Mapping[str, Seen]:
        """Return every container by its fault's name."""
        replies = self.stack.inspected()
        names = [each.name for each in self.faults]
        return {name: Seen(self.stack, replies[self.stack.container(name)]) for name in names}

    def with_trace(self, faults: Sequence[Fault]) -> frozenset[str]:
        """Return the names of those whose kill the engine has noted, of those given."""
        seen, has_event = self.seen(), noted("oom")
        names = [each.name for each in faults]
        return frozenset(
            name for name in names if seen[name].state["OOMKilled"] or has_event(seen[name])
        )

    def drown_the_events(self) -> None:
        """Have the engine forget its events, by more of them about nothing."""
        api = self.stack.engine.client.api
        name = self.stack.container("runs-well")
        for _ in range(_EVENTS_KEPT + 50):
            api.exec_create(name, ["true"])


def build_images(engine: RunningEngine) -> None:
    """Build what the faults run."""
    engine.build(IMAGE, BASE)
    engine.build(OLLAMA_IMAGE, f"FROM {IMAGE}\n")
    engine.build(CHECKED_IMAGE, _CHECKED)
    engine.build(BARE_IMAGE, BARE)


@contextmanager
def staged(
    engine: RunningEngine, folder: Path, faults: Sequence[Fault], volumes: Json | None = None
) -> Iterator[Staged]:
    """Yield a project whose faults have all come about."""
    project = {
        "services": {each.name: each.service for each in faults},
        "volumes": volumes or {},
    }
    folder.mkdir()
    (folder / "compose.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    stack = Stack(engine=engine, folder=folder, name=f"hcreport-{folder.name}")
    found = Staged(stack, faults)
    try:
        compose(stack, "create", "--quiet-pull")
        _stage(found)
        yield found
    finally:
        compose(stack, "down", "--volumes", "--timeout", "0")


def _stage(project: Staged) -> None:
    """Start the containers, then do to them what befalls them, and wait for both."""
    # What held once is not asked again: the engine may have forgotten the event by then.
    own = [each for each in project.faults if each.started_by == "engine"]
    _for_each(project, own, lambda _, seen: start(seen))
    _wait(project, {each.name: each.ready for each in own})
    _for_each(project, project.faults, _act)
    _wait(project, {each.name: each.settled for each in project.faults if each.settled})


def _for_each(project: Staged, faults: Sequence[Fault], do: Callable[[Fault, Seen], None]) -> None:
    seen = project.seen()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda fault: do(fault, seen[fault.name]), faults))


def _act(fault: Fault, seen: Seen) -> None:
    if fault.started_by == "Compose":
        with pytest.raises(AssertionError, match=r"dependency|didn't complete"):
            compose(seen.stack, "up", "--detach", "--no-recreate", fault.name)
    elif fault.act:
        fault.act(seen)


def _wait(project: Staged, conditions: Mapping[str, Condition]) -> None:
    """Wait until each condition has held once."""
    awaited = dict(conditions)

    def all_held() -> bool:
        seen = project.seen()
        for name in [each for each, holds in awaited.items() if holds(seen[each])]:
            del awaited[name]
        return not awaited

    try:
        wait_until(all_held, STAGING_SECONDS, "the faults")
    except AssertionError as error:
        states = {name: project.seen()[name].state for name in awaited}
        raise AssertionError(f"{error}: {states}") from error
