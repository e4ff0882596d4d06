"""The workflow of ``hcreport init`` and our hooks are valid, and start what they say they start."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from hcreport import __version__
from hcreport.cli import main, run
from hcreport.starter.origin import Origin, origin_of_installation, origin_of_release
from hcreport.starter.places import find_place
from hcreport.starter.texts import workflow_text
from tests.generated import ROOT

SCRIPTS = Path(sysconfig.get_path("scripts"))
ACTION = ROOT / ".github" / "actions" / "hcreport" / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ORIGIN = Origin("somebody/hcreport", COMMIT)

HOSTILE = "it's ${{ github.token }} \"#\u2028: $(id) `id`"
"""A name that a folder may have."""


def project(folder: Path, *, inside: str, named: str = "", ignored: bool = False) -> Path:
    """Make a repository with a project in one of its folders; return that folder."""
    home = folder / inside
    home.mkdir(parents=True)
    (folder / ".git").mkdir()
    compose = home / (named or "compose.yaml")
    compose.parent.mkdir(parents=True, exist_ok=True)
    compose.write_text("services: {web: {image: scratch}}\n", encoding="utf-8")
    if ignored:
        (home / ".env").write_text("A=1\n", encoding="utf-8")
        (folder / ".gitignore").write_text("*.log\n.env*\n", encoding="utf-8")
    return home


CASES: dict[str, dict[str, Any]] = {
    "plain": {"inside": ""},
    "in a folder": {"inside": "deploy"},
    "below": {"inside": "", "named": "docker/compose.yaml"},
    "both": {"inside": "apps/shop", "named": "docker/compose.yaml"},
    "environment file": {"inside": "", "ignored": True},
    "hostile": {"inside": HOSTILE, "named": f"{HOSTILE}/compose.yaml"},
}


def text_of(case: str, folder: Path, origin: Origin | None) -> str:
    """Return the workflow of a case, made in a folder."""
    home = project(folder / "repository", **CASES[case])
    named = CASES[case].get("named")
    return workflow_text(find_place(home, (named,) if named else (), (), {}), (), origin)


def step_of(text: str) -> dict[str, Any]:
    """Return the last step of a workflow."""
    step: dict[str, Any] = yaml.safe_load(text)["jobs"]["check"]["steps"][-1]
    return step


def call(*words: str | Path, folder: Path) -> str:
    """Run a program that has to succeed; return all that it says."""
    done = subprocess.run(
        [str(each) for each in words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_workflow_is_valid_and_safe(tmp_path: Path) -> None:
    """By GitHub's schema and by zizmor, which knows what an attacker does with a workflow."""
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for number, case in enumerate(CASES):
        for origin in (None, ORIGIN):
            text = text_of(case, tmp_path / f"{number}-{bool(origin)}", origin)
            (workflows / f"{number}-{bool(origin)}.yml").write_text(text, encoding="utf-8")
    files = sorted(workflows.iterdir())
    assert len(files) == 2 * len(CASES)
    schema = "--builtin-schema=vendor.github-workflows"
    call(SCRIPTS / "check-jsonschema", schema, *files, folder=tmp_path)
    if sys.platform != "win32":
        call(SCRIPTS / "zizmor", "--offline", "--no-progress", *files, folder=tmp_path)


@pytest.mark.parametrize(
    ("case", "inputs"),
    [
        ("plain", {}),
        ("in a folder", {
            "config": "deploy/hcreport.yml",
            "compose-files": "deploy/compose.yaml",
            "path-prefix": "deploy",
        }),
        ("below", {"compose-files": "docker/compose.yaml", "path-prefix": "docker"}),
        ("both", {
            "config": "apps/shop/hcreport.yml",
            "compose-files": "apps/shop/docker/compose.yaml",
            "path-prefix": "apps/shop/docker",
        }),
        ("environment file", {"stale": "false"}),
    ],
)  # fmt: skip
def test_the_action_is_told_what_the_project_is(
    tmp_path: Path, case: str, inputs: dict[str, str]
) -> None:
    text = text_of(case, tmp_path, ORIGIN)
    step = step_of(text)
    assert step["uses"] == f"somebody/hcreport/.github/actions/hcreport@{COMMIT}"
    assert step["with"] == {"fail-on": "high", "summary": "true", "stale": "true"} | inputs
    known = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"]
    offered = re.findall(r"^ +# ([a-z-]+): \"true\"$", text, re.MULTILINE)
    assert set(step["with"]) | set(offered) <= set(known)
    assert offered == ["sarif", "comment"]


@pytest.mark.parametrize(
    ("case", "folder", "environment"),
    [
        ("plain", None, None),
        ("in a folder", "deploy", None),
        ("both", "apps/shop", {"COMPOSE_FILE": "docker/compose.yaml"}),
        ("environment file", None, None),
    ],
)
def test_without_an_origin_the_package_is_installed_and_started(
    tmp_path: Path, case: str, folder: str | None, environment: dict[str, str] | None
) -> None:
    text = text_of(case, tmp_path, None)
    step = step_of(text)
    assert f"pip install hcreport=={__version__}\n" in text
    assert (step.get("working-directory"), step.get("env")) == (folder, environment)
    words = shlex.split(step["run"].partition(" >> ")[0])
    assert words[:2] == ["hcreport", "check"]
    assert ("--stale" in words) == (case != "environment file")
    understood(words[1:])


