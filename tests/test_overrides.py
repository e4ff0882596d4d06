"""The Compose files that leave services out: what the real Compose makes of them."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hcreport.analyze import analyze
from hcreport.compose_files import (
    ASLEEP_FILE,
    LIMITS_FILE,
    MODEL_ON_HOST_FILE,
    WITHOUT_MODEL_FILE,
)
from hcreport.estimate.served import is_ollama_image
from hcreport.estimate.without_model import left_out, without_model
from hcreport.model import SuggestedLimit
from hcreport.render.limits import limits_override
from hcreport.render.marker import is_generated_file
from hcreport.render.overrides import (
    asleep_override,
    model_on_host_override,
    without_model_override,
)
from hcreport.render.pages import downloads
from hcreport.snapshot import read_snapshot
from hcreport.units import mebibytes
from tests.compose.support import use_real_binary
from tests.override_projects import NAMES, ForeignProject, Services, foreign_project, written

EXAMPLE = Path(__file__).parent.parent / "docs" / "snapshots"


@pytest.fixture(params=NAMES)
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ForeignProject:
    use_real_binary(monkeypatch)
    return foreign_project(request.param, tmp_path)


def _expected(before: Services, off: list[str], loosened: dict[str, Any]) -> Services:
    """Return what is to be left of services: some are gone, and some dependencies are loose."""
    after = {name: deepcopy(each) for name, each in before.items() if name not in off}
    for name, conditions in loosened.items():
        for service, condition in conditions.items():
            if name in after:
                known = after[name]["depends_on"][service]
                assert known["condition"] == condition
                known["required"] = False
    return after


def test_without_the_model_all_else_stays_as_it_was(project: ForeignProject) -> None:
    snapshot = project.snapshot()
    found = without_model(snapshot)
    assert found is not None
    if project.obstacle:
        assert project.obstacle in found.obstacle
        assert without_model_override(snapshot) == model_on_host_override(snapshot) == ""
        return
    assert found.obstacle == ""
    assert list(found.services) == project.left_out
    assert list(found.helpers) == project.helpers
    assert found.dependents == project.loosened
    text = without_model_override(snapshot)
    assert is_generated_file(text)
    assert ("!override" in text) == project.replaced
    stop, start, back = written(text, WITHOUT_MODEL_FILE, project.folder)
    after = project.composed(snapshot, WITHOUT_MODEL_FILE)
    assert after == _expected(project.composed(snapshot), project.left_out, project.loosened)
    assert all(name in stop for name in project.left_out)
    for command in (stop, start, back):
        project.obeys(command)


def test_ollamas_image_is_enough_where_no_model_is_known(project: ForeignProject) -> None:
    """A snapshot without an engine knows no models: nothing but the image tells."""
    snapshot = project.snapshot()
    known = without_model(snapshot)
    found = without_model(snapshot.model_copy(update={"models": ()}))
    images = [snapshot.services_by_name[str(each.service)].image for each in snapshot.models]
    if all(map(is_ollama_image, images)):
        assert found == known
    else:
        servers = {each.service for each in snapshot.models}
        assert found is None or set(found.services) < servers


def test_the_profile_brings_the_model_back(project: ForeignProject) -> None:
    snapshot = project.snapshot()
    text = without_model_override(snapshot)
    if text:
        written(text, WITHOUT_MODEL_FILE, project.folder)
        project_with = ForeignProject(
            folder=project.folder, models={}, profiles=("", *project.profiles, project.profile)
        )
        after = project_with.composed(snapshot, WITHOUT_MODEL_FILE)
        assert set(after) == set(project.composed(snapshot))


def test_the_others_ask_a_model_on_the_machine(project: ForeignProject) -> None:
    snapshot = project.snapshot()
    text = model_on_host_override(snapshot)
    found = without_model(snapshot)
    assert found is not None
    assert bool(text) == bool(project.on_host) == (not found.host_obstacle)
    if not text:
        return
    commands = written(text, MODEL_ON_HOST_FILE, project.folder)
    before, after = project.composed(snapshot), project.composed(snapshot, MODEL_ON_HOST_FILE)
    expected = _expected(before, project.left_out, project.loosened)
    for name, variables in project.on_host.items():
        expected[name]["environment"] |= variables
        hosts = expected[name].setdefault("extra_hosts", [])
        expected[name]["extra_hosts"] = [*hosts, "host.docker.internal=host-gateway"]
        expected[name]["extra_hosts"] = sorted(set(expected[name]["extra_hosts"]))
    for each in after.values():
        if "extra_hosts" in each:
            each["extra_hosts"] = sorted(set(each["extra_hosts"]))
    assert after == expected
    for command in commands:
        project.obeys(command)


def test_any_service_can_sleep_or_it_is_said_why_not(project: ForeignProject) -> None:
    snapshot = project.snapshot()
    before = project.composed(snapshot)
    for name in before:
        found = left_out(snapshot, [name])
        text = asleep_override(snapshot, [name])
        assert bool(text) == (not found.obstacle)
        if text:
            written(text, ASLEEP_FILE, project.folder)
            after = project.composed(snapshot, ASLEEP_FILE)
            assert set(after) == set(before) - set(found.services)


def test_an_obstacle_is_one(project: ForeignProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one is named, the file that would have been written is refused."""
    snapshot = project.snapshot()
    names = list(project.composed(snapshot))
    stopped = [name for name in names if left_out(snapshot, [name]).obstacle]
    monkeypatch.setattr("hcreport.estimate.without_model._obstacle", lambda *_: "")
    for name in stopped:
        written(asleep_override(snapshot, [name]), ASLEEP_FILE, project.folder)
        with pytest.raises(AssertionError, match=r"not found|undefined service"):
            project.composed(snapshot, ASLEEP_FILE)


