"""Turns the project that Compose printed into our own types; pure, and only what may be published.

Keys and their forms are those of ``docker compose config`` (compose-go, types/types.go): sizes
are texts of a number of bytes, durations are Go's (``1m30s``), zero and absent mean "not set".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hcreport.collect.compose_health import health_check
from hcreport.collect.compose_links import with_links
from hcreport.collect.compose_values import integer, mapping, positive
from hcreport.collect.ollama_settings import as_ollama_reads
from hcreport.collect.redact import (
    engine_name,
    image_reference,
    inner_path,
    mount_target,
    relative_path,
    settings,
    variable_name,
)
from hcreport.collect.source_lines import ProjectSource, lost_limits
from hcreport.model import (
    Build,
    DeclaredVolume,
    Dependency,
    Limits,
    LocalModel,
    Mount,
    Service,
)
from hcreport.units import Bytes, parse_compose_memory

_MOUNT_KINDS = ("volume", "bind", "tmpfs", "cluster", "npipe", "image")

_RESTART = re.compile(r"[a-z-]{1,30}(:[0-9]{1,9})?")
_RESTART_CONDITIONS = {"none": "no", "any": "always"}
_DEPENDENCY_CONDITION = re.compile(r"[a-z_]{1,60}")
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Context:
    """What is known about a project besides what Compose printed."""

    folder: Path
    """The project directory, absolute."""
    sources: ProjectSource = field(default_factory=ProjectSource)
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Compose's configuration hash by service."""
    active: frozenset[str] | None = None
    """Names of the services that ``up`` starts; None where all are."""
    keep_registries: tuple[str, ...] = ()


def services(config: Mapping[str, Any], context: Context) -> tuple[Service, ...]:
    """Return the services of a rendered project, sorted by name."""
    volumes = mapping(config.get("volumes"))
    declared = mapping(config.get("services"))
    found = (_service(name, mapping(declared[name]), volumes, context) for name in sorted(declared))
    return with_links(found, declared)


def declared_volumes(config: Mapping[str, Any]) -> tuple[DeclaredVolume, ...]:
    """Return the named volumes that services use, sorted by name; drivers are left out."""
    found = []
    for key, value in mapping(config.get("volumes")).items():
        name = engine_name(_volume_name(key, {key: value}))
        if name is not None:
            external = bool(mapping(value).get("external"))
            found.append(DeclaredVolume(name=name, external=external))
    return tuple(sorted(found, key=lambda volume: volume.name))


def local_models(config: Mapping[str, Any], context: Context) -> tuple[LocalModel, ...]:
    """Return the top-level Compose ``models``, in the order of their keys."""
    found = []
    for key, value in sorted(mapping(config.get("models")).items()):
        model = mapping(value)
        context_size = integer(model.get("context_size"))
        found.append(
            LocalModel(
                name=image_reference(str(model.get("model") or key), context.keep_registries),
                context_length=context_size if context_size and context_size > 0 else None,
                location=context.sources.models.get(key),
            )
        )
    return tuple(found)


