"""Reads single values of a rendered project without trusting their type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WHOLE_NUMBER = re.compile(r"-?[0-9]+")


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def integer(value: object) -> int | None:
    """Return a whole number, also from a text of one; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return None


def positive(value: object) -> int | None:
    """Return a whole number above zero; None for anything else."""
    number = integer(value)
    return number if number is not None and number > 0 else None
