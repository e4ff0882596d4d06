"""The load command and the beginning of a window, Ctrl-C, and what the command line says of it."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from hcreport.cli import run
from hcreport.cli.duration import duration
from hcreport.collect.window_load import LoadCommand
from hcreport.model import Gap, Snapshot
from hcreport.snapshot import format_snapshot, read_snapshot
from tests.engine_fixture import CANARY
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take, folder, recorded, take
from tests.recorded_watch import LATER, Acting, Watching, life_of, window_of

__all__ = ["folder", "recorded", "take"]

Hcreport = Callable[..., tuple[int, Snapshot, str]]


@pytest.fixture
def watch(take: Take, recorded: RecordedEngine) -> Watching:
    return Watching(take, recorded)


def python(code: str) -> str:
    """Return the shell's words for a piece of Python."""
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_the_window_ends_when_its_load_ends(watch: Watching) -> None:
    window = window_of(watch(seconds=60.0, load=f"sleep 0.5; : {CANARY}"))
    assert window.load is not None
    assert window.load.exit_code == 0
    assert 0.5 <= window.load.seconds <= window.seconds < 30
    assert window.rounds >= 2


def test_a_window_may_last_as_long_as_its_load(watch: Watching) -> None:
    snapshot = watch(seconds=None, load=f"sleep 0.3; exit 7; : {CANARY}")
    load = window_of(snapshot).load
    assert load is not None
    assert load.exit_code == 7
    assert snapshot.gaps == ()
    assert CANARY not in format_snapshot(snapshot)


def test_the_last_round_is_taken_when_the_load_has_ended(
    watch: Watching, recorded: RecordedEngine, tmp_path: Path
) -> None:
    """So that the kernel's peak counts all that the load did; rounds are an hour apart here."""
    done = tmp_path / "done"
    path = recorded.of_container("shop-web-1", "stats")
    reply = recorded.replies[path]

    def sample() -> object:
        reply["memory_stats"]["max_usage"] = 99_000_000 if done.exists() else 5_000_000
        return reply

    recorded.replies[path] = sample
    snapshot = watch(seconds=None, interval=3600.0, load=f"sleep 0.2; : > {done}")
    life = life_of(snapshot, "web")
    assert (life.peak, life.samples) == (99_000_000, 2)


def test_a_load_that_goes_on_is_stopped_when_the_window_is_over(
    watch: Watching, tmp_path: Path
) -> None:
    """With all that it started."""
    pids = tmp_path / "pids"
    load = f"sh -c 'echo $$ >> {pids}; exec sleep 1000' & echo $$ >> {pids}; wait"
    loaded = window_of(watch(seconds=0.6, load=load)).load
    assert loaded is not None
    assert loaded.exit_code is None
    assert 0 < loaded.seconds < 30
    started = [int(line) for line in pids.read_text().split()]
    assert len(started) == 2
    assert not any(is_running(each) for each in started)


