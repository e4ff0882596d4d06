"""Reduces the history of an image to instructions, well-known programs and layers; pure.

A history holds whole commands with the values of build arguments, so nothing of its text is kept:
every word that comes out of here stands in the tables below.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hcreport.collect.history_programs import PROGRAMS
from hcreport.model import Layer
from hcreport.units import Bytes

# Instructions that only change the image's configuration: neither builder makes a layer of them.
_METADATA = frozenset(
    {
        *("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
    }
)
_INSTRUCTIONS = _METADATA | {"FROM", "COPY", "ADD", "RUN", "WORKDIR"}

CHAIN_DIGITS = 16
"""Digits of a ChainID that a snapshot keeps."""

# The classic builder marks what is not a command; BuildKit marks everything at its end.
_CLASSIC = re.compile(r"^(?:\|\d+ .*?)?/bin/sh -c #\(nop\) +", re.DOTALL)
_BUILDKIT = re.compile(r"\s*# buildkit\s*$")
_ARGUMENTS = re.compile(r"^\|\d+ ")
_SHELL = re.compile(
    r"(?:^|\s)(?:/(?:usr/)?bin/)?(?:ba|da|a|z)?sh(?:\s+-[A-Za-z]+(?:\s+pipefail)?)*?\s+-[a-z]*c\s",
)
_SEPARATORS = re.compile(r"&&|\|\||[;|\n(){}]|\bthen\b|\bdo\b|\belse\b")
_PIP_VERSION = re.compile(r"^pip[\d.]+$")
_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_PREFIXES = frozenset({"sudo", "exec", "env", "time", "nice", "command", "!", "if", "while"})

_WHOLE = frozenset({".", "./"})


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What one entry of a history did."""

    name: str
    """``RUN``, ``COPY`` …, or ``OTHER``."""
    detail: str | None = None
    """Well-known programs; ``directory`` where the classic builder copied one it does not name."""
    whole_context: bool = False


def read_instruction(created_by: str) -> Instruction:
    """Return what the text of a history entry says, for both builders.

    The classic builder replaces the sources of a COPY by a checksum: ``file:`` for one file,
    ``multi:`` for several, ``dir:`` for a directory, which may be the whole context or one below
    it. That it is the whole context is claimed only where the text says so.
    """
    text = _BUILDKIT.sub("", created_by.strip())
    marked, count = _CLASSIC.subn("", text)
    name, _, rest = marked.partition(" ")
    if name not in _INSTRUCTIONS:
        # The classic builder records the bare command of a RUN.
        is_command = bool(_ARGUMENTS.match(text) or _SHELL.match(text)) and not count
        if not is_command:
            return Instruction(name="OTHER")
        name, rest = "RUN", text
    if name == "RUN":
        return Instruction(name=name, detail=_programs(rest))
    if name in ("COPY", "ADD"):
        return _copy(name, rest.split(), classic=bool(count))
    return Instruction(name=name)


def read_layers(history: Sequence[dict[str, Any]], diff_ids: Sequence[str]) -> tuple[Layer, ...]:
    """Return the layers of an image, oldest first, from its history API reply (newest first).

    ``diff_ids`` is ``RootFS.Layers`` of inspect, oldest first. Sizes are bytes, unpacked. Raises
    KeyError, TypeError or ValueError where the reply has another shape than the API's.
    """
    entries = list(reversed(history))
    read = [read_instruction(entry.get("CreatedBy") or "") for entry in entries]
    sizes = [Bytes(max(int(entry["Size"]), 0)) for entry in entries]
    positions = layer_positions([each.name for each in read], sizes, len(diff_ids))
    chains = chain_names(diff_ids)
    return tuple(
        Layer(
            instruction=each.name,
            detail=each.detail,
            whole_context=each.whole_context,
            size=size,
            chain=None if position is None else chains[position],
        )
        for each, size, position in zip(read, sizes, positions, strict=True)
    )


