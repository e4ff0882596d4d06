"""Turns a Compose project into its throwaway copy: same programs, nothing shared with the real one.

Pure: what Compose printed goes in, a Compose file and notes on what is different come out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hcreport.errors import ProveError
from hcreport.prove.mounts import Mounts
from hcreport.units import Bytes

Json = dict[str, Any]

# Left out of every service. Labels go because proxies, updaters and watchdogs act on them.
_LEFT_OUT = (
    "annotations",
    "attach",
    "build",
    "cgroup_parent",
    "container_name",
    "develop",
    "external_links",
    "labels",
    "mem_limit",
    "mem_reservation",
    "memswap_limit",
    "models",
    "oom_kill_disable",
    "ports",
    "profiles",
    "scale",
    "use_api_socket",
)

_LOCAL_LOGGING = ("json-file", "local", "none")

_ALWAYS = ("always", "unless-stopped")

# Characters that JSON allows as they are and YAML, as which Compose reads the file, does not.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the throwaway is to be."""

    name: str
    """Its Compose project name."""
    replicas: Mapping[str, int]
    """The services to start and how many containers of each."""
    limits: Mapping[str, Bytes]
    """Bytes for each container of a service; none for those that share one limit."""
    cgroup_parent: str | None = None
    missing: Callable[[str], bool]
    """Tells of a path on this machine, which a container is to see, whether nothing is there."""
    socket: Callable[[str], bool]
    """Tells whether there is a socket."""


@dataclass(frozen=True, kw_only=True)
class Throwaway:
    """The Compose file of the throwaway, and what to know of it."""

    project: Json
    notes: tuple[str, ...]
    lasting: frozenset[str]
    """Services that are to run all the time, since they are started again when they end."""

    @property
    def text(self) -> str:
        """The Compose file: JSON, in which Compose finds every value of the type it had."""
        text = json.dumps(self.project, ensure_ascii=False, indent=1).replace("$", "$$")
        return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def throwaway(config: Json, wanted: Wanted) -> Throwaway:
    """Return the throwaway copy of a project.

    ``config`` is what ``docker compose config`` printed for the real one. Raises ProveError where
    it lacks a service that is wanted, or is the throwaway itself.
    """
    if config.get("name") == wanted.name:
        raise ProveError(
            f"The project is itself called {wanted.name}.",
            hint="Name the Compose files of the real project.",
        )
    return _Copy(config, wanted).made()


