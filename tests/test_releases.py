"""Releases: several versions of a site by the real mike, and notes from the changelog."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hcreport.model import Snapshot
from hcreport.snapshot import read_snapshot, write_snapshot
from hcreport.units import GIB, Bytes
from tests.test_guide import fences

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs/guide/releasing.md"
NOTES = ROOT / ".ci/release-notes"

PROGRAMS = Path(sys.executable).parent


def run(folder: Path, *words: str | Path) -> str:
    """Run a command in a folder with a Git of its own settings; return what it prints."""
    settings = {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "NO_MKDOCS_2_WARNING": "1",
        **{
            f"GIT_{who}_{what}": "somebody"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    done = subprocess.run(
        words, cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def snapshot_of(version: str, day: int) -> Snapshot:
    """Return a snapshot of a project whose engine has more memory with each version."""
    first = read_snapshot(ROOT / "tests/snapshots/models.json")
    assert first.engine is not None
    memory = Bytes(day * GIB)
    return first.model_copy(
        update={
            "title": f"Bookshop {version}",
            "taken_at": first.taken_at.replace(day=day),
            "engine": first.engine.model_copy(update={"memory": memory}),
        }
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in Git whose site has two versions, made by the commands of the guide."""
    folder = tmp_path_factory.mktemp("project")
    (mkdocs,) = [each for each in fences(GUIDE, "yaml") if "provider: mike" in each]
    (folder / "mkdocs.yml").write_text(mkdocs, encoding="utf-8")
    (folder / "hcreport.yml").write_text("snapshots_dir: snapshots\n", encoding="utf-8")
    (folder / "docs").mkdir()
    run(folder, "git", "init", "--quiet", "--initial-branch=main")
    commands = mike_commands()
    assert [words[1] for words in commands] == ["deploy", "set-default", "deploy"]
    releases = iter((("v1.4.0", 8), ("v1.5.0", 9)))
    for words in commands:
        if words[1] == "deploy":
            version, day = next(releases)
            write_snapshot(snapshot_of(version, day), folder / f"snapshots/{version}.json")
            run(folder, "git", "add", ".")
            run(folder, "git", "commit", "--quiet", "--message", version)
        # A reader has a place to push to.
        run(folder, *(word for word in words if word != "--push"))
    return folder


def mike_commands() -> list[list[str]]:
    """Return the commands of the guide that make versions of a site, in their order."""
    lines = [line for block in fences(GUIDE, "sh") for line in block.splitlines()]
    return [line.split() for line in lines if line.startswith("mike ")]


def published(project: Path, path: str) -> str:
    """Return a file of the branch that GitHub Pages shows."""
    return run(project, "git", "show", f"gh-pages:{path}")


def test_the_newest_version_has_the_alias(project: Path) -> None:
    versions = json.loads(published(project, "versions.json"))
    assert [(each["version"], each["aliases"]) for each in versions] == [
        ("1.5", ["latest"]),
        ("1.4", []),
    ]
    assert 'href="latest/"' in published(project, "index.html").replace("'", '"')


def test_each_version_keeps_its_own_numbers(project: Path) -> None:
    files = run(project, "git", "ls-tree", "-r", "--name-only", "gh-pages").splitlines()
    for version, title, other in (("1.4", "v1.4.0", "v1.5.0"), ("1.5", "v1.5.0", "v1.4.0")):
        first_page = published(project, f"{version}/index.html")
        assert f"Bookshop {title}" in first_page
        assert f"Bookshop {other}" not in first_page
        own = {name.removeprefix(f"{version}/") for name in files if name.startswith(f"{version}/")}
        assert {"requirements.json", "assets/hcreport.css", "requirements/index.html"} <= own
    assert "latest/index.html" in files or "latest" in files


def test_the_newer_version_says_what_changed_since_the_release(project: Path) -> None:
    changes = published(project, "1.5/changes/index.html")
    assert "1.4.0" in changes


CHANGES = (
    "## [Unreleased]\n\n## [1.4.0] - 2027-01-01\n\n### Added\n\n- One.\n\n## [1.3.0]\n\n- Two.\n"
)

TAGS = {
    "its own section": ("v1.4.0", "1.4.0", CHANGES, "### Added\n\n- One.\n", ""),
    "another version": ("v1.4.1", "1.4.0", CHANGES, "", "pyproject.toml says 1.4.0"),
    "no section": ("v1.5.0", "1.5.0", CHANGES, "", 'no section "## [1.5.0]"'),
    "an empty section": ("v1.4.0", "1.4.0", "## [1.4.0]\n\n## [1.3.0]\n- Two.\n", "", "no section"),
    "a point is no joker": ("v1.4.0", "1.4.0", "## [1x4.0]\n- One.\n", "", "no section"),
}


@pytest.mark.skipif(not NOTES.is_file(), reason="a packager's archive has no such script")
@pytest.mark.parametrize("case", TAGS)
def test_the_notes_of_a_release_come_from_the_changelog(case: str, tmp_path: Path) -> None:
    tag, version, changes, notes, complaint = TAGS[case]
    (tmp_path / "pyproject.toml").write_text(f'version = "{version}"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(changes, encoding="utf-8")
    done = subprocess.run([NOTES, tag, tmp_path], capture_output=True, text=True, check=False)
    assert done.stdout == notes
    assert complaint in done.stderr
    assert (done.returncode == 0) is bool(notes)