def chain_ids(diff_ids: Iterable[str]) -> list[str]:
    """Return each layer's ChainID, which names it with everything below it.

    OCI image-spec, config.md, "Layer ChainID": the first is its own DiffID, each further one is
    the SHA-256 of the one before, a space and its DiffID. Shared layers have the same ChainID.
    """
    chains: list[str] = []
    for diff_id in diff_ids:
        text = f"{chains[-1]} {diff_id}" if chains else diff_id
        hashed = hashlib.sha256(text.encode()).hexdigest()
        chains.append(f"sha256:{hashed}" if chains else diff_id)
    return chains


def chain_names(diff_ids: Iterable[str]) -> list[str]:
    """Return sixteen digits of each layer's ChainID."""
    return [chain.removeprefix("sha256:")[:CHAIN_DIGITS] for chain in chain_ids(diff_ids)]


def layer_positions(
    instructions: Sequence[str], sizes: Sequence[Bytes], count: int
) -> list[int | None]:
    """Say which of an image's ``count`` layers each history entry made, oldest first.

    The API does not say which entries are layers. An entry with a size is one, configuration is
    none, and an entry without a size may be either: ``RUN true`` makes an empty layer or no layer,
    depending on the builder. Where counting does not settle it, entries below the first and above
    the last doubtful one are still certain; the rest, and every entry that is no layer, is None.
    """
    sure = [size > 0 for size in sizes]
    possible = [
        has_size or name not in _METADATA for name, has_size in zip(instructions, sure, strict=True)
    ]
    for is_layer in (sure, possible):
        if sum(is_layer) == count:
            numbers = iter(range(count))
            return [next(numbers) if each else None for each in is_layer]
    if not sum(sure) < count < sum(possible):
        return [None] * len(sizes)
    doubtful = [each for each, may in enumerate(possible) if may and not sure[each]]
    result: list[int | None] = [None] * len(sizes)
    below = [each for each in range(doubtful[0]) if sure[each]]
    above = [each for each in range(doubtful[-1] + 1, len(sizes)) if sure[each]]
    for position, entry in enumerate(below):
        result[entry] = position
    for position, entry in enumerate(above, start=count - len(above)):
        result[entry] = position
    return result


def _copy(name: str, words: list[str], *, classic: bool) -> Instruction:
    if classic:
        is_directory = bool(words) and words[0].startswith("dir:")
        return Instruction(name=name, detail="directory" if is_directory else None)
    sources = [word for word in words if not word.startswith("--")][:-1]
    from_stage = any(word.startswith("--from=") for word in words)
    return Instruction(name=name, whole_context=not from_stage and not _WHOLE.isdisjoint(sources))


def _programs(command: str) -> str | None:
    """Return the well-known programs of a command line, each once, in order."""
    shell = _SHELL.search(command)
    if shell is not None:
        command = command[shell.end() :]
    elif _ARGUMENTS.match(command):
        return None
    found = dict.fromkeys(name for part in _SEPARATORS.split(command) for name in _program(part))
    return ", ".join(found) or None


def _program(part: str) -> Iterator[str]:
    """Yield the name of the program that one simple command runs, with its verb, if well known."""
    words = [word.strip("\"'`\\") for word in part.split()]
    words = [word for word in words if word]
    while words and (words[0] in _PREFIXES or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    # RUN --mount=… stands before the command, `python -m pip` before the program's own name.
    while words and words[0].startswith("--"):
        words = words[1:]
    if len(words) > 2 and _PYTHON.fullmatch(words[0]) and words[1] == "-m":
        words = words[2:]
    if not words:
        return
    name = _PIP_VERSION.sub("pip", words[0].rpartition("/")[2])
    verbs = PROGRAMS.get(name)
    if verbs is None:
        return
    verb = next((word for word in words[1:] if word in verbs), None)
    if verb is not None:
        yield f"{name} {verb}"
    elif not verbs:
        yield name
