"""Our composite action, run step by step on a small project, installed as its users get it."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from hcreport.model import Snapshot
from hcreport.snapshot import read_snapshot, write_snapshot
from tests.action_runner import ACTION, Done, definition, run_action, run_step

pytestmark = pytest.mark.skipif(not ACTION.is_dir(), reason="these are not the project's own files")

COMPOSE = """services:
  web:
    image: example/web
    mem_limit: 64m
  queue:
    image: example/queue
"""

CONFIG = "title: Bookshop\nsnapshots_dir: snapshots\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Let pip find every library that is installed here, but not hcreport, and no index."""
    folder = tmp_path_factory.mktemp("libraries")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "hcreport" not in path.name:
            (folder / path.name).symlink_to(path)
    return {
        "PYTHONPATH": str(folder),
        "PIP_NO_INDEX": "1",
        "DOCKER_HOST": "unix:///nowhere.sock",
        "HCREPORT_COMPOSE": str(Path(sysconfig.get_path("scripts")) / "docker-compose"),
    }


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a runner clears after a job: hcreport is installed there once."""
    return tmp_path_factory.mktemp("job")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose snapshot has been taken, of its Compose files alone."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return folder


def run(project: Path, job: Path, settings: dict[str, str], **inputs: str) -> Done:
    return run_action(project, job, settings, python=sys.executable, inputs=inputs)


def with_snapshot(project: Path) -> Snapshot:
    """Put the snapshot of models into the project: it has problems."""
    snapshot = read_snapshot(Path(__file__).parent / "snapshots/models.json")
    write_snapshot(snapshot, project / "snapshots/2026-11-01.json")
    (project / "hcreport.yml").write_text(CONFIG, encoding="utf-8")
    return snapshot


def test_it_takes_a_snapshot_and_says_everything_before_it_ends(
    project: Path, job: Path, settings: dict[str, str]
) -> None:
    done = run(project, job, settings, collect="files", fail_on="low", sarif="true", site="true")
    assert "hcreport 0." in done.log, done.log
    assert done.outputs["exit-code"] == "1", done.log
    assert done.failed
    assert done.ran[-1] == "End as the check did"
    assert "Comment on the pull request" not in done.ran

    assert len(read_snapshot(Path(done.outputs["snapshot"])).services) == 2
    assert done.summary == Path(done.outputs["summary-file"]).read_text(encoding="utf-8")
    assert done.summary.startswith("<!-- hcreport-summary ")
    sarif = json.loads(Path(done.outputs["sarif-file"]).read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    assert done.used["Upload the findings to code scanning"] == {
        "sarif_file": done.outputs["sarif-file"],
        "category": "hcreport",
    }
    assert (Path(done.outputs["site-dir"]) / "index.html").is_file()
    assert done.used["Upload the site for GitHub Pages"] == {"path": done.outputs["site-dir"]}


def test_known_problems_pass_and_the_rest_of_the_job_goes_on(
    project: Path, job: Path, settings: dict[str, str]
) -> None:
    with_snapshot(project)
    failing = run(project, job, settings, fail_on="low")
    assert (failing.outputs["exit-code"], failing.failed) == ("1", True), failing.log
    known = run(
        project, job, settings, fail_on="low", baseline="snapshots/2026-11-01.json", summary="false"
    )
    assert (known.outputs["exit-code"], known.failed) == ("0", False), known.log
    assert known.summary == ""
    assert known.used.keys() == {"Find Python"}
    assert "hcreport 0." not in known.log  # installed once in a job


REFUSED = {
    "no snapshot": ({}, "No snapshot"),
    "a word for yes": ({"sarif": "yes"}, "sarif is neither true nor false"),
    "two snapshots": ({"collect": "true", "snapshot": "one.json"}, "not both"),
    "a version that is a command": ({"version": "1; touch here"}, "not a version"),
    "two lines": ({"snapshot": "one.json\nexit-code=0"}, "more than one line"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(
    case: str, project: Path, job: Path, settings: dict[str, str]
) -> None:
    inputs, sentence = REFUSED[case]
    done = run(project, job, settings, **inputs)
    assert done.failed
    assert "::error title=hcreport::" in done.log
    assert sentence in done.log
    assert "Check" not in done.ran


def test_values_stay_values(project: Path, job: Path, settings: dict[str, str]) -> None:
    with_snapshot(project)
    (project / "compose.yaml").rename(project / "$(touch bad); a.yaml")
    before = {path.name for path in project.iterdir()}
    done = run(
        project,
        job,
        settings,
        stale="true",
        compose_files="  $(touch bad); a.yaml\n\n",
        profiles="`touch bad`\n--help",
        path_prefix="$(touch bad)",
        sarif="true",
        fail_on="never",
    )
    assert done.outputs["sarif-file"], done.log
    assert {path.name for path in project.iterdir()} == before


def test_names_of_the_project_are_no_commands_to_the_runner(
    project: Path, job: Path, settings: dict[str, str]
) -> None:
    snapshot = with_snapshot(project)
    text = snapshot.model_copy(update={"title": "::set-env name=PATH::here"})
    write_snapshot(text, project / "snapshots/2026-11-02.json")
    done = run(project, job, settings, fail_on="never")
    lines = done.log.splitlines()
    marks = [line for line in lines if line.startswith("::stop-commands::")]
    assert marks, done.log
    for mark in marks:
        end = f"::{mark.removeprefix('::stop-commands::')}::"
        inside = lines[lines.index(mark) + 1 : lines.index(end)]
        assert inside
        del lines[lines.index(mark) : lines.index(end) + 1]
    assert not [line for line in lines if line.startswith("::")]


def test_an_unreadable_snapshot_ends_with_its_own_code(
    project: Path, job: Path, settings: dict[str, str]
) -> None:
    (project / "broken.json").write_text("{", encoding="utf-8")
    done = run(project, job, settings, snapshot="broken.json", sarif="true", site="true")
    assert done.outputs["exit-code"] == "4"
    assert done.failed
    assert "exit code 4" in done.summary
    assert (done.outputs["sarif-file"], done.outputs["site-dir"]) == ("", "")


GH = """#!/bin/sh
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in
  *--paginate*) [ -z "$KNOWN" ] || printf '%s\\n' $KNOWN ;;
  *) [ -z "$REFUSES" ] || { echo 'Resource not accessible by integration' >&2; exit 1; } ;;
