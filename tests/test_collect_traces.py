"""What an engine, the kernel and Ollama noted about containers, from a recorded engine."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import engine_past, ollama_refusals
from hcreport.collect.engine_containers import FOLDER_LABEL, PROJECT_LABEL
from hcreport.collect.engine_past import MOST_KEPT
from hcreport.collect.engine_times import nanoseconds
from hcreport.model import Container, Gap, Past, Snapshot
from hcreport.snapshot import format_snapshot
from tests.engine_fixture import CANARY
from tests.recorded_engine import Hangs, RecordedEngine
from tests.recorded_project import Take, folder, recorded, take
from tests.test_trace_words import ENDED, NEW, OLD, REFUSED

__all__ = ["folder", "recorded", "take"]

Json = dict[str, Any]

START = "2026-11-23T21:22:40.23165329Z"
"""When ``shop-db-1`` was started."""


def named(snapshot: Snapshot, service: str) -> Container:
    return next(each for each in snapshot.containers if each.service == service)


def after(seconds: float) -> int:
    """Return a time in nanoseconds, from the start of ``shop-db-1``."""
    return nanoseconds(START) + round(seconds * 1e9)


def test_the_past_is_asked_for_up_to_the_engines_own_time(
    take: Take, recorded: RecordedEngine
) -> None:
    snapshot = take()
    assert {each.past for each in snapshot.containers} == {Past()}
    words = recorded.questions["/events"]
    assert (words["since"], words["until"]) == (["1"], ["1795468969.758858767"])
    assert json.loads(words["filters"][0]) == {
        "type": ["container"],
        "event": ["oom", "kill", "die", "health_status"],
        "label": [PROJECT_LABEL],
    }


def test_events_become_counts_and_numbers(take: Take, recorded: RecordedEngine) -> None:
    """A signal before the last start is no reason for how the life since then ended."""
    tell = recorded.event
    recorded.past = [
        tell("shop-db-1", "die", after(-3), exitCode="137"),
        tell("shop-db-1", "kill", after(-5), signal="15"),
        tell("shop-db-1", "oom", after(-4)),
        tell("shop-db-1", "kill", after(8), signal="9"),
        tell("shop-db-1", "kill", after(2), signal="15"),
        tell("shop-db-1", "oom", after(1)),
        tell("shop-db-1", "die", after(9), exitCode="143"),
        tell("shop-web-1", "health_status: starting", after(1)),
        tell("shop-web-1", "kill", after(1), signal=CANARY),
        tell("shop-web-1", "die", after(1), exitCode="-1"),
        tell("shop-web-1", "die", after(1), exitCode="9" * 400),
        tell("shop-web-1", "die", after(1)),
    ]
    snapshot = take()
    assert named(snapshot, "db").past == Past(oom_kills=2, signals=(15, 9), exit_codes=(137, 143))
    assert named(snapshot, "web").past == named(snapshot, "done").past == Past()
    assert snapshot.gaps == ()
    assert CANARY not in format_snapshot(snapshot)


@pytest.mark.parametrize(
    ("turns", "unhealthy", "healthy"),
    [
        ([("healthy", -9), ("unhealthy", 4), ("healthy", 18), ("unhealthy", 30)], 4, 18),
        ([("unhealthy", 4)], 4, None),
        ([("healthy", 2), ("unhealthy", 9), ("healthy", 12)], None, None),
        ([("unhealthy", -2)], None, None),
    ],
)
def test_the_first_turns_of_health_since_the_start_are_kept(
    take: Take,
    recorded: RecordedEngine,
    turns: list[tuple[str, float]],
    unhealthy: float | None,
    healthy: float | None,
) -> None:
    recorded.past = [
        recorded.event("shop-db-1", f"health_status: {status}", after(seconds))
        for status, seconds in turns
    ]
    past = named(take(), "db").past
    assert past == Past(unhealthy_after=unhealthy, healthy_after=healthy)


def test_the_last_signals_and_exit_codes_are_kept(take: Take, recorded: RecordedEngine) -> None:
    many = range(MOST_KEPT + 5)
    recorded.past = [
        recorded.event("shop-db-1", action, after(1 + number), **{word: str(number)})
        for number in many
        for action, word in (("kill", "signal"), ("die", "exitCode"))
    ]
    past = named(take(), "db").past
    assert past == Past(signals=tuple(many)[5:], exit_codes=tuple(many)[5:])


EXPECTED = "The engine's answer was empty or not of the expected form."
SHAPE = "The engine's answer was not of the expected form."


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"{", EXPECTED),
        (b"[]\n", SHAPE),
        (b'{"Action": "die"}\n', SHAPE),
        (b'{"Action": "die", "Actor": {"ID": "x"}, "timeNano": "soon"}\n', EXPECTED),
        (b'{"Action": "exec", "Actor": {}}\n' * 3_000, EXPECTED),
        (b'{"Action": "exec", "Actor": {}, "x": "' + b"x" * 200_000 + b'"}', EXPECTED),
        (Hangs(), "The engine did not answer in time."),
    ],
    ids=["cut", "list", "no container", "no time", "too many", "too long", "silent"],
)
def test_what_is_no_list_of_events_is_a_gap(
    take: Take,
    recorded: RecordedEngine,
    monkeypatch: pytest.MonkeyPatch,
    reply: object,
    reason: str,
) -> None:
    monkeypatch.setattr(engine_past, "_PATIENCE", 0.5)
    recorded.replies["/events"] = reply
    snapshot = take()
    assert snapshot.gaps == (Gap(source="events", reason=reason),)
    assert {each.past for each in snapshot.containers} == {None}
    assert len(snapshot.containers) == 4


def test_an_engine_that_names_no_time_is_not_asked(take: Take, recorded: RecordedEngine) -> None:
    """It would wait until a time of ours has come on its own clock."""
    del recorded.replies["/info"]["SystemTime"]
    snapshot = take()
    assert snapshot.gaps == (Gap(source="events", reason=EXPECTED),)
    assert "/events" not in {path for _, path in recorded.asked}


def as_ollama(recorded: RecordedEngine, name: str, log: object) -> Json:
    """Make a container one of Ollama's with a log; return its inspect reply."""
    reply: Json = recorded.replies[recorded.of_container(name, "json")]
    reply["Config"]["Image"] = "ollama/ollama:0.15.2"
    recorded.replies[recorded.of_container(name, "logs")] = log
    return reply


