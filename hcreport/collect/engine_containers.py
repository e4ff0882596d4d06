"""Reads one reply of the engine's inspect API: what a container is, may use, and how it is doing.

Shapes: docker/docs, "ContainerInspect". Texts of the reply (command, environment, labels, output
of probes) are looked at, never kept: what is kept is a number, one of our own words, or a text of
a checked form.
"""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from hcreport.collect.engine_health import health_check_in_force, read_health
from hcreport.collect.engine_times import read_time
from hcreport.collect.redact import image_reference, mount_target
from hcreport.collect.stats import Sample
from hcreport.model import Container, Limits, Mount, StartError
from hcreport.units import NANO_CPUS_PER_CPU, Bytes, parse_compose_memory

Json = dict[str, Any]

PROJECT_LABEL = "com.docker.compose.project"
FOLDER_LABEL = "com.docker.compose.project.working_dir"
SERVICE_LABEL = "com.docker.compose.service"
NUMBER_LABEL = "com.docker.compose.container-number"
ONEOFF_LABEL = "com.docker.compose.oneoff"
HASH_LABEL = "com.docker.compose.config-hash"
VERSION_LABEL = "com.docker.compose.version"

SHORT_ID = 12

RUNNING_STATES = ("running", "paused", "restarting")
"""States in which a container may have processes, so that its memory can be asked for."""

_State = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]


# Podman's names for states that Docker has under another name.
_PODMAN_STATES = {"configured": "created", "initialized": "created", "stopped": "exited"}

# HostConfig.CpuPeriod is 0 where the kernel's own period applies: docker/docs, "--cpu-period".
_DEFAULT_CPU_PERIOD = 100_000

_HASH = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"v?\d+(\.\d+){0,3}([-+.][0-9A-Za-z.+-]{1,30})?")

# runc where the program is missing or is no file; newer ones say `exec /x` without a colon.
_PROGRAM_MISSING = re.compile(
    r"executable file not found"
    r"|exec:? [^:]{1,300}: (?:stat [^:]{1,300}: )?no such file or directory",
    re.IGNORECASE,
)


def read_container(
    reply: Json, sample: Sample | None, keep_registries: tuple[str, ...]
) -> Container:
    """Return the container in an inspect reply, with the sample of its memory where there is one.

    Raises KeyError, TypeError or ValueError where the reply has another shape than the API's.
    """
    state, labels = reply["State"], reply["Config"].get("Labels") or {}
    limits = read_limits(reply)
    status = container_state(state)
    has_ended = status not in ("created", "running", "paused")
    image = reply["Config"].get("Image")
    return Container(
        name=reply["Name"].removeprefix("/"),
        id=reply["Id"][:SHORT_ID],
        service=labels.get(SERVICE_LABEL),
        number=_number(labels.get(NUMBER_LABEL)),
        image=image_reference(image, keep_registries) if image else None,
        image_id=short_image_id(reply.get("Image")),
        state=status,
        exit_code=state.get("ExitCode") if has_ended else None,
        oom_killed=state.get("OOMKilled"),
        restart_count=reply.get("RestartCount"),
        started_at=read_time(state.get("StartedAt")),
        finished_at=read_time(state.get("FinishedAt")),
        health=read_health(state),
        health_check=health_check_in_force(reply["Config"]),
        start_error=start_error(state.get("Error")),
        limits=limits,
        restart_policy=_restart_policy(reply["HostConfig"].get("RestartPolicy") or {}),
        memory=sample.memory if sample else None,
        cpu=sample.cpu if sample else None,
        processes=sample.processes if sample else None,
        mounts=_mounts(reply),
        config_hash=_matching(labels.get(HASH_LABEL), _HASH),
        compose_version=_matching(labels.get(VERSION_LABEL), _VERSION),
    )


def container_state(state: Json) -> _State:
    """Return the state in Docker's words. Raises ValueError for one that nobody knows."""
    name = str(state.get("Status"))
    name = _PODMAN_STATES.get(name, name)
    for known in get_args(_State):
        if name == known:
            return known  # type: ignore[no-any-return]
    raise ValueError("the engine reports an unknown state")


def read_limits(reply: Json) -> Limits:
    """Return what the engine enforces, from ``HostConfig``; its zeros mean that nothing was set."""
    host = reply["HostConfig"]
    swap = host.get("MemorySwap") or 0
    pids = host.get("PidsLimit") or 0
    return Limits(
        memory=_set(host.get("Memory")),
        memory_reservation=_set(host.get("MemoryReservation")),
        memory_swap=_set(swap),
        swap_unlimited=swap < 0,
        cpus=_cpus(host),
        pids=pids if pids > 0 else None,
        shm_size=_set(host.get("ShmSize")),
    )


def short_image_id(text: str | None) -> str | None:
    """Return the first twelve digits of ``sha256:…``."""
    return text.removeprefix("sha256:")[:SHORT_ID] if text else None


def _cpus(host: Json) -> float | None:
    if host.get("NanoCpus"):
        return float(host["NanoCpus"]) / NANO_CPUS_PER_CPU
    quota = host.get("CpuQuota") or 0
    return quota / (host.get("CpuPeriod") or _DEFAULT_CPU_PERIOD) if quota > 0 else None


def _set(value: int | None) -> Bytes | None:
    return Bytes(value) if value and value > 0 else None


def _number(label: str | None) -> int:
    return int(label) if label and label.isdecimal() else 1


def _matching(text: str | None, pattern: re.Pattern[str]) -> str | None:
    return text if text and pattern.fullmatch(text) else None


def _restart_policy(policy: Json) -> str | None:
    name = policy.get("Name") or "no"
    if name not in ("no", "always", "on-failure", "unless-stopped"):
        return None
    most = policy.get("MaximumRetryCount") or 0
    return f"{name}:{most}" if name == "on-failure" and most else str(name)


def start_error(text: str | None) -> StartError | None:
    """Say why the engine did not start a container; its text is matched and not kept.

    None for no text: the engine empties it when the container starts.
    """
    if not text:
        return None
    return "program not found" if _PROGRAM_MISSING.search(text) else "other"


def _mounts(reply: Json) -> tuple[Mount, ...]:
    """Return what is mounted. A tmpfs stands in three places, two of which know its size."""
    host = reply["HostConfig"]
    sizes = {
        mount.get("Target"): (mount.get("TmpfsOptions") or {}).get("SizeBytes")
        for mount in host.get("Mounts") or ()
    }
    mounts = [
        Mount(
            kind=mount["Type"],
            volume=mount.get("Name") if mount["Type"] == "volume" else None,
            target=mount_target(mount.get("Destination") or ""),
            read_only=not mount.get("RW", True),
            size=_set(sizes.get(mount.get("Destination"))) if mount["Type"] == "tmpfs" else None,
        )
        for mount in reply.get("Mounts") or ()
    ]
    for target, options in (host.get("Tmpfs") or {}).items():
        words = options.split(",")
        mounts.append(
            Mount(
                kind="tmpfs",
                target=mount_target(target),
                read_only="ro" in words,
                size=_tmpfs_size(words),
            )
        )
    return tuple(sorted(mounts, key=lambda mount: (mount.target or "", mount.volume or "")))


def _tmpfs_size(words: list[str]) -> Bytes | None:
    """Return the size among mount options in bytes; its suffixes are binary, as Compose's are."""
    for word in words:
        if word.startswith("size="):
            try:
                return parse_compose_memory(word.removeprefix("size="))
            except ValueError:
                return None
    return None
