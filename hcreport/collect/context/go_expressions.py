r"""Reads the regular expressions that Docker makes of patterns as Go does, and matches by them.

Docker turns a pattern into an expression for Go's ``regexp`` almost letter by letter, so what an
odd pattern matches is what Go makes of it: ``\d`` is any digit, and a star between square brackets
is no star. Only what can come out of that translation is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PERL = {"d": "0-9", "s": r"\t\n\f\r\ ", "w": "0-9A-Za-z_"}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t\ ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": r"\ -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r\ ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_ASSERTIONS = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_OCTAL = "01234567"

_MOST_TRIED = 3
"""Parts of any length in one expression that Python may try; more would take it too long on a path
that was made for that, and are matched step by step."""

_TOO_OFTEN = 1001
"""Go refuses to repeat anything so often."""

_REPEATED = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")


@dataclass(frozen=True)
class _Part:
    kind: Literal["characters", "folders", "assertion"]
    """``folders`` is ``(.*/)?``: nothing, or all up to a slash."""
    text: str = ""
    """In Python's syntax: one character or class, or the assertion."""
    least: int = 1
    most: int | None = 1
    """How often a character stands there; None for without end."""


_START = _Part("assertion", r"\A")
_ANYTHING = _Part("characters", r"[\s\S]", 0, None)


class Expression:
    """One expression in Go's syntax as Docker writes it, less the marks for both ends.

    Raises ValueError with the reason where Go refuses it.
    """

    def __init__(self, text: str) -> None:
        choices = list(_read(text))
        # The marks for both ends belong to the first and the last choice: ^a|b|c$.
        for number, choice in enumerate(choices):
            if number or not choice or choice[0] is not _START:
                choice.insert(0, _ANYTHING)
            if number < len(choices) - 1:
                choice.append(_ANYTHING)
        self._choices = choices
        most = max(sum(_is_endless(each) for each in choice[:-1]) for choice in choices)
        self._quick = _in_python(choices) if most <= _MOST_TRIED else None

    def matches(self, path: str) -> bool:
        """Tell whether it matches a path, in which U+FFFD stands for each byte that is no UTF-8."""
        if self._quick is not None:
            return self._quick.fullmatch(path) is not None
        return any(_matches_stepwise(choice, path) for choice in self._choices)


def _is_endless(part: _Part) -> bool:
    return part.kind == "folders" or part.most is None


def _in_python(choices: list[list[_Part]]) -> re.Pattern[str]:
    text = "|".join("".join(_part_in_python(part) for part in choice) for choice in choices)
    return re.compile(text, re.ASCII)


def _part_in_python(part: _Part) -> str:
    if part.kind == "folders":
        return "(?:.*/)?"
    if part.kind == "assertion" or (part.least, part.most) == (1, 1):
        return part.text
    return f"{part.text}{{{part.least},{'' if part.most is None else part.most}}}"


def _matches_stepwise(parts: list[_Part], path: str) -> bool:
    """Match in time that grows only with the length of both, whatever they hold."""
    reached = {0}
    for part in parts:
        reached = set(_after(part, path, reached))
        if not reached:
            return False
    return len(path) in reached


def _after(part: _Part, path: str, reached: set[int]) -> Iterator[int]:
    """Yield where a match may stand after one more part, from where it may stand before it."""
    if part.kind == "folders":
        yield from _after_folders(path, reached)
        return
    matches = re.compile(part.text, re.ASCII).match
    if part.kind == "assertion":
        yield from (each for each in reached if matches(path, each))
        return
    end = -1
    for start in sorted(reached):
        if end < start:
            end = start
            while end < len(path) and matches(path, end):
                end += 1
        last = end if part.most is None else min(end, start + part.most)
        yield from range(start + part.least, last + 1)


def _after_folders(path: str, reached: set[int]) -> Iterator[int]:
    """Yield the places themselves, and those after each later slash of the same line."""
    yield from reached
    begun = False
    for position in range(min(reached), len(path)):
        begun = (begun or position in reached) and path[position] != "\n"
        if begun and path[position] == "/":
            yield position + 1


def _read(text: str) -> Iterator[list[_Part]]:
    """Yield the parts of each choice, which a bar separates."""
    # Even the mark for the beginning may be repeated, or be there no time at all.
    at, parts, repeatable = 0, [_START], True
    while at < len(text):
        if text[at] == "|":
            yield parts
            at, parts, repeatable = at + 1, [], False
            continue
        repetition, end = _repetition(text, at)
        if repetition is not None:
            if not repeatable:
                raise ValueError("a repetition stands where there is nothing to repeat")
            parts[-1:] = _repeat(parts[-1], *repetition)
            at, repeatable = end, False
        elif text[at:] == "\\":
            # It takes the mark for the end, which Docker adds, for a dollar sign.
            parts += (_Part("characters", r"\$"), _ANYTHING)
            at += 1
        elif text.startswith("(.*/)?", at):
            at, repeatable = at + 6, False
            parts.append(_Part("folders"))
        elif text.startswith(".*", at):
            at, repeatable = at + 2, False
            parts.append(_Part("characters", "[^\n]", 0, None))
        else:
            part, at = _atom(text, at)
            repeatable = True
            parts.append(part)
    yield parts


