"""The text of a project's first ``hcreport.yml`` and of its workflow for GitHub.

Names of files, profiles and scenarios are the project's own, so they are quoted for YAML, for a
shell and for GitHub's expressions: whatever they say, they stay text.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment

from hcreport import __version__
from hcreport.model import Snapshot
from hcreport.render.escape import one_line
from hcreport.render.program_text import program_texts
from hcreport.starter.origin import Origin
from hcreport.starter.places import Place, has_env_file_outside_git

_ACTION = ".github/actions/hcreport"
"""The folder of our action in our repository."""

_ENV_FILE_COMMENT = (
    "Values of an environment file count in the Compose files. Where that file is not in Git,",
    "the files look changed here, so this is switched off. Switch it on where the file is there.",
)


def config_text(snapshot: Snapshot, path: str, *, collect: str, stale: str) -> str:
    """Return an ``hcreport.yml`` that publishes the snapshots beside ``path`` and knows that one.

    ``collect`` is the command that adds a snapshot, ``stale`` the one that compares it.
    """
    return _template(
        "hcreport.yml.j2",
        collect=one_line(collect),
        stale=one_line(stale),
        snapshots_dir=path.rpartition("/")[0],
        baseline=path,
        project=snapshot.title or snapshot.project.name,
        scenario=snapshot.scenarios[0].name if snapshot.scenarios else "",
    )


def workflow_text(place: Place, env_files: tuple[str, ...], origin: Origin | None) -> str:
    """Return a workflow that checks the newest snapshot and whether the Compose files still fit.

    It uses our action at the commit of ``origin``. Without one it installs this version by its
    number: a commit that nobody knows cannot be named.
    """
    env_file = bool(env_files) or has_env_file_outside_git(place)
    return _template(
        "workflow.yml.j2",
        action=f"{origin.repository}/{_ACTION}@{origin.commit}" if origin else "",
        version=__version__,
        folder=place.in_repository,
        stale=not env_file,
        stale_comments=_ENV_FILE_COMMENT if env_file else (),
        inputs=tuple(_inputs(place).items()),
        compose_file="" if env_file else ":".join(place.files),
    )


def _inputs(place: Place) -> Mapping[str, str]:
    """Return what our action has to be told, beyond what is the same for every project."""
    found: dict[str, str] = {}
    if place.in_repository:
        found["config"] = _below(place.in_repository, "hcreport.yml")
    if place.files or place.in_repository:
        paths = place.files or tuple(
            os.path.relpath(each, place.folder).replace(os.sep, "/") for each in place.compose.files
        )
        found["compose-files"] = "\n".join(_below(place.in_repository, each) for each in paths)
    if prefix := _compose_folder(place):
        found["path-prefix"] = prefix
    return found


def _compose_folder(place: Place) -> str:
    """Return the folder that the lines of findings count from, in the repository."""
    inside = Path(os.path.relpath(place.compose.folder, place.repository)).as_posix()
    return "" if inside == "." or inside.startswith("../") else inside


def _below(folder: str, name: str) -> str:
    return posixpath.normpath(f"{folder}/{name}") if folder else name


def yaml_text(text: str) -> str:
    """Return text as a string of YAML, in quotes: it stays one value on one line."""
    return json.dumps(one_line(text), ensure_ascii=False)


def workflow_value(text: str) -> str:
    """Return text as a string of a workflow, in which GitHub finds no expression to evaluate.

    Its lines stay lines: inputs of our action have one value on each.
    """
    lines = (one_line(each).replace("${{", "${{ '${{' }}") for each in text.split("\n"))
    return json.dumps("\n".join(lines), ensure_ascii=False)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return program_texts("start", {"yaml_text": yaml_text, "workflow_value": workflow_value})


def _template(template: str, **values: object) -> str:
    return _environment().get_template(template).render(values)