def is_running(pid: int) -> bool:
    """Tell whether a process goes on; one that nobody has waited for yet does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def test_a_load_that_ignores_a_polite_request_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hcreport.collect.window_load._STOP_SECONDS", 0.1)
    ready, ended = tmp_path / "ready", threading.Event()
    os.mkfifo(ready)
    load = LoadCommand(f"trap '' TERM; : > {ready}; while :; do sleep 0.05; done")
    load.start(ended.set)
    ready.read_bytes()
    load.stop()
    assert ended.wait(10)
    result = load.load()
    assert result is not None
    assert result.exit_code == -9
    load.stop()


def test_a_load_reads_nothing_and_prints_to_standard_error(
    watch: Watching, capfd: pytest.CaptureFixture[str]
) -> None:
    watch(seconds=10.0, load="cat; echo from the load")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "from the load\n")


@pytest.mark.parametrize(("seconds", "rounds"), [(0.5, 2), (None, 1)])
def test_a_load_that_cannot_be_started_is_a_gap(
    watch: Watching, seconds: float | None, rounds: int
) -> None:
    snapshot = watch(seconds=seconds, load="a\0b")
    assert snapshot.gaps == (Gap(source="load", reason="The load command could not be started."),)
    assert window_of(snapshot).load is None
    assert window_of(snapshot).rounds >= rounds
    assert len(snapshot.containers) == 4


def stopped(watch: Watching) -> None:
    """Let the project not run yet."""
    for name in ("shop-web-1", "shop-db-1", "shop-llm-1"):
        watch.changed(name, Status="exited", Running=False)()


def starting(watch: Watching, name: str) -> None:
    watch.changed(name, Status="running", Running=True, StartedAt="2033-05-18T03:33:20Z")()
    watch.engine.tell(name, "start", LATER)


def test_watching_may_begin_before_the_project(watch: Watching) -> None:
    stopped(watch)
    progress = Acting(
        (0.0, lambda: starting(watch, "shop-web-1")), (0.3, lambda: starting(watch, "shop-db-1"))
    )
    snapshot = watch.watch_with(progress, from_start=True)
    window = window_of(snapshot)
    assert window.from_start
    assert 1 <= window.seconds < 3
    assert life_of(snapshot, "web").first_at < 0.3 <= life_of(snapshot, "db").first_at
    assert all(each.from_start for each in window.series)
    assert progress.told[0] == "Waiting for the first container of the project"
    assert "Watching 1 container" in progress.told
    assert "Watching 2 containers" in progress.told


def test_a_project_that_runs_already_is_not_watched_from_its_start(watch: Watching) -> None:
    window = window_of(watch(seconds=0.3, from_start=True))
    assert not window.from_start
    assert window.rounds >= 1


def test_the_load_may_be_what_starts_the_project(watch: Watching, tmp_path: Path) -> None:
    """As `docker compose up` does: it is begun before there is any container."""
    stopped(watch)
    begun = tmp_path / "begun"
    os.mkfifo(begun)

    def start_when_begun() -> None:
        begun.read_bytes()
        starting(watch, "shop-web-1")

    starter = threading.Thread(target=start_when_begun)
    starter.start()
    snapshot = watch(from_start=True, load=f": > {begun}; sleep 100")
    starter.join()
    window = window_of(snapshot)
    assert window.from_start
    assert window.load is not None
    assert window.load.seconds > window.seconds
    assert [each.service for each in window.series] == ["web"]


def test_a_load_that_starts_nothing_leaves_an_empty_window(watch: Watching) -> None:
    stopped(watch)
    snapshot = watch(from_start=True, load="exit 3")
    window = window_of(snapshot)
    assert (window.seconds, window.rounds, window.series) == (0, 0, ())
    assert window.load is not None
    assert window.load.exit_code == 3
    reason = "No container of the project was seen before watching ended."
    assert Gap(source="window", reason=reason) in snapshot.gaps


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interruption_keeps_the_window(watch: Watching) -> None:
    """And reads how the containers are then, as that takes a second only."""
    snapshot = watch((0.4, interrupt), seconds=60.0, load="sleep 100")
    assert snapshot.interrupted
    window = window_of(snapshot)
    assert 0.4 <= window.seconds < 30
    assert life_of(snapshot, "web").samples >= 1
    assert window.load is not None
    assert window.load.exit_code is None
    assert len(snapshot.containers) == 4


def test_an_interruption_while_waiting_ends_it(watch: Watching) -> None:
    stopped(watch)
    snapshot = watch((0.0, interrupt), from_start=True)
    assert snapshot.interrupted
    assert window_of(snapshot).series == ()
    assert len(snapshot.containers) == 4


@pytest.fixture
def hcreport(
    capfd: pytest.CaptureFixture[str],
    folder: Path,
    recorded: RecordedEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> Hcreport:
    """Call ``hcreport collect`` on the recorded engine: exit code, snapshot, standard error."""
    monkeypatch.chdir(folder)

    def call(*words: str) -> tuple[int, Snapshot, str]:
        with pytest.raises(SystemExit) as exit_info:
            run(["collect", "--host", recorded.host, "-o", "snapshot.json", *words])
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code, read_snapshot(Path("snapshot.json")), capfd.readouterr().err

    return call


def test_the_command_line_says_what_was_watched(hcreport: Hcreport) -> None:
    code, snapshot, said = hcreport("--window", "500ms", "--interval", "100ms")
    window = window_of(snapshot)
    assert code == 0
    assert window.interval_seconds == 0.1
    assert f"Watched 3 containers for {window.seconds:.0f} s, {window.rounds} rounds.\n" in said


def busy(recorded: RecordedEngine) -> None:
    """Let a container use half a CPU by the engine's clock, which runs as ours does."""
    reply = recorded.replies[recorded.of_container("shop-web-1", "stats")]
    ticks = iter(range(1000))

    def sample() -> object:
        tick = next(ticks)
        reply["cpu_stats"]["cpu_usage"]["total_usage"] = tick * 50_000_000
        return reply | {"read": f"2026-01-02T03:04:{tick // 10:02}.{tick % 10}Z"}

    recorded.replies[recorded.of_container("shop-web-1", "stats")] = sample


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_window_without_load_is_said_to_be_one(
    hcreport: Hcreport, recorded: RecordedEngine, *, is_busy: bool
) -> None:
    if is_busy:
        busy(recorded)
    else:
        reply = recorded.replies[recorded.of_container("shop-web-1", "stats")]
        seconds = iter(range(60))
        recorded.replies[recorded.of_container("shop-web-1", "stats")] = lambda: (
            reply | {"read": f"2026-01-02T03:04:{next(seconds):02}Z"}
        )
    _, _, said = hcreport("--window", "1s", "--interval", "100ms")
    assert ("hardly any load" in said) is not is_busy
    assert ("less than 5 %" in said) is not is_busy


@pytest.mark.parametrize(
    ("load", "expected"),
    [("exit 0", ""), ("exit 3", "The load command failed with exit code 3")],
)
def test_the_end_of_the_load_is_said(hcreport: Hcreport, load: str, expected: str) -> None:
    code, snapshot, said = hcreport("--while", load)
    assert code == 0
    assert window_of(snapshot).load is not None
    assert expected in said
    assert ("load command" in said) is bool(expected)
    assert "hardly any load" not in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--interval", "2s"], "nothing says how long"),
        (["--from-start"], "nothing says how long"),
        (["--read-peaks"], "nothing says how long"),
        (["--window", "5s", "--no-engine"], "nothing to watch without an engine"),
        (["--while", "true", "--no-engine"], "nothing to watch without an engine"),
        (["--window", "60"], "'60' is no length of time such as 60s"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        run(["collect", *words])
    assert exit_info.value.code == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("5m", 300), ("24h", 86_400), ("1500ms", 1.5), ("0.5s", 0.5), (" 2s ", 2)],
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "60", "0s", "-5s", "5 s", "1d", "1h30m", "s", "1e3s", "9" * 400 + "h", "9" * 20 + "h"],
)
def test_other_lengths_of_time_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        duration(text)
