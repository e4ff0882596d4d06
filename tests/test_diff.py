"""``hcreport diff``: the same words in three forms, exit codes, and nothing a name can do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hcreport.analyze import analyze
from hcreport.changes import changes_between
from hcreport.cli import run
from hcreport.model import Snapshot
from hcreport.render.changes import LISTED
from hcreport.render.diff import DiffView
from hcreport.render.diff_json import diff_json, diff_schema
from hcreport.render.diff_markdown import diff_markdown
from hcreport.render.diff_terminal import diff_terminal
from hcreport.snapshot import read_snapshot
from tests.pages_case import SNAPSHOTS, assessed
from tests.snapshots_folder import nearly_full, unhealthy, write

Diff = Callable[..., tuple[int, str, str]]


@pytest.fixture
def diff(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Diff:
    """Compare ``old.json`` and ``new.json``; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, files: tuple[str, str] = ("old.json", "new.json")) -> Any:
        with pytest.raises(SystemExit) as ended:
            run(["diff", *files, *words])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return call


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Write two snapshots that differ in all that is compared."""
    data = json.loads(SNAPSHOTS["watched"].read_text(encoding="utf-8"))
    old = write(tmp_path, 1, "old.json", containers=unhealthy("api"))
    for each in data["containers"]:
        if each["service"] == "cache":
            each["limits"] = {"memory": 536_870_912}
    data["services"] = [each for each in data["services"] if each["name"] != "worker"]
    data["images"][0]["size"] += 5_000_000
    del data["scenarios"][1]
    kept = {key: data[key] for key in ("services", "containers", "images", "scenarios")}
    return old, write(tmp_path, 9, "new.json", **kept, window=None)


def compared(old: Snapshot, new: Snapshot, files: tuple[str, str] = ("a", "b")) -> DiffView:
    return DiffView(new, changes_between((old, analyze(old)), (new, analyze(new))), files)


@pytest.mark.usefixtures("two")
def test_the_terminal_says_what_changed(diff: Diff) -> None:
    code, out, err = diff()
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    for words in (
        "Before: old.json, 2 January 2026, 00:00 UTC Now: new.json, 10 January 2026, 00:00 UTC",
        "1 problem opened, 1 problem closed and",
        "Closed ▲ High shop-api-1 container-unhealthy",
        "It does not arise now: it has no health check.",
        "Docker needs for Daily work: 1.02 GiB → at least 1.25 GiB, not comparable: one of them is",
        "Docker needs for With the nightly job: at least 1.11 GiB → gone, removed",
        "Docker has: 1.44 GiB → 1.44 GiB, the same",
        "shop-api: 310 MB → 315 MB, 5 MB more",
        "All images together: 1.06 GB, 5 MB more than before.",
        "cache: 256 MiB → 512 MiB, 256 MiB more",
        "Services Gone: worker",
    ):
        assert words in said
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.usefixtures("two")
def test_markdown_and_json_say_the_same(diff: Diff) -> None:
    _, out, _ = diff("--format", "markdown")
    assert "| cache | 256 MiB | 512 MiB | 256 MiB more |" in out
    assert "| shop-api | 310 MB | 315 MB | 5 MB more |" in out
    assert "- ▲ High: " in out
    code, out, _ = diff("--format", "json")
    data = json.loads(out)
    assert code == 0
    jsonschema.Draft202012Validator(diff_schema()).validate(data)
    assert data["limits"] == [
        {"name": "cache", "before": 268_435_456, "after": 536_870_912, "change": "changed"}
    ]
    assert [each["anchor"] for each in data["problems"]["closed"]] == [
        "container-unhealthy-shop-api-1"
    ]
    assert data["services"] == {"added": [], "removed": ["worker"]}
    assert [each["after"] is None for each in data["memory"]["scenarios"]] == [False, True]


def test_what_got_worse_is_named_in_every_form(diff: Diff, tmp_path: Path) -> None:
    nearly_full(tmp_path, "old.json", "new.json")
    terminal, markdown = diff()[1], diff("--format", "markdown")[1]
    for words in ("1 problem got worse", "Got worse", "It was of severity medium before"):
        assert words in terminal
        assert words in markdown
    data = json.loads(diff("--format", "json")[1])
    assert [(each["rule"], each["severity"]) for each in data["problems"]["worse"]] == [
        ("engine-memory-near-full", "high")
    ]


def test_the_schema_is_strict() -> None:
    snapshot, _ = assessed("watched")
    schema = diff_schema()
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    data = json.loads(diff_json(compared(snapshot, snapshot)))
    for key in data:
        assert not validator.is_valid({name: each for name, each in data.items() if name != key})
    assert not validator.is_valid(data | {"more": 1})


@pytest.mark.parametrize("name", ["empty", "hypercode", "images", "models", "tiny"])
def test_every_snapshot_can_be_compared(name: str) -> None:
    snapshot, _ = assessed(name)
    view = compared(snapshot, snapshot)
    jsonschema.Draft202012Validator(diff_schema()).validate(json.loads(diff_json(view)))
    assert diff_markdown(view).startswith("## ")
    assert "No problem opened, closed or got worse since" in " ".join(diff_terminal(view).split())
    assert view.order == "Both snapshots are of the same time."


def test_an_old_one_that_is_newer_is_said_in_one_line(diff: Diff, two: tuple[Path, Path]) -> None:
    code, out, _ = diff(files=(two[1].name, two[0].name))
    assert code == 0
    assert out.count("The first snapshot is newer than the second one: this goes back in") == 1
    _, out, _ = diff("--format", "json", files=(two[1].name, two[0].name))
    assert json.loads(out)["in_order"] is False
    _, out, _ = diff()
    assert "goes back" not in out


def test_two_projects_are_refused(diff: Diff, tmp_path: Path, two: tuple[Path, Path]) -> None:
    write(tmp_path, 3, "other.json", project={"name": "oth\u202eer"})
    code, out, err = diff(files=(two[0].name, "other.json"))
    assert (code, out) == (2, "")
    assert err == (
        "Error: old.json is of the project shop, and other.json of the project other.\n"
        "Name two snapshots of one project.\n"
    )


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [("{", 4, "new.json is not valid JSON"), (None, 4, "new.json cannot be read")],
)
def test_a_snapshot_that_cannot_be_read(
    diff: Diff, two: tuple[Path, Path], content: str | None, code: int, said: str
) -> None:
    two[1].unlink()
    if content is not None:
        two[1].write_text(content, encoding="utf-8")
    found, out, err = diff()
    assert (found, out) == (code, "")
    assert said in err


@pytest.mark.usefixtures("two")
def test_the_configuration_of_today_counts_for_both(diff: Diff, tmp_path: Path) -> None:
    settings = "suppress: [{rule: container-unhealthy, reason: it is known}]\n"
    (tmp_path / "hcreport.yml").write_text(settings, encoding="utf-8")
    (tmp_path / "none.yml").write_text("{}\n", encoding="utf-8")
    assert "1 problem closed" not in diff()[1]
    assert "1 problem closed" in diff("--config", "none.yml")[1]
    assert diff("--config", "missing.yml")[0] == 2


@pytest.mark.usefixtures("two")
def test_a_file_is_written_whole(diff: Diff, tmp_path: Path) -> None:
    code, out, err = diff("--format", "markdown", "-o", "changes.md")
    assert (code, out, err) == (0, "", "Wrote changes.md.\n")
    assert (tmp_path / "changes.md").read_text(encoding="utf-8") == diff("--format", "markdown")[1]


def _hostile() -> DiffView:
    whole = read_snapshot(SNAPSHOTS["hostile"])
    bare = whole.model_copy(update={"containers": (), "images": whole.images[:1], "scenarios": ()})
    return compared(bare, whole, ("a\x1b[31m|b.json", "@everyone.json"))


def test_no_name_controls_a_terminal_or_makes_markup() -> None:
    view = _hostile()
    assert view.changes.opened
    assert view.changes.images
    terminal, markdown, data = diff_terminal(view), diff_markdown(view), diff_json(view)
    for text in (terminal, markdown, data):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", text)
    assert data.isascii()
    assert set(re.findall(r"<[^>]*>", markdown)) <= {"<code>", "</code>"}
    assert not re.search(r"@\w|\]\(|https?:", markdown)
    for line in markdown.splitlines():
        assert line.count("|") in (0, 5), line


def test_a_long_list_is_cut_but_not_for_programs() -> None:
    image = read_snapshot(SNAPSHOTS["watched"]).images[0]
    old = read_snapshot(SNAPSHOTS["watched"])
    many = tuple(
        image.model_copy(update={"id": f"sha256:{number:064x}", "tags": (f"image-{number:03}",)})
        for number in range(LISTED + 7)
    )
    view = compared(old, old.model_copy(update={"images": many}))
    count = len(view.changes.images)
    assert count > LISTED
    for text in (diff_terminal(view), diff_markdown(view)):
        assert f"{count - LISTED} more images changed." in text
    assert len(json.loads(diff_json(view))["images"]["changed"]) == count
