"""Finds numbers that somebody typed: in templates, in texts of Python, and in rules' documentation.

Each that has to be there is written down in ``typed.yaml`` with the words around it. Where the
number is known elsewhere, the file holds a name in braces, and the value is filled in here.
"""

from __future__ import annotations

import ast
import re
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import nodes

from hcreport.estimate import limits
from hcreport.facts import fact_bytes, facts
from hcreport.render.templating import environment
from hcreport.rules import LoadedRule
from hcreport.units import GB, GIB, gb, gib, percent
from tests.consistency.numbers import NUMBER, numbers_in
from tests.consistency.templates import Template

REGISTER = Path(__file__).with_name("typed.yaml")

# Values that are known elsewhere, so that no sentence can say another one. Exit codes are those of
# a POSIX shell: 128 and the signal, 127 for a command not found, 126 for one that cannot run.
VALUES = {
    "KILLED": f"{128 + signal.SIGKILL:d}",
    "ENDED": f"{128 + signal.SIGTERM:d}",
    "NO_ERROR": "0",
    "NOT_FOUND": "127",
    "NOT_RUN": "126",
    "SIGKILL": f"{signal.SIGKILL:d}",
    "GB": f"{GB:,}",
    "GIB": f"{GIB:,}",
    "LIMIT_STEP": gib(limits._STEP),
    "TEXT": gib(fact_bytes("sizing/mapped-text")),
}

_IN_WORDS = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|hundred"
    r"|thousand|million|dozen|half|twice|quarter)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d[\d.,]*")
_FOLDERS = ("analyze.py", "estimate", "plan.py", "platforms", "render", "rules")
_FORMATTERS = {
    *("gib", "gb", "percent", "counted", "plain_number", "cpus", "duration", "exact_bytes"),
    *("spoken", "number_text", "_significant"),
}
# Nobody reads a pattern, and an option of a command is no quantity.
_OPTION = re.compile(r"--?[a-z-]+[ =]\d+\w*")
_PATTERN = re.compile(r"[\\^$]|\(\?|\[[^\]]*-[^\]]*\]|\{\d")


@cache
def register() -> Mapping[str, Any]:
    """Return what may be typed, by kind and by file."""
    found: dict[str, Any] = yaml.safe_load(REGISTER.read_text(encoding="utf-8"))
    return found


def typed_in_template(template: Template) -> list[str]:
    """Return what is wrong with the numbers that a template holds itself."""
    allowed = register()["templates"].get(template.name, ())
    lines = (" ".join(line.split()) for line in template.prose.splitlines())
    text = "\n".join(re.sub("[\ue000-\uefff]", "…", line) for line in lines)
    return _unexplained(template.name, text, allowed, in_words=True)


def typed_in_expressions(template: Template) -> list[str]:
    """Return what is wrong with numbers in a template's expressions: 2 in ``size * 2``."""
    allowed = Counter(str(each) for each in register()["expressions"].get(template.name, ()))
    found = Counter(_constants(environment().parse(template.source)))
    return _difference(f"an expression of {template.name}", found, allowed)


def _constants(tree: nodes.Template) -> Iterator[str]:
    compared = {id(node.expr) for node in tree.find_all(nodes.Operand)}
    positions = {id(node.arg) for node in tree.find_all(nodes.Getitem)}
    for node in tree.find_all(nodes.Const):
        if isinstance(node.value, str):
            keys = _OPTION.sub("", re.sub(r"[\w.-]+/[\w./-]+", "", node.value))
            if NUMBER.search(keys) or re.search(r"\d+(s|m|g|GiB|GB|MB|MiB)\b", keys):
                yield node.value
        elif isinstance(node.value, bool) or not isinstance(node.value, int | float):
            continue
        elif id(node) not in positions and (id(node) not in compared or node.value not in (0, 1)):
            yield str(node.value)


