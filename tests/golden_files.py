"""What a person reads, as files under ``tests/golden``: one folder for each snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hcreport.render.json import to_json
from hcreport.render.terminal import terminal_text
from tests.pages_case import TESTS, assessed, checked, files, pages

FOLDER = TESTS / "golden"

SNAPSHOTS = ("empty", "hypercode", "images", "models", "tiny", "watched")

# Written from the rules' and the facts' own files, which have tests of their own.
_NOT_KEPT = ("rules/", "sources.md", "glossary.md")

# Nearly the same for every snapshot, and long.
_KEPT_ONCE = ("check-machine.sh", "check-machine.ps1")


def golden_files() -> dict[Path, str]:
    """Return the text that every golden file should hold."""
    return dict(_files())


def _files() -> Iterator[tuple[Path, str]]:
    for name in SNAPSHOTS:
        yield FOLDER / name / "check.json", to_json(checked(name))
        yield FOLDER / name / "terminal.txt", terminal_text(*assessed(name))
        for path, text in pages(name).items():
            if not path.startswith(_NOT_KEPT):
                yield FOLDER / name / path, text
        for path, content in files(name).items():
            if path in _KEPT_ONCE and name != "tiny":
                continue
            yield FOLDER / name / path, content.decode()
