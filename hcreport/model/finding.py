"""A finding: one problem with one subject, how much it matters, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

from hcreport.model.declared import Location
from hcreport.model.origin import Number
from hcreport.model.record import Record
from hcreport.units import Bytes


class Severity(StrEnum):
    """How much a finding matters. Members stand from worst to least."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst: sorts, and compares with ``--fail-on``."""
        return list(Severity).index(self)

    def is_worse_than(self, other: Severity) -> bool:
        """Tell whether this one matters more."""
        return self.rank < other.rank


Confidence = Literal["certain", "likely", "possible"]

Status = Literal["problem", "ok", "not measured", "not applicable", "suppressed"]

Effort = Literal["minutes", "an hour", "a day"]

EFFORTS: tuple[Effort, ...] = get_args(Effort)
"""From least to most."""

Phase = Literal["now", "this week", "later"]

PHASES: tuple[Phase, ...] = get_args(Phase)
"""One for each of :data:`EFFORTS`."""


class Action(Record):
    """One thing to do, in words and in a command, and how to know that it worked."""

    what: str
    """Verb first: ``Raise the memory of Docker to 8 GiB``."""
    why: str = ""
    """One sentence; empty where the finding says it."""
    command: str = ""
    """To copy; empty where the step is done in a window or an editor."""
    files: tuple[str, ...] = ()
    """Names of generated Compose files that the command uses; the site offers them."""
    effort: Effort = "minutes"
    gain: str = ""
    """What it is expected to bring, with a number where there is one."""
    effect: Bytes | None = None
    """By how much more memory is there, or less is needed, in bytes; 0 where it is known to change
    nothing, None where it is not known or it is about something else."""
    verify: str = ""
    """How to tell that it worked."""
    undo: str = ""
    closes: tuple[str, ...] = ()
    """Anchors of the findings it settles."""
    group: str = ""
    """Steps with the same group are alternatives, do one of these; the plan sets it."""

    @property
    def phase(self) -> Phase:
        """When to do it: what takes minutes now, an hour this week, a day later."""
        return PHASES[EFFORTS.index(self.effort)]


class Finding(Record):
    """One problem with one subject."""

    rule: str
    subject: str
    """The service, container, image, volume or model; the project's name for the whole."""
    severity: Severity
    confidence: Confidence
    message: str
    """One sentence with its numbers."""
    numbers: tuple[Number, ...] = ()
    remedies: tuple[Action, ...]
    """What to do; where there are several, they are alternatives, the best first."""
    location: Location | None = None
    anchor: str
    """Stable identifier: on the page, in the checklist, in JSON."""


class Outcome(Record):
    """What one rule says about one subject."""

    rule: str
    subject: str
    status: Status
    reason: str = ""
    """Why it was not measured, not applicable, or suppressed."""
    finding: Finding | None = None
    """The problem; also kept where it is suppressed."""