def service_profiles(config: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the profiles of each service, as it names them."""
    return {
        name: tuple(str(each) for each in mapping(service).get("profiles") or ())
        for name, service in mapping(config.get("services")).items()
    }


def profiles(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return all profiles that services name, sorted."""
    return tuple(sorted({each for own in service_profiles(config).values() for each in own}))


def _service(
    name: str, config: Mapping[str, Any], volumes: Mapping[str, Any], context: Context
) -> Service:
    source = context.sources.services.get(name)
    limits = _limits(config)
    image = config.get("image")
    environment = {key: _value_text(value) for key, value in _environment(config)}
    return Service(
        name=name,
        location=source.location if source else None,
        places=source.places if source else {},
        image=image_reference(str(image), context.keep_registries) if image else None,
        build=_build(config, context),
        profiles=tuple(str(each) for each in config.get("profiles") or ()),
        active=context.active is None or name in context.active,
        replicas=_replicas(config),
        container_name=engine_name(str(config.get("container_name") or "")),
        limits=limits,
        memory_limit_keys=_memory_limit_keys(config),
        lost_limits=lost_limits(source, limits),
        restart=_restart(config),
        restart_policy=_restart_policy(config),
        health_check=health_check(config.get("healthcheck")),
        depends_on=tuple(_dependencies(config)),
        environment_names=tuple(sorted({variable_name(key) for key in environment})),
        settings=settings(as_ollama_reads(environment)),
        mounts=tuple(_mounts(config, volumes)),
        models=tuple(sorted(mapping(config.get("models")))),
        provider=config.get("provider") is not None,
        config_hash=context.hashes.get(name),
    )


def _limits(config: Mapping[str, Any]) -> Limits:
    """Return what the container may use: ``deploy`` wins where it says something.

    docker/compose, pkg/compose/create.go: getDeployResources and setLimits.
    """
    resources = mapping(mapping(config.get("deploy")).get("resources"))
    limits, reserved = mapping(resources.get("limits")), mapping(resources.get("reservations"))
    swap = integer(config.get("memswap_limit"))
    return Limits(
        memory=_size(limits.get("memory")) or _size(config.get("mem_limit")),
        memory_reservation=_size(reserved.get("memory")) or _size(config.get("mem_reservation")),
        memory_swap=_size(swap),
        swap_unlimited=swap == -1,
        cpus=_cpus(limits.get("cpus")) or _cpus(config.get("cpus")),
        cpu_reservation=_cpus(reserved.get("cpus")),
        pids=positive(limits.get("pids")) or positive(config.get("pids_limit")),
        shm_size=_size(config.get("shm_size")),
    )


def _memory_limit_keys(config: Mapping[str, Any]) -> tuple[Literal["mem_limit", "deploy"], ...]:
    """Return the keys under which a memory limit stands, or has to; empty where both will do.

    compose-go, loader/validate.go: a limit of the service (``mem_limit``, ``cpus``,
    ``pids_limit``) and the same one in ``deploy.resources.limits`` may not differ, and where both
    forms are used at all, one that is absent from either form differs.
    """
    resources = mapping(mapping(config.get("deploy")).get("resources"))
    in_deploy = "limits" in resources
    if config.get("mem_limit") is not None:
        return ("mem_limit", "deploy") if in_deploy else ("mem_limit",)
    if in_deploy:
        return ("deploy",)
    others = any(config.get(key) is not None for key in ("cpus", "pids_limit"))
    return ("mem_limit",) if others else ()


def _restart(config: Mapping[str, Any]) -> str | None:
    restart = config.get("restart")
    return restart if isinstance(restart, str) and _RESTART.fullmatch(restart) else None


def _restart_policy(config: Mapping[str, Any]) -> str | None:
    """Return the policy of the container: create.go, getRestartPolicy, where ``deploy`` wins."""
    policy = mapping(config.get("deploy")).get("restart_policy")
    if not isinstance(policy, Mapping):
        return _restart(config)
    condition = str(policy.get("condition") or "")
    name = _RESTART_CONDITIONS.get(condition, condition)
    attempts = positive(policy.get("max_attempts"))
    text = f"{name}:{attempts}" if name == "on-failure" and attempts else name
    return text if _RESTART.fullmatch(text) else None


def _dependencies(config: Mapping[str, Any]) -> Iterator[Dependency]:
    for service, value in sorted(mapping(config.get("depends_on")).items()):
        entry = mapping(value)
        condition = str(entry.get("condition") or "service_started")
        yield Dependency(
            service=service,
            condition=condition if _DEPENDENCY_CONDITION.fullmatch(condition) else "unknown",
            required=entry.get("required") is not False,
            restart=entry.get("restart") is True,
        )


def _build(config: Mapping[str, Any], context: Context) -> Build | None:
    build = config.get("build")
    if not isinstance(build, Mapping):
        return None
    place = str(build.get("context") or "")
    local = Path(place).is_absolute() and "://" not in place
    target = str(build.get("target") or "")
    return Build(
        context=relative_path(place, context.folder) if local else None,
        dockerfile=inner_path(str(build["dockerfile"])) if build.get("dockerfile") else None,
        target=target if _TARGET.fullmatch(target) else None,
        argument_names=tuple(sorted({variable_name(key) for key in mapping(build.get("args"))})),
    )


def _mounts(config: Mapping[str, Any], volumes: Mapping[str, Any]) -> Iterator[Mount]:
    """Yield volumes in the order of the file, then the entries of ``tmpfs``."""
    for entry in config.get("volumes") or ():
        mount = mapping(entry)
        kind = mount.get("type")
        if kind not in _MOUNT_KINDS:
            continue
        source = str(mount.get("source") or "")
        named = kind in ("volume", "cluster") and source
        yield Mount(
            kind=kind,
            volume=engine_name(_volume_name(source, volumes)) if named else None,
            target=mount_target(str(mount.get("target") or "")),
            read_only=mount.get("read_only") is True,
            size=_size(mapping(mount.get("tmpfs")).get("size")),
        )
    for text in config.get("tmpfs") or ():
        target, _, options = str(text).partition(":")
        yield Mount(
            kind="tmpfs",
            target=mount_target(target),
            read_only="ro" in options.split(","),
            size=_tmpfs_size(options),
        )


def _tmpfs_size(options: str) -> Bytes | None:
    """Return the ``size=`` of tmpfs options in bytes; None where absent or a share of memory."""
    for option in options.split(","):
        key, _, value = option.partition("=")
        if key == "size":
            try:
                return parse_compose_memory(value)
            except ValueError:
                return None
    return None


def _volume_name(key: str, volumes: Mapping[str, Any]) -> str:
    """Return the engine's name of a volume from its key in the file."""
    return str(mapping(volumes.get(key)).get("name") or key)


def _replicas(config: Mapping[str, Any]) -> int:
    """Return how many containers run: compose-go, types.go, GetScale."""
    for value in (config.get("scale"), mapping(config.get("deploy")).get("replicas")):
        count = integer(value)
        if count is not None:
            return max(count, 0)
    return 1


def _environment(config: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in mapping(config.get("environment")).items():
        yield str(key), value


def _value_text(value: object) -> str | None:
    return None if value is None else str(value)


def _size(value: object) -> Bytes | None:
    """Return a size in bytes; None for unset, zero and unlimited."""
    number = positive(value)
    return None if number is None else Bytes(number)


def _cpus(value: object) -> float | None:
    """Return a number of CPUs; None for unset, zero and what is no number."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else 0.0
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
