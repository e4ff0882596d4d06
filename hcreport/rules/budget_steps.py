"""The step that every rule about a budget offers last: to allow more, where the project agrees.

Not a rule.
"""

from __future__ import annotations

import math

from hcreport.model import Action
from hcreport.rules.steps import compose_size
from hcreport.units import MB, Bytes


def allow_bytes_of_images(key: str, size: Bytes) -> Action:
    """Return the step that raises a budget of images to a size in bytes."""
    return _allow(key, f"{math.ceil(int(size) / MB)}MB")


def allow_memory(scenario: str, size: Bytes) -> Action:
    """Return the step that raises the budget of a scenario to a size in bytes."""
    return _allow(f"docker_memory of {scenario}", compose_size(size))


def allow_ratio(ratio: float) -> Action:
    """Return the step that raises the budget of a limit's use to a ratio, in whole hundredths."""
    hundredths = math.ceil(ratio * 100) / 100
    return _allow("p95_of_limit_ratio", f"{hundredths:g}")


def _allow(key: str, value: str) -> Action:
    return Action(
        what=f"Raise the budget {key} in hcreport.yml to {value}, if the project agrees",
        gain="the budget says what the project accepts",
        verify="hcreport check ends without this problem.",
        undo="Put the old budget back.",
    )
