"""What every test shares: readable names for sizes."""

from __future__ import annotations

from hcreport.units import Bytes


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a size by its repr: it refuses to print itself, in a test's name too."""
    return repr(val) if isinstance(val, Bytes) else None
