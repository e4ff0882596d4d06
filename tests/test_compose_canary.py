"""Nothing that may be secret in a Compose project gets into what hcreport keeps or says of it."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

import pytest

from hcreport.collect.compose import ComposeProject, read_project
from hcreport.model import Snapshot
from hcreport.snapshot import format_snapshot
from tests.compose.support import PROJECTS, Case, use_real_binary

CASE = Case(PROJECTS / "canary")
CANARY = re.compile(r"canary(?:-[a-z]+)+")

FILES = ("compose.yaml", "secret.env")
CANARIES = sorted(
    {
        name
        for file in FILES
        for line in (CASE.folder / file).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
        for name in CANARY.findall(line)
    }
)


@pytest.fixture(autouse=True)
def _real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)


def serialized(project: ComposeProject) -> str:
    """Return all that is kept, both as a snapshot file and as Python prints it."""
    snapshot = Snapshot(
        taken_at=datetime(2026, 1, 1, tzinfo=UTC),
        tool="test",
        project=project.project,
        services=project.services,
        models=project.models,
        gaps=project.gaps,
    )
    return format_snapshot(snapshot) + repr(project)


@pytest.fixture(scope="module")
def printed_by_compose() -> str:
    """The output of the real binary, on which the test of each canary rests."""
    answer = CASE.run("--profile", "*", "config")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("canary", CANARIES)
def test_compose_itself_prints_the_canary(canary: str, printed_by_compose: str) -> None:
    assert canary in printed_by_compose


def test_no_canary_is_kept_or_said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    kept = serialized(read_project(CASE.request))
    said = "".join(capfd.readouterr()) + caplog.text
    assert CANARY.findall(kept) == []
    assert CANARY.findall(said) == []
    # Not by keeping nothing: what may stand does.
    assert '"private-registry/team/app:1"' in kept
    assert '"java_xmx": "1g"' in kept
    assert '"curl"' in kept


def test_a_host_that_the_project_keeps_stands() -> None:
    host = "registry.canary-image-host.example"
    project = read_project(CASE.request, keep_registries=(host,))
    assert set(CANARY.findall(serialized(project))) == {"canary-image-host"}


def test_there_are_enough_places() -> None:
    assert len(CANARIES) >= 40
