"""The rules: one file each, found by scanning this folder; nothing is registered anywhere.

A rule's file holds a docstring (its title, then *What it checks*, *Why it matters*, *How to fix
it*, *Limits*), ``RULE`` and ``check``. The docstring is read from the source, so that running
Python with ``-OO`` does not empty the documentation.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType

from hcreport.rules.contract import (
    Budget,
    Case,
    Check,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Subject,
    Threshold,
    Verdict,
    known,
)

__all__ = [
    "HEADINGS",
    "Budget",
    "Case",
    "Check",
    "LoadedRule",
    "NotApplicable",
    "NotMeasured",
    "Problem",
    "Rule",
    "Subject",
    "Threshold",
    "Verdict",
    "known",
    "load_rules",
]

HEADINGS = ("What it checks", "Why it matters", "How to fix it", "Limits")

_NOT_RULES = {
    "__init__",
    "budget_steps",
    "causes",
    "check_times",
    "contract",
    "end_causes",
    "image_steps",
    "kills",
    "memory_option_model",
    "memory_options",
    "more_memory",
    "places",
    "raise_memory",
    "severities",
    "steps",
}


@dataclass(frozen=True, kw_only=True)
class LoadedRule:
    """A rule with its check and its documentation."""

    rule: Rule
    check: Check
    title: str
    sections: Mapping[str, str]
    """Markdown text by heading."""


@cache
def load_rules() -> Mapping[str, LoadedRule]:
    """Return every rule by id, sorted by id."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    loaded = [_load(stem) for stem in stems if stem not in _NOT_RULES]
    return MappingProxyType({each.rule.id: each for each in loaded})


def _load(stem: str) -> LoadedRule:
    module = importlib.import_module(f"{__name__}.{stem}")
    title, sections = _read_docstring(module.__doc__ or _docstring_in_source(module))
    return LoadedRule(rule=module.RULE, check=module.check, title=title, sections=sections)


def _docstring_in_source(module: ModuleType) -> str:
    """Return a module's docstring where ``python -OO`` has dropped it."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its first line and its sections; a heading is a line ``Heading:``."""
    title, _, rest = inspect.cleandoc(text).partition("\n")
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in rest.splitlines():
        if line.removesuffix(":") in HEADINGS and line.endswith(":"):
            current = sections.setdefault(line.removesuffix(":"), [])
        else:
            current.append(line)
    return title.rstrip("."), {name: "\n".join(body).strip() for name, body in sections.items()}