def test_the_end_of_ollamas_log_is_looked_at(take: Take, recorded: RecordedEngine) -> None:
    lines = f"{CANARY}\n" * 300 + f'level=INFO msg="Load failed" error="{OLD}"\n{CANARY}: {NEW}\n'
    as_ollama(recorded, "shop-db-1", lines.encode())
    snapshot = take()
    assert named(snapshot, "db").refusals == (REFUSED, ENDED)
    assert {each.refusals for each in snapshot.containers} == {(), (REFUSED, ENDED)}
    assert snapshot.gaps == ()
    assert CANARY not in format_snapshot(snapshot)
    assert [path for _, path in recorded.asked if path.endswith("/logs")] == [
        recorded.of_container("shop-db-1", "logs")
    ]
    words = recorded.questions[recorded.of_container("shop-db-1", "logs")]
    assert words["tail"] == ["2000"]
    # Two seconds before the start: a program may write before the engine takes down its start.
    assert words["since"] == ["1795468958.231653290"]
    assert "follow" not in words


def test_an_earlier_life_is_over_when_the_engine_says_so(
    take: Take, recorded: RecordedEngine
) -> None:
    reply = as_ollama(recorded, "shop-db-1", b"")
    reply["State"]["FinishedAt"] = "2026-11-23T21:22:39.5Z"
    take()
    words = recorded.questions[recorded.of_container("shop-db-1", "logs")]
    assert words["since"] == ["1795468959.500000000"]


def test_a_probe_may_have_heard_the_refusal(take: Take, recorded: RecordedEngine) -> None:
    reply = as_ollama(recorded, "shop-llm-1", NEW.encode())
    (first, second, *rest) = reply["State"]["Health"]["Log"]
    first["Output"] = second["Output"] = f"{CANARY} {OLD}"
    rest[0] |= {"ExitCode": 0, "Output": OLD.replace("5.6", "7.7")}
    snapshot = take()
    assert named(snapshot, "llm").refusals == (REFUSED, ENDED)
    assert CANARY not in format_snapshot(snapshot)


def test_who_asks_ollama_refuses_nothing(take: Take, recorded: RecordedEngine) -> None:
    reply = recorded.replies[recorded.of_container("shop-llm-1", "json")]
    reply["State"]["Health"]["Log"][0]["Output"] = OLD
    llm = named(take(), "llm")
    assert llm.health is not None
    assert llm.health.probes[0].outcome == "model not loaded"
    assert llm.refusals == ()


