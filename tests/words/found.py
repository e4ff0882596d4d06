"""Asks every text of ours what is wrong with its words, once for each place it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from hcreport.render.templating import templates_folder
from tests.consistency.templates import templates
from tests.pages_case import SNAPSHOTS
from tests.words import texts, wording
from tests.words.programs import files, python_texts, script_texts
from tests.words.reading import Reading
from tests.words.sentences import measured, without_lists
from tests.words.wording import Complaint

# Markdown beside the words: code, the target of a link, admonitions, attributes.
_MARKED = re.compile(r"`[^`]*`|[*\[\]]|^\s*(?:!!!|\?\?\?)\+?\s*\w+|\{:[^}]*\}")
_TARGET = re.compile(r"\]\([^)]*\)")

Place = tuple[str, Complaint]
"""Where a text stands, and what is wrong with it."""


def on_page(
    path: str,
    page: Reading,
    names: frozenset[str],
    known: frozenset[str],
    explained: frozenset[str],
) -> Iterator[Complaint]:
    """Yield what is wrong with a page. ``names`` and ``known`` are what the snapshot calls things.

    ``explained`` are the acronyms of the glossary.
    """
    for passage in page.passages:
        # What a drawing says of itself is a list of its parts; a reader needs one of them.
        parts = passage.text.split(";") if passage.kind == "drawing" else [passage.text]
        for part in parts:
            yield from wording.complaints(without_lists(part, names), known=known)
        yield from wording.capitals(passage.text, explained | known)
        if passage.kind == "heading":
            yield from wording.heading(passage.text, known)
    own = path.rpartition("/")[2]
    yield from wording.links(
        (text, target.removeprefix(own) if f"{own}#" in target else target)
        for text, target in page.links
        if text not in names
    )
    for table in page.tables:
        yield from wording.families(table.rows)
    average = measured(page.running).average
    if average > wording.AVERAGE:
        yield Complaint("average", f"{average:.1f} words a sentence")


@cache
def explained() -> frozenset[str]:
    """Return the acronyms that the glossary of a report holds."""
    page = texts.report_pages("hypercode")["glossary.md"]
    found = (each for one in page.passages for each in wording.capitals(one.text, ()))
    return frozenset(each.words for each in found)


def _pages(name: str) -> Iterator[Place]:
    names, known = texts.names_of(name), texts.tokens_of(name)
    for path, page in texts.report_pages(name).items():
        for complaint in on_page(path, page, names, known, explained()):
            yield f"{name}/{path}", complaint


def _written() -> Iterator[Place]:
    nothing: frozenset[str] = frozenset()
    for path in texts.WRITTEN:
        page = texts.reading(path.read_text(encoding="utf-8"))
        for complaint in on_page(path.name, page, nothing, nothing, explained()):
            yield path.name, complaint


def _plain(source: Iterator[tuple[str, str]]) -> Iterator[Place]:
    for place, text in source:
        for complaint in wording.complaints(text):
            yield place, complaint


def _rules() -> Iterator[Place]:
    for rule, text, known in texts.rule_texts():
        for complaint in wording.complaints(text, known=known):
            yield rule, complaint


def _templates() -> Iterator[Place]:
    """Yield what is wrong with what a template may print, also where no snapshot makes it do so.

    Its branches stand beside each other there, so its sentences are not measured.
    """
    for name, template in templates().items():
        for number, line in enumerate(template.prose.split("\n"), start=1):
            text = _MARKED.sub(" ", _TARGET.sub("]", line))
            for complaint in wording.complaints(text):
                if complaint.kind in (*wording.KINDS, "exclamation mark", "picture"):
                    yield f"{name}:{number}", complaint


def _programs(folder: Path, pattern: str) -> Iterator[Place]:
    read = python_texts if pattern == "*.py" else script_texts
    for path, source in files(folder, pattern).items():
        for line, text in read(source):
            for complaint in wording.complaints(text):
                # A name with underscores is often a key of a file, and stands there as code.
                if complaint.kind != "code word":
                    yield f"{path}:{line}", complaint


SOURCES: Mapping[str, Callable[[], Iterator[Place]]] = {
    **{f"pages of {name}": partial(_pages, name) for name in SNAPSHOTS},
    "written pages": _written,
    "facts": lambda: _plain(texts.fact_texts()),
    "rules": _rules,
    "templates": _templates,
    "help": lambda: _plain(texts.help_texts()),
    "Python files": lambda: _programs(texts.ROOT / "hcreport", "*.py"),
    "scripts": lambda: _programs(templates_folder() / "scripts", "*.js"),
}
"""Every place that our texts come from."""


@cache
def complaints_of(source: str) -> tuple[Place, ...]:
    """Return everything that is wrong with the texts of a source, also what is allowed."""
    return tuple(dict.fromkeys(SOURCES[source]()))


def allowance(place: str, complaint: Complaint) -> int | None:
    """Return the number of the entry that allows it in ``wording.yaml``; None is not allowed."""
    for number, each in enumerate(wording.lists()["allowed"]):
        if each["words"].lower() == complaint.words.lower() and each["where"] in place:
            return number
    return None
