"""Reads a Dockerfile into its instructions, as the builders do; whatever stands in it is read.

One reader for all who ask: what an image starts from, what it takes from its build context, and
what becomes the first stage of a smaller one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)", re.IGNORECASE)
_NAME = re.compile(r"\s*([A-Za-z]+)(?:\s+|$)")
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_HERE = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_WITH_DOCUMENTS = frozenset({"RUN", "COPY", "ADD"})
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^}]*))?\}|(\w+))")
_FLAG = re.compile(r"--(\w+)(?:=(\S*))?\s*")


SCRATCH = "scratch"
"""The name of the image that is empty."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """An instruction with its continuation lines, or one comment or blank line between two."""

    text: str
    """As written, without the last line break."""
    name: str = ""
    """In capital letters; empty for what is no instruction."""
    rest: str = ""
    """What follows the name, without comments and continuation marks."""
    document: tuple[str, ...] = ()
    """The lines of the documents that stand in it, from ``<<EOF`` on, with their last lines."""

    @property
    def stage(self) -> tuple[str, str] | None:
        """What a FROM starts from, and the stage's name; None for all other lines."""
        found = _FROM.fullmatch(self.rest) if self.name == "FROM" else None
        return (found[1], found[2] or "") if found else None

    @property
    def flags(self) -> dict[str, list[str]]:
        """The values of its flags (``--from=build``), by name."""
        return split_flags(self.rest)[0]

    @property
    def words(self) -> list[str]:
        """The words of a COPY or ADD behind its flags, in either of the two forms."""
        rest = split_flags(self.rest)[1]
        if rest.startswith("["):
            try:
                listed = json.loads(rest)
            except ValueError:
                listed = None
            if isinstance(listed, list) and all(isinstance(each, str) for each in listed):
                return listed
        return [word.strip("\"'") for word in rest.split()]


def directives_of(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield name and value of the directives for the builder, which are a file's first lines."""
    for line in lines:
        found = _DIRECTIVE.match(line.strip())
        if found is None:
            return
        yield found[1].lower(), found[2]


def read_lines(dockerfile: str) -> tuple[Line, ...]:
    """Return the lines of a Dockerfile, instructions whole; any text is read without an error."""
    text = dockerfile.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n")
    lines = text.split("\n")
    mark = dict(directives_of(lines)).get("escape", "\\")
    return tuple(_joined(lines, mark))


def _joined(lines: Sequence[str], mark: str) -> Iterator[Line]:
    """Yield lines, with those joined that a mark at the end or a document joins."""
    more = re.compile(rf"{re.escape(mark)}[ \t]*$")
    position = 0
    while position < len(lines):
        first = lines[position]
        if not first.strip() or first.lstrip().startswith("#"):
            yield Line(text=first)
            position += 1
            continue
        taken, words = [first], [more.sub("", first)]
        position += 1
        open_line = bool(more.search(first))
        while open_line and position < len(lines):
            line = lines[position]
            taken.append(line)
            position += 1
            if line.strip() and not line.lstrip().startswith("#"):
                words.append(more.sub("", line))
                open_line = bool(more.search(line))
        found = _NAME.match(words[0])
        name = found[1].upper() if found else ""
        rest = "".join(words)[found.end() if found else 0 :].strip()
        document = _document(rest, lines[position:]) if name in _WITH_DOCUMENTS else ()
        position += len(document)
        text = "\n".join([*taken, *document])
        yield Line(text=text, name=name, rest=rest, document=tuple(document))


def _document(rest: str, following: Sequence[str]) -> Sequence[str]:
    """Return the lines that belong to an instruction because it says ``<<EOF`` or the like."""
    end = 0
    for found in _HERE.finditer(rest):
        ends = (
            position
            for position in range(end, len(following))
            if following[position].lstrip("\t") == found[2]
        )
        last = next(ends, None)
        if last is None:
            return following[:end]
        end = last + 1
    return following[:end]


def split_flags(rest: str) -> tuple[dict[str, list[str]], str]:
    """Return the flags at the beginning of an instruction, and what follows them."""
    flags: dict[str, list[str]] = {}
    while found := _FLAG.match(rest):
        flags.setdefault(found[1], []).append(found[2] or "")
        rest = rest[found.end() :]
    return flags, rest


def assigned(line: Line) -> Iterator[tuple[str, str]]:
    """Yield the names and values that an ARG or ENV gives."""
    first, _, value = line.rest.partition(" ")
    if "=" not in first:
        if value:
            yield first, value.strip()
        return
    for word in line.rest.split():
        name, sign, value = word.partition("=")
        if sign:
            yield name, value.strip("\"'")


def filled(text: str, values: Mapping[str, str], *, unknown: str | None = None) -> str:
    """Return a text with the values of its variables.

    One without a value becomes ``unknown``, or stays as it is.
    """

    def value(match: re.Match[str]) -> str:
        known, sign, other = values.get(match[1] or match[4]), match[2] or "", match[3] or ""
        if "+" in sign:
            return other if known else ""
        if sign:
            return known or other
        if known is not None:
            return known
        return match[0] if unknown is None else unknown

    return _VARIABLE.sub(value, text)


@dataclass(frozen=True)
class Chain:
    """The last stage with the stages it starts from, in their order."""

    base: str | None
    """The image that the first of them starts from; None for ``scratch``."""
    lines: tuple[Line, ...]
    """Their lines without FROM; in front of them the arguments that stand before all stages."""

    @property
    def instructions(self) -> tuple[str, ...]:
        """The names of the instructions in the stages, in capitals."""
        names = [line.name for line in self.lines[self.before :]]
        return tuple(name for name in names if name)

    before: int = 0
    """How many of the lines stand before all stages."""


def last_chain(lines: Sequence[Line]) -> Chain | None:
    """Return the chain of the last stage; None where there is no stage that can be read.

    Arguments have the values that the text gives them: a build may have given others.
    """
    stages: dict[str, tuple[str, list[Line]]] = {}
    before: list[Line] = []
    own, last, count = before, "", 0
    for line in lines:
        if line.name != "FROM":
            own.append(line)
            continue
        if line.stage is None:
            return None
        start, name = line.stage
        own, last = [], str(count)
        stages[last] = (_with_arguments(start, before), own)
        if name:
            stages[name.lower()] = stages[last]
        count += 1
    return _followed(last, stages, before) if count else None


def _with_arguments(text: str, lines: Sequence[Line]) -> str:
    values: dict[str, str] = {}
    for line in lines:
        if line.name == "ARG":
            values.update((name, filled(value, values)) for name, value in assigned(line))
    return filled(text, values)


def _followed(
    last: str, stages: Mapping[str, tuple[str, list[Line]]], before: list[Line]
) -> Chain | None:
    """Return a stage and those it starts from; a stage is not its own beginning."""
    found: list[Line] = []
    place, seen = last, set[str]()
    while True:
        seen.add(place)
        start, own = stages[place]
        found = own + found
        if start.lower() not in stages or start.lower() in seen:
            break
        place = start.lower()
    if "$" in start or not start:
        return None
    base = None if start.lower() == SCRATCH else start
    return Chain(base, tuple(before + found), len(before))
