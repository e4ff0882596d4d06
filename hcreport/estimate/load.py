"""Whether a stack had anything to do while it was watched."""

from __future__ import annotations

from hcreport.facts import fact_value
from hcreport.model import Window


def used_cpus(window: Window) -> float | None:
    """Return the CPUs that all containers used on average; None where none was measured."""
    known = [each.cpu_seconds for each in window.series if each.cpu_seconds is not None]
    return sum(known) / window.seconds if known and window.seconds else None


def looks_idle(window: Window) -> bool:
    """Tell whether hardly any CPU was used: less than the fact ``sizing/idle-cpus``.

    A window without any measured CPU time is not called idle.
    """
    used = used_cpus(window)
    return used is not None and used < fact_value("sizing/idle-cpus")
