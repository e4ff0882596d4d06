"""What is said where a project cannot be read, or only in part."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hcreport.collect.compose import ComposeRequest, read_project, whole_config
from hcreport.errors import CollectError, ComposeMissing, ComposeRejected
from tests.compose.support import BINARY, PROJECTS, use_real_binary


@pytest.fixture(autouse=True)
def _real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)


def test_no_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ComposeRejected) as caught:
        read_project(ComposeRequest(tmp_path))
    assert caught.value.message == "no configuration file provided: not found"
    assert "-f" in caught.value.hint


def test_no_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="is not a folder"):
        read_project(ComposeRequest(tmp_path / "nowhere"))


def test_standard_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComposeRejected, match="standard input"):
        read_project(ComposeRequest(tmp_path, files=("-",)))


def test_no_compose_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HCREPORT_COMPOSE", "/nowhere/docker-compose")
    with pytest.raises(ComposeMissing):
        read_project(ComposeRequest(PROJECTS / "include"))


CPU_OR_GPU = """
services:
  web: {image: busybox}
  ollama-cpu: {image: ollama/ollama, container_name: ollama, profiles: [cpu]}
  ollama-gpu: {image: ollama/ollama, container_name: ollama, profiles: [gpu]}
"""


def test_profiles_that_exclude_each_other_leave_those_that_were_chosen(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(CPU_OR_GPU, encoding="utf-8")
    project = read_project(ComposeRequest(tmp_path, profiles=("cpu",)))
    assert [each.name for each in project.services] == ["ollama-cpu", "web"]
    assert project.project.active_profiles == ("cpu",)
    assert [gap.source for gap in project.gaps] == ["profiles"]
    assert "all profiles of the project together" in project.gaps[0].reason
    whole = whole_config(ComposeRequest(tmp_path, profiles=("cpu",)))
    assert sorted(whole["services"]) == ["ollama-cpu", "web"]
    with pytest.raises(ComposeRejected, match="already in use"):
        read_project(ComposeRequest(tmp_path, profiles=("cpu", "gpu")))


def wrapped(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> ComposeRequest:
    """Use the real binary behind a script that can spoil single questions."""
    path = folder / "wrapped-compose"
    path.write_text(f'#!/bin/sh\n{script}\nexec "{BINARY}" "$@"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("HCREPORT_COMPOSE", str(path))
    return ComposeRequest(PROJECTS / "profiles-by-env")


@pytest.mark.skipif(os.name == "nt", reason="the wrapper is a shell script")
def test_hashes_that_fail_are_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'case "$*" in *--hash*) echo secret >&2; exit 1;; esac'
    project = read_project(wrapped(tmp_path, monkeypatch, script))
    assert [service.config_hash for service in project.services] == [None, None, None]
    assert [gap.source for gap in project.gaps] == ["hash"]
    assert "secret" not in project.gaps[0].reason


@pytest.mark.skipif(os.name == "nt", reason="the wrapper is a shell script")
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("plain reason", "plain reason"),
        (
            'time="2026-01-01T00:00:00Z" level=fatal msg="a \\"quoted\\" reason"',
            'a "quoted" reason',
        ),
        ('time="2026-01-01T00:00:00Z" level=error msg=word', "word"),
        (
            'time="2026-01-01T00:00:00Z" level=warning msg="the \\"X\\" variable"',
            "Compose ended with status 7.",
        ),
        ("WARN[0000] a warning", "Compose ended with status 7."),
        ("ERRO[0000] a reason", "a reason"),
        ("red \x1b[31mreason", "red [31mreason"),
        ("", "Compose ended with status 7."),
    ],
)
def test_the_reason_is_free_of_prefixes_and_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, reason: str
) -> None:
    (tmp_path / "talk").write_text(f"{line}\n", encoding="utf-8")
    script = f'case "$*" in *config*) cat {tmp_path}/talk >&2; exit 7;; esac'
    with pytest.raises(ComposeRejected) as caught:
        read_project(wrapped(tmp_path, monkeypatch, script))
    assert caught.value.message == reason