def _repetition(text: str, at: int) -> tuple[tuple[int, int | None] | None, int]:
    """Return how often the part before is repeated, if it is said here, and where that ends."""
    if text[at] in "*+":
        return (int(text[at] == "+"), None), at + 1
    found = _REPEATED.match(text, at)
    if found is None:
        return None, at
    least = int(found[1][:5])
    most = (int(found[3][:5]) if found[3] else None) if found[2] else least
    if max(least, most or 0) >= _TOO_OFTEN or (most is not None and most < least):
        raise ValueError(f"the repetition {found[0]} is impossible")
    return (least, most), found.end()


def _repeat(part: _Part, least: int, most: int | None) -> list[_Part]:
    if part.kind == "assertion":
        return [part] if least else []
    return [replace(part, least=least, most=most)]


def _atom(text: str, at: int) -> tuple[_Part, int]:
    character = text[at]
    if character == "[":
        body, at = _class(text, at + 1)
        return _Part("characters", body), at
    if character == "\\":
        following = text[at + 1 : at + 2]
        if following in _ASSERTIONS:
            return _Part("assertion", _ASSERTIONS[following]), at + 2
        if following.lower() in _PERL:
            negated = "^" if following.isupper() else ""
            return _Part("characters", f"[{negated}{_PERL[following.lower()]}]"), at + 2
        literal, at = _escaped(text, at + 1)
        return _Part("characters", re.escape(literal)), at
    if character == "^":
        return _Part("assertion", r"\A"), at + 1
    return _Part("characters", re.escape(character)), at + 1


def _class(text: str, at: int) -> tuple[str, int]:
    """Return what stands between square brackets as a class for Python, and where it ends."""
    negated = text[at : at + 1] == "^"
    at += negated
    items: list[str] = []
    first = True
    while first or text[at : at + 1] != "]":
        first = False
        if text.startswith("[:", at) and (end := text.find(":]", at + 2)) >= 0:
            items.append(_posix(text[at + 2 : end]))
            at = end + 2
            continue
        if text[at : at + 1] == "\\" and text[at + 1 : at + 2].lower() in _PERL:
            items.append(_perl(text[at + 1]))
            at += 2
            continue
        low, at = _class_character(text, at)
        high = low
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in ("]", ""):
            high, at = _class_character(text, at + 1)
            if high < low:
                raise ValueError(f"the range from {low!r} to {high!r} runs backwards")
        items.append(f"{re.escape(low)}-{re.escape(high)}")
    return f"[{'^' * negated}{''.join(items)}]", at + 1


def _posix(name: str) -> str:
    known = _POSIX.get(name.removeprefix("^"))
    if known is None:
        raise ValueError(f"there is no class [:{name}:]")
    return _all_but(known) if name.startswith("^") else known


def _perl(letter: str) -> str:
    return _all_but(_PERL[letter.lower()]) if letter.isupper() else _PERL[letter]


def _all_but(items: str) -> str:
    """Return the ASCII characters that are not in a class, and everything beyond ASCII."""
    inside = re.compile(f"[{items}]")
    others = (chr(code) for code in range(128) if not inside.match(chr(code)))
    return "".join(re.escape(each) for each in others) + "\x80-\U0010ffff"


def _class_character(text: str, at: int) -> tuple[str, int]:
    if at >= len(text):
        raise ValueError("a square bracket is not closed")
    if text[at] == "\\":
        return _escaped(text, at + 1)
    return text[at], at + 1


def _escaped(text: str, at: int) -> tuple[str, int]:
    """Return the character that stands after a backslash, and where it ends."""
    character = text[at : at + 1]
    if not character:
        raise ValueError("it ends with a backslash")
    if character.isascii() and not character.isalnum():
        return character, at + 1
    if character in _CONTROLS:
        return _CONTROLS[character], at + 1
    following = text[at + 1 : at + 2]
    if character == "0" or (character in _OCTAL and following and following in _OCTAL):
        end = at + 1
        while end < at + 3 and text[end : end + 1] and text[end] in _OCTAL:
            end += 1
        return chr(int(text[at:end], 8)), end
    digits = text[at + 1 : at + 3]
    if character == "x" and re.fullmatch("[0-9A-Fa-f]{2}", digits):
        return chr(int(digits, 16)), at + 3
    raise ValueError(f"a backslash before {character!r} has no meaning that is read here")