def typed_in_python(name: str, source: str) -> list[str]:
    """Return what is wrong with the numbers that a file of Python holds in texts for readers."""
    tree = ast.parse(source)
    allowed = Counter(each.format_map(VALUES) for each in register()["python"].get(name, ()))
    return _difference(name, Counter(_typed(tree)), allowed)


def python_sources(package: Path) -> dict[str, str]:
    """Return the files that write texts for readers, by name."""
    files = (
        path
        for place in (package / each for each in _FOLDERS)
        for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))
    )
    return {
        path.relative_to(package).as_posix(): path.read_text(encoding="utf-8") for path in files
    }


def _typed(tree: ast.Module) -> Iterator[str]:
    unread = {id(each) for node in ast.walk(tree) for each in _unread(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in unread:
                found = NUMBER.search(_OPTION.sub("", text))
                if found and " " in text.strip() and not _PATTERN.search(text):
                    yield text.strip()
            case ast.FormattedValue(value=value):
                yield from _computed(value)
            case ast.Call(func=ast.Name(id=name), args=args) if name in _FORMATTERS:
                for each in args:
                    yield from _computed(each)


def _unread(node: ast.AST) -> Iterator[ast.AST]:
    """Yield strings that no page shows: documentation, and how a value is formatted."""
    body = getattr(node, "body", None)
    for each in body if isinstance(body, list) else ():
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
            yield each.value
    if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        yield from ast.walk(node.format_spec)


def _computed(node: ast.expr) -> Iterator[str]:
    """Yield what is formatted where it is a number itself, or is computed with one."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            yield ast.unparse(node)
        case ast.BinOp(left=left, right=right) if _is_number(left) or _is_number(right):
            yield ast.unparse(node)
        case ast.BinOp(left=left, right=right):
            yield from _computed(left)
            yield from _computed(right)
        case ast.Call(args=args):
            for each in args:
                if isinstance(each, ast.BinOp) or (_made_of(node) and _is_number(each)):
                    yield from _computed(each)


def _made_of(node: ast.Call) -> bool:
    """Tell whether a call makes a size of a number that stands there."""
    return isinstance(node.func, ast.Name) and node.func.id in ("gibibytes", "mebibytes", "Bytes")


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def typed_in_rule(loaded: LoadedRule) -> list[str]:
    """Return the numbers of a rule's documentation that none of its thresholds and facts holds."""
    rule = loaded.rule
    values = [each.value for each in rule.thresholds.values()]
    cited = [facts()[key].value for key in rule.cites]
    values += [each for each in cited if each is not None]
    backed = [shown for value in values for shown in _ways(value)]
    text = " ".join("\n".join((loaded.title, *loaded.sections.values())).split())
    for phrase in register()["rules"].get(rule.id, ()):
        filled = phrase.format_map(VALUES)
        if filled not in text:
            return [f"{rule.id} does not say {filled!r}"]
        text = text.replace(filled, " ", 1)
    return [
        f"{rule.id} says {shown.text}, which is none of its thresholds and facts"
        for shown in numbers_in(text)
        if not any(shown.text == each for each in backed)
    ]


def _ways(value: float) -> tuple[str, ...]:
    return (percent(value), gib(round(value)), gb(round(value)), f"{value:g}")


def _unexplained(
    name: str, text: str, allowed: Iterable[str], *, in_words: bool = False
) -> list[str]:
    found = []
    for phrase in allowed:
        filled = phrase.format_map(VALUES)
        if filled not in text:
            found.append(f"{name} no longer says {filled!r}: take it out of typed.yaml")
        text = text.replace(filled, " ", 1)
    return found + [
        f"{name} has a number that somebody typed: {line.strip()!r}"
        for line in text.splitlines()
        if _DIGITS.search(line) or (in_words and _IN_WORDS.search(line))
    ]


def _difference(name: str, found: Counter[str], allowed: Counter[str]) -> list[str]:
    return [f"{name} has a number that somebody typed: {each!r}" for each in found - allowed] + [
        f"{name} no longer has {each!r}: take it out of typed.yaml" for each in allowed - found
    ]
