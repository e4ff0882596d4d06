"""Fixtures: a Compose project, and the recorded engine that runs it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import CollectOptions, Progress, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.model import Snapshot
from tests.recorded_engine import RecordedEngine, serve

COMPOSE = """\
name: shop
services:
  web: {image: "shop/web:1", models: [small]}
  api: {image: "shop/api:1"}
  db: {image: "docker.io/shop/base:1", volumes: ["data:/var/lib/db"]}
  done: {image: "shop/base:1"}
volumes: {data: {}}
models:
  small: {model: "ai/smollm2"}
"""


Take = Callable[..., Snapshot]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def recorded() -> Iterator[RecordedEngine]:
    """Yield a recorded engine that is being served; change its replies before collecting."""
    # A short path: the name of a socket has room for about a hundred characters.
    with (
        tempfile.TemporaryDirectory(prefix="hcr") as place,
        serve(RecordedEngine(), Path(place) / "s") as engine,
    ):
        yield engine


@pytest.fixture
def take(folder: Path, recorded: RecordedEngine) -> Take:
    """Collect from the recorded engine; keywords go to the options."""

    def call(progress: Progress | None = None, **more: Any) -> Snapshot:
        request = ComposeRequest(folder=folder)
        return collect(CollectOptions(compose=request, host=recorded.host, **more), progress)

    return call
