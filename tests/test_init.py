"""``hcreport init`` in five projects: afterwards ``check`` and ``build`` succeed, each by itself.

The projects are read by the real Compose, and no engine answers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from hcreport.cli import run
from hcreport.config import read_config
from hcreport.snapshot import read_snapshot

# The Docker client leaves its socket open where nobody answers; Python closes it.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

PROJECTS = Path(__file__).parent / "init"

_KEY = re.compile(r"# [a-z_]+:( |$)(?!.*[.]$)")

WORKFLOW = ".github/workflows/hcreport.yml"


@dataclass(frozen=True)
class Case:
    """One project, how ``init`` is called there, and what it has to find."""

    name: str
    services: int
    files: tuple[str, ...]
    """Compose's ``-f`` in the next command; none where Compose finds its files by itself."""
    words: tuple[str, ...] = ()
    nav: bool = False
    """Its own site has a navigation."""
    plugins: str = ""
    """The line after which its own site takes the plugin; empty where it has no site."""
    folder: Path = field(default=Path(), compare=False)


CASES = (
    Case("bookshop", 3, ()),
    Case("wiki", 3, (), nav=True, plugins="plugins:\n  - search\n"),
    Case("forum", 2, (), plugins="theme: mkdocs\n"),
    Case(
        "sensors",
        3,
        ("base.yaml", "laboratory.yaml"),
        words=("-f", "base.yaml", "-f", "laboratory.yaml"),
    ),
    Case("notes", 2, ("deploy/compose.yml",), nav=True, plugins="plugins:\n  search: {}\n"),
)


def hcreport(*words: str) -> int:
    """Call the command line in the current folder; return its exit code."""
    with pytest.raises(SystemExit) as exit_info:
        run(list(words))
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Case, Path]]:
    """A project after ``hcreport init``, which is the current folder meanwhile."""
    case: Case = request.param
    folder = tmp_path_factory.mktemp("init") / case.name
    shutil.copytree(PROJECTS / case.name, folder)
    (folder / ".git").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        before = _content(folder)
        assert hcreport("init", *case.words) == 0
        after = _content(folder)
        assert {path: after[path] for path in before} == before
        yield case, folder


def _content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != "site"
    }


def test_check_and_build_succeed_at_once(
    started: tuple[Case, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = started
    assert hcreport("check") == 0, capsys.readouterr()
    assert hcreport("build") == 0, capsys.readouterr()
    assert (folder / "site" / "requirements.html").is_file()


def test_it_writes_three_files_that_belong_together(started: tuple[Case, Path]) -> None:
    case, folder = started
    config = read_config(folder / "hcreport.yml")
    assert config.snapshots_dir == "snapshots"
    assert config.baseline is not None
    snapshot = read_snapshot(folder / config.baseline)
    assert config.baseline == f"snapshots/{snapshot.taken_at.date()}.json"
    assert len(snapshot.services) == case.services
    assert snapshot.engine is None
    assert (folder / WORKFLOW).is_file()
    options = " ".join(f"-f {each}" for each in case.files)
    collect = " ".join(["hcreport collect", *([options] if options else []), "-o"])
    assert f"{collect} snapshots/2099-12-31.json" in (folder / "hcreport.yml").read_text("utf-8")


def test_every_line_of_the_configuration_is_valid_once_it_is_switched_on(
    started: tuple[Case, Path], tmp_path: Path
) -> None:
    """What stands behind a comment is an example, and has to be one; sentences end with a point."""
    _, folder = started
    lines = (folder / "hcreport.yml").read_text(encoding="utf-8").splitlines()
    examples = [each for each in lines if "hcreport co" not in each]
    path = tmp_path / "hcreport.yml"
    path.write_text(
        "\n".join(
            each.removeprefix("# ") if each.startswith("#   ") or _KEY.match(each) else each
            for each in examples
        ),
        encoding="utf-8",
    )
    config = read_config(path)
    assert (config.max_age_days, config.title is not None) == (90, True)
    assert config.budgets.largest_image is not None
    assert config.suppress[0].until is not None


def test_the_snapshot_is_not_stale_here_and_in_the_workflow(
    started: tuple[Case, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, folder = started
    assert hcreport("check", "--stale", *(f"-f{each}" for each in case.files)) == 0
    workflow = yaml.safe_load((folder / WORKFLOW).read_text(encoding="utf-8"))
    step = workflow["jobs"]["check"]["steps"][-1]
    assert step["run"].startswith("hcreport check --stale")
    for name, value in step.get("env", {}).items():
        monkeypatch.setenv(name, value)
    assert hcreport("check", "--stale") == 0, capsys.readouterr()


def test_it_may_be_run_again(
    started: tuple[Case, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    case, folder = started
    before = _content(folder)
    assert hcreport("init", *case.words) == 0
    told = capsys.readouterr().out
    assert _content(folder) == before
    assert "Written" not in told
    for path in (f"{read_config(folder / 'hcreport.yml').baseline}", "hcreport.yml", WORKFLOW):
        assert f"\n  {path} (" in told


def test_the_lines_for_a_site_of_their_own_make_it_show_the_report(
    started: tuple[Case, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    case, folder = started
    assert hcreport("init", *case.words) == 0
    told = capsys.readouterr().out
    assert ("Your own site" in told) == bool(case.plugins)
    if not case.plugins:
        return
    plugin, nav = _lines_for_a_site(told)
    path = folder / "mkdocs.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(case.plugins, f"{case.plugins}{plugin}\n"), encoding="utf-8")
    assert bool(nav) == case.nav
    if nav:
        _add_to_nav(path, nav)
    assert hcreport("build") == 0, capsys.readouterr()
    assert (folder / "site" / "health" / "requirements" / "index.html").is_file()
    first = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert "health/requirements/" in first
    assert hcreport("init", *case.words) == 0
    assert "Your own site" not in capsys.readouterr().out


def _lines_for_a_site(told: str) -> tuple[str, str]:
    """Return the lines for the plugin and for the navigation, as they are printed."""
    _, _, rest = told.partition("Your own site can show the report.")
    head, *blocks = rest.split("\n\n")
    assert "mkdocs.yml:" in head
    has_nav = blocks[1].startswith("Add under `nav`")
    return blocks[0], blocks[2] if has_nav else ""


def _add_to_nav(path: Path, lines: str) -> None:
    """Add the lines at the end of a navigation, whichever way that is written."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["nav"] += yaml.safe_load(lines)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def test_known_problems_pass_and_new_ones_do_not(tmp_path: Path) -> None:
    """In a process of its own, as a user calls it: an engine too small for a limit is known."""
    overfull = {
        "schema": 1,
        "taken_at": "2026-01-02T03:04:05Z",
        "tool": "hcreport test",
        "project": {"name": "shop"},
        "engine": {"memory_total": 1_073_741_824},
        "services": [{"name": "web", "limits": {"memory": 2_147_483_648}}],
    }
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (tmp_path / "compose.yaml").write_text("services: {web: {image: web}}\n", encoding="utf-8")
    (folder / "first.json").write_text(json.dumps(overfull), encoding="utf-8")

    def call(*words: str) -> int:
        done = subprocess.run(
            [sys.executable, "-m", "hcreport", *words],
            cwd=tmp_path,
            env=os.environ | {"DOCKER_HOST": "unix:///nonexistent/docker.sock"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode

    assert call("init") == 0
    assert 'baseline: "snapshots/first.json"' in (tmp_path / "hcreport.yml").read_text("utf-8")
    assert call("check") == 0
    assert call("check", "--no-baseline") == 1
