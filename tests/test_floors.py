"""The floors of the house: who may import whom, who may touch the world, print, or know 1024."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "hcreport"

# A module imports its own folder and lower floors only.
FLOORS = (
    {"", "units", "errors", "names", "files", "compose_files"},
    {"model"},
    {"config", "snapshot", "facts", "proofs", "requirements_file"},
    {"contents"},
    {"platforms"},
    {"estimate"},
    {"rules"},
    {"plan"},
    {"analyze", "collect"},
    {"history"},
    {"changes"},
    {"past"},
    {"gate"},
    {"render", "prove"},
    {"progress", "plugin"},
    {"build"},
    {"starter"},
    {"cli"},
    {"__main__"},
)
FLOOR_OF = {unit: number for number, units in enumerate(FLOORS) for unit in units}

# Collecting reads the world and concludes nothing.
NEVER = {("collect", "plan"), ("collect", "rules")}

WORLD = {"docker", "socket", "ssl", "subprocess", "http", "urllib.request", "requests", "urllib3"}
CHANCE = {"random", "secrets", "uuid", "time"}
CLOCK_CALLS = {"now", "today", "utcnow"}
ALLOWED = {
    "world": {"collect", "prove"},
    "mkdocs": {"plugin", "build"},
    "talk": {"cli", "__main__", "progress"},
    "clock": {"collect", "prove", "cli"},
    "size": {"units"},
}


def unit_of(path: Path) -> str:
    """Return the unit a file belongs to: its folder in the package, or its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def violations(unit: str, source: str) -> list[str]:
    """Return what a file of a unit does that is not its to do."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        for name in imported(node):
            found += import_violations(unit, name)
        for kind, what in acts(node):
            if unit not in ALLOWED[kind]:
                found.append(f"{kind}: {what}")
    return found


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a statement imports, also by ``import_module("…")``."""
    match node:
        case ast.Import(names=names):
            yield from (each.name for each in names)
        case ast.ImportFrom(module=module, names=names, level=0):
            yield from (f"{module}.{each.name}" for each in names)
        case ast.ImportFrom():
            yield "a relative import"
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name


def import_violations(unit: str, name: str) -> Iterator[str]:
    """Yield why a unit may not import a dotted name."""
    top, _, rest = name.partition(".")
    if name == "a relative import":
        yield "floor: a relative import hides its floor"
    if top == "hcreport":
        other = rest.split(".")[0]
        other = other if other in FLOOR_OF else ""
        if other and other != unit and not FLOOR_OF[other] < FLOOR_OF[unit]:
            yield f"floor: {other} is not below {unit or 'the package'}"
        if (unit, other) in NEVER:
            yield f"floor: {unit} never imports {other}"
    if unit not in ALLOWED["world"] and any(f"{name}.".startswith(f"{each}.") for each in WORLD):
        yield f"world: {name}"
    if unit not in ALLOWED["mkdocs"] and top == "mkdocs":
        yield f"mkdocs: {name}"
    if unit not in ALLOWED["clock"] and top in CHANCE:
        yield f"clock: {name}"


def acts(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each thing a piece of code does that only some units may: its kind and its text."""
    match node:
        case ast.Call(func=ast.Name(id="print" | "exit" | "quit" | "breakpoint" | "input")):
            yield "talk", ast.unparse(node.func)
        case ast.Attribute(value=ast.Name(id="sys"), attr="exit" | "stdout" | "stderr"):
            yield "talk", ast.unparse(node)
        case ast.Attribute(value=ast.Name(id="click"), attr="echo" | "secho"):
            yield "talk", ast.unparse(node)
        case ast.Name(id="SystemExit") | ast.Attribute(value=ast.Name(id="os"), attr="_exit"):
            yield "talk", ast.unparse(node)
        case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in {"system", "popen"}:
            yield "world", ast.unparse(node)
        case ast.Attribute(value=ast.Name(id="date" | "datetime"), attr=name) if (
            name in CLOCK_CALLS
        ):
            yield "clock", ast.unparse(node)
        case ast.Constant(value=int() | float() as value) if is_size(value):
            yield "size", ast.unparse(node)
        case ast.BinOp(left=ast.Constant(value=2 | 10), op=ast.Pow()):
            yield "size", ast.unparse(node)
        case ast.BinOp(left=ast.Constant(value=1), op=ast.LShift()):
            yield "size", ast.unparse(node)


def is_size(value: float) -> bool:
    """Tell whether a literal can only be a size or its unit: 1000, 1e9, 4096, 256_000_000."""
    whole = not isinstance(value, bool) and value > 0 and value == int(value)
    return whole and (value == 1000 or value % 1024 == 0 or value % 1_000_000 == 0)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_every_file_keeps_to_its_floor(path: Path) -> None:
    assert unit_of(path) in FLOOR_OF, "a new unit needs a floor"
    assert violations(unit_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("model", "from hcreport.rules import Rule"),
        ("units", "import hcreport.errors"),
        ("analyze", "from hcreport.collect import collect"),
        ("collect", "from hcreport.analyze import analyze"),
        ("collect", "def late():\n    from hcreport import plan"),
        ("collect", "from hcreport.rules import load_rules"),
        ("render", "from hcreport import cli"),
        ("rules", "from .. import analyze"),
        ("render", "import importlib\nimportlib.import_module('hcreport.cli')"),
        ("render", "import docker"),
        ("cli", "import subprocess"),
        ("facts", "def fetch():\n    import urllib.request"),
        ("facts", "from urllib import request"),
        ("facts", "from http.client import HTTPConnection"),
        ("estimate", "import os\nos.system('docker info')"),
        ("render", "import mkdocs.config"),
        ("cli", "from mkdocs import utils"),
        ("analyze", "print('done')"),
        ("collect", "import sys\nsys.exit(3)"),
        ("build", "import sys\nsys.stderr.write('no')"),
        ("errors", "raise SystemExit(1)"),
        ("plugin", "import click\nclick.echo('built')"),
        ("render", "from datetime import datetime\ndatetime.now()"),
        ("render", "import random"),
        ("estimate", "import time"),
        ("render", "MIB = 1048576"),
        ("rules", "half = total / 1024"),
        ("collect", "nanoseconds = seconds * 1e9"),
        ("estimate", "GIB = 2**30"),
        ("estimate", "GB = 10**9"),
        ("estimate", "GIB = 1 << 30"),
        ("snapshot", "LARGEST = 256_000_000"),
    ],
)
def test_a_violation_is_caught(unit: str, source: str) -> None:
    assert violations(unit, source)


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("rules", "from hcreport.rules.contract import Rule"),
        ("analyze", "from hcreport import __version__\nfrom hcreport.plan import plan"),
        ("collect", "import docker, subprocess, http.client, urllib.request"),
        ("render", "from urllib.parse import quote"),
        ("plugin", "from mkdocs.plugins import BasePlugin"),
        ("cli", "import sys\nprint(1)\nsys.exit(2)"),
        ("units", "KIB = 1024"),
        ("render", "width = 999\nshare = 0.5\nflag = True"),
    ],
)
def test_what_is_allowed_is_not_caught(unit: str, source: str) -> None:
    assert violations(unit, source) == []


def test_the_command_line_loads_nothing_heavy() -> None:
    """Half a second of imports would be paid by every command, also by those that need none."""
    heavy = ("docker", "mkdocs", "jinja2", "rich", "pydantic", "yaml", "markdown")
    code = f"import hcreport.cli, sys; print([each for each in {heavy} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
