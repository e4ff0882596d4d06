"""Choices a project has: which services sleep, and whether its model is local or somebody's API."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hcreport.model.origin import Number
from hcreport.model.record import Record
from hcreport.units import Bytes

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def _day(value: object) -> object:
    """Refuse all but a day: pydantic would take a number for seconds since 1970."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"there is no day {value}") from error
    raise ValueError("a day is written as year, month and day, such as 2026-11-27")


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise ValueError("a currency is three capital letters, such as EUR")
    return value


class SleepGroup(Record):
    """Services of which only some need to run at a time, as ``hcreport.yml`` names them."""

    name: str = Field(min_length=1)
    services: tuple[str, ...] = Field(min_length=1)
    awake: int = Field(ge=0)
    """How many of them run at a time."""

    @model_validator(mode="after")
    def _whole(self) -> SleepGroup:
        if len(set(self.services)) < len(self.services):
            raise ValueError(f"the group {self.name} names a service twice")
        if self.awake > len(self.services):
            raise ValueError(
                f"the group {self.name} has fewer services ({len(self.services)}) "
                f"than are to be awake ({self.awake})"
            )
        return self


class Price(Record):
    """What a provider asks for, as the project's owner found it; hcreport knows no prices."""

    name: str = Field(min_length=1)
    input_per_million: float = Field(ge=0)
    """For a million tokens that are sent."""
    output_per_million: float = Field(ge=0)
    """For a million tokens that come back."""


class PriceTable(Record):
    """The prices that the project's owner supplies in ``hcreport.yml``, with their date."""

    as_of: Annotated[date, BeforeValidator(_day)]
    """The day on which the prices were read."""
    currency: Annotated[str, AfterValidator(_currency)]
    """ISO 4217: ``EUR``."""
    source: str = Field(min_length=1)
    """Where the prices were read, in words or as an address."""
    input_tokens_per_month: int | None = Field(default=None, ge=0)
    output_tokens_per_month: int | None = Field(default=None, ge=0)
    local_per_month: float | None = Field(default=None, ge=0)
    """What the local model costs in a month, as the owner knows it: power, a larger machine."""
    rows: tuple[Price, ...] = Field(min_length=1)


class Sleeper(Record):
    """One running service: what stopping it would free, and what it would cost."""

    service: str
    containers: int
    """That run now."""
    paused: bool = False
    """All of these are paused, which frees nothing."""
    uses: Number | None = None
    """Bytes that they use now, together, as ``docker stats`` shows it. None is not measured."""
    frees: Number | None = None
    """What of it is no page cache, in bytes: stopping frees that; page cache is given back anyway.
    None where it is not measured, or where the engine does not tell page cache apart."""
    limit: Bytes | None = None
    """Its limit, in bytes for each container; None where one of them has none."""
    lower_limit: Bytes | None = None
    """What its limit could be lowered to, in bytes for each container; None where it could not."""
    has_health_check: bool = False
    """Where it is paused it turns unhealthy."""
    ready_after: float | None = None
    """Seconds from its last start to the first passed probe, where the engine still knows."""
    returns: bool = False
    """Its restart policy starts it again when Docker starts, although it was stopped."""
    needed_by: tuple[str, ...] = ()
    """Running services that depend on it: they say so, hold its address, or share its network."""
    idle: bool | None = None
    """It used next to no CPU while it was watched; None where it was not watched."""
    serves_model: bool = False
    is_ollama: bool = False
    """It runs Ollama's image, so that a model can be unloaded without stopping it."""
    unloads: Number | None = None
    """Bytes of models that it held loaded: unloading them frees these. None is not measured, or
    more than its containers use."""
    unloads_already: bool = False
    """It is told to unload each model at once."""


class GroupSaving(Record):
    """What a group saves when only some of it is awake."""

    group: SleepGroup
    running: tuple[str, ...] = ()
    """Those of its services that run now, by name."""
    asleep: int = 0
    """How many of those would stop."""
    saves: Number | None = None
    """Bytes at least, with the hungriest awake; None where a running one is not measured."""
    saves_on_average: Bytes | None = None
    """Bytes where each of them sleeps as often as any other."""
    saves_most: Bytes | None = None
    """Bytes where the hungriest sleep."""
    limits_freed: Bytes | None = None
    """Sum of the limits of the sleeping ones, where all have the same; what a review by limits
    would have said."""
    unmeasured: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Names that no service has."""


class Sleep(Record):
    """All that the page about waking and sleeping says."""

    services: tuple[Sleeper, ...] = ()
    """Running services, those that use most first."""
    groups: tuple[GroupSaving, ...] = ()


class LocalOrApi(Record):
    """What using an external service instead of the local model would change, in own numbers."""

    models: tuple[str, ...]
    services: tuple[str, ...] = ()
    """Those that serve the models."""
    memory_needed: Number | None = None
    """Bytes that Docker needs less without them, as in the plan; None is not measured."""
    memory_used: Number | None = None
    """Bytes that the containers of these services use now."""
    images: Number | None = None
    """Bytes of images that only these services use."""
    model_files: Number | None = None
    """Bytes of the models' files, as far as they are known."""
    files_unknown: tuple[str, ...] = ()
    """Models whose files are of unknown size."""
    prices: PriceTable | None = None
