"""What a build context sends, held against what real builds put into an image.

Docker's command line applies the patterns itself, so each that is installed is tried: the one on
the path and the one of the distribution. Docker before 23.0 compares patterns otherwise; where it
differs stands in ``tests/ignore_cases.py``, and it is held to that. Its two builders are tried with
the same table and do not differ from each other. Between Docker's present builders the difference
is that BuildKit finds exceptions with wildcards in folders that are left out.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from hcreport.collect.context import Builder, read_context
from hcreport.collect.context.ignore import IGNORE_FILE, Rules, read_patterns
from hcreport.collect.context.walk import walk
from tests.engine_fixture import RunningEngine, unavailable
from tests.engine_fixture import engine_of_its_own as engine
from tests.ignore_cases import ALL, CASES, Case, plant

__all__ = ["engine"]

pytestmark = pytest.mark.engine

RANDOM_BUILDS = 24
BUILDS_AT_ONCE = 4


@dataclass(frozen=True)
class CommandLine:
    """One of Docker's command lines with one builder."""

    program: str
    buildkit: bool
    builder: Builder

    def __str__(self) -> str:
        return f"{Path(self.program).parent.parent.name} {self.builder} {self.buildkit}"

    def build(
        self, engine: RunningEngine, folder: Path, on_size: Callable[[int], object] = id
    ) -> frozenset[str] | None:
        """Return the files that a build of a folder put into its image; None where it refuses."""
        settings = {**os.environ, "DOCKER_BUILDKIT": str(int(self.buildkit))}
        command = [self.program, "--host", engine.host, "build", "--quiet", str(folder)]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
        if done.returncode:
            # Whatever else is wrong must not pass for a refused pattern.
            assert re.search("syntax error in pattern|illegal exclusion", done.stderr), done.stderr
            return None
        image = done.stdout.split()[-1]
        # Cases with the same files have the same image, so it stays until all are done.
        engine.images.add(image)
        found = engine.client.images.get(image)
        if not found.attrs["RootFS"].get("Layers"):  # nothing was sent
            return frozenset()
        on_size(found.attrs["Size"])
        return files_of(b"".join(found.save()))


