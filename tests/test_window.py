"""Watching a recorded engine: what is sampled, what is said of containers that come and go."""

from __future__ import annotations

import copy
import gc
import threading
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import window_rounds
from hcreport.collect.engine_containers import PROJECT_LABEL
from hcreport.model import Gap, Snapshot
from hcreport.snapshot import format_snapshot, parse_snapshot
from tests.engine_fixture import CANARY
from tests.recorded_engine import RecordedEngine, serve
from tests.recorded_project import Take, folder, recorded, take
from tests.recorded_watch import LATER, Watching, life_of, lives_of, window_of

__all__ = ["folder", "recorded", "take"]


@pytest.fixture
def watch(take: Take, recorded: RecordedEngine) -> Watching:
    return Watching(take, recorded)


def asked(recorded: RecordedEngine, name: str, leaf: str) -> int:
    path = recorded.of_container(name, leaf)
    return sum(each == path for _, each in recorded.asked)


def window_gaps(snapshot: Snapshot) -> list[Gap]:
    return [gap for gap in snapshot.gaps if gap.source == "window"]


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


def test_a_container_that_dies_has_its_exit_code(watch: Watching, recorded: RecordedEngine) -> None:
    def die() -> None:
        watch.changed("shop-web-1", Status="exited", Running=False, ExitCode=3)()
        recorded.replies[recorded.of_container("shop-web-1", "stats")]["memory_stats"] = {}
        recorded.tell("shop-web-1", "die", LATER, exitCode="3")

    snapshot = watch((0.3, die))
    life = life_of(snapshot, "web")
    assert (life.ended, life.exit_code) == ("exited", 3)
    assert life.last_at < 0.8
    assert life.samples < life_of(snapshot, "db").samples
    assert window_gaps(snapshot) == []


def test_a_container_that_is_removed_is_said_to_be(
    watch: Watching, recorded: RecordedEngine
) -> None:
    """Also where no event tells it, as the engine then does not know the container."""
    path = recorded.of_container("shop-web-1", "stats")
    snapshot = watch((0.3, lambda: recorded.errors.update({path: 404})))
    assert life_of(snapshot, "web").ended == "removed"
    assert life_of(snapshot, "db").ended == "running"


def test_a_restart_begins_another_life(watch: Watching, recorded: RecordedEngine) -> None:
    started = "2033-05-18T03:33:20.5Z"  # half a second after LATER

    def restart() -> None:
        recorded.tell("shop-web-1", "die", LATER, exitCode="137")
        watch.changed("shop-web-1", StartedAt=started)()
        recorded.tell("shop-web-1", "start", LATER + 600_000_001)

    first, second = lives_of(watch((0.3, restart)), "web")
    assert (first.ended, first.exit_code, first.from_start) == ("exited", 137, False)
    assert (second.ended, second.exit_code, second.from_start) == ("running", None, True)
    assert first.last_at <= second.first_at
    assert (first.limit, second.limit) == (64 * 1024**2, 64 * 1024**2)
    assert str(second.started_at) == "2033-05-18 03:33:20+00:00"


def test_a_renamed_container_has_its_last_name(watch: Watching, recorded: RecordedEngine) -> None:
    def rename() -> None:
        recorded.tell("shop-web-1", "rename", LATER, name="shop-web-9", oldName="/shop-web-1")

    assert life_of(watch((0.3, rename)), "web").container == "shop-web-9"


def test_kills_for_want_of_memory_are_counted(watch: Watching, recorded: RecordedEngine) -> None:
    """Also of a child, while the container goes on: nothing else tells of those."""

    def kill() -> None:
        recorded.tell("shop-web-1", "oom", LATER)
        recorded.tell("shop-web-1", "oom", LATER + 1)

    snapshot = watch((0.3, kill))
    assert life_of(snapshot, "web").oom_kills == 2
    assert life_of(snapshot, "web").ended == "running"
    assert life_of(snapshot, "db").oom_kills == 0


def appearing(recorded: RecordedEngine) -> Any:
    """Return an act by which a second container of ``web`` appears."""

    def act() -> None:
        first = recorded.container("shop-web-1")
        (entry,) = [each for each in recorded.replies["/containers/json"] if each["Id"] == first]
        new = copy.deepcopy(entry) | {"Id": "e" * 64, "Names": ["/shop-web-2"]}
        new["Labels"]["com.docker.compose.container-number"] = "2"
        recorded.replies["/containers/json"].append(new)
        for leaf in ("json", "stats"):
            reply = copy.deepcopy(recorded.replies[f"/containers/{first}/{leaf}"])
            recorded.replies[f"/containers/{new['Id']}/{leaf}"] = reply
        inspected = recorded.replies[f"/containers/{new['Id']}/json"]
        inspected |= {"Id": new["Id"], "Name": "/shop-web-2"}
        inspected["State"]["StartedAt"] = "2033-05-18T03:33:20Z"
        recorded.tell("shop-web-2", "start", LATER)

    return act


