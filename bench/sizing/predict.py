"""What hcreport and others say that a container needs, all from the same samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hcreport.estimate.need import need_of
from hcreport.estimate.requirements import started_requirement
from hcreport.facts import fact_value
from hcreport.model import POINT_COLUMNS, Series, Snapshot
from hcreport.units import mebibytes

OTHERS: Mapping[str, str] = {
    "once": "docker stats, once",
    "p95": "docker stats, 95th percentile",
    "krr": "highest docker stats + 15 % (KRR)",
    "dockpulse": "95th percentile of usage + 20 % (dockpulse's formula)",
}

ELASTIC = "elastic heap"
PAGE_CACHE = "page cache"

_DOCKPULSE_FACTOR = 1.2
_DOCKPULSE_LEAST_MEBIBYTES = 16


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that ``share`` of them do not exceed (nearest rank)."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def apart(lives: Sequence[Series]) -> str:
    """Return why a service is listed apart, by the product's own rules; empty where it counts."""
    need = need_of(lives)
    if need.elastic:
        return ELASTIC
    return PAGE_CACHE if need.page_cache else ""


def others(lives: Sequence[Series]) -> dict[str, int]:
    """Return what the other predictors say, in bytes.

    dockpulse 0.5.2 takes the 95th percentile of the whole usage, adds 20 % and goes no lower than
    16 MB.
    """
    points = [point for series in lives for point in series.points]
    usage, shown = [_usage(point) for point in points], [_shown(point) for point in points]
    highest = max(int(series.shown) for series in lives)
    dockpulse = round(percentile(usage, 0.95) * _DOCKPULSE_FACTOR)
    return {
        "once": shown[-1],
        "p95": round(percentile(shown, 0.95)),
        "krr": round(highest * (1 + fact_value("sizing/krr-buffer"))),
        "dockpulse": max(dockpulse, int(mebibytes(_DOCKPULSE_LEAST_MEBIBYTES))),
    }


def stated(snapshot: Snapshot) -> int:
    """Return the bytes that hcreport says the containers of a snapshot need together.

    These are the parts of its requirement for services, and what it takes off where several share
    the memory; what Docker itself and the system need is not in the group that is limited.
    Raises RuntimeError where it does not know one of them.
    """
    parts = [
        part
        for part in started_requirement(snapshot).parts
        if part.kind in ("service", "margin") and not part.left_out
    ]
    unknown = [part.name for part in parts if part.memory is None]
    if unknown:
        raise RuntimeError(f"hcreport states no minimum for {', '.join(unknown)}")
    return sum(round(part.memory.value) for part in parts if part.memory)


def _usage(point: Sequence[int | None]) -> int:
    return point[POINT_COLUMNS.index("usage")] or 0


def _shown(point: Sequence[int | None]) -> int:
    return _usage(point) - (point[POINT_COLUMNS.index("inactive_file")] or 0)
