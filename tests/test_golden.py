"""Pages, terminal report and JSON are what they were; ``make golden`` accepts a change."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.golden_files import FOLDER, golden_files


def golden_name(path: Path) -> str:
    """Return a golden file's name in messages."""
    return path.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("path", sorted(golden_files()), ids=golden_name)
def test_the_text_is_the_expected_one(path: Path) -> None:
    expected = path.read_text(encoding="utf-8") if path.is_file() else ""
    made = golden_files()[path]
    difference = difflib.unified_diff(expected.splitlines(), made.splitlines(), lineterm="")
    assert made == expected, "\n".join([*list(difference)[:40], "accept it with `make golden`"])


def test_no_golden_file_is_left_over() -> None:
    assert sorted(path for path in FOLDER.rglob("*") if path.is_file()) == sorted(golden_files())
