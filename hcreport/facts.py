"""Cited facts: every number from outside, its source, how it was checked, what is doubtful.

They live in ``facts/*.yaml`` beside this file; a fact's key is ``<file>/<name>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml
from pydantic import TypeAdapter, ValidationError

from hcreport.errors import FactError
from hcreport.model.llm import ModelShape
from hcreport.model.origin import Origin, Unit
from hcreport.model.record import Record
from hcreport.units import Bytes

# libyaml's loader is ten times as fast; PyYAML has it nearly everywhere.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source(Record):
    """Where a fact was read or measured."""

    title: str
    url: str | None = None
    """None for a measurement of this project, whose method stands in ``checked``."""
    read_on: date


class CataloguedModel(Record):
    """A model of Ollama's library; the fact that it belongs to is the size of its file."""

    tag: str
    """``llama3.1:8b``."""
    digest: str
    """The first 12 digits of the SHA-256 of the file: tags move, files do not."""
    quantization: str
    """``Q4_K_M``."""
    shape: ModelShape


class Fact(Record):
    """One claim about the world outside, as far as we can answer for it."""

    claim: str
    """One sentence, with the value in words."""
    value: float | None = None
    unit: Unit | None = None
    applies_to: str = ""
    """Versions or conditions it holds for."""
    source: Source
    checked: str
    """How it was checked: read there, measured (how), computed from."""
    doubt: str = ""
    """What speaks against it; shown wherever it is cited."""
    model: CataloguedModel | None = None
    """The model whose file's size it is."""

    def origin(self, key: str) -> Origin:
        """Return the origin of a number that rests on this fact."""
        when = self.source.read_on.isoformat()
        return Origin(kind="cited", evidence=f"{self.source.title}, read {when}", fact=key)


@cache
def facts() -> Mapping[str, Fact]:
    """Return all packaged facts by key, sorted. Raises FactError where one is malformed."""
    found: dict[str, Fact] = {}
    reader = TypeAdapter(dict[str, Fact])
    for file in resources.files("hcreport").joinpath("facts").iterdir():
        if not file.name.endswith(".yaml"):
            continue
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
            entries = reader.validate_python(content)
        except (yaml.YAMLError, ValidationError) as error:
            raise FactError(
                f"{file.name} is malformed: {error}", hint="Reinstall hcreport."
            ) from error
        stem = file.name.removesuffix(".yaml")
        found |= {f"{stem}/{name}": fact for name, fact in entries.items()}
    return MappingProxyType(dict(sorted(found.items())))


@cache
def catalogue() -> Mapping[str, str]:
    """Return the key of the fact about each catalogued model, by the model's tag."""
    return MappingProxyType(
        {known.model.tag: key for key, known in facts().items() if known.model is not None}
    )


def fact(key: str) -> Fact:
    """Return one fact. Raises FactError where there is none of that key."""
    try:
        return facts()[key]
    except KeyError as error:
        raise FactError(f"there is no fact {key}", hint="Reinstall hcreport.") from error


def fact_value(key: str) -> float:
    """Return a fact's number, in its base unit. Raises FactError where it has none."""
    value = fact(key).value
    if value is None:
        raise FactError(f"the fact {key} has no value", hint="Reinstall hcreport.")
    return value


def fact_bytes(key: str) -> Bytes:
    """Return a fact's number of bytes. Raises FactError where it is no size."""
    if fact(key).unit != "bytes":
        raise FactError(f"the fact {key} is not a size", hint="Reinstall hcreport.")
    return Bytes(round(fact_value(key)))
