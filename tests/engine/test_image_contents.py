"""What is in a project's images gets into its snapshot, and nothing private of it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hcreport.cli import run
from hcreport.collect import CollectOptions, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.collect.compose_binary import find_compose
from hcreport.config import Config
from hcreport.errors import CollectError
from hcreport.model import ImageContents, Snapshot
from hcreport.snapshot import format_snapshot
from tests.engine_fixture import CANARY, RunningEngine
from tests.engine_fixture import engine_of_its_own as engine

__all__ = ["engine"]

pytestmark = pytest.mark.engine

BASE, APP = "hcreport-contents/base:1", "hcreport-contents/app:1"

_BASE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
CMD ["sh"]
"""

_APP = f"""\
FROM {BASE}
ENV TOKEN={CANARY}
WORKDIR /app
COPY . /app
RUN chmod -R a+w /app/models && rm /app/old.bin
CMD ["sh", "/app/{CANARY}.sh"]
"""

_FILES = {
    ".git/objects/pack/x.pack": b"g" * 300_000,
    "models/weights.gguf": b"GGUF" + b"m" * 20_000_000,
    f"{CANARY}/{CANARY}.txt": CANARY.encode() * 100,
    f"{CANARY}.sh": f"#!/bin/sh\n# {CANARY}\nsleep 9\n".encode(),
    "old.bin": b"o" * 70_000,
}

_COMPOSE = f"""\
services:
  app:
    image: {APP}
    build: ./app
"""


@pytest.fixture(scope="module")
def project(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the folder of a project with one image, which is built."""
    folder = tmp_path_factory.mktemp("contents")
    for name, content in {**_FILES, "Dockerfile": _APP.encode()}.items():
        place = folder / "app" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (folder / "compose.yaml").write_text(_COMPOSE)
    engine.build(BASE, _BASE)
    engine.build(APP, _APP, _FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield folder


def take(engine: RunningEngine, project: Path, layers: str | None) -> Snapshot:
    """Collect a snapshot of the project, with the contents of some images."""
    find_compose()
    request = ComposeRequest(folder=project)
    options = CollectOptions(
        compose=request, host=engine.host, layers=layers, config=Config(keep_packages=("git",))
    )
    return collect(options)


def contents_of(snapshot: Snapshot) -> ImageContents:
    """Return what is in the only image of the project."""
    (image,) = snapshot.images
    assert image.contents is not None, snapshot.gaps
    return image.contents


def test_a_snapshot_holds_what_is_in_the_images(engine: RunningEngine, project: Path) -> None:
    found = contents_of(take(engine, project, "all"))
    assert found.size == sum(layer.size for layer in found.layers)
    assert found.seen + sum(each.size for each in found.reclaimable) == found.size
    assert {each.cause: each.files for each in found.reclaimable} == {
        "chmod copy": 1,
        "deleted later": 1,
    }
    assert found.groups["version-control"] == 300_000
    assert found.groups["model-weights"] == 20_000_004
    assert found.base_image == BASE
    assert [layer.base for layer in found.layers][:3] == [True, True, False]
    assert [each.kind for each in found.steps][:1] == ["context"]
    assert found.target is not None
    assert found.base is not None
    assert found.base < found.target < found.size - 20_000_000 - 300_000


def test_a_build_context_is_looked_at_without_an_engine(project: Path) -> None:
    find_compose()
    (context,) = collect(
        CollectOptions(compose=ComposeRequest(folder=project), engine=False)
    ).contexts
    own = sum(map(len, _FILES.values())) + len(_APP)
    assert (context.services, context.path, context.sent) == (("app",), "app", own)
    assert "**/.git" in context.advised
    assert context.leaves is not None
    assert context.leaves < own - 20_000_000


def test_no_private_name_or_text_gets_into_a_snapshot(engine: RunningEngine, project: Path) -> None:
    assert CANARY not in format_snapshot(take(engine, project, "all"))


def test_layers_are_read_of_those_that_are_chosen(engine: RunningEngine, project: Path) -> None:
    for choice in ("1", APP):
        contents_of(take(engine, project, choice))
    for none in (None, "0"):
        assert [each.contents for each in take(engine, project, none).images] == [None]
    with pytest.raises(CollectError, match="has no image other"):
        take(engine, project, "other")


def test_the_command_says_the_same(
    engine: RunningEngine, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = contents_of(take(engine, project, "all"))
    context = str(project / "app")
    with pytest.raises(SystemExit) as exit_info:
        run(["image", APP, "--host", engine.host, "--context", context, "--format", "json"])
    said = json.loads(capsys.readouterr().out)
    assert exit_info.value.code == 0
    assert (said["size"], said["seen"]) == (found.size, found.seen)
    assert said["groups"] == {name: int(size) for name, size in found.groups.items()}
    assert (said["target"], said["target_sure"]) == (found.target, found.target_sure)
    assert said["dive"]["wasted"] == found.dive.wasted
