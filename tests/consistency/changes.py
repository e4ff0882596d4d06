"""Changes one number by hand, at each place that has one: what the checks have to notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.consistency.meanings import number_places
from tests.consistency.numbers import NUMBER
from tests.consistency.quantities import Reading
from tests.consistency.templates import Template

TYPED = "7.77 GiB"
"""What somebody types in place of an expression."""

_FORMATTED = re.compile(r"(?<!\{)\{(?:gib|gb|percent|counted|plain_number|duration)\([^{}\"]*\)\}")
_F_STRING = re.compile(r"\bf(?:\"[^\"\n]*\"|'[^'\n]*')")


@dataclass(frozen=True)
class Change:
    """One file after one change."""

    name: str
    line: int
    what: str
    source: str

    def __str__(self) -> str:
        return f"{self.name}, line {self.line}: {self.what}"


def typed_numbers(template: Template) -> Iterator[Change]:
    """Put a number in place of each expression that prints one."""
    for place in number_places(template):
        if not place.sets:
            source = template.source[: place.start] + TYPED + template.source[place.end :]
            yield Change(template.name, place.line, f"{place.expression} is {TYPED}", source)


def other_quantities(template: Template) -> Iterator[Change]:
    """Print another quantity at each place that prints one: a neighbour, or what nobody prints."""
    places = list(number_places(template))
    others = [each.expression for each in places if not each.sets]
    for place in places:
        other = next((each for each in others if each != place.expression), "report.rules|length")
        yield _with(template, place.start, place.end, place.expression, other)


def computed_quantities(template: Template) -> Iterator[Change]:
    """Compute with each quantity before it is printed."""
    for place in number_places(template):
        inner = re.sub(r"^([\w.]+)", r"(\1 * 2)", place.expression, count=1)
        if not place.sets and inner != place.expression:
            yield _with(template, place.start, place.end, place.expression, inner)


def _with(template: Template, start: int, end: int, old: str, new: str) -> Change:
    code = template.source[start:end]
    changed = template.source[:start] + code.replace(old, new, 1) + template.source[end:]
    line = template.source.count("\n", 0, start) + 1
    return Change(template.name, line, f"{old} is {new}", changed)


def changed_literals(template: Template) -> Iterator[Change]:
    """Raise the last digit of each number that stands in a template's prose."""
    seen: set[str] = set()
    for found in NUMBER.finditer(template.prose):
        text = found.group()
        if text in seen:
            continue
        seen.add(text)
        digit = max(position for position, each in enumerate(text) if each.isdigit())
        new = text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :]
        for match in re.finditer(rf"(?<![\w.,/#-]){re.escape(text)}(?![\w])", template.source):
            source = template.source[: match.start()] + new + template.source[match.end() :]
            line = template.source.count("\n", 0, match.start()) + 1
            yield Change(template.name, line, f"{text} is {new}", source)
            break


def typed_in_f_strings(name: str, source: str) -> Iterator[Change]:
    """Put a number in place of each one that an f-string formats."""
    for string in _F_STRING.finditer(source):
        for found in _FORMATTED.finditer(string.group()):
            start, end = (string.start() + each for each in found.span())
            changed = source[:start] + TYPED + source[end:]
            line = source.count("\n", 0, start) + 1
            yield Change(name, line, f"{found.group()} is {TYPED}", changed)


def raised(reading: Reading) -> Reading:
    """Return a reading with a number that is a little larger: its last digit, or a hundredth."""
    number = reading.number
    larger = number.value + max(number.step, abs(number.value) / 50)
    return replace(reading, number=replace(number, value=larger))
