"""The command line: what it prints where, its exit codes, and how it explains what went wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from hcreport import __version__
from hcreport.cli import main, run
from hcreport.render.report import example_snapshot
from hcreport.snapshot import parse_snapshot

Outcome = tuple[int, str, str]
Hcreport = Callable[..., Outcome]

TINY = {
    "schema": 1,
    "taken_at": "2026-01-02T03:04:05Z",
    "tool": "hcreport test",
    "project": {"name": "shop"},
}

OVERFULL = TINY | {
    "engine": {"memory_total": 1_073_741_824},
    "services": [{"name": "web", "limits": {"memory": 2_147_483_648}}],
}


@pytest.fixture
def hcreport(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Hcreport:
    """Call the command line in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as exit_info:
            run(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code, captured.out, captured.err

    return call


def _write(path: Path, content: object) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("content", "code", "expected"),
    [
        ('{"schema": 1, "taken_at"', 4, "is not valid JSON at line 1"),
        ("[]", 4, "it has no key `schema`"),
        (TINY | {"schema": 99}, 4, "schema 99; this version reads up to schema 1"),
        (TINY | {"colour": 1}, 4, "colour: is not a key that this version knows"),
        (TINY | {"services": [{"name": "a", "replicas": -1}]}, 4, "services/0/replicas"),
    ],
)
def test_bad_snapshots_are_explained(
    hcreport: Hcreport, tmp_path: Path, content: object, code: int, expected: str
) -> None:
    path = _write(tmp_path / "bad.json", content)
    got, out, err = hcreport("check", path)
    assert got == code
    assert expected in err
    assert out == ""
    assert "Traceback" not in err


def test_debug_shows_the_traceback(hcreport: Hcreport, tmp_path: Path) -> None:
    path = _write(tmp_path / "bad.json", "{")
    code, _, err = hcreport("check", path, "--debug")
    assert code == 4
    assert "Traceback" in err


def test_missing_snapshot_says_how_to_make_one(hcreport: Hcreport) -> None:
    code, _, err = hcreport("check", "nowhere.json")
    assert code == 4
    assert "nowhere.json cannot be read: No such file or directory." in err
    assert "hcreport collect" in err


@pytest.mark.parametrize(
    ("fail_on", "code"), [("critical", 0), ("high", 1), ("low", 1), ("never", 0)]
)
def test_fail_on_decides_the_exit_code(
    hcreport: Hcreport, tmp_path: Path, fail_on: str, code: int
) -> None:
    path = _write(tmp_path / "overfull.json", OVERFULL)
    got, out, _ = hcreport("check", path, "--fail-on", fail_on)
    assert got == code
    assert "web may use 2 GiB" in out


def test_check_writes_json_to_the_file_asked_for(hcreport: Hcreport, tmp_path: Path) -> None:
    path = _write(tmp_path / "overfull.json", OVERFULL)
    code, out, _ = hcreport("check", path, "--format", "json", "--output", "result.json")
    assert code == 1
    assert out == ""
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert "limit-above-engine" in {each["rule"] for each in result["findings"]}


@pytest.mark.parametrize("words", [["chekc"], ["check", "--fail-on", "tomorrow"], ["explain"]])
def test_usage_errors_exit_with_2(hcreport: Hcreport, words: list[str]) -> None:
    code, out, err = hcreport(*words)
    assert code == 2
    assert out == ""
    assert "Usage:" in err


def test_output_that_cannot_be_written(hcreport: Hcreport, tmp_path: Path) -> None:
    path = _write(tmp_path / "tiny.json", TINY)
    (tmp_path / "folder").mkdir()
    code, _, err = hcreport("check", path, "--output", "folder")
    assert code == 2
    assert "folder cannot be written: Is a directory." in err


def test_a_snapshot_that_cannot_be_written_is_kept(hcreport: Hcreport, tmp_path: Path) -> None:
    """What it shows may be over when there is room again."""
    _write(tmp_path / "compose.yaml", "name: kept\nservices: {web: {image: scratch}}\n")
    (tmp_path / "folder").mkdir()
    code, _, err = hcreport("collect", "--no-engine", "--output", "folder")
    assert code == 2
    assert "folder cannot be written: Is a directory." in err
    kept = re.search(r"kept in (\S+\.json): ", err)
    assert kept is not None, err
    place = Path(kept[1])
    assert parse_snapshot(place.read_text(encoding="utf-8")).project.name == "kept"
    place.unlink()


def test_configuration_is_read_and_its_errors_named(hcreport: Hcreport, tmp_path: Path) -> None:
    path = _write(tmp_path / "overfull.json", OVERFULL)
    suppress = "suppress:\n  - {rule: limit-above-engine, reason: we know}\n"
    _write(tmp_path / "hcreport.yml", suppress)
    _, out, _ = hcreport("check", path)
    assert "web may use 2 GiB" not in out
    _write(tmp_path / "hcreport.yml", "suppress:\n  - {rule: no-such-rule, reason: x}\n")
    code, _, err = hcreport("check", path)
    assert code == 2
    assert "there is no rule no-such-rule to suppress" in err


def test_an_internal_error_is_one_sentence(
    hcreport: Hcreport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(main, "main", broken)
    code, _, err = hcreport("rules")
    assert code == 5
    assert "something went wrong inside hcreport (ZeroDivisionError)" in err
    assert "Traceback" not in err


def test_interruption_is_one_word(hcreport: Hcreport, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "main", interrupted)
    assert hcreport("rules") == (130, "", "Interrupted.\n")


def test_every_rule_is_listed_and_explained(hcreport: Hcreport) -> None:
    code, listing, _ = hcreport("rules")
    assert code == 0
    assert "limit-above-engine" in listing
    code, text, _ = hcreport("explain", "limit-above-engine")
    assert code == 0
    assert "Why it matters" in text
    code, _, err = hcreport("explain", "no-such-rule")
    assert code == 2
    assert "no-such-rule" in err


def test_render_writes_pages_and_keeps_those_written_by_hand(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    snapshot = str(example_snapshot())
    code, _, err = hcreport("render", snapshot, "--to", "pages")
    assert code == 0, err
    index = tmp_path / "pages" / "index.md"
    assert index.is_file()
    code, _, err = hcreport("render", snapshot, "--to", "pages")
    assert "0 of the files changed" in err
    index.write_text("# Mine\n", encoding="utf-8")
    (tmp_path / "pages" / "glossary.md").unlink()
    code, _, err = hcreport("render", snapshot, "--to", "pages")
    assert code == 0, err
    assert "index.md was written by hand, so it stays." in err
    assert "1 of the files changed" in err
    assert index.read_text(encoding="utf-8") == "# Mine\n"


def test_a_reader_that_stops_reading_is_no_error() -> None:
    """``hcreport rules | head -1``: the pipe closes while we write."""
    source = "import sys; from hcreport.cli import run; sys.argv[1:] = ['rules']; run()"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", source], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert done.returncode == 0
    assert done.stderr == b""


def test_version_answers_alike_on_both_paths(hcreport: Hcreport) -> None:
    fast = subprocess.run(
        [sys.executable, "-m", "hcreport", "--version"], capture_output=True, text=True, check=True
    )
    assert fast.stdout == f"hcreport {__version__}\n"
    assert hcreport("--version") == (0, fast.stdout, "")


def test_a_name_with_control_characters_cannot_steer_the_terminal(hcreport: Hcreport) -> None:
    _, _, err = hcreport("check", "\x1b[2Jgone.json")
    assert "\x1b" not in err


def test_every_command_has_help() -> None:
    assert isinstance(main, click.Group)
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
