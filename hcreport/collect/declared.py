"""Reads what a project declares today, as the snapshot was read, to tell whether it changed."""

from __future__ import annotations

from dataclasses import replace

from hcreport.collect.compose import ComposeRequest, project_files
from hcreport.collect.compose_scenarios import read_stack
from hcreport.collect.ollama_search import declared_models
from hcreport.collect.redact import relative_path
from hcreport.config import Config
from hcreport.model import Declared, Snapshot


def read_declared(request: ComposeRequest, snapshot: Snapshot, config: Config) -> Declared:
    """Return what Compose reads today, with the files and profiles of the snapshot.

    The request's own files and profiles come first. No engine is asked. Raises ComposeMissing,
    ComposeRejected, CollectError like :func:`hcreport.collect.compose.read_project`.
    """
    asked = as_collected(request, snapshot)
    project = read_stack(asked, config.scenarios, keep_registries=config.keep_registries)
    return Declared(
        project=project.project,
        services=project.services,
        models=declared_models(project, config.models),
    )


def as_collected(request: ComposeRequest, snapshot: Snapshot) -> ComposeRequest:
    """Return a request that names the snapshot's files where Compose would find others by itself.

    Where Compose finds those of the snapshot and more, such as an override file that is new, what
    it finds counts: then the project has changed.
    """
    recorded = snapshot.project.compose_files
    profiles = request.profiles or snapshot.project.active_profiles
    if request.files or not recorded:
        return replace(request, profiles=profiles)
    by_itself = project_files(request)
    found = {relative_path(path, by_itself.folder) for path in by_itself.files}
    there = all((request.folder / file).is_file() for file in recorded)
    chosen = recorded if there and not set(recorded) <= found else ()
    return replace(request, files=chosen, profiles=profiles)
