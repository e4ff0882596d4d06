"""Numbers as they stand on a page: their value, their unit, and how exactly they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from hcreport.units import GB, GIB, KB, KIB, MB, MIB

# Part of a name, an address, a version or a date is no number.
_UNITS = r"[KMGTP]iB|[kMGTP]?B|%|CPUs?|bytes|ms|s|min|h|times|tokens"
NUMBER = re.compile(
    rf"(?<![\w.,:/@#=-])[-−]?(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)(?: ?(?P<unit>{_UNITS}))?"
    r"(?![\w@/=+]|[.,:]\d|-\w)"
)

_FACTORS: dict[str, int | Fraction] = {
    "B": 1,
    "bytes": 1,
    "KiB": KIB,
    "MiB": MIB,
    "GiB": GIB,
    "TiB": GIB * KIB,
    "PiB": GIB * MIB,
    "kB": KB,
    "MB": MB,
    "GB": GB,
    "TB": GB * KB,
    "PB": GB * MB,
    "ms": Fraction(1, KB),
    "min": 60,
    "h": 60 * 60,
}
_KINDS = {"%": "share", "times": "share", "s": "time", "ms": "time", "min": "time", "h": "time"}


@dataclass(frozen=True)
class Shown:
    """A number with its unit as somebody reads it."""

    text: str
    value: Fraction
    """In base units: bytes, seconds; a percentage is a share of 1."""
    step: Fraction
    """What the last digit that was written stands for."""
    kind: str
    """``bytes``, ``share``, ``time``, ``CPU``, ``tokens``, or nothing for a count."""

    def agrees(self, other: Shown) -> bool:
        """Tell whether both can be one quantity: rounded as the coarser is, they are equal."""
        coarser, finer = sorted((self, other), key=lambda each: each.step, reverse=True)
        return self.kind == other.kind and abs(coarser.value - finer.value) * 2 <= coarser.step


def shown(text: str) -> Shown:
    """Return the number that a text is. Raises ValueError where it is none."""
    match = NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no number")
    return _read(match)


def numbers_in(text: str) -> Iterator[Shown]:
    """Yield each number of a text in its order."""
    yield from map(_read, NUMBER.finditer(text))


def _read(match: re.Match[str]) -> Shown:
    digits, unit = match["digits"].replace(",", ""), match["unit"] or ""
    kind = _KINDS.get(unit) or ("bytes" if unit in _FACTORS else unit.removesuffix("s"))
    factor = Fraction(1, 100) if unit == "%" else Fraction(_FACTORS.get(unit, 1))
    sign = -1 if match.group().startswith(("-", "−")) else 1
    step = Fraction(1, 10 ** _decimals(digits, unit)) * factor
    return Shown(match.group(), sign * Fraction(digits) * factor, step, kind)


def _decimals(digits: str, unit: str) -> int:
    """Return how many digits after the point were meant.

    We write three digits and leave zeros at the end out: 2 GiB is 2.00 GiB. Who writes 2.0 means
    one digit. A number to the byte, and one without a unit, is what it is.
    """
    whole, _, after = digits.partition(".")
    rounded = unit not in ("", "B", "bytes", "tokens", "CPU", "CPUs")
    if after.endswith("0") or not rounded:
        return len(after)
    return max(len(after), 3 - len(whole.lstrip("0")), 0)
