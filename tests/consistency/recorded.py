"""Makes a report while every function that writes a number down is watched.

So a number on a page that none of them returned was typed by somebody, wherever that was. The
interpreter itself reports the returns, so it does not matter who imported what, and how.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from hcreport import units
from hcreport.analyze import analyze
from hcreport.facts import facts
from hcreport.model import Proofs, Snapshot
from hcreport.render import words
from hcreport.render.pages import render_pages
from hcreport.rules import load_rules
from tests.consistency.numbers import numbers_in
from tests.consistency.typed import VALUES, register

_WRITERS: tuple[Any, ...] = (
    *(units.gib, units.gb, units.percent),
    *(words.plain_number, words.exact_bytes, words.cpus, words.duration, words.counted),
)

# Counts of things, of times and of seconds are written without a function of their own.
_UNITS = ("B", "%", "CPU", "CPUs", "bytes")


def recorded_pages(snapshot: Snapshot, proofs: Proofs) -> tuple[dict[str, str], set[str]]:
    """Return the pages of a snapshot, assessed anew, and every number that was written for them."""
    written: set[str] = set()
    watched: set[CodeType] = {each.__code__ for each in _WRITERS}

    def note(frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and frame.f_code in watched and isinstance(value, str):
            written.update(each.text for each in numbers_in(value))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        pages = render_pages(snapshot, analyze(snapshot), proofs=proofs)
    finally:
        sys.setprofile(before)
    return pages, written


def said_by_others(snapshot: Snapshot) -> set[str]:
    """Return the numbers of texts that are no arithmetic of ours.

    They are what the snapshot holds, the cited facts, the documentation of the rules, and what
    ``typed.yaml`` names.
    """
    phrases: dict[str, list[str]] = register()["templates"]
    texts = [
        snapshot.model_dump_json(),
        *(fact.model_dump_json() for fact in facts().values()),
        *(text for each in load_rules().values() for text in (each.title, *each.sections.values())),
        *(text.format_map(VALUES) for each in phrases.values() for text in each),
    ]
    return {number.text for text in texts for number in numbers_in(text)}


def unwritten(text: str, written: set[str]) -> Iterator[str]:
    """Yield the sizes, percentages and CPUs of a text that are none of those that were written."""
    for number in numbers_in(text):
        if number.text.endswith(_UNITS) and number.text not in written:
            yield number.text
