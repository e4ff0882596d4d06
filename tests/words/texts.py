"""Where our own texts come from: pages, rules and facts, the help, errors, written pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import markdown

from hcreport.analyze import analyze
from hcreport.cli import main
from hcreport.facts import facts
from hcreport.model import Action, Outcome, Snapshot
from hcreport.platforms.catalogue import PLATFORMS
from hcreport.render.pages import render_pages
from hcreport.rules import load_rules
from hcreport.snapshot import parse_snapshot
from tests.fragments import snapshot_of
from tests.pages_case import SNAPSHOTS, assessed, markdown_settings, pages
from tests.test_rules import cases_of, outcomes_of
from tests.words.reading import Reading, read

ROOT = Path(__file__).parent.parent.parent

WRITTEN = (
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs/compared-with-the-review.md",
)

# These say the same in every snapshot, but for the results of a rule.
_SHARED = ("rules/", "sources", "glossary")

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.:/@+-]*")


@cache
def _converter() -> markdown.Markdown:
    return markdown.Markdown(**markdown_settings())


@cache
def reading(page: str) -> Reading:
    """Return what a reader meets on a page of Markdown; its description counts too."""
    match = _FRONT_MATTER.match(page)
    head, body = (match[1], page[match.end() :]) if match else ("", page)
    converter = _converter()
    converter.reset()
    description = re.search(r'^description: "?(.*?)"?$', head, re.MULTILINE)
    html = converter.convert(body)
    return read(f"<p>{description[1]}</p>{html}" if description else html)


@cache
def report_pages(name: str) -> dict[str, Reading]:
    """Return the pages of a snapshot, without those that the example shows as well."""
    made = _plainly_named_pages() if name == "hostile" else pages(name)
    return {
        path: reading(text)
        for path, text in made.items()
        if name == "hypercode" or not path.startswith(_SHARED)
    }


@cache
def _plainly_named() -> Snapshot:
    """Return the hostile snapshot with plain names in place of the hostile ones.

    They reach places that no other snapshot reaches, and the words there are ours.
    """
    known: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {renamed(key): renamed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        if isinstance(value, str) and not _PLAIN_NAME.fullmatch(value):
            return known.setdefault(value, f"name-{len(known)}")
        return value

    data = renamed(json.loads(SNAPSHOTS["hostile"].read_text(encoding="utf-8")))
    return parse_snapshot(json.dumps(data))


def _plainly_named_pages() -> dict[str, str]:
    snapshot = _plainly_named()
    return render_pages(snapshot, analyze(snapshot))


@cache
def names_of(name: str) -> frozenset[str]:
    """Return what a snapshot calls its things, and the names of Docker platforms."""
    snapshot = assessed(name)[0] if name != "hostile" else _plainly_named()
    things = (
        *(each.name for each in snapshot.services),
        *(each.name for each in snapshot.containers),
        *(each.name for each in snapshot.images),
        *(each.name for each in snapshot.volumes),
        *(each.name for each in snapshot.scenarios),
    )
    return frozenset(filter(None, things)) | {each.name for each in PLATFORMS.values()}


@cache
def tokens_of(name: str) -> frozenset[str]:
    """Return every word of a snapshot, which our texts may repeat."""
    return _tokens(SNAPSHOTS[name].read_text(encoding="utf-8"))


def _tokens(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


def fact_texts() -> Iterator[tuple[str, str]]:
    """Yield key and text of all that we write about a fact; its source's title is not ours."""
    for key, fact in facts().items():
        for text in (fact.claim, fact.checked, fact.doubt, fact.applies_to):
            if text:
                yield key, text


def rule_texts() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield id and text of what a rule's cases make it say, and the words of the case's snapshot.

    The texts are messages, reasons and steps.
    """
    for rule in load_rules():
        for case in (each for kind in cases_of(rule).values() for each in kind):
            snapshot = snapshot_of(case["snapshot"])
            own = json.dumps([case.get("budgets"), case.get("present")], default=str)
            known = _tokens(snapshot.model_dump_json()) | _tokens(own)
            for outcome in outcomes_of(rule, case):
                yield from ((rule, text, known) for text in _said(outcome))


def _said(outcome: Outcome) -> Iterator[str]:
    yield outcome.reason
    if outcome.finding:
        yield outcome.finding.message
        yield from (each.name for each in outcome.finding.numbers)
        for remedy in outcome.finding.remedies:
            yield from _said_by(remedy)


def _said_by(action: Action) -> Iterator[str]:
    yield from filter(None, (action.what, action.why, action.gain, action.verify, action.undo))


def help_texts() -> Iterator[tuple[str, str]]:
    """Yield command and text of the help: what a command does, and what its options do."""
    yield "hcreport", main.help or ""
    for name, command in main.commands.items():
        yield name, command.help or ""
        for option in command.params:
            if isinstance(option, click.Option) and option.help:
                yield f"{name} {option.opts[0]}", option.help
