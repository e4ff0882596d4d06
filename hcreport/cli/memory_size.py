"""Reads a size of memory on the command line: ``4g``, ``3500m``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hcreport.errors import UsageError

if TYPE_CHECKING:
    from hcreport.units import Bytes


def memory_size(text: str | None) -> Bytes | None:
    """Return the value of ``--memory`` in bytes, as Compose reads it; None where it is not given.

    Raises UsageError for what is no size or nothing.
    """
    if text is None:
        return None
    from hcreport.units import parse_compose_memory

    try:
        size = parse_compose_memory(text)
    except ValueError as error:
        raise UsageError(f"--memory: {error}.", hint="Write it like 4g or 3500m.") from error
    if not size:
        raise UsageError("--memory must be more than nothing.", hint="Write it like 4g or 3500m.")
    return size
