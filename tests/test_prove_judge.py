"""The verdict on what an engine reported: what broke first, and why."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.prove.judge import (
    Case,
    Event,
    EventKind,
    State,
    Verdict,
    failure_at_end,
    first_failure,
    not_ready,
)


def event(
    kind: EventKind, container: str = "a", *, at: float = 5, code: int | None = None
) -> Event:
    return Event(seconds=at, kind=kind, container=container, exit_code=code)


def state(name: str = "a", **more: Any) -> State:
    values = {"name": f"shop-{name}-1", "service": name, "status": "running"} | more
    return State(id=name, **values)


def exited(name: str = "a", code: int = 0, **more: Any) -> State:
    return state(name, status="exited", exit_code=code, **more)


START = event("start", at=0)
OUT_OF_MEMORY = event("out of memory")
KILLED = event("die", code=137)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(Case(events=[START]), None, id="nothing"),
        pytest.param(
            Case(events=[START, OUT_OF_MEMORY]),
            ("memory", "a", None),
            id="a child is killed and the first process lives",
        ),
        pytest.param(
            Case(events=[START, OUT_OF_MEMORY, KILLED]), ("memory", "a", 137), id="told, then died"
        ),
        pytest.param(
            Case(events=[START, KILLED, OUT_OF_MEMORY]), ("memory", "a", 137), id="died, then told"
        ),
        pytest.param(
            Case(events=[START, KILLED], states=[exited(code=137, out_of_memory=True)]),
            ("memory", "a", 137),
            id="told by inspect only",
        ),
        pytest.param(
            Case(events=[START, KILLED], kernel_killed=True),
            ("memory", "a", 137),
            id="told by the kernel only",
        ),
        pytest.param(Case(events=[START, KILLED]), ("exited", "a", 137), id="killed by somebody"),
        pytest.param(
            Case(events=[START, event("die", code=1)], kernel_killed=True),
            ("exited", "a", 1),
            id="another exit code is not the kernel's",
        ),
        pytest.param(Case(events=[START, event("die", code=0)]), None, id="done"),
        pytest.param(
            Case(
                events=[START, event("die", code=0)],
                states=[exited()],
                lasting=frozenset({"a"}),
            ),
            ("exited", "a", 0),
            id="done, and to run all the time",
        ),
        pytest.param(
            Case(events=[START, event("kill"), event("die", code=143), event("start")]),
            None,
            id="restarted by the load",
        ),
        pytest.param(
            Case(
                events=[START, event("kill"), event("die", code=143), event("start", at=6), KILLED]
            ),
            ("exited", "a", 137),
            id="died after a restart",
        ),
        pytest.param(
            Case(events=[event("die", "b", at=2, code=3), event("out of memory", "a")]),
            ("exited", "b", 3),
            id="the first in time",
        ),
        pytest.param(
            Case(events=[event("unhealthy", at=3)], ready_seconds=None),
            None,
            id="unhealthy before it is ready",
        ),
        pytest.param(
            Case(events=[event("unhealthy", at=3)], ready_seconds=2),
            ("unhealthy", "a", None),
            id="unhealthy",
        ),
    ],
)
def test_the_first_failure(case: Case, expected: tuple[str, str, int | None] | None) -> None:
    found = first_failure(case)
    assert (found and (found.kind, found.container, found.exit_code)) == expected


@pytest.mark.parametrize(
    ("events", "victims", "container"),
    [
        # With one limit for all, cgroup v1 tells every container of it.
        ([event("out of memory", "a"), event("out of memory", "b")], {"b"}, "b"),
        ([event("out of memory", "a"), event("die", "b", code=137)], set(), "b"),
        ([event("out of memory", "a")], set(), None),
    ],
)
def test_the_victim_of_a_shared_limit(
    events: list[Event], victims: set[str], container: str | None
) -> None:
    found = first_failure(Case(events=events, shared=True, victims=frozenset(victims)))
    assert found is not None
    assert (found.kind, found.container) == ("memory", container)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (state(), None),
        (state(health="healthy"), None),
        (exited(), None),
        (exited(code=2), "exited"),
        (exited("steady"), "exited"),
        (state(out_of_memory=True), "memory"),
        (state(health="unhealthy"), "unhealthy"),
        (state(restarts=1), "exited"),
        (state(status="restarting"), "exited"),
    ],
)
def test_what_is_broken_at_the_end_counts_without_an_event(seen: State, kind: str | None) -> None:
    found = failure_at_end(Case(events=[], states=[seen], lasting=frozenset({"steady"})), 9)
    assert (found and found.kind) == kind
    assert found is None or found.seconds == 9


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([state(), state("b", health="starting")], ("not ready", "b")),
        ([state(), state("b", health="unhealthy")], ("unhealthy", "b")),
        ([exited(), state("b", status="created")], ("not ready", "b")),
        ([state()], ("not ready", None)),
    ],
)
def test_a_start_that_takes_too_long(states: list[State], expected: tuple[str, str | None]) -> None:
    found = not_ready(states, 120)
    assert found == Verdict(kind=found.kind, seconds=120, container=expected[1])
    assert found.kind == expected[0]