class _Copy:
    """One copy while it is made."""

    def __init__(self, config: Json, wanted: Wanted) -> None:
        self._config = config
        self._wanted = wanted
        self._notes: set[str] = set()
        self._lasting: set[str] = set()

    def made(self) -> Throwaway:
        real: Mapping[str, Json] = self._config.get("services") or {}
        unknown = sorted(self._wanted.replicas.keys() - real.keys())
        if unknown:
            raise ProveError(
                f"The Compose files have no service {', '.join(unknown)}.",
                hint="Collect a new snapshot, or name the Compose files it was made from with -f.",
            )
        chosen = {}
        for name in sorted(self._wanted.replicas):
            if "provider" in real[name]:
                self._note(f"{name} was left out: a provider runs it, not a container")
            else:
                chosen[name] = real[name]
        services = {name: self._service(name, each, chosen) for name, each in chosen.items()}
        project: Json = {"name": self._wanted.name, "services": services}
        used_volumes = self._volumes(services)
        if used_volumes:
            project["volumes"] = used_volumes
        networks = self._networks(services)
        if networks:
            project["networks"] = networks
        for kind in ("secrets", "configs"):
            declared = _without_names(self._config.get(kind) or {})
            if declared:
                project[kind] = declared
        return Throwaway(
            project=project, notes=tuple(sorted(self._notes)), lasting=frozenset(self._lasting)
        )

    def _note(self, text: str) -> None:
        self._notes.add(f"{text}.")

    def _service(self, name: str, real: Json, chosen: Mapping[str, Json]) -> Json:
        copy = {key: value for key, value in real.items() if key not in _LEFT_OUT}
        if str(real.get("restart", "")).startswith(_ALWAYS) or _always(real):
            self._lasting.add(name)
        if real.get("models"):
            self._note(f"{name} ran without its Compose models")
        if real.get("use_api_socket"):
            self._note(f"{name} ran without the engine's socket")
        copy |= self._image(name, real) | {"restart": "no"}
        limit = str(int(self._wanted.limits[name])) if name in self._wanted.limits else None
        copy["deploy"] = _deploy(real.get("deploy") or {}, self._wanted.replicas[name], limit)
        if limit:
            copy |= {"mem_limit": limit, "memswap_limit": limit}
        if self._wanted.cgroup_parent:
            copy["cgroup_parent"] = self._wanted.cgroup_parent
        self._ties(name, copy, chosen)
        self._logging(name, copy)
        mounts = Mounts(self._wanted.missing, self._wanted.socket)
        copy["volumes"] = [each for each in map(mounts.copied, real.get("volumes") or ()) if each]
        for note in mounts.notes(name):
            self._note(note)
        return {key: value for key, value in copy.items() if value not in ([], {}, None)}

    def _image(self, name: str, real: Json) -> Json:
        """Return which image to start; none is built or pulled, so that none is left behind."""
        built = f"{self._config.get('name')}-{name}" if "build" in real else None
        return {"image": real.get("image") or built, "pull_policy": "never"}

    def _ties(self, name: str, copy: Json, chosen: Mapping[str, Json]) -> None:
        """Cut what ties a service to containers that are not in the throwaway."""
        depends = {
            other: each for other, each in (copy.get("depends_on") or {}).items() if other in chosen
        }
        copy["depends_on"] = depends
        copy["links"] = [
            each for each in copy.get("links") or () if each.partition(":")[0] in chosen
        ]
        copy["volumes_from"] = [
            each for each in copy.get("volumes_from") or () if each.partition(":")[0] in chosen
        ]
        for key in ("network_mode", "ipc", "pid"):
            kind, _, other = str(copy.get(key, "")).partition(":")
            if kind == "container" or (kind == "service" and other not in chosen):
                del copy[key]
                self._note(f"{name} had a {key} of its own, not that of another container")
        if copy.get("network_mode") == "host":
            self._note(f"{name} shared the network and the ports of the machine")
        networks = copy.get("networks")
        if isinstance(networks, dict):
            copy["networks"] = {other: _attachment(each) for other, each in networks.items()}

    def _logging(self, name: str, copy: Json) -> None:
        driver = (copy.get("logging") or {}).get("driver", "json-file")
        if driver not in _LOCAL_LOGGING:
            del copy["logging"]
            self._note(f"{name} logged to the engine, not to {driver}")

    def _volumes(self, services: Mapping[str, Json]) -> Json:
        """Return new, empty volumes in place of the project's."""
        mounts = [mount for each in services.values() for mount in each.get("volumes", ())]
        names = {
            each["source"] for each in mounts if each.get("type") == "volume" and "source" in each
        }
        if names:
            self._note("Named volumes were new ones and empty")
        return {name: {} for name in sorted(names)}

    def _networks(self, services: Mapping[str, Json]) -> Json:
        """Return networks of the throwaway's own, with no fixed addresses."""
        declared: Mapping[str, Json | None] = self._config.get("networks") or {}
        names = {name for each in services.values() for name in each.get("networks") or ()}
        made = {}
        for name in sorted(names):
            real = declared.get(name) or {}
            made[name] = {"internal": True} if real.get("internal") else {}
            if real.get("external"):
                self._note(f"The network {name} was a new one with nothing else in it")
        return made


def _always(real: Json) -> bool:
    """Tell whether Swarm's key, which Compose follows too, starts a service again and again."""
    policy = (real.get("deploy") or {}).get("restart_policy") or {}
    return "condition" in policy and policy["condition"] in ("any", "")


def _deploy(real: Json, replicas: int, limit: str | None) -> Json:
    """Return the part of ``deploy`` that stays: resources other than memory.

    Where it has limits, Compose wants the memory limit to stand there as well as in ``mem_limit``.
    """
    resources = {}
    for kind, each in (real.get("resources") or {}).items():
        rest = {key: value for key, value in each.items() if key != "memory"}
        if rest:
            resources[kind] = rest
    if limit and "limits" in resources:
        resources["limits"]["memory"] = limit
    return {"replicas": replicas} | ({"resources": resources} if resources else {})


def _attachment(real: Json | None) -> Json | None:
    """Return how a service joins a network: with its aliases, without addresses."""
    kept = {key: value for key, value in (real or {}).items() if key in ("aliases", "priority")}
    return kept or None


def _without_names(declared: Mapping[str, Json]) -> Json:
    return {
        name: {key: value for key, value in each.items() if key != "name"}
        for name, each in declared.items()
    }
