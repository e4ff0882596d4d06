"""Says which words of a text a reader could do without: idioms, filler, alarm, shouting."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.words.sentences import CODE, sentences, words

LONGEST = 30
"""Words in a sentence."""

AVERAGE = 20
"""Words in the sentences of a page, on average."""

KINDS = ("idioms", "latin", "filler", "tone")

_EXCLAMATION = re.compile(r"!(?!=)")
_CAPITALS = re.compile(r"(?<![\w.$/@:<=-])[A-Z][A-Z]+s?(?![\w/=:]|[.-]\w)")
_CODE_WORD = re.compile(r"(?<![\w./:@-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w/(])")
_PICTURE = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u26ff\u2705\u2728\u274c\u274e\u2753-\u2757\u2b50\ufe0f]"
)
_TWICE = re.compile(r"\d\s?%\s+(?:of|more than|less than)\s+(?:the\s+|its\s+)?\d[\d.,]*\s?%")
_BINARY = re.compile(r"\d\s?[KMGT]iB\b")
_DECIMAL = re.compile(r"\d\s?[kKMGT]B\b")
_BRACKETS = re.compile(r"\([^()]*\)")
_WORD_START = re.compile(r"^[\W_]*([A-Z][a-z]+)(?:'s|’s)?[\W_]*$")


@cache
def lists() -> Mapping[str, Any]:
    """Return ``wording.yaml``."""
    loaded = yaml.safe_load((Path(__file__).parent / "wording.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@dataclass(frozen=True, order=True)
class Complaint:
    """What is wrong with a text, and its words."""

    kind: str
    words: str


@cache
def _phrases(kind: str) -> re.Pattern[str]:
    parts = (
        re.escape(each).replace(r"\~", r"\w*").replace(r"\ ", r"[\s-]+")
        for each in sorted(lists()[kind], key=len, reverse=True)
    )
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(parts)})(?![\w-])", re.IGNORECASE)


def complaints(text: str, *, known: Collection[str] = ()) -> Iterator[Complaint]:
    """Yield what is wrong with a text; ``known`` are names that may look like anything."""
    for each in _complaints(text):
        if each.kind != "code word" or each.words not in known:
            yield each


@lru_cache(maxsize=50_000)
def _complaints(text: str) -> tuple[Complaint, ...]:
    """Return what is wrong with a text, whoever names what in it; many pages share their texts."""
    return tuple(_all_complaints(text))


def _all_complaints(text: str) -> Iterator[Complaint]:
    for kind in KINDS:
        for match in _phrases(kind).finditer(text):
            yield Complaint(kind, match.group())
    for sentence in sentences(text):
        if len(words(sentence)) > LONGEST:
            yield Complaint(f"{len(words(sentence))} words", sentence)
    for kind, pattern in (("exclamation mark", _EXCLAMATION), ("picture", _PICTURE)):
        for match in pattern.finditer(text):
            yield Complaint(kind, text[max(0, match.start() - 20) : match.end()])
    for kind, pattern in (("code word", _CODE_WORD), ("percent of percent", _TWICE)):
        for match in pattern.finditer(text):
            if match.group() not in lists()["code_words"]:
                yield Complaint(kind, match.group())


def capitals(text: str, explained: Iterable[str]) -> Iterator[Complaint]:
    """Yield words all in capitals that are neither everyday acronyms nor explained."""
    fine = {*(each for group in lists()["acronyms"].values() for each in group), *explained}
    for match in _CAPITALS.finditer(text):
        if match.group() not in fine and match.group().removesuffix("s") not in fine:
            yield Complaint("capitals", match.group())


def heading(text: str, names: Iterable[str] = ()) -> Iterator[Complaint]:
    """Yield what is wrong with a heading: its end, or capitals in the middle of it."""
    if text.endswith((".", ":", "!", ";", ",")):
        yield Complaint("end of a heading", text)
    fine = {*lists()["proper"], *names}
    for before, word in zip(text.split(), text.split()[1:], strict=False):
        match = _WORD_START.match(word)
        if match and match[1] not in fine and not before.endswith((":", ".", "?", CODE, "·")):
            yield Complaint("capital in a heading", f"{word} in: {text}")


def links(found: Iterable[tuple[str, str]]) -> Iterator[Complaint]:
    """Yield links that say nothing of their target, and texts that lead to several."""
    targets: dict[str, set[str]] = {}
    for text, target in found:
        said = text.strip(" .→").lower()
        if said in lists()["link_texts"] or not said:
            yield Complaint("link", f"[{text}]({target})")
        if said not in lists()["repeated_links"]:
            targets.setdefault(said, set()).add(target)
    for said, several in targets.items():
        if len(several) > 1:
            yield Complaint("link to several", f"{said}: {', '.join(sorted(several))}")


def families(rows: Iterable[Iterable[str]]) -> Iterator[Complaint]:
    """Yield columns with sizes of both families; what stands in brackets is there on purpose."""
    columns: dict[int, list[str]] = {}
    head: list[str] = []
    for row in rows:
        cells = list(row)
        head = head or cells
        for number, cell in enumerate(cells):
            columns.setdefault(number, []).append(_BRACKETS.sub("", cell))
    for number, cells in columns.items():
        if head[number] in lists()["mixed_columns"]:
            continue
        binary = next(filter(_BINARY.search, cells), None)
        decimal = next(filter(_DECIMAL.search, cells), None)
        if binary and decimal:
            yield Complaint("two families", f"{head[number]}: {binary} and {decimal}")
