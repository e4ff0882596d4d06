"""Sizes: the one place that knows 1000 and 1024, how each tool writes a size, and how we print one.

Every size inside hcreport is a :class:`Bytes`. The same text means two sizes depending on who
wrote it (``512MB`` is 536,870,912 bytes in a Compose file and 512,000,000 in ``docker images``),
so parsers are named by origin and never chosen by suffix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

KIB = 1024
MIB = KIB**2
GIB = KIB**3
KB = 1000
MB = KB**2
GB = KB**3

NANOSECONDS_PER_SECOND = KB**3
MILLISECONDS_PER_SECOND = KB
NANO_CPUS_PER_CPU = KB**3

LARGEST_COUNT = 2**63 - 1
"""The largest whole number that an engine's counters hold."""

# In the order of the powers; "" is bytes.
_PREFIXES = ("", "k", "m", "g", "t", "p")

_COMPOSE_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$", re.IGNORECASE)
_DECIMAL_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?([kmgtp]?)b$", re.IGNORECASE)
_BINARY_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?(?:([kmgtp])i)?b$", re.IGNORECASE)


class Bytes(int):
    """A size in bytes that refuses to print itself.

    ``f"{size}"`` raises TypeError, so nobody publishes ``4294967296``: print with :func:`gib`
    (memory) or :func:`gb` (images and disk). ``+``, ``-`` and ``*`` by an int stay Bytes.
    """

    __slots__ = ()

    def __add__(self, other: int) -> Bytes:
        return Bytes(int(self) + int(other))

    __radd__ = __add__

    def __sub__(self, other: int) -> Bytes:
        return Bytes(int(self) - int(other))

    def __rsub__(self, other: int) -> Bytes:
        return Bytes(int(other) - int(self))

    def __mul__(self, other: int) -> Bytes:
        if not isinstance(other, int):  # by a float it is a float, which whoever asks must round
            return NotImplemented
        return Bytes(int(self) * int(other))

    __rmul__ = __mul__

    def __str__(self) -> str:  # noqa: PLE0307  (it never returns)
        self._refuse()

    def __format__(self, specification: str) -> str:
        self._refuse()

    def __repr__(self) -> str:
        return f"Bytes({int(self):d})"

    def _refuse(self) -> NoReturn:
        raise TypeError(
            "a size does not print itself: use units.gib() for memory, units.gb() for images"
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.int_schema(ge=0, strict=True),
            serialization=core_schema.plain_serializer_function_ser_schema(int),
        )


def total(sizes: Iterable[Bytes]) -> Bytes:
    """Return the sum of sizes, as Bytes (``Bytes(0)`` for none)."""
    return Bytes(sum(int(size) for size in sizes))


def mebibytes(count: float) -> Bytes:
    """Return a number of MiB as bytes, rounded to the nearest byte."""
    return Bytes(round(count * MIB))


def gibibytes(count: float) -> Bytes:
    """Return a number of GiB as bytes, rounded to the nearest byte."""
    return Bytes(round(count * GIB))


def gib(size: int) -> str:
    """Print memory in binary units, three significant digits: ``5.42 GiB``, ``512 MiB``."""
    return _print(int(size), KIB, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def gb(size: int) -> str:
    """Print an image or disk size in decimal units, as Docker does: ``16.3 GB``, ``798 MB``."""
    return _print(int(size), KB, ("B", "kB", "MB", "GB", "TB", "PB"))


def percent(ratio: float) -> str:
    """Print a ratio as a percentage, three significant digits: ``0.215`` is ``21.5 %``."""
    return f"{_significant(ratio * 100)} %"


def parse_compose_memory(text: str) -> Bytes | None:
    """Return the bytes of a size as Compose reads it: binary whatever the suffix; ``-1`` is None.

    ``512m``, ``512MB`` and ``512MiB`` are all 536,870,912 bytes (compose-go calls go-units
    ``RAMInBytes``). None means "no limit". Raises ValueError on anything Compose refuses.
    """
    if text.strip() == "-1":
        return None
    return _parse(text, _COMPOSE_SIZE, KIB, "a Compose size such as 512m")


def parse_docker_image_size(text: str) -> Bytes:
    """Return the bytes of a size as ``docker images`` prints it: powers of 1000 (``798MB``).

    The printed value has three significant digits, so the result is as exact as that.
    """
    return _parse(text, _DECIMAL_SIZE, KB, "a size as docker images prints it, such as 798MB")


def parse_docker_stats_memory(text: str) -> Bytes:
    """Return the bytes of a size as ``docker stats`` and ``docker info`` print it: ``23.54GiB``."""
    return _parse(text, _BINARY_SIZE, KIB, "a size as docker stats prints it, such as 1.86GiB")


def parse_ollama_size(text: str) -> Bytes:
    """Return the bytes of a size as ``ollama list`` prints it: powers of 1000 (``4.9 GB``)."""
    return _parse(text, _DECIMAL_SIZE, KB, "a size as ollama list prints it, such as 4.9 GB")


def _parse(text: str, pattern: re.Pattern[str], base: int, expected: str) -> Bytes:
    match = pattern.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not {expected}")
    prefix = (match.group(2) or "").lower()
    return Bytes(int(float(match.group(1)) * base ** _PREFIXES.index(prefix)))


def _print(size: int, base: int, names: tuple[str, ...]) -> str:
    sign, value, power = ("-" if size < 0 else ""), float(abs(size)), 0
    while value >= base and power < len(names) - 1:
        value /= base
        power += 1
    # 1023.7 MiB would print as 1024 MiB: say 1 GiB.
    if round(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{sign}{_significant(value)} {names[power]}"


def _significant(value: float) -> str:
    """Three significant digits without exponent; more only left of the point."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:.0f}"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".")
