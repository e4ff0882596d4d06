"""What one source says about a local model, in a form that all sources share; and its checks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hcreport.errors import OllamaError
from hcreport.estimate.llm_header import Header
from hcreport.estimate.llm_shape import model_shape
from hcreport.model import ModelShape
from hcreport.units import LARGEST_COUNT, Bytes

Json = dict[str, Any]

# types/model/name.go in the source of Ollama: the parts of a model's name.
_NAMESPACE = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}"
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"
_NAME = re.compile(
    rf"(?:(?:(?P<host>[A-Za-z0-9_][A-Za-z0-9_.:-]{{0,349}})/)?(?P<namespace>{_NAMESPACE})/)?"
    rf"(?P<model>{_PART})(?::(?P<tag>{_PART}))?"
)

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:[-+].{0,40})?")

USUAL_PORT = 11434

USUAL_HOST = "registry.ollama.ai"
_USUAL_NAMESPACE = "library"
_USUAL_TAG = "latest"

# A context of more tokens than this is a mistake, or somebody who wants to see an overflow.
_MOST_TOKENS = 99_999_999


@dataclass(frozen=True, kw_only=True)
class ModelName:
    """A model's name with all its parts: ``llama3.1:8b`` has the usual host and namespace."""

    host: str = USUAL_HOST
    namespace: str = _USUAL_NAMESPACE
    model: str
    tag: str = _USUAL_TAG

    @property
    def shown(self) -> str:
        """The name as Ollama shows it: without the usual host and namespace."""
        usual = self.host == USUAL_HOST
        host = "" if usual else f"{self.host}/"
        namespace = "" if usual and self.namespace == _USUAL_NAMESPACE else f"{self.namespace}/"
        return f"{host}{namespace}{self.model}:{self.tag}"


@dataclass(frozen=True, kw_only=True)
class ModelParameters:
    """What a model itself says about how it is run; each None where it does not say."""

    context: int | None = None
    """Tokens of context: ``num_ctx``."""
    batch: int | None = None
    """Tokens worked on at once: ``num_batch``."""
    mapped: bool | None = None
    """``use_mmap``."""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What one source says about one model."""

    shape: ModelShape
    source: Literal["ollama", "file", "registry"]
    file: Bytes | None = None
    """Size of all its files."""
    parameters: ModelParameters = field(default_factory=ModelParameters)


def model_name(text: str) -> ModelName | None:
    """Return the parts of a model's name; None where it is none that Ollama takes."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    return ModelName(**{key: value for key, value in match.groupdict().items() if value})


def same_name(text: str) -> str:
    """Return a text that is the same for all ways to write a model's name."""
    name = model_name(text)
    return (name.shown if name else text).lower()


def shape_of(header: Header, *, beside: int = 0) -> ModelShape:
    """Return the shape that a header describes.

    ``beside`` are bytes of weights in other files: a projector's, an adapter's. Raises OllamaError
    where the header lacks what an estimate needs; only its hint holds words of the header.
    """
    try:
        shape = model_shape(header)
    except ValueError as error:
        text = str(error)
        raise OllamaError(
            "Its header lacks what an estimate needs.", hint=f"{text[:1].upper()}{text[1:]}."
        ) from error
    return shape.model_copy(update={"weights": shape.weights + beside})


def parsed(body: bytes, who: str) -> Json:
    """Return an object of JSON. Raises OllamaError where it is none, or is cut off."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OllamaError(f"{who} gave an answer that is no whole JSON.") from error
    if not isinstance(value, dict):
        raise unexpected(who)
    return value


def unexpected(who: str) -> OllamaError:
    """Return the error for an answer of another form than the one that is documented."""
    return OllamaError(f"{who} gave an answer of another form than expected.")


def size_in(value: object) -> Bytes | None:
    """Return a size in bytes; None for anything that is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return Bytes(value) if 0 <= value <= LARGEST_COUNT else None


def tokens_in(value: object) -> int | None:
    """Return a number of tokens above zero; None for anything else."""
    size = size_in(value)
    return int(size) if size is not None and 0 < size <= _MOST_TOKENS else None


def parameters_in(values: Mapping[str, object]) -> ModelParameters:
    """Return the parameters among those of a model that say how much memory it takes."""
    mapped = values.get("use_mmap")
    return ModelParameters(
        context=tokens_in(values.get("num_ctx")),
        batch=tokens_in(values.get("num_batch")),
        mapped=mapped if isinstance(mapped, bool) else None,
    )


def version_numbers(text: str) -> tuple[int, int, int] | None:
    """Return the three numbers of a version; None where it is none, or stands for a build."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    numbers = (int(match[1]), int(match[2]), int(match[3]))
    return numbers if any(numbers) else None
