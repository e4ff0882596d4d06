"""``hcreport check`` as a gate: baselines, suppressions, and whether a snapshot is out of date."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hcreport.cli import run

Outcome = tuple[int, str, str]
Hcreport = Callable[..., Outcome]

FILES = {
    "compose.yaml": """\
services:
  web:
    image: nginx:1
    mem_limit: 256m
    volumes: [data:/data]
  worker:
    image: busybox:1
    profiles: [jobs]
volumes:
  data:
""",
    "deploy/one.yaml": "services: {web: {image: 'nginx:1'}}\n",
    "deploy/two.yaml": "services: {web: {mem_limit: 1g}, db: {image: postgres}}\n",
}

OVERFULL = {
    "schema": 1,
    "taken_at": "2026-01-02T03:04:05Z",
    "tool": "hcreport test",
    "project": {"name": "shop"},
    "engine": {"memory_total": 1_073_741_824},
    "services": [{"name": "web", "limits": {"memory": 2_147_483_648}}],
}


@pytest.fixture
def hcreport(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Hcreport:
    """Call the command line in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    return caller(capsys)


def caller(capsys: pytest.CaptureFixture[str]) -> Hcreport:
    def call(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as exit_info:
            run(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code, captured.out, captured.err

    return call


def collect(*arguments: str) -> None:
    with pytest.raises(SystemExit) as exit_info:
        run(["collect", "--no-engine", *arguments, "-o", "snapshot.json"])
    assert exit_info.value.code == 0


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project, and snapshots of it as real Compose reads it."""
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        collect()
        patch.chdir(folder / "deploy")
        collect("-f", "one.yaml", "-f", "two.yaml")
    return folder


@pytest.fixture
def project(collected: Path, tmp_path: Path, hcreport: Hcreport) -> Path:
    """Return a copy of the project, in a folder with another name."""
    shutil.copytree(collected, tmp_path, dirs_exist_ok=True)
    return tmp_path


def changed(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def findings(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["findings"]
    return found


def test_nothing_that_declares_nothing_makes_a_snapshot_out_of_date(
    project: Path, hcreport: Hcreport
) -> None:
    """Neither a comment, nor a longer file, nor another order, nor the name of the folder."""
    text = (project / "compose.yaml").read_text(encoding="utf-8")
    web, worker = text.index("  web:"), text.index("  worker:")
    end = text.index("volumes:\n  data")
    swapped = text[:web] + text[worker:end] + "  # the shop\r\n" + text[web:worker] + text[end:]
    (project / "compose.yaml").write_text(swapped.replace("256m", "0.25g"), encoding="utf-8")
    code, out, err = hcreport("check", "snapshot.json", "--stale")
    assert (code, err) == (0, ""), err
    assert "compose-file-changed" not in out


def test_a_changed_limit_and_a_new_service_fail_and_are_named_with_their_line(
    project: Path, hcreport: Hcreport
) -> None:
    changed(
        project / "compose.yaml", ("256m", "512m"), ("volumes:\n", "  db: {image: x}\nvolumes:\n")
    )
    assert hcreport("check", "snapshot.json")[0] == 0
    code, out, _ = hcreport("check", "snapshot.json", "--stale", "--format", "json")
    assert code == 1
    (found,) = findings(out)
    assert found["message"] == "Changed since the snapshot: db (new), web (limits)."
    assert found["location"]["line"] == 9
    code, out, _ = hcreport("check", "snapshot.json", "--stale", "--fail-on", "critical")
    assert code == 0


def test_an_override_file_that_is_new_counts(project: Path, hcreport: Hcreport) -> None:
    (project / "compose.override.yaml").write_text(
        "services: {web: {image: 'nginx:2'}}\n", encoding="utf-8"
    )
    code, out, _ = hcreport("check", "snapshot.json", "--stale")
    assert code == 1
    assert "Changed since the snapshot: web (image)." in out


def test_files_are_those_of_the_snapshot_or_those_that_are_named(
    project: Path, hcreport: Hcreport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "deploy")
    assert hcreport("check", "snapshot.json", "--stale")[0] == 0
    code, out, _ = hcreport("check", "snapshot.json", "--stale", "-f", "one.yaml")
    assert code == 1
    assert "Changed since the snapshot: db (removed), web (limits)." in " ".join(out.split())


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("no Compose", ("Docker Compose", "a Docker Compose of version 2 or newer")),
        ("broken", ("services", "Compose refuses the project's files")),
        ("gone", ("no configuration file", "Compose refuses the project's files")),
    ],
)
def test_a_guard_that_cannot_look_does_not_pass(
    project: Path,
    hcreport: Hcreport,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    said: tuple[str, str],
) -> None:
    match broken:
        case "no Compose":
            monkeypatch.setenv("HCREPORT_COMPOSE", "no-such-program")
        case "broken":
            (project / "compose.yaml").write_text("services: [web]\n", encoding="utf-8")
        case _:
            (project / "compose.yaml").unlink()
    code, out, err = hcreport("check", "snapshot.json", "--stale", "--fail-on", "never")
    assert code == 3
    assert said[0] in err
    assert said[1] in " ".join(out.split())
    assert "Fails: not known whether the snapshot is out of date" in out
    assert "Passes" not in out


def test_an_age_fails_that_the_project_or_the_command_line_does_not_allow(
    project: Path, hcreport: Hcreport
) -> None:
    day = datetime.now(UTC) - timedelta(days=40)
    data = json.loads((project / "snapshot.json").read_text(encoding="utf-8"))
    data["taken_at"] = day.isoformat()
    (project / "old.json").write_text(json.dumps(data), encoding="utf-8")
    (project / "hcreport.yml").write_text("max_age_days: 39\n", encoding="utf-8")
    assert hcreport("check", "old.json")[0] == 0
    code, out, _ = hcreport("check", "old.json", "--stale")
    assert code == 1
    assert "The snapshot is 40 days old; the project allows 39 days." in out
    assert hcreport("check", "old.json", "--stale", "--max-age", "40d")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--max-age", "9d"], "Add --stale."),
        (["-f", "compose.yaml"], "Add --stale."),
        (["--profile", "x"], "Add --stale."),
        (["--stale", "--max-age", "9"], "no number of days such as 90d"),
        (["--stale", "--max-age", "0d"], "no number of days such as 90d"),
        (["--baseline", "x.json", "--no-baseline"], "Leave out --no-baseline."),
        (["--baseline", "x.json"], "The baseline x.json cannot be read"),
    ],
)
def test_what_cannot_be_is_refused(
    hcreport: Hcreport, tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "s.json").write_text(json.dumps(OVERFULL), encoding="utf-8")
    code, out, err = hcreport("check", "s.json", *words)
    assert code == (4 if "x.json cannot" in said else 2)
    assert said in err
    assert out == ""


def test_the_baseline_of_the_configuration_counts_from_its_folder(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    """And it excuses what it knows, until something gets worse, or nobody wants it to."""
    (tmp_path / "s.json").write_text(json.dumps(OVERFULL), encoding="utf-8")
    (tmp_path / "place").mkdir()
    config = tmp_path / "place" / "hcreport.yml"
    config.write_text("baseline: old.json\n", encoding="utf-8")
    named = ("check", "s.json", "--config", "place/hcreport.yml")
    code, _, err = hcreport(*named)
    assert code == 4
    assert "The baseline old.json cannot be read" in err
    assert "--no-baseline" in err
    code, _, _ = hcreport("check", "s.json", "--format", "json", "-o", "place/old.json")
    assert code == 1
    code, out, err = hcreport(*named)
    assert (code, err) == (0, "")
    assert "  known  web  limit-above-engine" in out
    assert out.endswith("is known from old.json.\n")
    code, out, _ = hcreport(*named, "--no-baseline")
    assert code == 1
    assert out.endswith("Fails: 1 problem of severity high or worse.\n")
    changed(tmp_path / "place" / "old.json", ('"severity": "high"', '"severity": "medium"'))
    code, out, _ = hcreport(*named)
    assert code == 1
    assert "  worse  web  limit-above-engine" in out


def test_a_baseline_that_is_newer_is_named(hcreport: Hcreport, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(OVERFULL), encoding="utf-8")
    later = OVERFULL | {"taken_at": "2026-02-02T03:04:05Z"}
    (tmp_path / "n.json").write_text(json.dumps(later), encoding="utf-8")
    code, _, err = hcreport("check", "s.json", "--baseline", "n.json")
    assert (code, err) == (0, "The baseline n.json is newer than the snapshot.\n")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("rule: limit-above-engine, reason: we know", (0, "", "1 suppressed")),
        ("rule: limit-above-engine, reason: x, until: 2999-01-01", (0, "", "1 suppressed")),
        (
            "rule: limit-above-engine, reason: x, until: 2026-01-03",
            (1, "", "Its suppression ended on 2026-01-03."),
        ),
        (
            "rule: limit-above-engine, subject: db, reason: x",
            (
                1,
                "The suppression of limit-above-engine for db matches no problem: it can go.\n",
                "0 suppressed",
            ),
        ),
        (
            "rule: limits-overcommit, subject: db, reason: x",
            (
                1,
                "The suppression of limits-overcommit for db matches no problem: it can go.\n",
                "0 suppressed",
            ),
        ),
        ("rule: anonymous-volumes, subject: v, reason: not measured here", (1, "", "0 suppressed")),
        ("rule: snapshot-too-old, reason: not asked here", (1, "", "0 suppressed")),
    ],
)
def test_a_suppression_holds_ends_or_is_named_where_it_is_about_nothing(
    hcreport: Hcreport, tmp_path: Path, entry: str, expected: tuple[int, str, str]
) -> None:
    code, said, shown = expected
    gap = {"gaps": [{"source": "volumes", "reason": "it hung up"}]}
    (tmp_path / "s.json").write_text(json.dumps(OVERFULL | gap), encoding="utf-8")
    (tmp_path / "hcreport.yml").write_text(f"suppress:\n  - {{{entry}}}\n", encoding="utf-8")
    got, out, err = hcreport("check", "s.json")
    assert (got, err) == (code, said)
    assert shown in " ".join(out.split())
    code, _, _ = hcreport("render", "s.json", "--to", "pages")
    assert code == 0
    page = (tmp_path / "pages" / "assessment.md").read_text(encoding="utf-8")
    assert ("## Suppressions without a problem" in page) == bool(said)


def test_a_budget_of_a_scenario_that_is_not_there_is_a_mistake(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    (tmp_path / "s.json").write_text(json.dumps(OVERFULL), encoding="utf-8")
    budget = "budgets: {docker_memory: {everything that start: 2g}}\n"
    (tmp_path / "hcreport.yml").write_text(budget, encoding="utf-8")
    code, out, err = hcreport("check", "s.json")
    assert (code, out) == (2, "")
    assert "the snapshot has no scenario everything that start." in err
    assert "Did you mean everything that starts?" in err
