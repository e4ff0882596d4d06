"""What the header of a model file says: its keys and its tensors, and how to ask for them.

The keys are those of the GGUF format, ``docs/gguf.md`` in the source of ggml. Ollama's
``/api/show`` tells the same keys; it leaves out lists unless it is asked for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Value = str | int | float | bool | tuple[int | float | bool, ...]

MOST_LISTED = 512
"""Up to so many numbers a list is kept, one for each layer: llama.cpp has room for so many."""

_MOST_COUNT = 999_999_999
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a model; its data are not kept."""

    name: str
    type: str
    """How its numbers are stored, in lower case: ``q4_k``."""
    dimensions: tuple[int, ...]
    """As in the file: the length of a row first."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a model file.

    A list of at most :data:`MOST_LISTED` numbers is a tuple. Of longer lists, and of lists of
    texts, only the length is kept, as a whole number. An empty tuple is a list that was left out.
    """

    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...] = ()

    @property
    def architecture(self) -> str:
        """Return ``llama``, ``gemma3``. Raises ValueError where the header does not say."""
        name = self.metadata.get("general.architecture")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError("the model's header does not name its architecture")
        return name

    def value(self, key: str) -> Value | None:
        """Return what the header says under the architecture's own key; None where nothing."""
        return self.metadata.get(f"{self.architecture}.{key}")

    def left_out(self, key: str) -> bool:
        """Tell whether the header has a list under that key whose numbers were left out."""
        return self.value(key) == ()

    def count(self, key: str, default: int | None = None) -> int:
        """Return a whole number; of a list the largest.

        Raises ValueError where it is missing and has no default, or is no count.
        """
        value = self.value(key)
        if isinstance(value, tuple) and value:
            return max(self._whole(key, each) for each in value)
        if value is None or value == ():
            if default is None:
                raise ValueError(f"the model's header does not say {self.architecture}.{key}")
            return default
        return self._whole(key, value)

    def counts(self, key: str, layers: int, default: int | None = None) -> tuple[int, ...]:
        """Return one whole number for each layer, from a list or from one number for all.

        Raises ValueError where it is missing, or a list has fewer numbers than layers.
        """
        value = self.value(key)
        if not isinstance(value, tuple):
            return (self.count(key, default),) * layers
        if len(value) < layers:
            raise ValueError(
                f"the list {self.architecture}.{key} of the model's header was left out or is "
                f"too short: it has {len(value)} entries for {layers} layers"
            )
        return tuple(self._whole(key, each) for each in value[:layers])

    def _whole(self, key: str, value: object) -> int:
        if isinstance(value, int | float) and 0 <= value <= _MOST_COUNT and value == int(value):
            return int(value)
        raise ValueError(f"{self.architecture}.{key} in the model's header is no usable count")


def described_header(
    described: Mapping[str, object], tensors: Iterable[tuple[str, str, Iterable[int]]] = ()
) -> Header:
    """Return the header that Ollama tells: ``model_info`` of ``/api/show``, and its tensors.

    A tensor is its name, type and shape. Where Ollama tells null in place of a list, the header
    has an empty tuple. Values of any other kind are passed over.
    """
    known = {key: kept for key, each in described.items() if (kept := _kept(each)) is not None}
    return Header(
        metadata=known,
        tensors=tuple(Tensor(name, kind.lower(), tuple(shape)) for name, kind, shape in tensors),
    )


def _kept(value: object) -> Value | None:
    if value is None:
        return ()
    if isinstance(value, str | int | float):
        return value
    if not isinstance(value, list):
        return None
    numbers = tuple(each for each in value if isinstance(each, int | float))
    if len(numbers) < len(value) or len(value) > MOST_LISTED:
        return len(value)
    return numbers
