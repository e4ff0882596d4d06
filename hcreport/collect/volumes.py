"""Chooses the project's volumes among those of the engine, and reads its account of disk use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hcreport.collect.engine_containers import PROJECT_LABEL
from hcreport.collect.redact import engine_name
from hcreport.model import Container, Disk, Project, Volume
from hcreport.units import Bytes, total

Json = dict[str, Any]

# moby, daemon/names: the engine gives volumes without a name 64 hexadecimal digits.
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")

_DRIVER = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


def read_volumes(
    project: Project,
    containers: Sequence[Container],
    listed: Iterable[Json],
    disk_use: Json | None,
    on_disk: Mapping[str, Bytes] | None = None,
) -> tuple[Volume, ...]:
    """Return the project's volumes, sorted by name.

    These are the volumes that the project declares, that its containers mount or that carry its
    label, and volumes that no container uses and whose name starts with the project's name: what
    an earlier version of the project may have left. ``listed`` is the volumes API's list,
    ``disk_use`` the reply of ``/system/df``, which alone knows sizes and counts users,
    ``on_disk`` the blocks of the volumes in the engine's folder, by name. A volume that is made of
    a device or a folder elsewhere has none there.
    """
    usage = _usage(disk_use)
    used_by = _users(containers)
    declared = {volume.name for volume in project.volumes}
    found: list[Volume] = []
    for volume in listed:
        name = engine_name(volume["Name"])
        if name is None:
            continue
        owner = engine_name((volume.get("Labels") or {}).get(PROJECT_LABEL) or "")
        references, size = usage.get(name, (None, None))
        ours = name in declared or name in used_by or owner == project.name
        left_over = references == 0 and owner is None and _has_prefix(name, project.name)
        if ours or left_over:
            found.append(
                Volume(
                    name=name,
                    project=owner,
                    driver=_driver(volume.get("Driver")),
                    anonymous=bool(_ANONYMOUS.fullmatch(name)),
                    used_by=tuple(sorted(used_by.get(name, ()))),
                    references=references,
                    size=size,
                    on_disk=None if _is_elsewhere(volume) else (on_disk or {}).get(name),
                )
            )
    return tuple(sorted(found, key=lambda volume: volume.name))


def read_disk(disk_use: Json) -> Disk:
    """Return what ``/system/df`` counts, in bytes, as ``docker system df`` adds it up.

    docker/cli, ``cli/command/system/df.go``: entries of the build cache that share their bytes
    with another are not counted. Podman reports no layers although it has images: not known.
    """
    images = disk_use.get("Images") or ()
    layers = disk_use.get("LayersSize") or 0
    volumes = [(each.get("UsageData") or {}).get("Size", -1) for each in disk_use["Volumes"] or ()]
    cache = [each for each in disk_use.get("BuildCache") or () if not each.get("Shared")]
    return Disk(
        layers=Bytes(layers) if layers or not images else None,
        containers=total(Bytes(each.get("SizeRw") or 0) for each in disk_use["Containers"] or ()),
        volumes=total(Bytes(size) for size in volumes) if -1 not in volumes else None,
        build_cache=total(Bytes(each.get("Size") or 0) for each in cache),
    )


def _users(containers: Iterable[Container]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for container in containers:
        for name in {mount.volume for mount in container.mounts if mount.volume}:
            users.setdefault(name, []).append(container.name)
    return users


def _usage(disk_use: Json | None) -> Mapping[str, tuple[int | None, Bytes | None]]:
    """Return references and bytes by volume name; the engine writes -1 for what is not known."""
    usage: dict[str, tuple[int | None, Bytes | None]] = {}
    for volume in (disk_use or {}).get("Volumes") or ():
        data = volume.get("UsageData") or {}
        references, size = data.get("RefCount", -1), data.get("Size", -1)
        usage[volume["Name"]] = (
            references if references >= 0 else None,
            Bytes(size) if size >= 0 else None,
        )
    return usage


def _has_prefix(name: str, project: str) -> bool:
    return name.startswith((f"{project}_", f"{project}-"))


def _is_elsewhere(volume: Json) -> bool:
    return bool((volume.get("Options") or {}).get("device"))


def _driver(name: str | None) -> str:
    return name if name and _DRIVER.fullmatch(name) else "other"
