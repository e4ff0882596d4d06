"""Watching a recorded engine: what is sampled in each round, and what a series says."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import pytest

from hcreport.collect import window_rounds
from hcreport.snapshot import format_snapshot, parse_snapshot
from tests.engine_fixture import CANARY
from tests.recorded_engine import RecordedEngine
from tests.recorded_watch import Watching, life_of, window_of
from tests.window_case import folder, recorded, take, watch, window_gaps

__all__ = ["folder", "recorded", "take", "watch"]


def asked(recorded: RecordedEngine, name: str, leaf: str) -> int:
    path = recorded.of_container(name, leaf)
    return sum(each == path for _, each in recorded.asked)


def test_every_running_container_is_sampled_in_each_round(
    watch: Watching, recorded: RecordedEngine
) -> None:
    snapshot = watch()
    window = window_of(snapshot)
    assert [each.service for each in window.series] == ["db", "llm", "web"]
    assert snapshot.gaps == ()
    assert window.rounds >= 3
    assert 1 <= window.seconds < 3
    for each in window.series:
        assert each.samples == window.rounds == len(each.points)
        # One more is the ordinary sample when the window is over.
        assert asked(recorded, each.container, "stats") == each.samples + 1
        assert (each.ended, each.from_start, each.oom_kills) == ("running", False, 0)
    assert parse_snapshot(format_snapshot(snapshot)) == snapshot
    assert CANARY not in format_snapshot(snapshot)


def test_a_series_holds_what_the_ordinary_sample_holds(watch: Watching) -> None:
    """The recorded counters stand still."""
    snapshot = watch()
    for container in snapshot.containers:
        if container.memory is None:
            continue
        life = life_of(snapshot, str(container.service))
        assert (life.container, life.id) == (container.name, container.id)
        assert (life.usage, life.shown) == (container.memory.usage, container.memory.shown)
        assert (life.peak, life.peak_source) == (container.memory.peak, "engine")
        assert life.limit == container.limits.memory
        assert life.started_at == container.started_at
    together = window_of(snapshot).together
    assert together is not None
    assert together.containers == 3
    sampled = [each.memory for each in snapshot.containers if each.memory is not None]
    assert together.shown == sum(int(each.shown) for each in sampled)


def test_rounds_are_shifted_at_random(watch: Watching) -> None:
    """Steps of 0.2 s are between 0.15 and 0.25 s, plus what an answer takes."""
    points = life_of(watch(seconds=3.0, interval=0.2), "web").points
    times = [row[0] or 0 for row in points]
    steps = [after - before for before, after in pairwise(times)]
    assert len(steps) >= 5
    assert min(steps) >= 100
    assert max(steps) - min(steps) >= 30


def test_the_heaviest_round_is_kept_together(watch: Watching, recorded: RecordedEngine) -> None:
    """The two are heavy at different times: together they never held both maxima."""
    stats = {
        name: recorded.replies[recorded.of_container(name, "stats")]["memory_stats"]
        for name in ("shop-web-1", "shop-db-1")
    }

    def use(database: int, web: int) -> None:
        stats["shop-db-1"]["usage"], stats["shop-web-1"]["usage"] = database, web

    snapshot = watch(
        (0.0, lambda: use(90_000_000, 10_000_000)),
        (0.3, lambda: use(10_000_000, 10_000_000)),
        (0.7, lambda: use(10_000_000, 90_000_000)),
    )
    maxima = [life_of(snapshot, each).usage for each in ("db", "web")]
    assert maxima == [90_000_000, 90_000_000]
    together = window_of(snapshot).together
    assert together is not None
    assert 100_000_000 <= together.shown < 110_000_000


def test_a_container_that_hangs_holds_up_no_other(
    watch: Watching, recorded: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_rounds, "_PATIENCE_SECONDS", 0.1)
    path = recorded.of_container("shop-web-1", "stats")
    kept = recorded.replies[path]
    answers = threading.Event()

    def hang() -> Any:
        answers.wait()
        return {}

    def answer() -> None:
        recorded.replies[path] = kept
        answers.set()

    recorded.replies[path] = hang
    snapshot = watch((1.5, answer), seconds=2.0)
    assert len([row for row in life_of(snapshot, "db").points if (row[0] or 0) < 1500]) >= 3
    assert life_of(snapshot, "web").first_at >= 1.5
    together = window_of(snapshot).together
    assert together is None or together.at >= 1.5


def v2(recorded: RecordedEngine) -> None:
    """Make the recorded replies those of an engine with cgroup v2, which gives no peak."""
    for path, reply in recorded.replies.items():
        if path.endswith("/stats"):
            reply["memory_stats"].pop("max_usage", None)


@pytest.mark.parametrize(
    ("printed", "read_peaks", "expected"),
    [
        (b"150300000\r\n", True, 150_300_000),
        (b"150300000\r\n", False, None),
        (b"cat: no such file\r\n", True, None),
        (b"", True, None),
    ],
)
def test_peaks_are_read_in_containers_on_request(
    watch: Watching,
    recorded: RecordedEngine,
    *,
    printed: bytes,
    read_peaks: bool,
    expected: int | None,
) -> None:
    v2(recorded)
    for name in ("shop-db-1", "shop-llm-1", "shop-web-1"):
        run = f"run-{name}"
        recorded.replies[recorded.of_container(name, "exec")] = {"Id": run}
        recorded.replies[f"/exec/{run}/start"] = printed if name == "shop-web-1" else b"77"
    snapshot = watch(read_peaks=read_peaks, seconds=0.5)
    life = life_of(snapshot, "web")
    assert (life.peak, life.peak_source) == (expected, "container" if expected else None)
    failed = ["shop-web-1"] if read_peaks and not expected else []
    assert [gap.subject for gap in window_gaps(snapshot)] == failed
    assert life_of(snapshot, "db").peak == (77 if read_peaks else None)
    assert any("/exec/" in path for _, path in recorded.asked) is read_peaks


@pytest.mark.parametrize(
    ("processes", "runtime"),
    [
        ([["1", "java", f"/opt/jdk/bin/java -jar {CANARY}.jar"]], "java"),
        ([["1", "sh", "sh start"], ["9", "MainThread", "/usr/local/bin/node app"]], "node"),
        ([["1", "dotnet", "dotnet app.dll"]], "dotnet"),
        ([["1", "javascript", "javascript java"], ["2", "nodes", "nodes"]], None),
        ([["1"], ["2", "", ""]], None),
        (None, None),
    ],
)
def test_runtimes_with_elastic_heaps_are_told(
    watch: Watching,
    recorded: RecordedEngine,
    processes: list[list[str]] | None,
    runtime: str | None,
) -> None:
    reply = {"Titles": ["PID", "COMMAND", "COMMAND"], "Processes": processes}
    if processes is not None:
        recorded.replies[recorded.of_container("shop-web-1", "top")] = reply
    snapshot = watch(seconds=0.5)
    assert life_of(snapshot, "web").runtime == runtime
    assert CANARY not in format_snapshot(snapshot)
    # After a few samples, and at the end.
    assert asked(recorded, "shop-web-1", "top") == 2


def test_average_cpu_use_comes_from_the_window(watch: Watching, recorded: RecordedEngine) -> None:
    reply = recorded.replies[recorded.of_container("shop-web-1", "stats")]
    ticks = iter(range(1000))

    def use_half_a_cpu() -> Any:
        tick = next(ticks)
        reply["cpu_stats"]["cpu_usage"]["total_usage"] = tick * 500_000_000
        return reply | {"read": f"2026-01-02T03:{tick // 60:02}:{tick % 60:02}Z"}

    recorded.replies[recorded.of_container("shop-web-1", "stats")] = use_half_a_cpu
    snapshot = watch()
    life = life_of(snapshot, "web")
    assert life.cpu_highest == 0.5
    assert life.cpu_seconds == (life.samples - 1) / 2
    (web,) = [each for each in snapshot.containers if each.service == "web"]
    assert web.cpu is not None
    assert web.cpu.average_ratio == life.cpu_seconds / (life.last_at - life.first_at)
