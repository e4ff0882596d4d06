"""Takes a text apart into sentences and words, and says how hard it is to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

CODE = "`…`"
"""Stands for a piece of code: one word, whatever it holds."""

# A full stop after these ends no sentence. Most may not be used at all; they are cut right anyway.
_ABBREVIATIONS = frozenset(
    {"approx.", "cf.", "e.g.", "etc.", "fig.", "i.e.", "max.", "min.", "no.", "resp.", "vs."}
)

# The end of a sentence needs white space behind it: 0.30, compose.yaml and 1.86 GiB have none.
_END = re.compile(r"(?<=[.?!])([\"'”’)\]*]*)\s+|\s+·\s+|\n+")
_ORDINAL = re.compile(r"^\s*(?:\d+\.|[-*•])\s+")
# "Effect: …", "It worked if: …": the words before the colon only say what follows.
_LABEL = re.compile(r"^((?:\S+\s+){0,3}\S+?:)\s+(?=\S)")
_WORD = re.compile(r"\S*\w\S*")
_VOWELS = re.compile(r"[aeiouy]+")
# "used", "file", "makes": the last vowel is not said; in "table", "needed", "sizes" it is.
_SILENT = re.compile(r"[^aeiouyl]e$|[aeiouy]le$|[^aeiouytd]ed$|[^aeiouyszcgxh]es$")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text; a label before a colon is one of its own.

    A semicolon, and a colon later in a sentence, do not end it: a reader has to hold all of it.
    """
    start = 0
    body = _ORDINAL.sub("", text.strip())
    for match in _END.finditer(body):
        before = body[start : match.start()]
        if before.rpartition(" ")[2].lower().lstrip("(") not in _ABBREVIATIONS:
            yield from _labelled(before + (match[1] or ""))
            start = match.end()
    yield from _labelled(body[start:])


def _labelled(sentence: str) -> Iterator[str]:
    if match := _LABEL.match(sentence):
        yield match[1]
        sentence = sentence[match.end() :]
    if sentence.strip():
        yield sentence.strip()


def without_lists(text: str, names: Iterable[str]) -> str:
    """Return a text with each list of known names as one word: a reader looks for one of them."""
    pattern = _list_of(frozenset(names))
    return pattern.sub("names", text) if pattern else text


@lru_cache
def _list_of(names: frozenset[str]) -> re.Pattern[str] | None:
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    more = rf"(?:(?:, | and )(?:{known}))+(?: and \d+ more)?(?!\w)"
    return re.compile(rf"(?<!\w)(?:{known}){more}") if names else None


def words(text: str) -> list[str]:
    """Return the words of a text: numbers and pieces of code are words, signs are not."""
    return [each for each in text.split() if each == CODE or _WORD.fullmatch(each)]


def syllables(word: str) -> int:
    """Return about how many syllables a word has; one for a number or a piece of code."""
    total = 0
    for part in re.findall(r"[a-z]+", word.lower()):
        groups = len(_VOWELS.findall(part))
        total += max(1, groups - bool(_SILENT.search(part)))
    return max(1, total)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How long the sentences of a text are, and how long its words."""

    sentences: int
    words: int
    syllables: int

    @property
    def average(self) -> float:
        """Words a sentence; zero for no text."""
        return self.words / self.sentences if self.sentences else 0.0

    @property
    def grade(self) -> float:
        """The grade of Flesch and Kincaid: years of school for an easy reading; zero for no text.

        Kincaid and others, *Derivation of new readability formulas for Navy enlisted personnel*,
        1975. Its syllables are counted roughly, so compare it with itself only.
        """
        if not self.words:
            return 0.0
        return 0.39 * self.average + 11.8 * self.syllables / self.words - 15.59


def measured(texts: Iterable[str]) -> Measure:
    """Return the measure of several texts together."""
    found: Sequence[list[str]] = [
        known for text in texts for each in sentences(text) if len(known := words(each)) > 1
    ]
    flat = [word for each in found for word in each]
    return Measure(
        sentences=len(found), words=len(flat), syllables=sum(syllables(each) for each in flat)
    )
