"""The account of lives: events, lists and inspections may come in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hcreport.collect import window_lives
from hcreport.collect.engine_containers import NUMBER_LABEL, ONEOFF_LABEL, SERVICE_LABEL
from hcreport.collect.engine_times import nanoseconds
from hcreport.collect.window_lives import Roster
from hcreport.model import Gap

Json = dict[str, Any]
Step = Callable[[Roster], object]

KEY = "a" * 64

LABELS = {SERVICE_LABEL: "web", NUMBER_LABEL: "2"}


def time_of(second: float) -> str:
    """Return a time of the API so many seconds into a minute, to the nanosecond."""
    return f"2026-01-02T03:04:{second:012.9f}Z"


def event(action: str, second: float, **words: str) -> Step:
    attributes = {"name": "shop-web-2", **LABELS, **words}
    told = {
        "Action": action,
        "Actor": {"ID": KEY, "Attributes": attributes},
        "timeNano": nanoseconds(time_of(second)),
    }
    return lambda roster: roster.heard(told)


def listed(state: str = "running", *, there: bool = True, oneoff: bool = False) -> Step:
    labels = {ONEOFF_LABEL: str(oneoff)}
    entry = {"Id": KEY, "Names": ["/shop-web-2"], "State": state, "Labels": {**LABELS, **labels}}
    return lambda roster: roster.listed([entry] if there else [])


def inspected(started: float, status: str = "running", code: int = 0) -> Step:
    reply = {
        "Id": KEY,
        "Name": "/shop-web-2",
        "HostConfig": {"Memory": 64},
        "State": {"Status": status, "StartedAt": time_of(started), "ExitCode": code},
    }
    return lambda roster: roster.inspected(reply)


def lose(roster: Roster) -> None:
    roster.lose()


# What happened, and of each life: its end, its exit code, and whether it began in the window.
@pytest.mark.parametrize(
    ("steps", "lives"),
    [
        pytest.param([listed(), inspected(1)], [("running", None, False)], id="it runs already"),
        pytest.param([listed("exited")], [], id="it ended before"),
        pytest.param(
            [listed("exited"), event("start", 5.2), inspected(5)],
            [("running", None, True)],
            id="it is started again",
        ),
        pytest.param(
            [event("start", 5.2), inspected(5), listed(), inspected(5)],
            [("running", None, True)],
            id="it appears, and the list tells it too",
        ),
        pytest.param(
            [listed(), inspected(5), event("start", 5.2)],
            [("running", None, False)],
            id="the event comes after the inspection",
        ),
        pytest.param(
            [listed(), inspected(1), event("die", 5, exitCode="3")],
            [("exited", 3, False)],
            id="it dies",
        ),
        pytest.param(
            [listed(), event("die", 5, exitCode="3"), inspected(1, "exited", 3)],
            [],
            id="it dies before it was inspected",
        ),
        pytest.param(
            [
                *(listed(), inspected(1), event("die", 5, exitCode="137")),
                *(event("start", 6.1), inspected(6)),
            ],
            [("exited", 137, False), ("running", None, True)],
            id="it restarts",
        ),
        pytest.param(
            [
                *(listed(), inspected(1), event("start", 6.1)),
                *(inspected(6), event("die", 5, exitCode="137")),
            ],
            [("exited", 137, False), ("running", None, True)],
            id="a start is not believed while it runs, until an inspection tells it",
        ),
        pytest.param(
            [
                *(event("start", 2.1), event("die", 3, exitCode="1"), event("start", 4.1)),
                *(inspected(4), event("die", 5, exitCode="2")),
            ],
            [("exited", 1, True), ("exited", 2, True)],
            id="it restarts before it was inspected",
        ),
        pytest.param(
            [listed(), inspected(1), event("die", 5, exitCode="0"), event("destroy", 6)],
            [("removed", 0, False)],
            id="it is removed",
        ),
        pytest.param(
            [listed(), inspected(1), lose], [("lost", None, False)], id="the engine goes away"
        ),
        pytest.param(
            [listed(), inspected(1), lose, listed(), inspected(1)],
            [("running", None, False)],
            id="the engine comes back, and it lived on",
        ),
        pytest.param(
            [listed(), inspected(1), lose, listed("exited"), inspected(1, "exited", 255)],
            [("exited", 255, False)],
            id="the engine comes back, and it ended",
        ),
        pytest.param(
            [listed(), inspected(1), lose, listed(), inspected(9)],
            [("lost", None, False), ("running", None, True)],
            id="the engine comes back, and it is a new life",
        ),
        pytest.param(
            [listed(), inspected(1), lose, event("start", 9.1), inspected(9)],
            [("lost", None, False), ("running", None, True)],
            id="the engine comes back, and starts it",
        ),
        pytest.param(
            [listed(), inspected(1), lose, listed(there=False)],
            [("removed", None, False)],
            id="the engine comes back without it",
        ),
        pytest.param(
            [event("start", 5, **{ONEOFF_LABEL: "True"}), listed(oneoff=True)],
            [],
            id="it is one of compose run",
        ),
        pytest.param([event("die", 5, exitCode="1")], [], id="nobody knows it"),
    ],
)
def test_lives(steps: list[Step], lives: list[tuple[str, int | None, bool]]) -> None:
    roster = Roster()
    for step in steps:
        step(roster)
    found = [(each.life.ended, each.life.exit_code, each.life.from_start) for each in roster.lives]
    assert found == lives


def test_a_restart_that_was_only_inspected_is_a_new_life() -> None:
    """The events of a restart may come after an inspection that shows its result."""
    roster = Roster()
    for step in (listed(), inspected(1), listed(), inspected(6)):
        step(roster)
    event("die", 5, exitCode="137")(roster)
    event("start", 6.1)(roster)
    first, second = roster.lives
    assert (first.life.ended, first.life.exit_code) == ("exited", 137)
    assert second.running


@pytest.mark.parametrize(
    ("moments", "expected"),
    [([4], [1, 0]), ([4, 4.5], [2, 0]), ([5.5], [1, 0]), ([7], [0, 1]), ([0.5], [0, 0])],
)
def test_a_kill_belongs_to_the_life_it_happened_in(
    moments: list[float], expected: list[int]
) -> None:
    """The engine may tell of it after the end that it caused."""
    roster = Roster()
    steps = [listed(), inspected(1), event("die", 5, exitCode="137"), event("start", 6.1)]
    for step in (*steps, inspected(6), *(event("oom", each) for each in moments)):
        step(roster)
    assert [each.life.oom_kills for each in roster.lives] == expected


def test_only_lives_of_inspected_containers_are_sampled() -> None:
    """Their limits say how to read a sample."""
    roster = Roster()
    event("start", 5.1)(roster)
    assert roster.running() == []
    inspected(5)(roster)
    (life,) = roster.running()
    assert (life.container.limits and life.container.limits.memory) == 64
    assert (life.container.service, life.container.number) == ("web", 2)


def test_a_late_sample_is_not_taken_for_the_wrong_life() -> None:
    """Asked for before a restart and answered after it, it may be of either life."""
    roster = Roster()
    for step in (listed(), inspected(1)):
        step(roster)
    (first,) = roster.running()
    sample = {"memory_stats": {"usage": 7}}
    assert roster.sampled(first, sample, 0.5) is not None
    for step in (event("die", 5, exitCode="137"), event("start", 6.1), inspected(6)):
        step(roster)
    assert roster.sampled(first, sample, 1.5) is None
    assert first.builder.samples == 1


def test_a_container_that_restarts_all_day_does_not_fill_the_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(window_lives, "MOST_LIVES", 2)
    roster = Roster()
    for second in (1, 2, 3):
        event("start", second)(roster)
        event("die", second + 0.5, exitCode="1")(roster)
    assert len(roster.lives) == 2
    assert Gap(
        source="window",
        subject="shop-web-2",
        reason="It was started 3 times; only the first 2 are kept.",
    ) in set(roster.gaps())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:01.000000001Z", 1_000_000_001),
        ("1970-01-01T01:00:01.25+01:00", 1_250_000_000),
        ("0001-01-01T00:00:00Z", 0),
    ],
)
def test_times_are_read_to_the_nanosecond(text: str, expected: int) -> None:
    assert nanoseconds(text) == expected
