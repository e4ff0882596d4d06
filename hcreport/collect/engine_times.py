"""Reads and writes times as the engine's API does: RFC 3339 with nanoseconds, and Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hcreport.units import NANOSECONDS_PER_SECOND

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)")


def read_time(text: str | None) -> datetime | None:
    """Return a time of the API in UTC and whole seconds; None for none and for Go's zero time.

    A text of a time's form that names no time, such as a thirteenth month, gives None too.
    """
    match = _TIME.match(text or "")
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match[1] + match[3]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1 else None


def nanoseconds(text: str | None) -> int:
    """Return a time of the API, such as ``2026-11-23T20:00:00.123456789Z``, since 1970.

    It is 0 for none and for Go's zero time.
    """
    moment, match = read_time(text), _TIME.match(text or "")
    if moment is None or match is None:
        return 0
    fraction = int((match[2] or "").ljust(9, "0"))
    return int(moment.timestamp()) * NANOSECONDS_PER_SECOND + fraction


def unix_time(moment: int) -> str:
    """Return nanoseconds since 1970 as the API's ``since`` and ``until`` take a time."""
    seconds, fraction = divmod(moment, NANOSECONDS_PER_SECOND)
    return f"{seconds}.{fraction:09d}"


def seconds_between(earlier: int, later: int) -> float | None:
    """Return the seconds between two times in nanoseconds; None where either is 0 or out of order.

    They are rounded to milliseconds: more digits say nothing about a container.
    """
    if not earlier or not later or later < earlier:
        return None
    return round((later - earlier) / NANOSECONDS_PER_SECOND, 3)
