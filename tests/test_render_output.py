"""What leaves besides the pages themselves: files, terminal report, JSON, and rules as text."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len

from hcreport.errors import BuildError, UsageError
from hcreport.facts import facts
from hcreport.render.assets import ASSETS, assets
from hcreport.render.json import json_schema, to_json
from hcreport.render.marker import is_generated, marked
from hcreport.render.rule_docs import rule_list, rule_text
from hcreport.render.terminal import terminal_text
from hcreport.render.write import write_pages, written_by_hand
from hcreport.rules import load_rules
from hcreport.units import gibibytes, mebibytes
from tests.pages_case import SNAPSHOTS, assessed, checked, files, pages

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))

FRONT = "---\ntitle: x\n---"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (marked(FRONT, "body\n"), True),
        (marked(FRONT, "body\n").replace("\n", "\r\n"), True),
        ("\ufeff" + marked(FRONT, "body\n"), True),
        (marked(FRONT, "body\n").split("---\n")[-1], True),
        ("# By hand\n\n" + marked(FRONT, "body\n").split("---\n")[-1], False),
        ("---\ntitle: x\n---\n# By hand\n", False),
        ("", False),
        ("---\n", False),
    ],
)
def test_the_marker(text: str, expected: bool) -> None:
    assert is_generated(text) is expected


def _names(paths: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_pages_are_written_once(tmp_path: Path) -> None:
    found = pages("tiny")
    first = write_pages(found, assets(), tmp_path)
    assert _names(first, tmp_path) == sorted([*found, *assets()], key=Path)
    assert (tmp_path / "index.md").read_text(encoding="utf-8") == found["index.md"]
    assert write_pages(found, assets(), tmp_path) == []
    changed = found | {"index.md": marked(FRONT, "new\n")}
    assert _names(write_pages(changed, assets(), tmp_path), tmp_path) == ["index.md"]


def test_only_our_own_stale_pages_go(tmp_path: Path) -> None:
    found = pages("tiny")
    write_pages(found, assets(), tmp_path)
    mine = tmp_path / "services" / "mine.md"
    mine.write_text("# Mine\n", encoding="utf-8")
    elsewhere = tmp_path / "other" / "old.md"
    elsewhere.parent.mkdir()
    elsewhere.write_text(marked(FRONT, "theirs\n"), encoding="utf-8")
    fewer = {path: text for path, text in found.items() if path != "services/web.md"}
    assert _names(write_pages(fewer, assets(), tmp_path), tmp_path) == ["services/web.md"]
    assert mine.is_file()
    assert elsewhere.is_file()


def test_what_is_written_by_hand_wins_and_the_rest_is_written(tmp_path: Path) -> None:
    by_hand = {
        "index.md": b"# Mine\n",
        "assets/hcreport.css": b"body { color: red }\n",
        "requirements.json": b"\xff\xfe not text",
    }
    for name, content in by_hand.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    beside = assets() | files("tiny")
    found = written_by_hand(pages("tiny"), beside, tmp_path)
    assert _names(found, tmp_path) == sorted(by_hand)
    write_pages(pages("tiny"), beside, tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in by_hand} == by_hand
    for name in ("checklist.md", "assets/hcreport.js"):
        assert (tmp_path / name).is_file()


def test_everything_that_is_written_carries_our_mark(tmp_path: Path) -> None:
    """Else the next version could not replace it."""
    beside = assets() | files("watched")
    assert set(ASSETS) < set(beside)
    write_pages(pages("watched"), beside, tmp_path)
    changed = {name: content + b"\n" for name, content in beside.items()}
    assert written_by_hand(pages("tiny"), changed, tmp_path) == []
    assert set(_names(write_pages({}, changed, tmp_path), tmp_path)) == set(beside)


def test_an_identical_unmarked_page_is_no_conflict(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("same\n", encoding="utf-8")
    assert write_pages({"a.md": "same\n"}, {}, tmp_path) == []


def test_files_beside_the_pages_are_kept_current_and_foreign_ones_stay(tmp_path: Path) -> None:
    found = files("watched")
    assert {"badge.json", "compose.limits.yaml", "requirements.json"} <= found.keys()
    assert _names(write_pages({}, found, tmp_path), tmp_path) == sorted(found)
    assert write_pages({}, found, tmp_path) == []
    fewer = files("empty")
    changed = {name for name in found if found[name] != fewer.get(name)}
    assert {"badge.json", "compose.limits.yaml", "requirements.json"} <= changed
    assert _names(write_pages({}, fewer, tmp_path), tmp_path) == sorted(changed)
    assert not (tmp_path / "compose.limits.yaml").exists()
    mine = tmp_path / "compose.limits.yaml"
    mine.write_text("services: {}\n", encoding="utf-8")
    assert write_pages({}, fewer, tmp_path) == []
    assert written_by_hand({}, found, tmp_path) == [mine]
    write_pages({}, found, tmp_path)
    assert mine.read_text(encoding="utf-8") == "services: {}\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "services").write_text("a file", encoding="utf-8")
    with pytest.raises(BuildError, match=r"services.*cannot be written"):
        write_pages({"services/a.md": "x"}, {}, tmp_path)


@every_snapshot
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("colour", [False, True])
def test_the_terminal_report_fits_and_is_harmless(name: str, width: int, colour: bool) -> None:
    snapshot, assessment = assessed(name)
    text = terminal_text(snapshot, assessment, colour=colour, width=width)
    seen = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert (text != seen) == colour
    assert all(unicodedata.category(each) not in ("Cc", "Cf") or each == "\n" for each in seen)
    assert max(cell_len(line) for line in seen.splitlines()) <= width
    for finding in assessment.findings:
        assert finding.rule in seen or width == 40
    assert re.search(r"\d+ problems?,", seen)


def test_the_terminal_report_parses_no_markup() -> None:
    snapshot, assessment = assessed("tiny")
    named = snapshot.model_copy(update={"title": "[bold]x[/bold] :smile:"})
    assert "[bold]x[/bold] :smile:" in terminal_text(named, assessment)


@every_snapshot
def test_json_is_what_its_schema_says(name: str) -> None:
    text = to_json(checked(name))
    assert text.isascii()
    data = json.loads(text)
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    assert [each.message for each in validator.iter_errors(data)] == []
    # The schema itself is strict: a missing or unknown key is an error.
    assert list(validator.iter_errors({**data, "more": 1}))
    assert list(validator.iter_errors({k: v for k, v in data.items() if k != "memory"}))


def test_json_sizes_are_whole_bytes_and_null_where_unknown() -> None:
    data = json.loads(to_json(checked("tiny")))
    assert data["memory"]["engine_total"] == int(gibibytes(4))
    assert data["memory"]["measured"] == int(mebibytes(64))
    everything = data["requirements"][0]
    known = [part["memory"] for part in everything["parts"] if part["memory"] is not None]
    assert everything["docker_memory_at_least"] == sum(known)
    assert everything["docker_memory_minimum"] is None
    assert everything["docker_memory_recommended"] is None
    assert json.loads(to_json(checked("empty")))["memory"]["engine_total"] is None


@pytest.mark.parametrize(("name", "setting"), [("watched", 2), ("hypercode", 7), ("tiny", None)])
def test_json_says_what_to_set_where_there_is_a_setting(name: str, setting: int | None) -> None:
    # On Linux there is nothing to set aside; elsewhere settings are whole GiB.
    requirement = json.loads(to_json(checked(name)))["requirements"][0]
    expected = None if setting is None else int(gibibytes(setting))
    assert requirement["docker_memory_setting"] == expected


def test_every_rule_can_be_explained() -> None:
    listed = rule_list()
    for rule, loaded in load_rules().items():
        text = rule_text(rule)
        assert text.startswith(f"# {loaded.title}\n")
        assert all(f"## {heading}\n" in text for heading in loaded.sections)
        assert all(facts()[key].claim in text for key in loaded.rule.cites)
        assert all(f"`{name}`" in text for name in loaded.rule.thresholds)
        assert f" {rule} " in listed
    assert len(listed.splitlines()) == len(load_rules())


def test_an_unknown_rule_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="no rule limit-above-engin") as caught:
        rule_text("limit-above-engin")
    assert "Did you mean limit-above-engine?" in caught.value.hint
