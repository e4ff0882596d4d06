"""Watching the recorded engine: a progress that lets tests act at a given time of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hcreport.collect import SilentProgress, WindowOptions
from hcreport.model import Series, Snapshot, Window
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take

Act = Callable[[], None]

LATER = 2_000_000_000_000_000_000
"""Nanoseconds since 1970 at which nothing in the recorded replies has begun yet."""


class Acting(SilentProgress):
    """Does each thing once, when the window has been open for so many seconds."""

    def __init__(self, *acts: tuple[float, Act]) -> None:
        self._acts = list(acts)
        self.told: list[str] = []

    def watch(self, what: str, seconds: float, longest: float | None) -> None:
        self.told.append(what)
        while self._acts and seconds >= self._acts[0][0]:
            _, act = self._acts.pop(0)
            act()


class Watching:
    """Watches the recorded engine."""

    def __init__(self, take: Take, recorded: RecordedEngine) -> None:
        self.take = take
        self.engine = recorded

    def __call__(self, *acts: tuple[float, Act], **options: Any) -> Snapshot:
        """Watch for a second, in rounds a twentieth apart, unless told otherwise."""
        return self.watch_with(Acting(*acts), **options)

    def watch_with(self, progress: Acting, **options: Any) -> Snapshot:
        """Watch with a progress of the test's own."""
        settings = {"seconds": 1.0, "interval": 0.05, **options}
        return self.take(progress, window=WindowOptions(**settings))

    def changed(self, name: str, **state: Any) -> Act:
        """Return an act that changes a container's state, as it is listed and inspected."""

        def act() -> None:
            reply = self.engine.replies[self.engine.of_container(name, "json")]
            reply["State"] |= state
            for entry in self.engine.replies["/containers/json"]:
                if entry["Id"] == reply["Id"]:
                    entry["State"] = reply["State"]["Status"]

        return act


def window_of(snapshot: Snapshot) -> Window:
    assert snapshot.window is not None
    return snapshot.window


def lives_of(snapshot: Snapshot, service: str) -> list[Series]:
    return [each for each in window_of(snapshot).series if each.service == service]


def life_of(snapshot: Snapshot, service: str) -> Series:
    (found,) = lives_of(snapshot, service)
    return found
