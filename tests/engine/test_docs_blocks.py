"""The commands of the documentation that ask a Docker engine, run beside a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs_blocks import running
from tests.docs_blocks.blocks import all_blocks
from tests.engine_fixture import RunningEngine

PAGES = {
    page: blocks
    for page, blocks in running.every_page(all_blocks()).items()
    if running.page_needs_engine(blocks)
}

FIRST = ("README.md", "docs/guide/quick-start.md")
"""Pages that begin with a project that has never seen hcreport."""


@pytest.fixture(scope="module")
def settings(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the commands find our programs, the engine, and the image of the project."""
    engine.build(running.BASE, "FROM scratch\nCOPY busybox /bin/busybox\n")
    dockerfile = (running.PROJECT / "Dockerfile").read_text(encoding="utf-8")
    engine.build(running.IMAGE, dockerfile, {".git/objects/pack/one.pack": bytes(300_000)})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment(tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        patch.setenv("DOCKER_HOST", engine.host)
        yield
    for image in (running.IMAGE, running.BASE):
        engine.remove(image)


@pytest.fixture(scope="module")
def snapshot(settings: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a snapshot of the project while its containers run."""
    project = running.prepared(tmp_path_factory.mktemp("first"), snapshot=None)
    for command in (
        "SHOP_SECONDS=600 docker compose up -d",
        "hcreport collect -o snapshot.json",
        f"hcreport render snapshot.json --to {running.PUBLISHED}",
        "docker compose down",
    ):
        ran = running.run(command, project)
        assert ran.code == 0, ran.said
    return project / "snapshot.json"


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_work(page: str, snapshot: Path, tmp_path: Path) -> None:
    project = running.prepared(tmp_path, snapshot=None if page in FIRST else snapshot)
    found = list(running.failures(PAGES[page], project))
    running.run("docker compose --profile '*' down", project)
    assert "\n".join(found) == ""


def test_there_are_pages_of_both_kinds() -> None:
    """Were every page of one kind, one of the two files would look at nothing."""
    assert set(FIRST) < PAGES.keys() < running.every_page(all_blocks()).keys()
