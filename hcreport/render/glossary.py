"""The words of the report in plain English, and links to them where a page first uses one.

``glossary.yaml`` is the only place that explains a word. The page of all words is made from it,
and so is the short text that a pointer shows; that text is never the only place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml
from markupsafe import Markup

from hcreport.render.escape import escape
from hcreport.render.words import exact_bytes
from hcreport.units import GB, GIB

PAGE = "glossary.md"

_DATA = Path(__file__).with_name("glossary.yaml")

_KILLED = 137
"""Exit code of a process that signal 9 has ended: 128 and the signal."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One word with what it means."""

    term: str
    names: tuple[str, ...]
    """What pages call it, in small letters; the term itself is one of them."""
    short: str
    """One sentence, that a pointer shows too."""
    more: str = ""
    """Further sentences, for the page of all words."""

    @property
    def anchor(self) -> str:
        """Its place on the page of all words."""
        return self.term.lower().replace(" ", "-")


@cache
def glossary() -> tuple[Term, ...]:
    """Return every term, sorted, with the numbers in its texts filled in."""
    known = {
        "GB": exact_bytes(GB),
        "GIB": exact_bytes(GIB),
        "KILLED": str(_KILLED),
    }
    return tuple(
        Term(
            term=each["term"],
            names=tuple(name.lower() for name in (each["term"], *each.get("names", ()))),
            short=each["short"].format_map(known),
            more=each.get("more", "").format_map(known),
        )
        for each in yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    )


@cache
def _by_name() -> Mapping[str, Term]:
    return MappingProxyType({name: each for each in glossary() for name in each.names})


class PageTerms:
    """The terms of one page: the first mention of each is a link, the others are plain text."""

    def __init__(self, root: Markup, *, linked: bool = True) -> None:
        """``root`` leads from the page to the first page's folder; without links all is text."""
        self._root = root
        self._linked = linked
        self._said: set[str] = set()

    def __call__(self, name: str, shown: str = "") -> Markup:
        """Return ``shown``, or the name, as a link to what the term means.

        Raises LookupError where the glossary has no such term.
        """
        found = _by_name().get(name.lower())
        if found is None:
            raise LookupError(f"the glossary has no term {name!r}")
        text = escape(shown or name)
        if not self._linked or found.term in self._said:
            return text
        self._said.add(found.term)
        return Markup('[{}]({}{}#{} "{}")').format(
            text, self._root, escape(PAGE), escape(found.anchor), escape(found.short)
        )

    def within(self, text: str, name: str) -> Markup:
        """Return a text in which the first mention of a term, as a whole word, is a link."""
        found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
        if found is None:
            return escape(text)
        return Markup("{}{}{}").format(
            escape(text[: found.start()]),
            self(name, found.group()),
            escape(text[found.end() :]),
        )
