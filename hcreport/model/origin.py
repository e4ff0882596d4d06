"""Where a number comes from, and a number that carries it to the page."""

from __future__ import annotations

from typing import Literal

from hcreport.model.record import Record

OriginKind = Literal["measured", "declared", "estimated", "cited"]

Unit = Literal["bytes", "ratio", "count", "seconds", "cpus"]

Family = Literal["memory", "image"]


class Origin(Record):
    """Why a value may be believed."""

    kind: OriginKind
    """measured by hcreport, declared in a file, estimated by a stated method, or cited."""
    evidence: str
    """What a reader can check: ``docker stats``, ``compose.yaml:12``, a method, a publication."""
    fact: str | None = None
    """Key of the cited fact (``ollama/llama31-8b-4k-peak``), where there is one."""


class OriginNote(Record):
    """States the origin of one part of a snapshot where it is not the usual one.

    A snapshot that hcreport collected needs none: declared services come from the Compose file,
    everything the engine says is measured. A snapshot written from a publication has a note for
    each part.
    """

    path: str
    """Slash-separated place in the snapshot with names for positions: ``engine/memory_total``,
    ``containers/hypercode-core/memory``. It covers everything below it."""
    origin: Origin


class Number(Record):
    """A value with its unit and its origin, as findings and tables show it."""

    name: str
    """What it is, in words: ``memory limit``."""
    value: float
    """In base units: bytes, seconds, CPUs; a ratio is 1 for 100 %."""
    unit: Unit
    origin: Origin
    family: Family | None = None
    """For bytes: printed as memory (GiB) or as an image or disk size (GB)."""
    low: float | None = None
    """Lower end of the stated range of an estimate."""
    high: float | None = None
    """Upper end of the stated range of an estimate."""
