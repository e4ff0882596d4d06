"""How single replies about a container are read: samples, limits, health, mounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hcreport.collect.engine_containers import (
    container_state,
    read_container,
    read_limits,
)
from hcreport.collect.engine_times import read_time
from hcreport.collect.stats import read_sample
from hcreport.model import Limits, MemoryUse, Mount
from hcreport.units import MIB, Bytes

Json = dict[str, Any]

V1: Json = {
    "total_inactive_file": 100,
    "total_active_file": 200,
    "total_rss": 300,
    "total_mapped_file": 50,
    "total_active_anon": 40,
    "total_inactive_anon": 660,
    "total_unevictable": 0,
    "inactive_file": 7,
    "active_file": 7,
}

# docker/docs, ContainerStats, example of cgroup v2; the names are the kernel's (cgroup-v2.rst).
V2: Json = {
    "active_anon": 0,
    "active_file": 200,
    "anon": 300,
    "file": 700,
    "file_mapped": 50,
    "inactive_anon": 300,
    "inactive_file": 100,
    "shmem": 400,
}


CACHE = {"inactive_file": 100, "active_file": 200, "mapped_file": 50}


@pytest.mark.parametrize(
    ("reply", "limit", "expected"),
    [
        ({"max_usage": 3000, "failcnt": 4, "limit": 9, "stats": V1}, 1500,
         {**CACHE, "anonymous": 300, "shared": 400, "peak": 3000, "limit_hits": 4, "limit": 1500}),
        ({"limit": 9, "stats": V2}, None, {**CACHE, "anonymous": 300, "shared": 400}),
        ({"limit": 9}, None, {}),
        # Locked pages are on no list of anonymous pages: shared memory is not known.
        ({"stats": {**V1, "total_unevictable": 4096}}, None, {**CACHE, "anonymous": 300}),
        # The kernel updates its lists a little later than its counters.
        ({"stats": {**V1, "total_inactive_anon": 0}}, None,
         {**CACHE, "anonymous": 300, "shared": 0}),
    ],
)  # fmt: skip
def test_memory_is_kept_raw(reply: Json, limit: int | None, expected: dict[str, int]) -> None:
    limits = Limits(memory=Bytes(limit) if limit else None)
    sample = read_sample({"memory_stats": {"usage": 2000, **reply}}, limits)
    assert sample.memory == MemoryUse.model_validate({"usage": 2000, **expected})


@pytest.mark.parametrize("reply", [{}, {"memory_stats": {}}, {"memory_stats": None}])
def test_a_container_that_does_not_run_has_no_sample(reply: Json) -> None:
    sample = read_sample(reply, Limits())
    assert (sample.memory, sample.cpu, sample.processes) == (None, None, None)


def test_cpu_periods_mean_something_under_a_limit_only() -> None:
    reply = {
        "memory_stats": {"usage": 1},
        "pids_stats": {"current": 3},
        "cpu_stats": {
            "cpu_usage": {"total_usage": 123_456_789},
            "throttling_data": {"periods": 8, "throttled_periods": 2},
        },
    }
    limited, free = read_sample(reply, Limits(cpus=0.5)), read_sample(reply, Limits())
    assert limited.processes == 3
    assert limited.cpu is not None
    assert free.cpu is not None
    assert (limited.cpu.periods, limited.cpu.throttled_periods) == (8, 2)
    assert (free.cpu.periods, free.cpu.throttled_periods) == (None, None)
    assert free.cpu.total_nanoseconds == 123_456_789


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({}, {}),
        ({"Memory": 0, "NanoCpus": 0, "PidsLimit": None, "MemorySwap": 0}, {}),
        ({"Memory": 512 * MIB, "MemorySwap": 1024 * MIB},
         {"memory": 512 * MIB, "memory_swap": 1024 * MIB}),
        ({"MemorySwap": -1}, {"swap_unlimited": True}),
        ({"MemoryReservation": MIB}, {"memory_reservation": MIB}),
        ({"NanoCpus": 500_000_000}, {"cpus": 0.5}),
        ({"CpuQuota": 150_000, "CpuPeriod": 100_000}, {"cpus": 1.5}),
        ({"CpuQuota": 25_000, "CpuPeriod": 0}, {"cpus": 0.25}),
        ({"CpuQuota": -1, "CpuPeriod": 100_000}, {}),
        ({"PidsLimit": 50}, {"pids": 50}),
        ({"PidsLimit": -1}, {}),
        ({"ShmSize": 64 * MIB}, {"shm_size": 64 * MIB}),
    ],
)  # fmt: skip
def test_zero_means_that_nothing_was_set(host: Json, expected: Json) -> None:
    assert read_limits({"HostConfig": host}) == Limits.model_validate(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
        ("2026-02-06T10:11:12.345678901Z", datetime(2026, 2, 6, 10, 11, 12, tzinfo=UTC)),
        ("2026-02-06T10:11:12+02:00", datetime(2026, 2, 6, 8, 11, 12, tzinfo=UTC)),
    ],
)
def test_times_are_utc_and_whole_seconds(text: str | None, expected: datetime | None) -> None:
    assert read_time(text) == expected


def test_podmans_states_have_dockers_names() -> None:
    assert container_state({"Status": "stopped"}) == "exited"
    assert container_state({"Status": "configured"}) == "created"
    with pytest.raises(ValueError, match="unknown state"):
        container_state({"Status": "confused"})


def inspected(**more: Any) -> Json:
    host = {"RestartPolicy": {"Name": ""}, **more.pop("HostConfig", {})}
    return {
        "Id": "f" * 64,
        "Name": "/web",
        "State": {"Status": "running", "ExitCode": 0},
        "Config": {"Image": "registry.corp.example/team/web:1", "Labels": {}},
        "HostConfig": host,
        **more,
    }


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"Name": "", "MaximumRetryCount": 0}, "no"),
        ({"Name": "on-failure", "MaximumRetryCount": 3}, "on-failure:3"),
        ({"Name": "on-failure", "MaximumRetryCount": 0}, "on-failure"),
        ({"Name": "always", "MaximumRetryCount": 0}, "always"),
    ],
)
def test_restart_policies_are_written_as_in_compose(policy: Json, expected: str) -> None:
    reply = inspected(HostConfig={"RestartPolicy": policy})
    assert read_container(reply, None, ()).restart_policy == expected


def test_names_and_references_are_redacted() -> None:
    labels = {
        "com.docker.compose.config-hash": "my secret",
        "com.docker.compose.version": "the version of my secret",
        "com.docker.compose.container-number": "two",
    }
    reply = inspected(Config={"Image": "registry.corp.example/team/web:1", "Labels": labels})
    container = read_container(reply, None, ())
    assert container.image == "private-registry/team/web:1"
    assert (container.config_hash, container.compose_version, container.number) == (None, None, 1)


def test_mounts_know_their_sizes_and_no_user_names() -> None:
    reply = inspected(
        HostConfig={
            "Tmpfs": {"/run": "rw,size=16m", "/tmp": "size=50%", "/srv": ""},
            "Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 8_000}}],
        },
        Mounts=[
            {"Type": "tmpfs", "Destination": "/t", "RW": True},
            {"Type": "volume", "Name": "shop_data", "Destination": "/data", "RW": False},
            {"Type": "bind", "Source": "/home/me/x", "Destination": "/home/me/y", "RW": True},
        ],
    )
    assert read_container(reply, None, ()).mounts == (
        Mount(kind="bind"),
        Mount(kind="volume", volume="shop_data", target="/data", read_only=True),
        Mount(kind="tmpfs", target="/run", size=Bytes(16 * MIB)),
        Mount(kind="tmpfs", target="/srv"),
        Mount(kind="tmpfs", target="/t", size=Bytes(8_000)),
        Mount(kind="tmpfs", target="/tmp"),
    )
