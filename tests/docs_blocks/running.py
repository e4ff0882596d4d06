"""Runs the commands of a page, one after the other, in a copy of one small Compose project.

What starts with ``hcreport`` and is nothing but words is run in this process: the same function as
the program's, without the time that a start takes. Everything else is run by bash.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hcreport import cli
from tests.docs_blocks.blocks import Block
from tests.docs_blocks.commands import parts_of

HERE = Path(__file__).parent
PROJECT = HERE / "project"
IMAGE = "shop-web:latest"
"""The image of every service of the project, and of the commands that name one."""

BASE = "shop-base:1"
"""The image that it is built from."""

PUBLISHED = "published"
"""Folder beside a snapshot with its pages, from which a reader has downloaded what is no page."""

SCRIPTS = sysconfig.get_path("scripts")

_LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    said: str
    """Standard output and standard error, one after the other."""


@cache
def lists() -> dict[str, list[dict[str, Any]]]:
    """Return ``not_run.yaml``."""
    data: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "not_run.yaml").read_text())
    return data


def entry_for(command: str, kind: str) -> dict[str, Any] | None:
    """Return the entry of a list that a command falls under."""
    return next((each for each in lists()[kind] if fnmatchcase(command, each["command"])), None)


def is_run(command: str) -> bool:
    """Whether tests run this command."""
    return entry_for(command, "not_run") is None


def needs_engine(command: str) -> bool:
    """Whether a command asks a Docker engine."""
    return is_run(command) and any(_asks(part) for part in parts_of(command))


def _asks(words: list[str]) -> bool:
    if words[0] != "hcreport":
        return words[0] in ("docker", "sh", "make")
    asking = {"collect", "doctor", "image", "init", "prove"}
    return words[1] in asking and "--no-engine" not in words


def page_needs_engine(blocks: Iterable[Block]) -> bool:
    """Whether one of the commands of a page asks an engine; then they all run beside one."""
    shells = (block for block in blocks if block.language == "sh")
    return any(needs_engine(command) for block in shells for command in block.commands)


def environment(folder: Path) -> dict[str, str]:
    """Return what commands find: our programs, Compose as Docker's plugin, a home of their own."""
    plugins = folder / "docker/cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(Path(SCRIPTS) / "docker-compose")
    return {
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "DOCKER_CONFIG": str(plugins.parent),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "NO_COLOR": "1",
    }


def prepared(folder: Path, *, snapshot: Path | None) -> Path:
    """Return a copy of the project; with a snapshot it is one that uses hcreport already."""
    project = folder / "shop"
    shutil.copytree(PROJECT, project)
    if snapshot is not None:
        snapshots = project / "snapshots"
        snapshots.mkdir()
        for name in ("latest.json", "2026-05-12.json", "v1.4.0.json"):
            shutil.copy(snapshot, snapshots / name)
        shutil.copy(snapshot, project / "snapshot.json")
        (project / "hcreport.yml").write_text("snapshots_dir: snapshots\n", encoding="utf-8")
        for each in snapshot.parent.glob(f"{PUBLISHED}/*"):
            if each.is_file() and each.suffix != ".md":
                shutil.copy(each, project)
    return project


def run(command: str, project: Path) -> Ran:
    """Run one command in the folder of the project."""
    parts = parts_of(command)
    simple = len(parts) == 1 and shlex.split(command) == parts[0]
    if simple and parts[0][0] == "hcreport":
        return _run_here(parts[0][1:], project)
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=_LONGEST_SECONDS,
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def _run_here(words: list[str], project: Path) -> Ran:
    with contextlib.chdir(project), tempfile.TemporaryFile("w+") as said:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                cli.run(words)
            except SystemExit as ended:
                code = ended.code
        said.seek(0)
        return Ran(int(code or 0), said.read())


def failures(blocks: Iterable[Block], project: Path) -> Iterator[str]:
    """Do what a page says, in its order: write its files, run its commands.

    Yields each command that does not end as it should.
    """
    for block in blocks:
        if block.file:
            path = project / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        for command in block.commands if block.language == "sh" else ():
            if is_run(command):
                expected = (entry_for(command, "ends_with") or {"code": 0})["code"]
                ran = run(command, project)
                if ran.code != expected:
                    yield f"{block.place}: `{command}` ends with {ran.code}:\n{ran.said[:1500]}"


def every_page(blocks: Iterable[Block]) -> dict[str, list[Block]]:
    """Return the blocks by page; pages without commands to run are left out."""
    pages: dict[str, list[Block]] = {}
    for block in blocks:
        pages.setdefault(block.page, []).append(block)
    return {page: each for page, each in pages.items() if any(map(_runs, each))}


def _runs(block: Block) -> bool:
    return block.language == "sh" and any(map(is_run, block.commands))
