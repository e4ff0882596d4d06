"""Which quantity each place of a template prints, and the file that says which it has to be.

``meanings.yaml`` holds, for each template, the label that a reader sees and the expression that
stands behind it. So a number takes two changes, and the second one is to say what it means.
``python -m tests.consistency.meanings TEMPLATE`` prints what the file has to say of a template.
"""

from __future__ import annotations

import html
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

from tests.consistency.marked import MarkedSite, Printed
from tests.consistency.numbers import NUMBER, numbers_in
from tests.consistency.templates import Place, Template, templates
from tests.pages_case import SNAPSHOTS

REGISTER = Path(__file__).with_name("meanings.yaml")

# What makes a number, or prints one.
_FILTERS = "counted|cpus|duration|exact_bytes|gb|gib|length|number|percent|plain_number|sum"
_MACROS = "both|cell|disk|memory"
_NUMERIC = re.compile(
    rf"\|\s*(?:{_FILTERS})\b|\b(?:{_MACROS})\(|\w(?:_table|_figure)\(|\bloop\.index|\.facts\["
)
_CHOICE = re.compile(r"\|length (?:[=<>!]+) \d+")
_UNITS = ("B", "%", "CPU", "CPUs", "bytes")
_TAG = re.compile(r"<[^<>]*>")

Meanings = dict[str, dict[str, list[str]]]


@cache
def register() -> Meanings:
    """Return what the file says: the expressions by template and label, in the source's order."""
    loaded = yaml.safe_load(REGISTER.read_text(encoding="utf-8"))
    return {
        name: {label: [found] if isinstance(found, str) else found for label, found in each.items()}
        for name, each in loaded.items()
    }


def meanings(template: Template) -> dict[str, list[str]]:
    """Return the expressions of the places of a template that print numbers, by label."""
    found: dict[str, list[str]] = {}
    for place in number_places(template):
        found.setdefault(place.label, []).append(place.expression)
    return found


def number_places(template: Template) -> Iterator[Place]:
    """Yield the places of a template that print numbers, or decide which number is printed.

    They are known by what they are made with, or were seen to print one on a page of ours.
    """
    seen = seen_in_all()
    for place in template.places:
        numeric = _NUMERIC.search(_CHOICE.sub("", place.expression))
        if place.sets or numeric or (place.template, place.expression) in seen:
            yield place


def seen_to_print(printed: Iterable[Printed]) -> frozenset[tuple[str, str]]:
    """Return the places, by template and expression, that printed a number.

    A size or a percentage in a sentence counts. A bare number counts where it mostly stands alone:
    otherwise it is part of a name.
    """
    votes: Counter[tuple[str, str]] = Counter()
    found = set()
    for each in printed:
        text = html.unescape(_TAG.sub("", each.text)).strip()
        key = each.place.template, each.place.expression
        if text:
            votes[key] += 1 if NUMBER.fullmatch(text) else -1
        if any(number.text.endswith(_UNITS) for number in numbers_in(text)):
            found.add(key)
    return frozenset(found | {key for key, count in votes.items() if count > 0})


def differences(name: str, found: Mapping[str, list[str]]) -> list[str]:
    """Return in words how a template differs from what the file says of it."""
    expected = register().get(name, {})
    gone = (
        f"{name}: {label!r} no longer prints {each}"
        for label, wanted in expected.items()
        for each in _without(wanted, found.get(label, []))
    )
    new = (
        f"{name}: {label!r} prints {each}, which meanings.yaml does not say"
        for label, has in found.items()
        for each in _without(has, expected.get(label, []))
    )
    return [*gone, *new]


def _without(some: list[str], others: list[str]) -> list[str]:
    """Return what ``some`` has more of than ``others``."""
    return list((Counter(some) - Counter(others)).elements())


@cache
def seen_in_all() -> frozenset[tuple[str, str]]:
    """Return what the pages of all snapshots show of our own templates."""
    with tempfile.TemporaryDirectory() as folder:
        site = MarkedSite(Path(folder))
        return seen_to_print(each for name in SNAPSHOTS for each in site.printed(name))


def _lines(names: Iterable[str]) -> str:
    found = {name: meanings(each) for name, each in templates().items() if name in names}
    short = {
        name: {label: each[0] if len(each) == 1 else each for label, each in labels.items()}
        for name, labels in found.items()
        if labels
    }
    return yaml.safe_dump(short, allow_unicode=True, sort_keys=False, width=200)


if __name__ == "__main__":
    sys.stdout.write(_lines(sys.argv[1:] or templates()))
