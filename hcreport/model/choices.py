"""Choices a project has: which services sleep, and whether its model is local or somebody's API."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from hcreport.model.origin import Number
from hcreport.model.record import Record
from hcreport.units import Bytes


class SleepGroup(Record):
    """Services of which only some need to run at a time, as ``hcreport.yml`` names them."""

    name: str = Field(min_length=1)
    services: tuple[str, ...] = Field(min_length=1)
    awake: int = Field(ge=0)
    """How many of them run at a time."""

    @model_validator(mode="after")
    def _whole(self) -> SleepGroup:
        if self.awake > len(set(self.services)):
            raise ValueError("more services are awake than the group has")
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

    as_of: date
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """ISO 4217: ``EUR``."""
    source: str = Field(min_length=1)
    """Where the prices were read, in words or as an address."""
    input_tokens_per_month: int | None = Field(default=None, ge=0)
    output_tokens_per_month: int | None = Field(default=None, ge=0)
    rows: tuple[Price, ...] = Field(min_length=1)


class Sleeper(Record):
    """One running service: what stopping it would free, and what it would cost."""

    service: str
    containers: int
    """That run now."""
    uses: Number | None = None
    """Bytes that they use now, together; stopping frees them. None is not measured."""
    lower_limit: Bytes | None = None
    """What its limit could be lowered to, in bytes for each container; None where it could not."""
    has_health_check: bool = False
    """Where it is paused it turns unhealthy."""
    ready_after: float | None = None
    """Seconds from its last start to the first passed probe, where the engine still knows."""
    needed_by: tuple[str, ...] = ()
    """Running services that declare that they depend on it."""
    idle: bool | None = None
    """It used next to no CPU while it was watched; None where it was not watched."""
    serves_model: bool = False


class GroupSaving(Record):
    """What a group saves when only some of it is awake."""

    group: SleepGroup
    running: tuple[str, ...] = ()
    """Those of its services that run now, by name."""
    asleep: int = 0
    """How many of those would stop."""
    saves: Number | None = None
    """Bytes at least, with the hungriest awake; None where a running one is not measured."""
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
    """Bytes that the loaded models and their servers need; None is not measured."""
    memory_used: Number | None = None
    """Bytes that the containers of these services use now."""
    images: Number | None = None
    """Bytes of images that only these services use."""
    model_files: Number | None = None
    """Bytes of the models' files."""
    prices: PriceTable | None = None
