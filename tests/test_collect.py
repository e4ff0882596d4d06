"""The whole of a collection: interruptions, no engine, and what the configuration adds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hcreport.collect import CollectOptions, SilentProgress, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.collect.tasks import Question, Tasks
from hcreport.config import Config, PlannedModel
from hcreport.errors import CollectError
from hcreport.model import Scenario
from hcreport.snapshot import format_snapshot
from hcreport.units import Bytes
from tests.recorded_engine import Hangs, RecordedEngine
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "take"]


class Interrupting(SilentProgress):
    """Presses Ctrl-C when the answer to a question of one kind has come in."""

    def __init__(self, what: str) -> None:
        self.what = what

    def start(self, total: int) -> None:
        if self.what == "start":
            raise KeyboardInterrupt

    def step(self, what: str) -> None:
        if what.startswith(self.what):
            raise KeyboardInterrupt


def test_ctrl_c_keeps_what_is_there(folder: Path, recorded: RecordedEngine) -> None:
    recorded.replies[recorded.of_container("shop-db-1", "stats")] = Hangs()
    options = CollectOptions(compose=ComposeRequest(folder=folder), host=recorded.host)
    snapshot = collect(options, Interrupting("stats of shop-web-1"))
    assert snapshot.interrupted
    assert len(snapshot.services) == 4
    for container in snapshot.containers:
        assert container.service != "db" or container.memory is None


def test_ctrl_c_before_compose_answers_leaves_nothing(
    folder: Path, recorded: RecordedEngine
) -> None:
    options = CollectOptions(compose=ComposeRequest(folder=folder), host=recorded.host)
    with pytest.raises(CollectError, match="interrupted before the Compose files were read"):
        collect(options, Interrupting("start"))


def test_no_engine_asks_no_engine(take: Take, recorded: RecordedEngine) -> None:
    snapshot = take(engine=False)
    assert recorded.asked == []
    assert snapshot.engine is None
    assert (snapshot.containers, snapshot.gaps, snapshot.interrupted) == ((), (), False)
    assert [each.name for each in snapshot.services] == ["api", "db", "done", "web"]


def test_the_configuration_adds_to_the_snapshot(take: Take) -> None:
    config = Config(
        title="The Shop",
        models=(PlannedModel(name="llama3.1:8b", memory=Bytes(5_000_000_000)),),
        scenarios=(Scenario(name="small", services=("web",)),),
    )
    snapshot = take(engine=False, config=config)
    assert snapshot.title == "The Shop"
    assert {each.name for each in snapshot.models} == {"ai/smollm2", "llama3.1:8b"}
    assert [each.name for each in snapshot.scenarios] == ["small"]
    assert json.loads(format_snapshot(snapshot))["models"][-1]["memory"] == 5_000_000_000


SCRIPT = """
import sys
import threading
from pathlib import Path
from hcreport.collect import CollectOptions, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.snapshot import format_snapshot

class Talking:
    def start(self, total): pass
    def step(self, what): print(what, flush=True)

folder, host = sys.argv[1:]
options = CollectOptions(compose=ComposeRequest(folder=Path(folder)), host=host)
print("SNAPSHOT" + format_snapshot(collect(options, Talking())))
"""


def test_a_real_sigint_keeps_what_is_there(folder: Path, recorded: RecordedEngine) -> None:
    """The engine never gives one sample; Ctrl-C must not wait for it."""
    recorded.replies[recorded.of_container("shop-db-1", "stats")] = Hangs()
    expected = {"Compose files", "disk", "volumes", "inspect of shop-db-1", "stats of shop-web-1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), recorded.host],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdout is not None
    while expected:
        line = process.stdout.readline()
        assert line, "it ended before it was interrupted"
        expected.discard(line.strip())
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    snapshot = json.loads(rest.partition("SNAPSHOT")[2])
    by_name = {each["name"]: each for each in snapshot["containers"]}
    assert snapshot["interrupted"] is True
    assert "memory" in by_name["shop-web-1"]
    assert "memory" not in by_name["shop-db-1"]


def test_what_was_not_asked_yet_is_not_asked_after_stopping() -> None:
    tasks, first, release = Tasks(), threading.Event(), threading.Event()

    def ask() -> None:
        first.set()
        release.wait()

    tasks.start([Question(source="x", ask=ask), Question(source="y", ask=int)], threads=1)
    first.wait()
    tasks.stop()
    release.set()
    answer = tasks.next()
    assert answer is not None
    assert answer.question.source == "x"
    assert [question.source for question in tasks.open_questions] == ["y"]
    assert tasks.next(patience=0.2) is None


def test_an_error_is_handed_over() -> None:
    tasks = Tasks()
    tasks.start([Question(source="x", ask=lambda: 1 // 0)])
    answer = tasks.next()
    assert answer is not None
    assert isinstance(answer.error, ZeroDivisionError)
