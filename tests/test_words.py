"""Our own words: short sentences, plain, calm, and no character that was read in a wrong way.

Every text that a reader meets is asked: the pages of each snapshot, the guide, the rules, the
facts, the help, and the sentences in our programs. ``tests/words/wording.yaml`` has the lists.
``test_words_checks.py`` plants faults, and asks whether the checks notice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pages_case import SNAPSHOTS, pages
from tests.words import texts, wording
from tests.words.found import SOURCES, allowance, complaints_of
from tests.words.garbled import garbled
from tests.words.sentences import Measure, measured, without_lists

HIGHEST_GRADE = 8.0
"""Of Flesch and Kincaid, by our own count of syllables. Today the hardest page has 7.0."""

_SHIPPED = ("templates", "docs", "hcreport", ".github")
_TEXT = {
    *(".cfg", ".css", ".html", ".j2", ".js", ".json", ".md"),
    *(".py", ".svg", ".toml", ".txt", ".yaml", ".yml", ""),
}


@pytest.mark.parametrize("source", SOURCES)
def test_our_words_are_plain(source: str) -> None:
    found = [
        f"{place}: {complaint.kind}: {complaint.words}"
        for place, complaint in complaints_of(source)
        if allowance(place, complaint) is None
    ]
    assert not found, "\n".join(found)


def test_every_allowance_is_used_and_has_a_reason() -> None:
    """One that nothing needs any more would let the next such text in."""
    used = {allowance(*each) for source in SOURCES for each in complaints_of(source)}
    for number, each in enumerate(wording.lists()["allowed"]):
        assert each["because"], each
        assert number in used, each


def test_the_lists_are_long_and_sorted() -> None:
    for kind in wording.KINDS:
        entries = wording.lists()[kind]
        assert entries == sorted(set(entries)), kind
    assert len(wording.lists()["idioms"]) >= 150


def readings() -> Iterator[tuple[str, Measure]]:
    """Yield the name of every page and how long its sentences and words are."""
    for name in SNAPSHOTS:
        for path, page in texts.report_pages(name).items():
            running = (without_lists(each, texts.names_of(name)) for each in page.running)
            yield f"{name}/{path}", measured(running)
    for file in texts.WRITTEN:
        yield file.name, measured(texts.reading(file.read_text(encoding="utf-8")).running)


def test_no_page_asks_for_more_than_eight_years_of_school() -> None:
    hard = [f"{name}: {each.grade:.1f}" for name, each in readings() if each.grade > HIGHEST_GRADE]
    assert hard == []


def shipped() -> Iterator[Path]:
    """Yield every text file of ours that leaves this repository."""
    yield from (each for each in texts.ROOT.iterdir() if each.is_file())
    for name in _SHIPPED:
        yield from (texts.ROOT / name).rglob("*")


@pytest.mark.parametrize("folder", ["", *_SHIPPED])
def test_no_file_holds_text_that_was_read_in_a_wrong_encoding(folder: str) -> None:
    found = [
        (path.relative_to(texts.ROOT).as_posix(), each)
        for path in shipped()
        if path.relative_to(texts.ROOT).as_posix().rpartition("/")[0].partition("/")[0] == folder
        if path.is_file() and path.suffix in _TEXT and "__pycache__" not in path.parts
        for text in _contents(path)
        for each in garbled(text)
    ]
    assert found == []


def _contents(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield text
    if path.suffix == ".json":
        yield from _strings(json.loads(text))


def _strings(value: Any) -> Iterator[str]:
    """Yield every string of a JSON value, whose characters may be written as numbers there."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _strings(each)


@pytest.mark.parametrize("name", [each for each in SNAPSHOTS if each != "hostile"])
def test_no_page_holds_text_that_was_read_in_a_wrong_encoding(name: str) -> None:
    found = [(path, each) for path, text in pages(name).items() for each in garbled(text)]
    assert found == []
