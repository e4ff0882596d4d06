"""Reads a length of time on the command line: ``60s``, ``5m``, ``24h``, ``1500ms``; ``90d``."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_FORM = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")

_DAYS = re.compile(r"([1-9]\d{0,5})d")

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}


def duration(text: str) -> float:
    """Return a length of time in seconds; to be the ``type`` of an option.

    Raises click.BadParameter for anything else, also for a number without a unit, as nobody can
    know what is meant by it.
    """
    match = _FORM.fullmatch(text.strip())
    try:
        seconds = (float(match[1]) * _UNITS[match[2]]).total_seconds() if match else 0.0
    except OverflowError:
        seconds = 0.0
    if not seconds:
        raise click.BadParameter(f"{text!r} is no length of time such as 60s, 5m, 24h or 1500ms.")
    return seconds


def days(text: str) -> int:
    """Return a number of days; to be the ``type`` of an option. Raises click.BadParameter."""
    match = _DAYS.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no number of days such as 90d.")
    return int(match[1])
