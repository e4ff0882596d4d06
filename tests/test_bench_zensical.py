"""The check with Zensical: what it is given, and how it is told that something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.zensical import ROOT, complaints, prepare_site
from hcreport.render.templating import templates_folder

PACKAGED = templates_folder() / "site" / "mkdocs.yml"


def test_the_site_is_pages_on_disk_and_nothing_of_ours_has_to_run(tmp_path: Path) -> None:
    expected = prepare_site(tmp_path, PACKAGED)
    assert {"index.html", "checklist.html", "services/index.html"} < set(expected)
    assert (tmp_path / "docs" / "services" / "index.md").is_file()
    assert (tmp_path / "docs" / "assets" / "hcreport-iframe-worker.js").is_file()
    assert (tmp_path / "mkdocs.yml").read_bytes() == PACKAGED.read_bytes()


def test_pages_written_by_hand_belong_to_it(tmp_path: Path) -> None:
    expected = prepare_site(tmp_path, ROOT / "mkdocs.yml", ROOT / "docs")
    assert {"index.html", "guide/quick-start.html", "commands.html"} < set(expected)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("mkdir site; touch site/a.html; echo No issues found", []),
        ("echo No issues found", ["a.html is missing"]),
        ("echo Warning: page does not exist", ["Warning: page does not exist"]),
        ("echo No issues found; exit 3", ["No issues found"]),
        ("exit 3", ["it ended with exit code 3"]),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, script: str, expected: list[str]) -> None:
    program = tmp_path / "zensical"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    assert complaints(program, tmp_path, ["a.html"]) == expected