def test_a_container_that_appears_is_watched_from_its_start(
    watch: Watching, recorded: RecordedEngine
) -> None:
    snapshot = watch((0.4, appearing(recorded)))
    first, second = lives_of(snapshot, "web")
    assert (first.number, second.number, second.container) == (1, 2, "shop-web-2")
    assert second.from_start
    assert second.samples >= 1
    assert 0.4 <= second.first_at < first.last_at
    together = window_of(snapshot).together
    assert together is not None
    assert together.containers == 4


def test_a_container_that_was_too_quick_is_a_gap(watch: Watching, recorded: RecordedEngine) -> None:
    def flash() -> None:
        appearing(recorded)()
        reply = recorded.replies[f"/containers/{'e' * 64}/json"]
        reply["State"] |= {"Status": "exited", "Running": False}
        recorded.tell("shop-web-2", "die", LATER + 1, exitCode="1")

    snapshot = watch((0.4, flash))
    assert [each.number for each in lives_of(snapshot, "web")] == [1]
    reason = "It did not run long enough to be sampled."
    assert window_gaps(snapshot) == [Gap(source="window", subject="shop-web-2", reason=reason)]


def test_containers_of_compose_run_are_not_watched(
    watch: Watching, recorded: RecordedEngine
) -> None:
    def run() -> None:
        appearing(recorded)()
        labels = {PROJECT_LABEL: "shop", "com.docker.compose.oneoff": "True"}
        recorded.replies["/containers/json"][-1]["Labels"] |= labels
        recorded.events.get()  # the start of a container that is not one of `compose run`
        recorded.tell("shop-web-2", "start", LATER)

    snapshot = watch((0.4, run))
    assert [each.number for each in lives_of(snapshot, "web")] == [1]
    assert window_gaps(snapshot) == []


class Switch:
    """Lets the recorded engine go away and come back at the same socket."""

    def __init__(self, engine: RecordedEngine, place: Path) -> None:
        self._engine = engine
        self._place = place
        self._stack = ExitStack()

    def on(self) -> None:
        self._stack.enter_context(serve(self._engine, self._place))

    def off(self) -> None:
        self._stack.close()


@pytest.fixture
def switch(recorded: RecordedEngine, tmp_path: Path) -> Any:
    """Serve the engine at a second socket, which can be switched off."""
    made = Switch(recorded, Path(recorded.host.removeprefix("unix://")).with_name("t"))
    made.on()
    yield made
    made.off()
    gc.collect()


# The Docker SDK leaves it to Python to close the socket of a connection that was refused.
_REFUSED = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@_REFUSED
def test_a_restarting_engine_loses_nothing(watch: Watching, switch: Switch) -> None:
    """The containers live on, as they do where the engine is told to leave them alone."""
    snapshot = watch((0.5, switch.off), (1.2, switch.on), seconds=3.0)
    for service in ("db", "llm", "web"):
        life = life_of(snapshot, service)
        times = [(row[0] or 0) / 1000 for row in life.points]
        assert life.ended == "running"
        assert len([each for each in times if each < 0.6]) >= 1
        assert len([each for each in times if each > 1.2]) >= 1
        assert not [each for each in times if 0.7 < each < 1.2]
        assert life.samples == len(times)
    (gap,) = window_gaps(snapshot)
    assert gap.subject is None
    assert gap.reason.startswith("The engine did not answer for ")


@_REFUSED
def test_containers_that_come_back_with_the_engine_are_new_lives(
    watch: Watching, switch: Switch
) -> None:
    def come_back() -> None:
        watch.changed("shop-web-1", StartedAt="2033-05-18T03:33:20Z")()
        watch.changed("shop-db-1", Status="exited", Running=False, ExitCode=255)()
        switch.on()

    snapshot = watch((0.5, switch.off), (1.0, come_back), seconds=3.0)
    first, second = lives_of(snapshot, "web")
    assert (first.ended, second.ended) == ("lost", "running")
    assert (first.from_start, second.from_start) == (False, True)
    assert first.last_at < 1.0 < second.first_at
    assert (life_of(snapshot, "db").ended, life_of(snapshot, "db").exit_code) == ("exited", 255)
    assert life_of(snapshot, "llm").ended == "running"


@_REFUSED
def test_an_engine_that_stays_away_leaves_what_was_sampled(watch: Watching, switch: Switch) -> None:
    snapshot = watch((0.5, switch.off), seconds=1.5)
    assert {each.ended for each in window_of(snapshot).series} == {"lost"}
    assert all(each.samples >= 1 for each in window_of(snapshot).series)
    assert window_of(snapshot).seconds >= 1.5
    assert snapshot.containers == ()
    assert {gap.source for gap in snapshot.gaps} >= {"window", "containers"}


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
