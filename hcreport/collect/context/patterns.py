"""One pattern of a ``.dockerignore``, and which paths it matches: exactly those Docker's does.

Docker checks a pattern by the rules of Go's ``filepath.Match`` and then translates it, so a pattern
passes both. Four shapes are compared as they stand: no wildcard at all, two stars at the end, two
stars at the beginning, and the expression for all else (github.com/moby/patternmatcher).
"""

from __future__ import annotations

from typing import Literal

from hcreport.collect.context.go_expressions import Expression
from hcreport.errors import CollectError

Generation = Literal["current", "20.10"]
"""How a pattern is translated: as Docker does since 23.0, or as it did before."""

_ESCAPED = {"current": ".+()$", "20.10": ".$"}
"""What stands for itself in an expression. Docker means to have ``|``, ``{`` and ``}`` here too,
but its table of bits has no room for them, so beside a wildcard they are operators."""

_UNREAD = "()"
"""Docker 20.10 lets these through to the expression, where they make groups."""

_BYTE_ORDER_MARK = "\ufeff"


class Pattern:
    """A pattern that was cleaned, without an exclamation mark at its beginning.

    Raises ValueError with the reason where Docker refuses it at once. Of some patterns Docker
    notices only when it compares them that it cannot, and so do they: ``matches`` raises
    :class:`~hcreport.errors.CollectError`, which names the ``place`` where the pattern stands.
    """

    __slots__ = ("_expression", "_fault", "_literal", "_shape", "exception", "segments", "text")

    def __init__(
        self,
        text: str,
        *,
        exception: bool = False,
        generation: Generation = "current",
        place: str = "A line of .dockerignore",
    ) -> None:
        check(text)
        self.text = text
        """Bytes that are no UTF-8 stand in it as ``surrogateescape`` writes them."""
        self.exception = exception
        self.segments = text.count("/") + 1
        shape, expression = _translate(text, generation)
        self._shape = shape
        self._expression: Expression | None = None
        self._fault: CollectError | None = None
        self._literal = text.encode("utf-8", "surrogateescape")
        if generation == "20.10" or shape == "expression":
            self._shape = "expression"
            try:
                self._expression = Expression(expression)
            except ValueError as error:
                self._fault = refused(place, str(error))
        elif shape == "begins":
            self._literal = self._literal[:-2]
        elif shape == "ends":
            self._literal = self._literal[2:]

    def matches(self, path: bytes, text: str) -> bool:
        """Tell whether it matches a path itself, its folders left aside.

        ``text`` is the same path as :func:`as_text` returns it.
        """
        if self._expression is not None:
            return self._expression.matches(text)
        if self._fault is not None:
            raise self._fault
        if self._shape == "exact":
            return path == self._literal
        if self._shape == "begins":
            return path.startswith(self._literal)
        literal = self._literal
        return path.endswith(literal) or (literal[:1] == b"/" and path == literal[1:])


def refused(place: str, reason: str) -> CollectError:
    """Return the error that says at which line Docker refuses to build."""
    return CollectError(
        f"{place} is no pattern that is understood: {reason}.",
        hint="Docker refuses to build with such a line; correct it, or delete it.",
    )


def as_text(path: bytes) -> str:
    """Return a path as Go's expressions see it: U+FFFD stands for each byte that is no UTF-8."""
    return go_text(path.decode("utf-8", "surrogateescape"))


def go_text(text: str) -> str:
    """Return a text with U+FFFD for each byte that is no UTF-8."""
    if text.isascii():
        return text
    return "".join("\ufffd" if "\udc80" <= each <= "\udcff" else each for each in text)


def _translate(text: str, generation: Generation) -> tuple[str, str]:
    """Return the shape of a pattern, and its expression in Go's syntax."""
    # Go's scanner drops a mark at the beginning of what it reads, and of nothing else.
    left = go_text(text).removeprefix(_BYTE_ORDER_MARK)
    shape, result, at = "exact", "", 0
    while at < len(left):
        start, character = at, left[at]
        at += 1
        if left.startswith("**", start):
            at += 2 if left[at + 1 : at + 2] == "/" else 1
            if at < len(left):
                result, shape = f"{result}(.*/)?", "expression"
            else:
                result, shape = f"{result}.*", "begins" if shape == "exact" else "expression"
            shape = "ends" if start == 0 else shape
            continue
        special, piece = _piece(character, left[at : at + 1], generation)
        at += character == "\\"
        result += piece
        shape = "expression" if special else shape
    return shape, result


def _piece(character: str, following: str, generation: Generation) -> tuple[bool, str]:
    """Return whether a character makes a pattern an expression, and what stands for it there."""
    if character in "*?":
        return True, "[^/]*" if character == "*" else "[^/]"
    if character == "\\":
        return bool(following), f"\\{following}"
    if character in _ESCAPED[generation]:
        return False, f"\\{character}"
    if character in _UNREAD:
        raise ValueError(f"Docker 20.10 takes {character!r} for an operator")
    return character in "[]", character


def check(text: str) -> None:
    """Raise ValueError with the reason where Go's ``filepath.Match`` refuses a pattern.

    Docker has it compared with a point, to see whether it is one. Go reads no further than it
    needs for that, so what stands behind a star may be wrong and pass.
    """
    left, name = text, "."
    while left:
        stars = len(left) - len(left.lstrip("*"))
        end = _end_of_chunk(left, stars)
        chunk, left = left[stars:end], left[end:]
        if stars and not chunk:
            return
        matches = [_after_chunk(chunk, name)]
        if stars and name:
            matches.append(_after_chunk(chunk, ""))
        rests = [rest for rest in matches if rest is not None and (left or not rest)]
        if not rests:
            return
        name = rests[0]


def _end_of_chunk(text: str, at: int) -> int:
    """Return where the next star stands outside of square brackets."""
    in_brackets = False
    while at < len(text) and (in_brackets or text[at] != "*"):
        if text[at] == "\\":
            at += 1
        elif text[at] in "[]":
            in_brackets = text[at] == "["
        at += 1
    return min(at, len(text))


def _after_chunk(chunk: str, name: str) -> str | None:
    """Return what a chunk leaves of a name, which is a point or empty; None where it differs."""
    at, fits = 0, True
    while at < len(chunk):
        character = chunk[at]
        at += 1
        if character == "[":
            at, matches = _class(chunk, at)
        elif character == "?":
            matches = True
        else:
            if character == "\\":
                if at == len(chunk):
                    raise ValueError("it ends with a backslash")
                character, at = chunk[at], at + 1
            matches = character == "."
        fits = fits and bool(name) and matches
        name = ""
    return name if fits else None


def _class(text: str, at: int) -> tuple[int, bool]:
    """Return where a class ends that begins before ``at``, and whether a point is in it."""
    negated = text[at : at + 1] == "^"
    at += negated
    ranges, found = 0, False
    while not (ranges and text[at : at + 1] == "]"):
        low, at = _class_character(text, at)
        high = low
        if text[at] == "-":
            high, at = _class_character(text, at + 1)
        found = found or low <= "." <= high
        ranges += 1
    return at + 1, found != negated


def _class_character(text: str, at: int) -> tuple[str, int]:
    """Return a character of a class and where it ends; something has to follow it."""
    character = text[at : at + 1]
    if character in ("", "-", "]"):
        raise ValueError("what stands between square brackets is no list of characters")
    at += 1
    if character == "\\":
        character = text[at : at + 1]
        at += 1
    if "\udc80" <= character <= "\udcff":
        raise ValueError("what stands between square brackets is no text in UTF-8")
    if at >= len(text):
        raise ValueError("a square bracket is not closed")
    return character, at
