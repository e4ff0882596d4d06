"""Bars of block characters, for tables on a terminal."""

from __future__ import annotations

_EIGHTHS = (" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(share: float, width: int) -> str:
    """Return a bar that is a share of a width; what there is shows at least as a thin line."""
    eighths = max(1, round(share * width * len(_EIGHTHS)))
    full, rest = divmod(eighths, len(_EIGHTHS))
    return "█" * full + _EIGHTHS[rest].strip()
