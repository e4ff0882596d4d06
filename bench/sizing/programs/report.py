"""Tells the experiment how a program gets on, by files in a folder that both of them see."""

from __future__ import annotations

import os
from pathlib import Path

STATE = Path(os.environ.get("SIZING_STATE", "/state"))
"""``ready``, ``work`` (how many units were done) and ``errors`` (one line each) stand in it."""

MIB = 1 << 20

_open: list[int] = []


def ready() -> None:
    """Say that the program is up and its load may count from now."""
    (STATE / "ready").touch()


def work(units: int) -> None:
    """Say how many units of work were done since the program was ready.

    The number always has the same width, so that no reader ever finds half of it.
    """
    if not _open:
        _open.append(os.open(STATE / "work", os.O_WRONLY | os.O_CREAT, 0o666))
    os.pwrite(_open[0], b"%018d" % units, 0)


def error(text: str) -> None:
    """Say that something went wrong that its user would notice."""
    with (STATE / "errors").open("a", encoding="utf-8") as stream:
        stream.write(f"{text}\n")
