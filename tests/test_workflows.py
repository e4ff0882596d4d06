"""Our workflows and our action: valid, pinned, with least permissions, and without weak spots."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.required import missing

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
ACTION = ROOT / ".github/actions/hcreport/action.yml"

# A packager's archive has no workflows.
pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="these are not the project's own files")


def program(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that is installed beside Python."""
    return subprocess.run(
        [Path(sys.executable).parent / name, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_least_permissions(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"]
        assert "timeout-minutes" in job or "uses" in job, name


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_other_peoples_actions_are_pinned(path: Path) -> None:
    for line in re.findall(r"uses: .*", path.read_text(encoding="utf-8")):
        ours = re.fullmatch(r"uses: \./(\.github/[\w./-]+)", line)
        if ours:
            assert (ROOT / ours[1]).exists(), line
        else:
            assert re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_version_everywhere() -> None:
    files = [*WORKFLOWS, ACTION, *(ROOT / "templates/start").glob("*.j2")]
    versions: dict[str, set[str]] = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        for name, version in re.findall(r"uses: ([\w-]+/[\w/-]+)@([0-9a-f]{40} # \S+)", text):
            versions.setdefault(name, set()).add(version)
    assert len(versions) >= 5
    assert {name for name, found in versions.items() if len(found) > 1} == set()


def test_only_the_jobs_that_publish_may_write() -> None:
    writing = set()
    for path in WORKFLOWS:
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        for name, job in jobs.items():
            if "write" in job["permissions"].values():
                writing.add(f"{path.stem} {name}")
                # Code of the project runs in no job that may write.
                assert not any("checkout" in step.get("uses", "") for step in job["steps"]), name
    assert writing == {"pages publish", "release pypi", "release github"}


def test_they_are_what_github_expects() -> None:
    for schema, files in {
        "vendor.github-workflows": WORKFLOWS,
        "vendor.github-actions": [ACTION],
        "vendor.dependabot": [ROOT / ".github/dependabot.yml"],
    }.items():
        done = program("check-jsonschema", "--builtin-schema", schema, *files)
        assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_no_weak_spot() -> None:
    done = program("zizmor", "--offline", "--no-progress", ".github")
    assert done.returncode == 0, done.stdout + done.stderr


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    if shutil.which("shellcheck") is None:
        missing("shells", "shellcheck is not installed")
    scripts = [*ACTION.parent.glob("*.sh"), ROOT / ".ci/release-notes", ROOT / ".ci/run"]
    assert len(scripts) >= 8
    done = subprocess.run(
        ["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_script_is_used_and_every_input_reaches_one() -> None:
    text = ACTION.read_text(encoding="utf-8")
    used = set(re.findall(r"GITHUB_ACTION_PATH/([\w-]+\.sh)", text)) | {"common.sh"}
    assert used == {path.name for path in ACTION.parent.glob("*.sh")}
    action = yaml.safe_load(text)
    steps = yaml.safe_dump(action["runs"]["steps"])
    assert set(re.findall(r"inputs\.([\w-]+)", steps)) == set(action["inputs"])
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step["name"]
