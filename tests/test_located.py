"""The line that a finding points at, in Compose files that the real Compose reads.

A comment ``# <- rule`` in ``tests/located`` marks a line that a finding of that rule has to name;
no other line may be named. Each service gets a container, so that rules about containers speak too.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from hcreport.analyze import analyze
from hcreport.collect.compose import ComposeProject, read_project
from hcreport.gate import Checked
from hcreport.model import Container, Engine, Health, Image, Service, Snapshot
from hcreport.render.sarif import to_sarif
from hcreport.snapshot import format_snapshot, parse_snapshot
from hcreport.units import Bytes, gibibytes
from tests.compose.support import Case, single, use_real_binary

FOLDER = Path(__file__).parent / "located"
PROJECTS = [
    *(single(path) for path in sorted(FOLDER.glob("*.yaml"))),
    *(Case(path.parent) for path in sorted(FOLDER.glob("*/compose.yaml"))),
]
PREFIX = "apps/shop"

_MARK = re.compile(r"# <- ([a-z-]+)")

Place = tuple[str, str, int]


def marked(case: Case) -> set[Place]:
    """Return rule, file and line of each mark of a project."""
    folder = case.folder
    files = [folder / each for each in case.files] or sorted(folder.rglob("*.yaml"))
    return {
        (found.group(1), f"{PREFIX}/{path.relative_to(folder).as_posix()}", number)
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)
        if (found := _MARK.search(line))
    }


def container(service: Service, compose_version: str | None) -> Container:
    """Return a container that is unhealthy, or was killed or changed where its name says so."""
    killed = service.name.startswith("killed")
    return Container(
        name=f"shop-{service.name}-1",
        service=service.name,
        state="exited" if killed else "running",
        exit_code=137 if killed else None,
        oom_killed=killed,
        limits=service.limits,
        compose_version=compose_version,
        config_hash="other" if service.name.startswith("other") else service.config_hash,
        health=None if killed else Health(status="unhealthy"),
    )


def snapshot_of(project: ComposeProject) -> Snapshot:
    """Return a snapshot with an engine of 1 GiB, heavy images, and models that do not fit."""
    name = project.project.name
    built = (each for each in project.services if each.build is not None)
    images = {each.image or f"{name}-{each.name}" for each in built}
    snapshot = Snapshot(
        taken_at=datetime(2026, 1, 2, tzinfo=UTC),
        tool="hcreport test",
        project=project.project,
        engine=Engine(memory_total=gibibytes(1)),
        services=project.services,
        containers=tuple(
            container(each, project.project.compose_version) for each in project.services
        ),
        images=tuple(Image(tags=(each,), size=Bytes(20_000_000_000)) for each in sorted(images)),
        models=tuple(each.model_copy(update={"memory": gibibytes(2)}) for each in project.models),
    )
    return parse_snapshot(format_snapshot(snapshot))


def named(text: str, rules: set[str]) -> set[Place]:
    """Return rule, file and line of each result of these rules."""
    found = set()
    for each in json.loads(text)["runs"][0]["results"]:
        place = each["locations"][0]["physicalLocation"]
        if each["ruleId"] in rules:
            file = unquote(place["artifactLocation"]["uri"])
            found.add((each["ruleId"], file, place["region"]["startLine"]))
    return found


@pytest.mark.parametrize("case", PROJECTS, ids=lambda case: case.id)
def test_findings_point_at_the_marked_lines(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)
    snapshot = snapshot_of(read_project(case.request))
    checked = Checked(snapshot=snapshot, assessment=analyze(snapshot), path_prefix=PREFIX)
    expected = marked(case)
    assert expected
    assert named(to_sarif(checked), {rule for rule, _, _ in expected}) == expected


def test_there_are_enough_and_varied_files() -> None:
    assert len(PROJECTS) >= 20
    assert len({rule for case in PROJECTS for rule, _, _ in marked(case)}) >= 7
