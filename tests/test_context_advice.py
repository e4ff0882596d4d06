"""A better ignore file leaves out what no program needs, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from hcreport.collect.context import ContextScan, read_context
from hcreport.collect.context.ignore import Rules, read_patterns
from hcreport.collect.context.walk import walk
from hcreport.errors import CollectError

MIB = 1 << 20
GGUF, PARQUET = b"GGUF", b"PAR1"
PYTHON = "FROM python\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"

Tree = Mapping[str, int | bytes]


def scan(
    folder: Path, tree: Tree, dockerfile: str | None = PYTHON, ignore: str = ""
) -> ContextScan:
    """Plant a tree: each file with its length, or its first bytes and a MiB of zeros."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + bytes(MIB) if isinstance(content, bytes) else bytes(content))
    if dockerfile is not None:
        (folder / "Dockerfile").write_text(dockerfile)
    if ignore:
        (folder / ".dockerignore").write_text(ignore)
    return read_context(folder)


SURE: tuple[tuple[str, Tree, str], ...] = (
    ("history", {".git/objects/pack": 100, "sub/.git": 10}, "**/.git"),
    ("environment", {".venv/pyvenv.cfg": 1, ".venv/lib/x.py": 100}, "**/.venv"),
    ("other name", {"my-env/pyvenv.cfg": 1, "my-env/lib/x.py": 9}, "my-env"),
    ("no marker", {"env/lib/python3.11/site-packages/x.py": 9}, "**/env"),
    ("bytecode", {"app/__pycache__/a.pyc": 5}, "**/__pycache__"),
    ("bytecode beside", {"app/a.pyc": 5}, "**/*.pyc"),
    ("cache", {".mypy_cache/x": 5}, "**/.mypy_cache"),
    ("logs", {"logs/a.log": 5, "b/c.log": 5}, "**/*.log"),
    ("folder of logs", {"logs/a.txt": 5}, "logs/*"),
    ("editor", {".idea/x.xml": 5}, "**/.idea"),
    ("coverage", {".coverage": 5}, "**/.coverage"),
    ("system", {"a/.DS_Store": 5}, "**/.DS_Store"),
)


@pytest.mark.parametrize(("tree", "pattern"), [each[1:] for each in SURE], ids=[e[0] for e in SURE])
def test_what_is_sure(tree: Tree, pattern: str, tmp_path: Path) -> None:
    found = scan(tmp_path, {**tree, "app/main.py": 7})
    assert [(each.pattern, each.certainty) for each in found.advised] == [(pattern, "sure")]
    assert found.advised[0].saves == sum(size for size in tree.values() if isinstance(size, int))
    assert found.leaves == found.leaves_sure == found.size - found.advised[0].saves