def test_limits_go_with_the_other_file(project: ForeignProject) -> None:
    snapshot = project.snapshot()
    suggested = [
        SuggestedLimit(
            service=each.name,
            limit=mebibytes(64),
            needs=mebibytes(60),
            keys=each.memory_limit_keys or ("deploy",),
        )
        for each in snapshot.services
    ]
    written(limits_override(suggested, snapshot.services), LIMITS_FILE, project.folder)
    added = [LIMITS_FILE]
    if text := without_model_override(snapshot):
        written(text, WITHOUT_MODEL_FILE, project.folder)
        added.append(WITHOUT_MODEL_FILE)
    after = project.composed(snapshot, *added)
    assert set(after) == set(project.composed(snapshot)) - set(project.left_out)
    for each in after.values():
        assert each["deploy"]["resources"]["limits"]["memory"] == str(int(mebibytes(64)))


def test_the_example_runs_without_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_binary(monkeypatch)
    shutil.copy(EXAMPLE / "hypercode.compose.yaml", tmp_path)
    snapshot = read_snapshot(EXAMPLE / "hypercode.json")
    project = ForeignProject(folder=tmp_path, models={})
    before = project.composed(snapshot)
    written(without_model_override(snapshot), WITHOUT_MODEL_FILE, tmp_path)
    after = project.composed(snapshot, WITHOUT_MODEL_FILE)
    assert after == _expected(before, ["llama"], {})
    agents = [name for name in before if name.endswith(("-specialist", "-architect", "-engineer"))]
    written(asleep_override(snapshot, agents), ASLEEP_FILE, tmp_path)
    assert set(project.composed(snapshot, ASLEEP_FILE)) == set(before) - set(agents)
    offered = downloads(snapshot, analyze(snapshot))
    assert offered[WITHOUT_MODEL_FILE].decode() == without_model_override(snapshot)
    assert not {MODEL_ON_HOST_FILE, ASLEEP_FILE} & set(offered)
    both = project.composed(snapshot, WITHOUT_MODEL_FILE, ASLEEP_FILE)
    assert set(both) == set(before) - {*agents, "llama"}
