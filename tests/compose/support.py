"""The real Compose binary, the projects to read with it, and an environment without surprises."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect.compose import ComposeRequest

FOLDER = Path(__file__).parent
VALID = sorted((FOLDER / "valid").glob("*.yaml"))
INVALID = sorted((FOLDER / "invalid").glob("*.yaml"))
PROJECTS = FOLDER / "projects"

SUFFIX = ".exe" if os.name == "nt" else ""
BINARY = Path(sysconfig.get_path("scripts")) / f"docker-compose{SUFFIX}"


@dataclass(frozen=True)
class Case:
    """One way to read one project: a folder and Compose's options."""

    folder: Path
    files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    project_name: str | None = None
    env_files: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return "-".join([self.folder.name, *(Path(file).stem for file in self.files)])

    @property
    def request(self) -> ComposeRequest:
        return ComposeRequest(
            folder=self.folder,
            files=self.files,
            profiles=self.profiles,
            project_name=self.project_name,
            env_files=self.env_files,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the real binary with this case's options but its profiles."""
        options: list[str] = []
        for file in self.files:
            options += ["-f", file]
        for file in self.env_files:
            options += ["--env-file", file]
        if self.project_name:
            options += ["-p", self.project_name]
        return subprocess.run(
            [str(BINARY), *options, *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "PWD": str(self.folder),
                "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "0",
                "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "0",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )

    def oracle(self) -> dict[str, Any]:
        """Return the project as Compose prints it in JSON, a form that hcreport never reads."""
        answer = self.run("--profile", "*", "config", "--format", "json")
        assert answer.returncode == 0, answer.stderr
        data: dict[str, Any] = json.loads(answer.stdout.replace("$$", "$"))
        return data


def single(path: Path) -> Case:
    return Case(path.parent, (path.name,))


def use_real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hcreport use the same binary as the tests, with none of Compose's own variables set."""
    for name in list(os.environ):
        if name.startswith(("COMPOSE_", "HCREPORT_", "OTEL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HCREPORT_COMPOSE", str(BINARY))
