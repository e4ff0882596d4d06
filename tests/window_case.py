"""Fixtures: watching the recorded engine, and the gaps that a window leaves."""

from __future__ import annotations

import pytest

from hcreport.model import Gap, Snapshot
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take, folder, recorded, take
from tests.recorded_watch import Watching

__all__ = ["folder", "recorded", "take", "watch", "window_gaps"]


@pytest.fixture
def watch(take: Take, recorded: RecordedEngine) -> Watching:
    return Watching(take, recorded)


def window_gaps(snapshot: Snapshot) -> list[Gap]:
    return [gap for gap in snapshot.gaps if gap.source == "window"]
