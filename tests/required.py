"""Skips a test that this machine has no means for, or fails it where they are required.

``HCREPORT_REQUIRE`` names what must be there, with commas between: ``engine,browser``.
"""

from __future__ import annotations

import os
from typing import Literal, NoReturn, get_args

import pytest

Means = Literal["engine", "browser", "registry", "dive", "shells"]


def missing(means: Means, reason: str) -> NoReturn:
    """Skip this test for a reason, or fail it where what is missing is required."""
    required = set(filter(None, os.environ.get("HCREPORT_REQUIRE", "").split(",")))
    unknown = required - set(get_args(Means))
    if unknown:
        pytest.fail(f"HCREPORT_REQUIRE names what no test knows: {', '.join(sorted(unknown))}")
    if means in required:
        pytest.fail(f"HCREPORT_REQUIRE asks for {means}: {reason}")
    pytest.skip(reason)
