"""Every block of code in the documentation is run or validated: what a reader copies works.

Pages whose commands ask a Docker engine are run in ``tests/engine/test_docs_blocks.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.docs_blocks import commands, kinds, running
from tests.docs_blocks.blocks import LANGUAGES, Block, all_blocks, all_spans

BLOCKS = all_blocks()
PAGES = running.every_page(BLOCKS)
HERE = [page for page, blocks in PAGES.items() if not running.page_needs_engine(blocks)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the commands of this file find our programs, and no engine."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment(tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        patch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        yield


@pytest.fixture(scope="module")
def snapshot(settings: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a snapshot of the project, from its files alone."""
    project = running.prepared(tmp_path_factory.mktemp("first"), snapshot=None)
    ran = running.run("hcreport collect --no-engine -o snapshot.json", project)
    assert ran.code == 0, ran.said
    return project / "snapshot.json"


@pytest.fixture
def project(snapshot: Path, tmp_path: Path) -> Path:
    """Return a copy of the project with snapshots."""
    return running.prepared(tmp_path, snapshot=snapshot)


def blocks_in(language: str) -> list[Block]:
    """Return the blocks of one language."""
    return [each for each in BLOCKS if each.language == language]


def test_every_block_says_what_it_is() -> None:
    unknown = [f"{each.place}: {each.language!r}" for each in BLOCKS]
    assert [each for each, block in zip(unknown, BLOCKS, strict=True) if not known(block)] == []


def known(block: Block) -> bool:
    """Whether a block is of a language that a test looks at."""
    texts = running.lists()["texts"]
    return block.language in LANGUAGES and (
        block.language != "text" or kinds.text_is_listed(block, texts)
    )


def test_every_command_is_one_that_its_program_takes() -> None:
    found = [
        f"{block.place}: {command}: {complaint}"
        for block in blocks_in("sh")
        for command in block.commands
        for complaint in commands.complaints(command)
    ]
    assert found == []


def test_every_command_in_a_sentence_is_one_that_its_program_takes() -> None:
    found = {
        f"{page}: {span}: {complaint}"
        for page, span in all_spans()
        if (complaint := commands.span_complaint(span))
    }
    assert sorted(found) == []


@pytest.mark.parametrize("page", HERE)
def test_the_commands_of_a_page_work(page: str, project: Path) -> None:
    assert "\n".join(running.failures(PAGES[page], project)) == ""


def test_every_entry_of_the_lists_is_needed_and_has_a_reason() -> None:
    written = [command for block in blocks_in("sh") for command in block.commands]
    for kind in ("not_run", "ends_with"):
        for entry in running.lists()[kind]:
            assert entry["because"], entry
            assert any(fnmatchcase(each, entry["command"]) for each in written), entry
    for entry in running.lists()["texts"]:
        assert any(kinds.text_is_listed(each, [entry]) for each in blocks_in("text")), entry


@pytest.mark.parametrize("block", blocks_in("yaml"), ids=lambda block: block.place)
def test_a_block_of_yaml_is_what_its_reader_takes(block: Block, project: Path) -> None:
    assert kinds.yaml_complaints(block, project) == []


@pytest.mark.parametrize("block", blocks_in("json"), ids=lambda block: block.place)
def test_a_block_of_json_follows_a_published_schema(block: Block) -> None:
    assert kinds.json_complaints(block) == []


def test_every_block_of_powershell_is_understood() -> None:
    found = {each.place: kinds.powershell_complaints(each) for each in blocks_in("powershell")}
    assert {place: complaints for place, complaints in found.items() if complaints} == {}


def test_every_template_is_a_file_that_the_commands_of_its_page_use() -> None:
    lost = [each.place for each in blocks_in("jinja") if not each.file or each.page not in PAGES]
    assert lost == []