LIKELY: tuple[tuple[str, Tree, list[str]], ...] = (
    ("models", {"models/a.gguf": GGUF}, ["**/*.gguf"]),
    ("models beside code", {"models/a.gguf": GGUF, "models/user.py": 9}, ["**/*.gguf"]),
    ("no known ending", {"x/weights.mine": GGUF}, ["**/*.mine"]),
    ("a small file of the name", {"a/x.pt": b"PK\3\4", "b/form.pt": 9}, ["a/*.pt"]),
    ("data", {"data/a.parquet": PARQUET, "data/b.csv": 2 * MIB}, ["data"]),
    ("data beside code", {"data/a.csv": 2 * MIB, "data/load.py": 9}, ["data/*.csv"]),
    ("data beside settings", {"data/a.csv": 2 * MIB, "data/x.yml": 9}, ["data/*.csv"]),
    ("data that is kept", {"data/a.csv": 2 * MIB, "data/.gitkeep": 0}, ["data"]),
    ("pictures", {f"data/{number}.jpg": MIB // 4 for number in range(4)}, ["data"]),
    ("archive", {"backup/x.tar.gz": b"\x1f\x8b"}, ["backup/*.tar.gz"]),
    ("documentation", {"docs/a.pdf": MIB, "docs/conf.py": 9}, ["docs"]),
    ("tests with code", {"tests/test_a.py": 9, "tests/fixtures/x.bin": MIB}, ["tests/fixtures"]),
    ("little", {"docs/a.pdf": 1000, "data/a.jpg": 9}, []),
    ("secrets", {".env": 9, ".env.local": 9, ".env.example": 9}, ["**/.env.local", "**/.env"]),
    ("keys", {"certs/a.pem": 9, "id_rsa": 9}, ["**/*.pem", "**/id_rsa"]),
    ("models in a cache", {".cache/huggingface/x": MIB}, ["**/.cache/huggingface"]),
    ("packages of Node", {"web/node_modules/a.js": MIB}, ["**/node_modules"]),
)  # fmt: skip


@pytest.mark.parametrize(("tree", "lines"), [e[1:] for e in LIKELY], ids=[e[0] for e in LIKELY])
def test_what_is_likely(tree: Tree, lines: list[str], tmp_path: Path) -> None:
    found = scan(tmp_path, {**tree, "app/main.py": 7})
    assert sorted(each.pattern for each in found.advised) == sorted(lines)
    assert {each.certainty for each in found.advised} <= {"likely"}
    assert found.leaves_sure == found.size
    assert not found.ignored("app/main.py")


KEPT: tuple[tuple[str, Tree, str, str, list[str]], ...] = (
    ("copied folder", {"models/a.gguf": GGUF}, "COPY models /m", "", []),
    ("copied by pattern", {"models/a.gguf": GGUF}, "COPY mod*/*.gguf /m/", "", []),
    ("mounted", {"data/a.csv": 2 * MIB}, "RUN --mount=type=bind,source=data,target=/d x", "", []),
    ("unknown folder", {"x/a.gguf": GGUF}, "COPY ${WHERE} /m", "", []),
    ("unknown folder, but sure", {".idea/x": 9}, "COPY ${WHERE} /m", "", ["**/.idea"]),
    ("used by a command", {"a/b.tar.gz": b"\x1f\x8b"}, "COPY . .\nRUN tar xf a/b.tar.gz", "", []),
    ("copied environment", {".venv/pyvenv.cfg": 9}, "COPY .venv /v", "", []),
    ("copied history", {".git/x": 9}, "COPY .git/x /v", "", []),
    ("one of two", {"a/node_modules/x": MIB, "b/node_modules/x": MIB}, "COPY a/node_modules /v", "",
     ["b/node_modules"]),
    ("inside of a copied folder", {"app/__pycache__/x.pyc": 9, "app/.env": 9}, "COPY app /v", "",
     ["**/__pycache__", "**/.env"]),
    ("brought back", {"x/a.gguf": GGUF, "b.gguf": GGUF}, "COPY . .", "**/*.gguf\n!x/a.gguf", []),
    ("brought back, not what lies in it", {"app/__pycache__/x.pyc": 9}, "COPY . .", "*\n!app",
     ["**/__pycache__"]),
    ("settings in a folder of tests", {"tests/a.bin": MIB, "tests/package.json": 9}, "COPY . .", "",
     []),
)  # fmt: skip


@pytest.mark.parametrize(
    ("tree", "dockerfile", "ignore", "lines"), [e[1:] for e in KEPT], ids=[e[0] for e in KEPT]
)
def test_what_has_to_stay(
    tree: Tree, dockerfile: str, ignore: str, lines: list[str], tmp_path: Path
) -> None:
    found = scan(tmp_path, {**tree, "main.py": 7}, dockerfile, ignore)
    assert [each.pattern for each in found.advised] == lines


def test_what_the_build_reads_is_not_sure(tmp_path: Path) -> None:
    tree: Tree = {".git/x": MIB, "pyproject.toml": 0}
    assert [each.certainty for each in scan(tmp_path, tree).advised] == ["sure"]
    (tmp_path / "pyproject.toml").write_text('requires = ["setuptools-scm"]')
    assert [each.certainty for each in read_context(tmp_path).advised] == ["likely"]
    (tmp_path / "pyproject.toml").unlink()
    (tmp_path / "Dockerfile").write_text("COPY . .\nRUN git describe > version")
    assert [each.certainty for each in read_context(tmp_path).advised] == ["likely"]


def test_an_environment_that_nothing_replaces_is_not_sure(tmp_path: Path) -> None:
    found = scan(tmp_path, {".venv/pyvenv.cfg": 9, ".venv/x": MIB}, "FROM x\nCOPY . .\n")
    assert [each.certainty for each in found.advised] == ["likely"]


PRIVATE: Tree = {
    "our secret[1]/client!.csv": 2 * MIB,
    "#start/x.csv": 2 * MIB,
    "a|b/x.csv": 2 * MIB,
    "end /x.csv": 2 * MIB,
    "\udcff\n/x.csv": 2 * MIB,
    "data/x.csv": 2 * MIB,
    "z.csv": 2 * MIB,
}


def test_patterns_of_odd_names_match_them(tmp_path: Path) -> None:
    found = scan(tmp_path, PRIVATE)
    assert len(found.advised) == 7
    assert {each.saves for each in found.advised} == {2 * MIB}
    assert all(found.ignored(os.fsencode(name)) for name in PRIVATE)
    text = found.text().encode("utf-8", "surrogateescape")
    files = walk(tmp_path, Rules(read_patterns(text)), patience=60)
    assert files.total() == found.leaves


def test_a_record_has_no_private_name(tmp_path: Path) -> None:
    found = scan(tmp_path, PRIVATE)
    record = found.record(("web",), "web")
    text = record.model_dump_json()
    for name in ("secret", "client", "start", "a|b", "end"):
        assert name not in text.replace('"sent"', "")
    assert sorted(record.advised) == ["*.csv", "*/*.csv", "data"]
    assert (record.services, record.path, record.ignore_file) == (("web",), "web", None)
    assert {each.path for each in record.largest} == {"*/*.csv", "data", "*.csv", "."}
    assert int(record.sent) == found.size == sum(map(int, record.groups.values()))


@pytest.mark.parametrize("builder", ["buildkit", "classic", "docker-20.10"])
def test_the_better_file_leaves_what_is_said(builder: str, tmp_path: Path) -> None:
    """Written beside the project, it sends exactly the stated bytes, hard links too."""
    tree: Tree = {
        ".git/x": 50,
        ".venv/pyvenv.cfg": 9,
        "models/a.gguf": GGUF,
        "app/a.py": 70,
        "data/a.csv": MIB,
        "keep/data/b.csv": MIB,
    }
    scan(tmp_path, tree, ignore="# ours\nkeep\n!keep/data\n")
    (tmp_path / ".venv/same.gguf").hardlink_to(tmp_path / "models/a.gguf")
    (tmp_path / "app/same.py").hardlink_to(tmp_path / "app/a.py")
    found = read_context(tmp_path, builder=builder)  # type: ignore[arg-type]
    assert found.text().startswith("# ours\nkeep\n!keep/data\n\n# ")
    for text, left in (
        (found.text(), found.leaves),
        (found.text(only_sure=True), found.leaves_sure),
    ):
        (tmp_path / ".dockerignore").write_text(text)
        after = read_context(tmp_path, builder=builder)  # type: ignore[arg-type]
        assert after.size - len(text) == left - len("# ours\nkeep\n!keep/data\n")
    assert found.size - found.leaves == sum(each.saves for each in found.advised)


def test_what_is_sent_by_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = scan(tmp_path, {"a/b.py": 1}, ignore="*\n!**/*.py\n")
    assert found.sent("a/b.py")
    assert len(found.notes) == 1
    assert found.notes[0].startswith("The classic builder (DOCKER_BUILDKIT=0) may send less")
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    assert not read_context(tmp_path).sent("a/b.py")


@pytest.mark.parametrize("dockerfile", ["missing", "folder"])
def test_a_dockerfile_that_is_none(dockerfile: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    found = read_context(tmp_path, dockerfile=dockerfile)
    assert found.notes[0].startswith("What the Dockerfile names was not looked at")
    assert not found.copies_whole


def test_content_of_secrets_is_not_read(tmp_path: Path) -> None:
    """They are pipes here: whoever opens one to read waits for ever."""
    for name in (".env", "key.pem", "id_rsa"):
        os.mkfifo(tmp_path / name)
    found = read_context(tmp_path)
    assert {each.saves for each in found.advised} == {0}
    assert len(found.advised) == 3


def test_a_refused_pattern_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"Line 2 of \.dockerignore"):
        scan(tmp_path, {"a": 1}, ignore="b\n[\n")
