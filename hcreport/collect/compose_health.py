"""Turns a health check as Compose prints it into ours, without its command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from hcreport.collect.compose_values import integer
from hcreport.collect.redact import probe_program
from hcreport.model import HealthCheck

_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}


def health_check(check: object) -> HealthCheck | None:
    """Return a service's ``healthcheck``; ``image`` where it leaves the command to the image."""
    if not isinstance(check, Mapping):
        return None
    test = [str(word) for word in check.get("test") or ()]
    return HealthCheck(
        kind=_test_kind(test, disabled=check.get("disable") is True),
        probe=None if check.get("disable") is True else probe_program(test),
        interval_seconds=seconds(check.get("interval")),
        timeout_seconds=seconds(check.get("timeout")),
        start_period_seconds=seconds(check.get("start_period")),
        start_interval_seconds=seconds(check.get("start_interval")),
        retries=integer(check.get("retries")),
    )


def _test_kind(test: list[str], *, disabled: bool) -> Literal["CMD", "CMD-SHELL", "NONE", "image"]:
    if disabled or test[:1] == ["NONE"]:
        return "NONE"
    if test[:1] == ["CMD-SHELL"]:
        return "CMD-SHELL"
    return "CMD" if test else "image"


def seconds(text: object) -> float | None:
    """Return a Go duration (``1h0m0s``, ``100ms``) in seconds; None where it is none."""
    if not isinstance(text, str) or not text.strip():
        return None
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
    if rest == "0":
        return 0.0
    position, total = 0, Decimal(0)
    while position < len(rest):
        part = _DURATION_PART.match(rest, position)
        if part is None:
            return None
        total += Decimal(part.group(1)) * _SECONDS[part.group(2)]
        position = part.end()
    return float(sign * total)
