"""The documentation says what is true: the help, the exit codes, the house, the links."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from hcreport import __version__, errors
from hcreport.cli import main
from tests import update_docs, update_schema
from tests.generated import ROOT, stale
from tests.test_floors import FLOOR_OF

PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *ROOT.glob("docs/**/*.md"),
    ]
)

# `make site`, and `hcreport build …` at the start of a command.
_MAKE = re.compile(r"\bmake ([a-z][a-z-]+)")

# What a user's own project may have: an example of a command that makes load.
_OF_THE_USER = {"load-test"}
_COMMAND = re.compile(r"(?:^|`)(?:\$ )?hcreport ([a-z][a-z-]+)", re.MULTILINE)
_LINK = re.compile(
    r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)|!\[[^\]]*\]\((?!https?:)([^)#\s]+)"
)


def code_of(text: str) -> str:
    """Return the code in a page: fenced blocks and spans; sentences may say "make sure"."""
    fenced = re.findall(r"^```.*?$(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`[^`\n]+`", text)
    return "\n".join(fenced + spans)


def house(text: str) -> list[str]:
    """Return the parts that the table of the house in CONTRIBUTING.md names, in its order."""
    section = text.split("## The house", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
    return [name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_the_page_about_the_commands_is_current() -> None:
    assert stale(update_docs.files()) == [], "run `make docs`"


def test_the_published_schemas_are_current() -> None:
    assert stale(update_schema.files()) == [], "run `make schema`"


@pytest.mark.parametrize("path", update_schema.files(), ids=lambda path: path.name)
def test_a_published_schema_is_one(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_the_published_example_is_valid_by_the_published_schema() -> None:
    schema = json.loads((update_schema.FOLDER / "snapshot.schema.json").read_text(encoding="utf-8"))
    example = json.loads((ROOT / "docs/snapshots/hypercode.json").read_text(encoding="utf-8"))
    jsonschema.validate(example, schema)


def test_the_tree_of_errors_names_every_class_with_its_exit_code() -> None:
    classes = {
        name: each.exit_code
        for name, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.HcreportError)
    }
    assert {name: code for name, (code, _) in update_docs.error_tree().items()} == classes


def test_the_table_of_exit_codes_is_whole() -> None:
    table = update_docs.PAGE.read_text(encoding="utf-8")
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
    assert codes == [0, 1, 2, 3, 4, 5, 130]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_that_a_page_names_exist(path: Path) -> None:
    code = code_of(path.read_text(encoding="utf-8"))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(_MAKE.findall(code)) <= targets | _OF_THE_USER
    assert set(_COMMAND.findall(code)) <= set(main.commands)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_that_a_page_links_to_exist(path: Path) -> None:
    """Links between hand-written pages; MkDocs checks those to generated ones."""
    for pair in _LINK.findall(path.read_text(encoding="utf-8")):
        target = next(each for each in pair if each)
        if ROOT / "docs" not in path.parents or (path.parent / target).suffix not in ("", ".md"):
            assert (path.parent / target).exists(), target


def test_the_house_that_contributing_describes_is_the_one_that_stands() -> None:
    named = house((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    places = (ROOT, ROOT / "hcreport")
    gone = [
        name
        for name in named
        if not any((place / each).exists() for place in places for each in (name, f"{name}.py"))
    ]
    assert gone == []
    units = [name for name in named if name in FLOOR_OF]
    assert set(units) == {unit for unit in FLOOR_OF if unit.strip("_")} - {"__main__"}
    assert [FLOOR_OF[unit] for unit in units] == sorted(FLOOR_OF[unit] for unit in units)


def test_a_table_of_a_house_is_read() -> None:
    text = (
        "`x`\n## The house\n| Part | Holds |\n|---|---|\n| `a` `b/` | `c` |\n## End\n| `d` | e |\n"
    )
    assert house(text) == ["a", "b"]


def test_the_version_is_the_same_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(.+?)\]", changes, re.MULTILINE)[0]
    assert f'version = "{__version__}"' in project
    assert newest in ("Unreleased", __version__)


@pytest.mark.parametrize("name", ["site.txt", "test.txt"])
def test_a_lock_has_hashes_and_names_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    for entry in re.split(r"(?m)^(?=\S)", text)[1:]:
        assert "==" in entry
        assert "--hash=sha256:" in entry


def test_the_test_lock_holds_all_of_the_site_lock() -> None:
    site, test = (
        set(re.findall(r"(?m)^\S+==\S+", (ROOT / "requirements" / name).read_text("utf-8")))
        for name in ("site.txt", "test.txt")
    )
    assert site <= test


def test_a_rule_explains_itself_where_python_drops_docstrings() -> None:
    command = ("-m", "hcreport", "explain", "limit-above-engine")
    usual, bare = (
        subprocess.run(
            [sys.executable, *options, *command],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for options in ((), ("-OO",))
    )
    assert "What it checks" in usual
    assert bare == usual
