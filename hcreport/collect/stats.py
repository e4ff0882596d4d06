"""Reads one reply of the engine's stats API: memory and CPU of one container.

Shapes: docker/docs, "ContainerStats"; cgroup v1 gives ``total_*`` keys, v2 plain ones, Podman only
``usage`` and ``limit``. The engine leaves out counters that are zero, so a missing
``failcnt`` or ``max_usage`` cannot be told from an engine that does not report it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hcreport.model import CpuUse, Limits, MemoryUse
from hcreport.units import Bytes

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one reply says; all None for a container that does not run."""

    memory: MemoryUse | None
    cpu: CpuUse | None
    processes: int | None


def read_sample(reply: Json, limits: Limits) -> Sample:
    """Return the sample in a stats reply; ``limits`` are the container's own, from inspect.

    Raises TypeError or ValueError where the reply has another shape than the API's.
    """
    memory = reply.get("memory_stats") or {}
    if not memory.get("usage"):
        return Sample(memory=None, cpu=None, processes=None)
    return Sample(
        memory=_memory(memory, limits),
        cpu=_cpu(reply.get("cpu_stats") or {}, limits),
        processes=(reply.get("pids_stats") or {}).get("current"),
    )


def _memory(memory: Json, limits: Limits) -> MemoryUse:
    counters = memory.get("stats") or {}
    names = _V1_NAMES if "total_inactive_file" in counters else _V2_NAMES
    fields = {field: _size(counters.get(name)) for field, name in names.items()}
    if names is _V1_NAMES:
        fields["shared"] = _shared_v1(counters)
        fields["unwritten"] = _unwritten_v1(counters)
    return MemoryUse(
        usage=Bytes(memory["usage"]),
        peak=_size(memory.get("max_usage")),
        limit=limits.memory,
        limit_hits=memory.get("failcnt"),
        **fields,
    )


_V1_NAMES = {
    "inactive_file": "total_inactive_file",
    "active_file": "total_active_file",
    "anonymous": "total_rss",
    "mapped_file": "total_mapped_file",
}

_V2_NAMES = {
    "inactive_file": "inactive_file",
    "active_file": "active_file",
    "anonymous": "anon",
    "shared": "shmem",
    "mapped_file": "file_mapped",
}


def _shared_v1(counters: Json) -> Bytes | None:
    """Derive shared memory on cgroup v1, where the engine leaves the kernel's counter out.

    The lists of anonymous pages hold shared memory too, ``rss`` does not. Locked pages are on
    neither list, so with any of them the answer is not known.
    """
    parts = [counters.get(name) for name in ("total_active_anon", "total_inactive_anon")]
    own = counters.get("total_rss")
    if None in parts or own is None or counters.get("total_unevictable"):
        return None
    return Bytes(max(sum(int(part) for part in parts if part is not None) - int(own), 0))


def _unwritten_v1(counters: Json) -> Bytes | None:
    """Add up the page cache that waits to be written and that is being written."""
    parts = [counters.get(name) for name in ("total_dirty", "total_writeback")]
    return None if None in parts else Bytes(sum(int(part) for part in parts if part is not None))


def _cpu(cpu: Json, limits: Limits) -> CpuUse | None:
    used = (cpu.get("cpu_usage") or {}).get("total_usage")
    if used is None:
        return None
    throttling = cpu.get("throttling_data") or {}
    limited = limits.cpus is not None
    return CpuUse(
        total_nanoseconds=used,
        periods=throttling.get("periods") if limited else None,
        throttled_periods=throttling.get("throttled_periods") if limited else None,
    )


def _size(value: Any) -> Bytes | None:
    return None if value is None else Bytes(value)
