"""What the tests in this folder share: an engine, and a Compose project that runs on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hcreport.model import Snapshot
from tests.engine.stack import Stack, running_stack, take
from tests.engine.yard import Yard, running_yard
from tests.engine_fixture import CANARY, RunningEngine, engine

__all__ = ["engine"]


@pytest.fixture(scope="session")
def stack(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield the project of seventeen containers, running; its path holds the canary."""
    with running_stack(engine, tmp_path_factory.mktemp(CANARY), "hcreport-test") as running:
        yield running


@pytest.fixture(scope="session")
def snapshot(stack: Stack) -> Snapshot:
    """Return a snapshot of the project."""
    return take(stack)


@pytest.fixture
def yard(engine: RunningEngine, tmp_path: Path) -> Iterator[Yard]:
    """Yield a project without containers."""
    with running_yard(engine, tmp_path) as found:
        yield found