esac
"""
PLACES = {
    "a new one": ("", "POST repos/somebody/project/issues/7/comments"),
    "the same one again": ("41 42", "PATCH repos/somebody/project/issues/comments/41"),
}


@pytest.mark.parametrize("case", [*PLACES, "not allowed"])
def test_one_comment_is_written_on_a_pull_request(
    case: str, project: Path, job: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    """GitHub's own program is played by one that keeps what it was asked for."""
    known, place = PLACES.get(case, PLACES["a new one"])
    programs, asked = tmp_path / "programs", tmp_path / "asked"
    programs.mkdir()
    (programs / "gh").write_text(GH, encoding="utf-8")
    (programs / "gh").chmod(0o755)
    summary = tmp_path / "summary.md"
    summary.write_text("<!-- hcreport-summary bookshop -->\n## Check\n", encoding="utf-8")
    comment = next(each for each in definition()["runs"]["steps"] if "Comment" in each["name"])
    done = Done(names={"github.event.pull_request.number": "7", "github.token": "secret"})
    done.names["steps.check.outputs.summary-file"] = str(summary)
    surroundings = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "ASKED": str(asked),
        "KNOWN": known,
        "REFUSES": "yes" if case == "not allowed" else "",
    }
    run_step(comment, done, project, job, settings | surroundings)
    assert not done.failed, done.log
    assert ("permission pull-requests" in done.log) is (case == "not allowed")
    listed, written = asked.read_text(encoding="utf-8").splitlines()
    assert listed.startswith("api --paginate repos/somebody/project/issues/7/comments")
    assert 'user.login == "github-actions[bot]"' in listed
    assert written == f"api --silent --method {place} --field body=@{summary}"
