"""What a rule is: its declaration, what it is called with, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from hcreport.config import Budgets
from hcreport.model import (
    Action,
    Confidence,
    Family,
    Image,
    Location,
    MemoryBudget,
    Number,
    Origin,
    PlaceName,
    Present,
    Service,
    Severity,
    Snapshot,
    Unit,
)
from hcreport.units import Bytes

_Value = TypeVar("_Value")

Subject = Literal[
    "project", "service", "container", "image", "context", "volume", "model", "scenario"
]

Budget = Literal["largest_image", "all_images", "docker_memory", "p95_of_limit_ratio"]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A number that decides, and why it is that number."""

    value: float
    because: str = ""
    """One line, where the number is our choice."""
    cites: str = ""
    """Key of the fact it rests on, where it is not."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The declaration of one rule. Its documentation is the docstring of its file."""

    id: str
    """The file's name with hyphens."""
    severity: Severity
    each: Subject
    """What ``check`` is called with: the snapshot for ``project``, the name of a ``scenario``, else
    one such thing."""
    needs: tuple[str, ...] = ()
    """Parts that must be known: ``engine.memory_total`` of the snapshot, ``container.memory`` of
    the subject. Where one is missing the answer is *not measured*, without asking the rule."""
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    """By name; names end in their unit or in ``_ratio``. ``hcreport.yml`` may replace values."""
    cites: tuple[str, ...] = ()
    """Keys of the facts that the rule rests on."""
    points_at: PlaceName | None = None
    """The part of the service's declaration that findings point at, where its line is known."""
    budget: Budget | None = None
    """The budget that it compares with; without that one it is not asked anything."""
    stale: bool = False
    """It is about the snapshot's age or truth, and only asked where a check has a present."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """The rule's answer where something is wrong."""

    message: str
    """One sentence of at most 30 words, with its numbers; plain text."""
    remedies: tuple[Action, ...]
    """At least one; where there are several, they are alternatives, the best first."""
    numbers: tuple[Number, ...] = ()
    confidence: Confidence = "certain"
    severity: Severity | None = None
    """Where it differs from the rule's own."""
    location: Location | None = None


@dataclass(frozen=True)
class NotApplicable:
    """The rule's answer where the question does not arise."""

    reason: str


@dataclass(frozen=True)
class NotMeasured:
    """The rule's answer where something beyond its ``needs`` is missing."""

    reason: str


Verdict = Problem | NotApplicable | NotMeasured | None
"""None: asked and answered, nothing is wrong."""

Check = Callable[[Any, "Case"], Verdict]


def known(value: _Value | None) -> _Value:
    """Return a value that the rule's ``needs`` promise; raises LookupError where they do not."""
    if value is None:
        raise LookupError("the rule uses a part that its `needs` do not name")
    return value


FETCHERS = ("curl", "wget")
"""Programs that health checks fetch an address with: fact ``docker/ollama-image-has-no-curl``."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 service``, ``2 services``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a rule may look at besides its subject."""

    snapshot: Snapshot
    budget: MemoryBudget
    images: Mapping[str, Image]
    """The image of each service of which it is known, by the service's name."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    budgets: Budgets = field(default_factory=Budgets)
    """What the project allows itself."""
    present: Present | None = None
    """What is true now; None where nobody asks whether the snapshot is out of date."""

    @property
    def engine_memory(self) -> Bytes:
        """Return the engine's whole memory in bytes; the rule needs ``engine.memory_total``."""
        return Bytes(int(known(self.budget.engine_total).value))

    def service(self, name: str | None) -> Service | None:
        """Return the service of a name; None where the Compose files name none such."""
        return None if name is None else self.snapshot.services_by_name.get(name)

    def builders(self, image: Image) -> list[Service]:
        """Return the services that build this image."""
        return [
            each
            for each in self.snapshot.services
            if each.build is not None and self.images.get(each.name) is image
        ]

    def number(
        self,
        name: str,
        value: float,
        path: str,
        *,
        unit: Unit = "bytes",
        family: Family | None = "memory",
        location: Location | None = None,
    ) -> Number:
        """Return a number of the snapshot with the origin of its place."""
        return _number(name, value, unit, family, self.snapshot.origin_of(path, location))

    def declared(
        self,
        name: str,
        value: float,
        *,
        unit: Unit = "bytes",
        family: Family = "memory",
    ) -> Number:
        """Return a number that the project states in ``hcreport.yml``."""
        return _number(name, value, unit, family, Origin(kind="declared", evidence="hcreport.yml"))

    def computed(
        self,
        name: str,
        value: float,
        method: str,
        *,
        unit: Unit = "bytes",
        family: Family = "memory",
    ) -> Number:
        """Return a number that follows from others by the arithmetic named in ``method``."""
        return _number(name, value, unit, family, Origin(kind="estimated", evidence=method))


def _number(name: str, value: float, unit: Unit, family: Family | None, origin: Origin) -> Number:
    return Number(
        name=name,
        value=float(value),
        unit=unit,
        family=family if unit == "bytes" else None,
        origin=origin,
    )
