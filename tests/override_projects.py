"""Projects of very different shapes in ``tests/overrides``, and what is expected of each.

Each file holds a project that was written here in the manner of a public one, which its comment
names: ``files`` by path, ``named`` those to name on the command line (else Compose finds them),
``profiles`` to switch on, and ``models`` with the service that serves each. What
:func:`hcreport.estimate.without_model.without_model` is to say stands under ``left_out``,
``helpers``, ``loosened`` and ``on_host``; ``replaced`` says that profiles are replaced, ``profile``
is the profile's name where it is not the usual one, and ``obstacle`` a part of the reason why there
is no file.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from hcreport.collect.compose import ComposeRequest, read_project
from hcreport.model import LocalModel, Snapshot
from tests.compose.support import Case

FOLDER = Path(__file__).parent / "overrides"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))

Services = dict[str, Any]


@dataclass(frozen=True)
class ForeignProject:
    """One project, written to a folder of its own."""

    folder: Path
    models: dict[str, str]
    left_out: list[str] = field(default_factory=list)
    helpers: list[str] = field(default_factory=list)
    loosened: dict[str, dict[str, str]] = field(default_factory=dict)
    on_host: dict[str, dict[str, str]] = field(default_factory=dict)
    replaced: bool = False
    profile: str = "local-model"
    obstacle: str = ""
    profiles: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def snapshot(self) -> Snapshot:
        """Return what hcreport reads of the project without any engine."""
        request = ComposeRequest(folder=self.folder, files=self.named, profiles=self.profiles)
        found = read_project(request)
        return Snapshot(
            taken_at=datetime(2026, 11, 27, tzinfo=UTC),
            tool="a test",
            project=found.project,
            services=found.services,
            models=tuple(
                LocalModel(name=name, service=service) for name, service in self.models.items()
            ),
        )

    def composed(self, snapshot: Snapshot, *added: str, profiles: bool = True) -> Services:
        """Return the services as the real Compose starts them, with files added at the end."""
        files = (*snapshot.project.compose_files, *added)
        options = [each for name in self.profiles if profiles for each in ("--profile", name)]
        answer = Case(self.folder, files).run(*options, "config", "--format", "json")
        assert answer.returncode == 0, answer.stderr
        services: Services = json.loads(answer.stdout)["services"]
        return services

    def obeys(self, command: str) -> None:
        """Run one of the commands that a file tells to run, but only have the project checked."""
        words = shlex.split(command)
        assert words[:2] == ["docker", "compose"]
        verb = next(place for place, word in enumerate(words) if word in {"up", "stop"})
        answer = Case(self.folder).run(*words[2:verb], "config", "--quiet")
        assert answer.returncode == 0, answer.stderr


def foreign_project(name: str, folder: Path) -> ForeignProject:
    """Return one of the projects, written to a folder."""
    case = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    for path, content in case.pop("files").items():
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    profiles, named = tuple(case.pop("profiles", ())), tuple(case.pop("named", ()))
    return ForeignProject(folder=folder, profiles=profiles, named=named, **case)


def written(text: str, name: str, folder: Path) -> list[str]:
    """Write a file of ours beside a project's own; return the commands that it tells to run."""
    assert text, "there is no file"
    (folder / name).write_text(text, encoding="utf-8")
    return [
        line.removeprefix("# ")
        for line in text.splitlines()
        if line.startswith("# docker compose ")
    ]
