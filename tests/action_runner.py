"""Runs the steps of our composite action with bash in their order, as GitHub's runner does.

Steps that use another action are not run; the inputs that they would get are kept. Expressions are
only those that our action has: a name, a comparison, ``&&``, ``||`` and ``!cancelled()``.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
ACTION = ROOT / ".github/actions/hcreport"

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_COMPARISON = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")
_NAME = re.compile(r"[\w.-]+")
_ALWAYS = "!cancelled()"


@dataclass
class Done:
    """What a run of the action left."""

    log: str = ""
    failed: bool = False
    summary: str = ""
    ran: list[str] = field(default_factory=list)
    """Names of the steps that ran."""
    used: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Inputs of other actions, by the name of the step."""
    outputs: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What an expression may name, such as ``steps.check.outputs.exit-code``."""


def definition() -> dict[str, Any]:
    """Return what is written in ``action.yml``."""
    loaded: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    return loaded


def run_action(
    workspace: Path,
    temporary: Path,
    environment: Mapping[str, str],
    *,
    python: str = "",
    inputs: Mapping[str, str],
) -> Done:
    """Run the action in a folder that was checked out; ``temporary`` lives as long as a job.

    An input is named with underscores. ``python`` is what ``actions/setup-python`` finds.
    """
    action = definition()
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    assert given.keys() <= action["inputs"].keys(), "GitHub only warns of an unknown input"
    values = {name: each["default"] for name, each in action["inputs"].items()} | given
    done = Done(names={f"inputs.{name}": value for name, value in values.items()})
    done.names["steps.python.outputs.python-path"] = python
    temporary.mkdir(exist_ok=True)
    for step in action["runs"]["steps"]:
        if not _wanted(step.get("if", ""), done):
            continue
        done.ran.append(step["name"])
        if "uses" in step:
            done.used[step["name"]] = _filled(step.get("with", {}), done)
        else:
            run_step(step, done, workspace, temporary, environment)
    for name, each in action["outputs"].items():
        done.outputs[name] = _text(each["value"], done)
    return done


def _wanted(condition: str, done: Done) -> bool:
    """Tell whether a step runs: without a word about the state, only where no step has failed."""
    if condition == _ALWAYS:
        return True
    return not done.failed and all(
        _compared(part, done) for part in condition.split(" && ") if part
    )


def _compared(part: str, done: Done) -> bool:
    match = _COMPARISON.fullmatch(part)
    assert match, f"this runner does not know the condition {part}"
    return (done.names.get(match[1], "") == match[3]) is (match[2] == "==")


def _filled(pairs: Mapping[str, object], done: Done) -> dict[str, str]:
    return {name: _text(str(value), done) for name, value in pairs.items()}


def _text(text: str, done: Done) -> str:
    """Return a text with its expressions replaced."""
    return _EXPRESSION.sub(lambda match: _first(match[1], done), text)


def _first(expression: str, done: Done) -> str:
    names = [each.strip() for each in expression.split("||")]
    assert all(_NAME.fullmatch(each) for each in names), expression
    return next((done.names[each] for each in names if done.names.get(each)), "")


def run_step(
    step: Mapping[str, Any],
    done: Done,
    workspace: Path,
    temporary: Path,
    environment: Mapping[str, str],
) -> None:
    """Run one step, and add what it says, gives and fails to what was done before."""
    assert step["shell"] == "bash"
    assert "${{" not in step["run"], "values reach a step as variables only"
    output, summary = temporary / "output", temporary / "summary"
    output.write_text("", encoding="utf-8")
    summary.write_text("", encoding="utf-8")
    settings = {
        "GITHUB_ACTION_PATH": str(ACTION),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_REPOSITORY": "somebody/project",
        "RUNNER_TEMP": str(temporary),
        "RUNNER_OS": "Linux",
    }
    finished = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=workspace,
        env={**os.environ, **environment, **settings, **_filled(step.get("env", {}), done)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    done.log += finished.stdout
    done.failed = done.failed or finished.returncode != 0
    done.summary += summary.read_text(encoding="utf-8")
    for line in output.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        done.names[f"steps.{step['id']}.outputs.{name}"] = value
