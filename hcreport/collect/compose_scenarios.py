"""Reads a Compose project with the scenarios that consist of Compose files of their own."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from hcreport.collect.compose import ComposeProject, ComposeRequest, project_files, read_project
from hcreport.collect.redact import relative_path
from hcreport.collect.tasks import Question, Tasks
from hcreport.errors import CollectError, ComposeRejected
from hcreport.estimate.memory import is_one_of_ours
from hcreport.model import DeclaredVolume, Gap, LocalModel, Scenario, Service

SOURCE = "scenarios"
"""What the gap of a scenario whose files could not be read names as its source."""

_Named = TypeVar("_Named", Service, LocalModel, DeclaredVolume)


@dataclass(frozen=True)
class _Read:
    """One scenario with what came of reading its files."""

    scenario: Scenario
    project: ComposeProject | None = None
    """None where it has no files, or where they could not be read."""
    gaps: tuple[Gap, ...] = ()


def read_stack(
    request: ComposeRequest,
    scenarios: tuple[Scenario, ...] = (),
    *,
    keep_registries: tuple[str, ...] = (),
) -> ComposeProject:
    """Return the project, and the scenarios with the services that their files start.

    The files of a scenario count from the request's folder. Compose reads them like those of the
    project: same project directory, name, env files and profiles. Services that only they declare
    are added to the project's, not active. A scenario whose files are missing or refused is a gap.

    Raises like :func:`hcreport.collect.compose.read_project` about the project itself.
    """
    project = read_project(request, keep_registries=keep_registries)
    ours = replace(
        request,
        project_name=project.project.name,
        project_directory=project_files(request).folder,
    )
    return _merged(project, _read_all(ours, scenarios, keep_registries))


def _read_all(
    request: ComposeRequest, scenarios: tuple[Scenario, ...], keep_registries: tuple[str, ...]
) -> list[_Read]:
    """Read the files of all scenarios side by side; those without files stay as they are."""
    tasks = Tasks()
    tasks.start(
        Question(
            source=SOURCE, subject=str(index), ask=partial(_read, request, each, keep_registries)
        )
        for index, each in enumerate(scenarios)
        if each.files
    )
    found = [_Read(each) for each in scenarios]
    while tasks.open_questions:
        reply = tasks.next()
        if reply is None:
            continue
        if reply.error is not None:
            raise reply.error
        found[int(reply.question.subject)] = reply.value
    return found


def _read(request: ComposeRequest, scenario: Scenario, keep_registries: tuple[str, ...]) -> _Read:
    """Read the files of one scenario.

    What Compose says about a file that it refuses may hold paths and values: it is not kept.
    """
    shown = tuple(_shown(file, request) for file in scenario.files)
    named = scenario.model_copy(update={"files": shown})
    for file, name in zip(scenario.files, shown, strict=True):
        if not (request.folder / file).is_file():
            return _unread(named, f"there is no file {name}")
    try:
        project = read_project(
            replace(request, files=scenario.files), keep_registries=keep_registries
        )
    except ComposeRejected:
        files = " ".join(f"-f {shlex.quote(name)}" for name in shown)
        reason = f"Compose refuses its files; `docker compose {files} config` says why"
        return _unread(named, reason)
    except CollectError as error:
        return _unread(named, error.message)
    gaps = tuple(
        each.model_copy(update={"subject": scenario.name})
        for each in project.gaps
        if each.source == "profiles"
    )
    return _Read(named, project, gaps)


def _unread(scenario: Scenario, reason: str) -> _Read:
    return _Read(scenario, None, (Gap(source=SOURCE, subject=scenario.name, reason=reason),))


def _shown(file: str, request: ComposeRequest) -> str:
    """Return a file as a snapshot may name it: within the project, else its last part alone."""
    path = Path(os.path.normpath(request.folder / file))
    return relative_path(path, request.project_directory or request.folder) or path.name


def _merged(project: ComposeProject, read: list[_Read]) -> ComposeProject:
    """Return the project with its scenarios, and with what only their files declare."""
    others = [each.project for each in read if each.project is not None]
    inactive = (
        service.model_copy(update={"active": False})
        for other in others
        for service in other.services
    )
    services = {each.name: each for each in _added(project.services, inactive)}
    volumes = {
        each.name: each
        for each in _added(
            project.project.volumes,
            (volume for other in others for volume in other.project.volumes),
        )
    }
    declared = tuple(volumes[name] for name in sorted(volumes))
    return replace(
        project,
        project=project.project.model_copy(update={"volumes": declared}),
        services=tuple(services[name] for name in sorted(services)),
        models=_added(project.models, (model for other in others for model in other.models)),
        gaps=(*project.gaps, *(gap for each in read for gap in each.gaps)),
        scenarios=tuple(_filled(each, services) for each in read),
    )


def _added(first: Iterable[_Named], more: Iterable[_Named]) -> tuple[_Named, ...]:
    """Return all of ``first``, and then of ``more`` what has another name."""
    found = {each.name: each for each in first}
    for each in more:
        found.setdefault(each.name, each)
    return tuple(found.values())


def _filled(read: _Read, services: Mapping[str, Service]) -> Scenario:
    """Return a scenario with what its files start, after what it names itself."""
    scenario, project = read.scenario, read.project
    if project is None:
        return scenario
    started = [each for each in project.services if is_one_of_ours(each)]
    scaled = {
        each.name: each.replicas
        for each in started
        if each.replicas != services[each.name].replicas
    }
    return scenario.model_copy(
        update={
            "services": _together(scenario.services, (each.name for each in started)),
            "models": _together(scenario.models, (each.name for each in project.models)),
            "replicas": scaled | scenario.replicas,
        }
    )


def _together(first: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *more)))