def understood(words: list[str]) -> None:
    """Fail where a command of ours does not know its own options, without running it."""
    command = main.commands[words[0]]
    with click.Context(main) as parent:
        command.make_context(words[0], list(words[1:]), parent=parent)


def test_a_name_is_no_expression(tmp_path: Path) -> None:
    """GitHub evaluates what stands between ``${{`` and ``}}`` in every value of a workflow."""
    for number, origin in enumerate((None, ORIGIN)):
        text = text_of("hostile", tmp_path / str(number), origin)
        expressions = re.findall(r"\$\{\{ ?(.*?) ?\}\}", text)
        assert set(expressions) == {"github.workflow", "github.ref", "'${{'"}
        step = step_of(text)
        shown = HOSTILE.replace("\u2028", " ").replace("${{", "${{ '${{' }}")
        values = step["with"]["path-prefix"] if origin else step["working-directory"]
        assert values.startswith(shown.replace("  ", " "))
        assert HOSTILE[:4] not in step.get("run", "")


@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_the_workflow_may_only_read(tmp_path: Path, origin: Origin | None) -> None:
    workflow = yaml.safe_load(text_of("plain", tmp_path, origin))
    job = workflow["jobs"]["check"]
    assert (workflow["permissions"], job["permissions"]) == ({}, {"contents": "read"})
    assert job["steps"][0]["with"] == {"persist-credentials": False}


def test_the_starting_workflow_pins_what_our_own_workflows_pin() -> None:
    ours = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    text = (ROOT / "templates/start/workflow.yml.j2").read_text(encoding="utf-8")
    pinned = re.findall(r"uses: ([a-z-]+/[a-z-]+@[0-9a-f]{40} # v\S+)", text)
    assert len(pinned) == 2
    assert set(pinned) <= set(re.findall(r"uses: (\S+ # v\S+)", ours))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"somebody/hcreport@{COMMIT}\n", ORIGIN),
        ("somebody/hcreport@v1.0.0\n", None),
        (f"some body/x@{COMMIT}", None),
        ("", None),
    ],
)
def test_what_the_release_wrote_is_read(text: str, found: Origin | None) -> None:
    assert origin_of_release(text) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://github.com/somebody/hcreport", ORIGIN),
        ("https://github.com/somebody/hcreport.git", ORIGIN),
        ("ssh://git@github.com/somebody/hcreport.git", ORIGIN),
        ("https://github.com.example.org/somebody/hcreport", None),
        ("https://example.org/somebody/hcreport", None),
        ("https://github.com/a/b/c", None),
    ],
)
def test_what_pip_wrote_is_read(address: str, found: Origin | None) -> None:
    written = f'{{"url": "{address}", "vcs_info": {{"vcs": "git", "commit_id": "{COMMIT}"}}}}'
    assert origin_of_installation(written) == found


@pytest.mark.parametrize("text", ["", "[]", '{"url": "file:///x", "dir_info": {}}', "{"])
def test_an_installation_from_elsewhere_has_no_origin(text: str) -> None:
    assert origin_of_installation(text) is None


def test_the_hooks_are_valid_and_start_commands_of_ours() -> None:
    """By pre-commit itself, as its users' copies read them."""
    call(SCRIPTS / "pre-commit", "validate-manifest", HOOKS, folder=ROOT)
    hooks = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert [each["id"] for each in hooks] == ["hcreport-check", "hcreport-stale"]
    for each in hooks:
        program, *words = shlex.split(each["entry"])
        assert program == "hcreport"
        understood(words)
        assert each["pass_filenames"] is False


@pytest.mark.parametrize(
    ("path", "starts"),
    [
        ("compose.yaml", True),
        ("deploy/docker-compose.prod.yml", True),
        ("hcreport.yml", True),
        ("snapshots/2026-01-02.json", True),
        ("README.md", False),
        ("src/compose.py", False),
    ],
)
def test_a_hook_runs_where_it_could_say_something_new(path: str, *, starts: bool) -> None:
    for each in yaml.safe_load(HOOKS.read_text(encoding="utf-8")):
        assert bool(re.search(each["files"], path)) == starts, each["id"]


def test_pre_commit_runs_the_hooks_in_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the program that is installed here; for its users pre-commit installs the same."""
    repository = tmp_path / "theirs"
    repository.mkdir()
    compose = repository / "compose.yaml"
    compose.write_text("name: shop\nservices: {web: {image: web}}\n", encoding="utf-8")
    hooks = [
        each | {"language": "system"} for each in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    ]
    (repository / ".pre-commit-config.yaml").write_text(
        yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}), encoding="utf-8"
    )
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
    call("git", "init", "--quiet", folder=repository)
    with pytest.raises(SystemExit) as exit_info:
        run(["init", "--no-engine"])
    assert exit_info.value.code == 0
    call("git", "add", ".", folder=repository)
    said = call(SCRIPTS / "pre-commit", "run", "--all-files", folder=repository)
    assert said.count("Passed") == 2, said
    compose.write_text("name: shop\nservices: {web: {image: new}}\n", encoding="utf-8")
    done = subprocess.run(
        [SCRIPTS / "pre-commit", "run", "hcreport-stale", "--all-files"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Failed" in done.stdout) == (1, True), done.stdout
