"""Watching containers that come and go, and an engine that goes away and comes back."""

from __future__ import annotations

import copy
import gc
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect.engine_containers import PROJECT_LABEL
from hcreport.model import Gap
from tests.recorded_engine import RecordedEngine, serve
from tests.recorded_watch import LATER, Watching, life_of, lives_of, window_of
from tests.window_case import folder, recorded, take, watch, window_gaps

__all__ = ["folder", "recorded", "take", "watch"]


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