def files_of(archive: bytes) -> frozenset[str]:
    """Return the paths of all that is no folder in an image of one layer at most."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as image:
        manifest = image.extractfile("manifest.json")
        assert manifest is not None
        found: set[str] = set()
        for name in json.load(manifest)[0]["Layers"] or ():
            layer = image.extractfile(name)
            assert layer is not None
            with tarfile.open(fileobj=layer) as entries:
                found |= {each.name for each in entries if not each.isdir()}
    return frozenset(found)


def command_lines() -> list[CommandLine]:
    """Return the command lines that are installed, each with the builders that it has."""
    result: list[CommandLine] = []
    candidates = (shutil.which("docker"), "/usr/bin/docker", "/usr/local/bin/docker")
    for program in dict.fromkeys(os.path.realpath(each) for each in candidates if each):
        if not Path(program).is_file():
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        version = re.search(r"version (\d+)\.", said.stdout)
        assert version is not None, said.stdout
        if int(version[1]) < 23:
            result.append(CommandLine(program, False, "docker-20.10"))
            result.append(CommandLine(program, True, "docker-20.10"))
            continue
        result.append(CommandLine(program, False, "classic"))
        plugin = subprocess.run([program, "buildx", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            result.append(CommandLine(program, True, "buildkit"))
    return result


INSTALLED: tuple[CommandLine | None, ...] = tuple(command_lines())


@pytest.fixture(params=INSTALLED or (None,), ids=str)
def docker(request: pytest.FixtureRequest) -> CommandLine:
    """Return one command line after the other."""
    found: CommandLine | None = request.param
    if found is None:
        unavailable("Docker's command line is not installed")
        raise AssertionError
    return found


def test_the_table_is_what_docker_sends(
    docker: CommandLine, engine: RunningEngine, tmp_path: Path
) -> None:
    def try_one(case: Case) -> object:
        folder = tmp_path / str(CASES.index(case))
        folder.mkdir()
        plant(folder, case.text)
        return differences(docker.build(engine, folder), case.by(docker.builder))

    with ThreadPoolExecutor(BUILDS_AT_ONCE) as pool:
        found = dict(zip((case.name for case in CASES), pool.map(try_one, CASES), strict=True))
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) >= 40


def differences(real: frozenset[str] | None, expected: frozenset[str] | None) -> object:
    if real == expected:
        return None
    if real is None or expected is None:
        return {"real": real, "expected": expected}
    return {"only real": sorted(real - expected), "only expected": sorted(expected - real)}


def test_random_patterns(docker: CommandLine, engine: RunningEngine, tmp_path: Path) -> None:
    chance, decided = random.Random(5), list[bool]()
    texts = [
        "\n".join(random_pattern(chance) for _ in range(chance.randint(1, 5)))
        for _ in range(RANDOM_BUILDS)
    ]

    def try_one(number: int) -> object:
        folder = tmp_path / str(number)
        folder.mkdir()
        plant(folder, texts[number])
        patterns = read_patterns(texts[number].encode(), builder=docker.builder)
        rules = Rules(patterns, builder=docker.builder, always=(IGNORE_FILE, "Dockerfile"))
        ours = frozenset(path.decode() for path in walk(folder, rules, patience=60).paths)
        decided.append(0 < len(ours) < len(ALL))
        return differences(docker.build(engine, folder), ours)

    with ThreadPoolExecutor(BUILDS_AT_ONCE) as pool:
        found = dict(zip(texts, pool.map(try_one, range(RANDOM_BUILDS)), strict=True))
    assert {text: wrong for text, wrong in found.items() if wrong} == {}
    assert sum(decided) > RANDOM_BUILDS / 5


def random_pattern(chance: random.Random) -> str:
    words = [
        "*",
        "**",
        "a",
        "b",
        "foo",
        "docs",
        "src",
        "util",
        "build",
        "*.md",
        "*.txt",
        "?",
        "[a-f]*",
    ]
    text = "/".join(chance.choice(words) for _ in range(chance.randint(1, 3)))
    return chance.choice(["", "", "", "/", "!", "!"]) + text + chance.choice(["", "", "", "/"])


def test_own_ignore_file_of_a_dockerfile(
    docker: CommandLine, engine: RunningEngine, tmp_path: Path
) -> None:
    """BuildKit takes ``Dockerfile.dockerignore``, the classic builder does not know it."""
    plant(tmp_path, "docs")
    for content in ("src\nDockerfile.dockerignore", ""):
        (tmp_path / "Dockerfile.dockerignore").write_text(content, encoding="utf-8")
        real = docker.build(engine, tmp_path)
        builder: Builder = "buildkit" if docker.buildkit else docker.builder
        scan = read_context(tmp_path, builder=builder)
        files = ALL | {"Dockerfile.dockerignore"}
        assert real == frozenset(path for path in files if scan.sent(path))
        assert scan.ignore_file == ("Dockerfile.dockerignore" if docker.buildkit else IGNORE_FILE)


def test_special_files_and_lengths(
    docker: CommandLine, engine: RunningEngine, tmp_path: Path
) -> None:
    """Links are sent as links, a file with two names once, and names may hold any byte."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    (tmp_path / "one").write_bytes(bytes(100_000))
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    (tmp_path / "line\nfeed").write_bytes(b"12345")
    for name, target in (links := {"loop": ".", "nowhere": "/nowhere"}).items():
        (tmp_path / name).symlink_to(target)
    files = {"Dockerfile", "one", "two", "line\nfeed", *links}
    sizes: list[int] = []
    assert sorted(docker.build(engine, tmp_path, sizes.append) or ()) == sorted(files)
    scan = read_context(tmp_path, builder=docker.builder)
    # The classic builder also counts the text of a link.
    assert sizes[0] - scan.size in (0, sum(map(len, links.values())))
    assert scan.files == len(files)
