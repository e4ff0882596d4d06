"""Tells apart what a block of YAML or JSON is, and validates it with what really reads it."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from hcreport.analyze import analyze
from hcreport.config import Config, read_config
from hcreport.errors import HcreportError
from hcreport.rules import load_rules
from hcreport.snapshot import read_snapshot
from tests.compose.support import BINARY
from tests.docs_blocks.blocks import Block
from tests.generated import ROOT

SCHEMAS = ROOT / "docs" / "schema"
ACTION = ROOT / ".github/actions/hcreport/action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

_TOP_KEYS_OF_COMPOSE = {"name", "services", "networks", "volumes", "configs", "secrets"}


def kind_of_yaml(text: str) -> str | None:
    """Return what a block of YAML is, by its keys; None where nothing of ours has such keys."""
    from mkdocs.config.defaults import get_schema

    data = yaml.safe_load(text)
    if isinstance(data, list):
        steps = all(isinstance(each, dict) and {"uses", "run"} & each.keys() for each in data)
        return "steps" if data and steps else None
    if not isinstance(data, dict):
        return None
    keys = {str(each) for each in data}
    tables: tuple[tuple[str, set[str], set[str]], ...] = (
        ("pre-commit", {"repos", "exclude", "minimum_pre_commit_version"}, {"repos"}),
        ("workflow", keys, {"jobs"}),
        ("compose", _TOP_KEYS_OF_COMPOSE | {"models"}, {"services"}),
        ("hcreport", set(Config.model_fields), set()),
        ("mkdocs", {name for name, _ in get_schema()}, set()),
    )
    return next((kind for kind, all_, needed in tables if needed <= keys <= all_), None)


def yaml_complaints(block: Block, project: Path) -> list[str]:
    """Return what is wrong with a block of YAML, in a copy of the project it is about."""
    kind = kind_of_yaml(block.text)
    if kind is None:
        return ["nothing of ours has such keys: name the kind in tests/docs_blocks/kinds.py"]
    return list(_CHECKS[kind](block.text, project))


def _hcreport(text: str, project: Path) -> Iterator[str]:
    path = project / "block.hcreport.yml"
    path.write_text(text, encoding="utf-8")
    try:
        config = read_config(path)
        analyze(read_snapshot(project / "snapshot.json"), config)
    except HcreportError as error:
        yield error.message
        return
    rules = load_rules()
    yield from (f"no rule {each.rule}" for each in config.suppress if each.rule not in rules)


def _mkdocs(text: str, project: Path) -> Iterator[str]:
    from mkdocs.config.defaults import MkDocsConfig

    path = project / "block.mkdocs.yml"
    path.write_text(text, encoding="utf-8")
    config = MkDocsConfig(config_file_path=str(path))
    with path.open("rb") as file:
        config.load_file(file)
    config.site_name = config.site_name or "Health"
    errors, warnings = config.validate()
    for name, message in (*errors, *warnings):
        yield f"MkDocs says of {name}: {message}"


def _compose(text: str, project: Path) -> Iterator[str]:
    path = project / "block.compose.yaml"
    path.write_text(text, encoding="utf-8")
    command = [str(BINARY), "-f", "compose.yaml", "-f", path.name, "config", "--quiet"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        yield f"Compose says: {done.stderr.strip()}"


def _steps(text: str, project: Path) -> Iterator[str]:
    """Look at steps as those of the smallest workflow that may have them."""
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    yield from _workflow(
        "name: Block\non: push\npermissions: {}\njobs:\n  block:\n    name: Block\n"
        "    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n    steps:\n"
        + indented,
        project,
    )


def _workflow(text: str, project: Path) -> Iterator[str]:
    vendored = files("check_jsonschema") / "builtin_schemas/vendor/github-workflows.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    # GitHub's own reader takes "on" for a text; PyYAML takes it for a switch.
    data = {("on" if key is True else key): each for key, each in yaml.safe_load(text).items()}
    for error in jsonschema.Draft7Validator(schema).iter_errors(data):
        yield f"not a workflow: {error.message[:200]}"
    yield from _inputs(data)
    folder = project / "block/.github/workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "block.yml").write_text(text, encoding="utf-8")
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    command = [str(zizmor), "--offline", "--no-progress", "--color=never", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"zizmor says: {done.stdout.strip() or done.stderr.strip()}"


def _inputs(workflow: dict[str, Any]) -> Iterator[str]:
    """Yield the inputs that our own action does not have."""
    for job in workflow["jobs"].values():
        for step in job.get("steps", ()):
            if "/.github/actions/hcreport@" in step.get("uses", ""):
                known = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"]
                unknown = step.get("with", {}).keys() - known.keys()
                yield from (f"our action has no input {name}" for name in sorted(unknown))


def _pre_commit(text: str, project: Path) -> Iterator[str]:
    from pre_commit.clientlib import (  # type: ignore[import-untyped]  # it has no types
        InvalidConfigError,
        load_config,
    )

    path = project / "block.pre-commit-config.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        config = load_config(str(path))
    except InvalidConfigError as error:
        yield f"pre-commit refuses it: {error}"
        return
    ours = {each["id"] for each in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))}
    for repository in config["repos"]:
        if repository["repo"].endswith("/hcreport"):
            named = {each["id"] for each in repository["hooks"]}
            yield from (f"we have no hook {each}" for each in sorted(named - ours))


_CHECKS: dict[str, Callable[[str, Path], Iterator[str]]] = {
    "hcreport": _hcreport,
    "mkdocs": _mkdocs,
    "compose": _compose,
    "workflow": _workflow,
    "steps": _steps,
    "pre-commit": _pre_commit,
}


def schema_of_json(data: Any) -> dict[str, Any] | None:
    """Return the published schema that a block of JSON has to follow, by its keys."""
    keys = set(data) if isinstance(data, dict) else set()
    if {"source", "reason"} <= keys or {"path", "origin"} <= keys:
        whole = _schema("snapshot")
        name = "Gap" if "reason" in keys else "OriginNote"
        return {"$ref": f"#/$defs/{name}", "$defs": whole["$defs"]}
    for path in sorted(SCHEMAS.glob("*.schema.json")):
        schema = _schema(path.name.removesuffix(".schema.json"))
        if keys and keys <= schema["properties"].keys() and set(schema["required"]) <= keys:
            return schema
    return None


def _schema(name: str) -> dict[str, Any]:
    text = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def json_complaints(block: Block) -> list[str]:
    """Return what is wrong with a block of JSON."""
    data = json.loads(block.text)
    schema = schema_of_json(data)
    if schema is None:
        return ["no published schema has such keys"]
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


def powershell_complaints(block: Block) -> list[str]:
    """Return what a parser of PowerShell does not understand."""
    import tree_sitter_powershell
    from tree_sitter import Language, Parser

    parser = Parser(Language(tree_sitter_powershell.language()))
    wrong = parser.parse(block.text.encode()).root_node.has_error
    return ["PowerShell does not understand it"] if wrong else []


def text_is_listed(block: Block, listed: list[dict[str, str]]) -> bool:
    """Whether a text that is no example has a reason in ``not_run.yaml``."""
    return any(re.fullmatch(each["page"], block.page) for each in listed)