def test_a_log_that_cannot_be_read_is_a_gap(take: Take, recorded: RecordedEngine) -> None:
    as_ollama(recorded, "shop-db-1", None)
    recorded.errors[recorded.of_container("shop-db-1", "logs")] = 501
    snapshot = take()
    reason = "The engine answered with error 501."
    assert snapshot.gaps == (Gap(source="log", subject="shop-db-1", reason=reason),)
    assert named(snapshot, "db").refusals == ()
    assert CANARY not in format_snapshot(snapshot)


def test_a_log_that_hangs_costs_nothing_else(
    take: Take, recorded: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama_refusals, "_PATIENCE", 0.3)
    as_ollama(recorded, "shop-db-1", Hangs())
    snapshot = take()
    reason = "The engine did not answer in time."
    assert snapshot.gaps == (Gap(source="log", subject="shop-db-1", reason=reason),)
    assert len(snapshot.containers) == 4


def test_only_the_end_of_a_long_log_is_looked_at(
    take: Take, recorded: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama_refusals, "_MOST_BYTES", 100_000)
    monkeypatch.setattr(ollama_refusals, "_CHUNK", 10_000)
    lines = f"{OLD}\n" + "x" * 200_000 + f"\n{NEW}\n"
    as_ollama(recorded, "shop-db-1", lines.encode())
    assert named(take(), "db").refusals == (ENDED,)


@pytest.mark.parametrize(
    "change",
    [
        {"Args": 5, "Path": ["ollama"]},
        {"Config": {"Image": 5, "ExposedPorts": 11434, "Labels": {}, "Healthcheck": None}},
    ],
)
def test_odd_words_of_an_engine_are_no_ollama(
    take: Take, recorded: RecordedEngine, change: Json
) -> None:
    recorded.replies[recorded.of_container("shop-db-1", "json")] |= change
    snapshot = take()
    assert {each.subject for each in snapshot.gaps} <= {"shop-db-1"}
    assert len(snapshot.containers) >= 3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("State", {"Status": "running", "StartedAt": 5}),
        ("State", {"Status": "running", "Health": {"Status": "healthy", "Log": [5]}}),
        ("Config", {"Labels": {}, "Healthcheck": {"Test": ["CMD", "x"], "Interval": 10**400}}),
        ("Config", {"Labels": {}, "Healthcheck": {"Test": ["CMD", "x"], "Timeout": "soon"}}),
        ("Config", {"Labels": {}, "Healthcheck": ["CMD", "x"]}),
        ("State", []),
        ("Config", None),
    ],
)
def test_a_reply_of_another_form_costs_one_container(
    take: Take, recorded: RecordedEngine, key: str, value: object
) -> None:
    recorded.replies[recorded.of_container("shop-db-1", "json")][key] = value
    snapshot = take()
    assert snapshot.gaps == (Gap(source="inspect", subject="shop-db-1", reason=SHAPE),)
    assert len(snapshot.containers) == 3


def test_a_reply_that_is_no_object_is_a_gap(take: Take, recorded: RecordedEngine) -> None:
    recorded.replies[recorded.of_container("shop-db-1", "json")] = [5]
    snapshot = take()
    assert snapshot.gaps == (Gap(source="inspect", subject="shop-db-1", reason=SHAPE),)


def test_no_log_is_read_on_a_guess(take: Take, recorded: RecordedEngine, folder: Path) -> None:
    """A project that was started from this folder is guessed first; it is not the one meant."""
    stranger = copy.deepcopy(recorded.replies["/containers/json"][0])
    stranger |= {"Id": "f" * 64, "Names": ["/stranger"], "State": "running"}
    stranger["Labels"] |= {PROJECT_LABEL: "stranger", FOLDER_LABEL: str(folder)}
    recorded.replies["/containers/json"].append(stranger)
    reply = copy.deepcopy(recorded.replies[recorded.of_container("shop-db-1", "json")])
    reply["Config"]["Image"] = "ollama/ollama"
    recorded.replies[f"/containers/{'f' * 64}/json"] = reply | {"Id": "f" * 64}
    take()
    asked = {path for _, path in recorded.asked}
    assert f"/containers/{'f' * 64}/json" in asked
    assert f"/containers/{'f' * 64}/logs" not in asked
