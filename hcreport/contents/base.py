"""Finds the layers that an image has from the image it starts from.

An image does not say what it starts from. Three things tell: another image of the engine with
the same first layers, the project's Dockerfile, and the history, in which a base ends with the
command that it starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hcreport.contents.dockerfile import last_chain, read_lines
from hcreport.contents.image import HistoryEntry, ImageFiles
from hcreport.contents.target import BaseImage

_CLASSIC = "#(nop)"
"""Stands before each instruction that runs nothing, where the classic builder built."""

_SHELL = re.compile(r"^(\|\d+ )?.*?/bin/(ba|da|a)?sh\b")
"""How the classic builder begins the text of a ``RUN``."""

_INSTRUCTION = re.compile(r"^([A-Z]{3,11})\b")
_STARTS = frozenset({"CMD", "ENTRYPOINT"})

_ROOT_FILES = re.compile(r"^(# \w|ADD (file|rootfs|alpine|.*\.tar)|COPY .*\brootfs\b)")
"""How the step begins that puts a whole system into the first layer."""

_SYSTEM = (b"etc/os-release", b"usr/lib/os-release")

_BASE_LABEL = "org.opencontainers.image.base.name"
_REFERENCE = re.compile(r"^[a-z0-9][\w.\-/:]*(@sha256:[0-9a-f]{64})?$")


def find_base(
    image: ImageFiles,
    *,
    known: Mapping[str, tuple[str, ...]] | None = None,
    dockerfile: str | None = None,
) -> BaseImage | None:
    """Return the base of an image; None where nothing tells, or where it has none.

    ``known`` has the ``diff_id`` of each layer of other images, oldest first, by their reference;
    ``dockerfile`` is the text that the image was built from.
    """
    if len(image.layers) < 2:
        return None
    if found := _known_base(image, known or {}):
        return _base(image, *found, certain=True)
    chain = last_chain(read_lines(dockerfile)) if dockerfile else None
    if chain is not None and chain.base is None:
        return None
    named = chain.base if chain else _label(image)
    if chain and (layers := _before(image, chain.instructions)):
        return _base(image, layers, named, certain=True)
    if layers := _concluded(image):
        return _base(image, layers, named, certain=False)
    return None


def instruction_of(entry: HistoryEntry) -> str:
    """Return which instruction of a Dockerfile a step of the history is, such as ``COPY``.

    Empty where the step is none, as that of an import.
    """
    text = entry.text.strip()
    _, mark, rest = text.partition(_CLASSIC)
    if mark:
        match = _INSTRUCTION.match(rest.strip())
        return match[1] if match else ""
    if match := _INSTRUCTION.match(text):
        return match[1]
    return "RUN" if _SHELL.match(text) else ""


def instructions(image: ImageFiles) -> tuple[str | None, ...]:
    """Return the instruction that made each layer; None where the history does not tell."""
    return tuple((instruction_of(step) or None) if step else None for step in image.steps())


def _base(image: ImageFiles, layers: int, reference: str | None, *, certain: bool) -> BaseImage:
    size = sum(layer.size for layer in image.layers[:layers])
    return BaseImage(layers=layers, size=size, reference=reference, certain=certain)


def _known_base(image: ImageFiles, known: Mapping[str, tuple[str, ...]]) -> tuple[int, str] | None:
    """Return how many layers the longest known beginning has, and whose it is."""
    own = tuple(layer.diff_id for layer in image.layers)
    fitting = [
        (len(others), reference)
        for reference, others in known.items()
        if 0 < len(others) < len(own) and all(others) and own[: len(others)] == others
    ]
    return min(fitting, key=lambda each: (-each[0], each[1])) if fitting else None


def _label(image: ImageFiles) -> str | None:
    name = image.config.labels.get(_BASE_LABEL, "")
    return name if _REFERENCE.match(name) else None


def _before(image: ImageFiles, wanted: Sequence[str]) -> int:
    """Return how many layers lie before the steps of a Dockerfile; 0 where they do not fit."""
    if None in image.steps() or not 0 < len(wanted) < len(image.history):
        return 0
    at = len(image.history) - len(wanted)
    own = [instruction_of(entry) for entry in image.history[at:]]
    if own != list(wanted):
        return 0
    return sum(not entry.empty for entry in image.history[:at])


def _concluded(image: ImageFiles) -> int:
    """Return how many layers the history lets belong to the base; 0 where it does not tell."""
    if None in image.steps():
        return int(_has_system(image))
    layers, since_start, found = 0, False, 0
    for entry in image.history:
        if not entry.empty:
            found = layers if since_start else found
            layers, since_start = layers + 1, False
        elif instruction_of(entry) in _STARTS and layers:
            since_start = True
    if found:
        return found
    first = next(entry.text for entry in image.history if not entry.empty).strip()
    text = first.partition(_CLASSIC)[2].strip() or first
    return int(not text or bool(_ROOT_FILES.match(text)) or _is_import(image))


def _is_import(image: ImageFiles) -> bool:
    """Tell whether the first layer is a whole system that no instruction made."""
    return instruction_of(image.history[0]) == "" and _has_system(image)


def _has_system(image: ImageFiles) -> bool:
    return any(path in _SYSTEM for path in image.layers[0].paths)
