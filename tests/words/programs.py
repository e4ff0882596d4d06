"""Finds the sentences that our Python files and scripts hold, for a reader or for an error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.words.sentences import CODE

FEWEST_WORDS = 3
"""Shorter texts are keys, units and commands."""

_PROSE = re.compile(r"[A-Za-z`][^\\|{}<>=^$]*")
_BACKTICKS = re.compile(r"`[^`]*`")
_SCRIPT_TEXT = re.compile(r"\"([^\"\\\n]*)\"|'([^'\\\n]*)'|`([^`\\]*)`")
_SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)


def python_texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string that reads as prose; docstrings are no such text."""
    tree = ast.parse(source)
    unread = {id(each) for each in _unread(tree)}
    for node in ast.walk(tree):
        if id(node) in unread:
            continue
        if isinstance(node, ast.JoinedStr):
            unread |= {id(each) for each in ast.walk(node)}
            text = "".join(map(_part, node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        plain = _BACKTICKS.sub(CODE, text)
        if is_prose(plain):
            yield node.lineno, plain


def _unread(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield from ast.walk(node.value) if isinstance(node.value, ast.Constant) else ()
        elif isinstance(node, ast.Call) and _name(node.func) in ("compile", "sub", "fullmatch"):
            yield from (each for each in node.args if isinstance(each, ast.Constant))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else ""


def _part(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else CODE


def is_prose(text: str) -> bool:
    """Return whether a text is words for people, not a pattern, a path or a command."""
    known = re.findall(r"(?<!\S)[A-Za-z][a-z'-]*[.,:;?]?(?!\S)", text)
    return len(known) >= FEWEST_WORDS and bool(_PROSE.fullmatch(text.strip().replace("\n", " ")))


def script_texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string of a script that reads as prose."""
    body = _SCRIPT_COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
    for match in _SCRIPT_TEXT.finditer(body):
        text = re.sub(r"\$\{[^}]*\}", CODE, next(filter(None, match.groups()), ""))
        if is_prose(text):
            yield body.count("\n", 0, match.start()) + 1, text


def files(folder: Path, pattern: str) -> dict[str, str]:
    """Return the text of every file of a folder by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob(pattern))
    }
