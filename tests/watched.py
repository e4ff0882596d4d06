"""Series of samples for tests, from a few figures in MiB or from rows of an experiment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hcreport.estimate.held import held, warm
from hcreport.model import MemoryUse, Series
from hcreport.units import Bytes, mebibytes

MEASURED = Path(__file__).parent / "data" / "memory_minimum.json"
"""Services of our own experiments of 23 November 2026: samples, and the smallest limit that did."""

_SIZES = (
    *("usage", "shown", "held", "warm", "without_files", "mapped", "program_files"),
    *("write_burst", "peak", "limit"),
)


def watched(**values: Any) -> Series:
    """Return a series of 60 samples in 60 seconds; sizes are in MiB, ``held`` defaults to usage."""
    given = {
        "usage": 100,
        "without_files": None,
        "mapped": None,
        "program_files": None,
        "write_burst": None,
        "peak": None,
        "limit": None,
        **values,
    }
    given.setdefault("shown", given["usage"])
    given.setdefault("held", given["usage"])
    given.setdefault("warm", given["held"])
    sizes = {key: None if given[key] is None else mebibytes(given[key]) for key in _SIZES}
    rest = {"container": "web-1", "id": "0" * 12, "service": "web", "samples": 60}
    rest |= {"first_at": 0, "last_at": 60}
    return Series.model_validate(rest | given | sizes)


def measured() -> Mapping[str, Any]:
    """Return the services of the experiments by name."""
    whole = json.loads(MEASURED.read_text(encoding="utf-8"))
    services: Mapping[str, Any] = whole["services"]
    return services


def sampled(rows: Sequence[Sequence[float]], peak: int, **more: Any) -> Series:
    """Return the series that a sampler would have made of some rows of an experiment."""
    uses = [memory_use(row) for row in rows]
    return Series(
        container="web-1",
        id="0" * 12,
        service="web",
        first_at=rows[0][0],
        last_at=rows[-1][0],
        samples=len(rows),
        usage=max(each.usage for each in uses),
        shown=max(each.shown for each in uses),
        held=max(known for each in uses if (known := held(each)) is not None),
        warm=max(known for each in uses if (known := warm(each)) is not None),
        peak=Bytes(peak),
        **more,
    )


def memory_use(row: Sequence[float]) -> MemoryUse:
    """Return one row: seconds, usage, shared, inactive file, active file, mapped file; bytes."""
    sizes = [Bytes(round(each)) for each in row[1:]]
    return MemoryUse(
        usage=sizes[0],
        shared=sizes[1],
        inactive_file=sizes[2],
        active_file=sizes[3],
        mapped_file=sizes[4],
    )
