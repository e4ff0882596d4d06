"""Tells whether two readings of a Compose project declare the same, and what differs.

Only what is declared counts: not the lines of the files nor their order, no comments, not the
version of Compose that read them, and not which profiles were switched on. Values of the
environment are in no snapshot, so a change of them is not seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hcreport.model import Declared, LocalModel, Service, Snapshot

SHOWN_DIGITS = 12
"""So many digits of the hash tell two declarations of a project apart, and fit on a page."""

NOT_DECLARED = {"location", "places", "config_hash", "active", "memory_limit_keys", "lost_limits"}
"""Where something stands, and what follows from the choice of profiles or from Compose itself."""

WORDS = {
    "addresses": "addresses of other services",
    "build": "build",
    "container_name": "container name",
    "depends_on": "dependencies",
    "environment_names": "environment variables",
    "health_check": "health check",
    "image": "image",
    "limits": "limits",
    "lost": "limits that Compose drops",
    "models": "models",
    "mounts": "mounts",
    "profiles": "profiles",
    "provider": "provider",
    "replicas": "number of containers",
    "restart": "restart policy",
    "restart_policy": "restart policy",
    "settings": "settings",
    "tied_to": "dependencies",
}
"""What each part of a service is called."""


@dataclass(frozen=True, kw_only=True)
class DeclarationChange:
    """One service, model or volume that is declared in another way than before."""

    name: str
    """``db``, ``model llama3.1:8b``, ``volume data``."""
    what: str
    """``new``, ``removed``, or what of it changed: ``image and limits``."""


def declared_in(snapshot: Snapshot) -> Declared:
    """Return what a snapshot holds of the project's files."""
    return Declared(project=snapshot.project, services=snapshot.services, models=snapshot.models)


def declaration_hash(declared: Declared) -> str:
    """Return the SHA-256 of what is declared, in hexadecimal digits; the same for the same."""
    parts = {
        "services": _services(declared),
        "models": _models(declared.models),
        "volumes": _volumes(declared),
    }
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def declaration_changes(old: Declared, new: Declared) -> tuple[DeclarationChange, ...]:
    """Return what differs, by name: services first, then models and volumes.

    There is at least one change exactly where the two hashes differ.
    """
    return (
        *changed_services(old, new),
        *_changed("model", _models(old.models), _models(new.models)),
        *_changed("volume", _volumes(old), _volumes(new)),
    )


def changed_services(old: Declared, new: Declared) -> tuple[DeclarationChange, ...]:
    """Return the services that were added, removed or are declared in another way, by name."""
    return _changed("", _services(old), _services(new))


def _changed(
    kind: str, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> tuple[DeclarationChange, ...]:
    found = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            shown = f"{kind} {name}" if kind else name
            found.append(DeclarationChange(name=shown, what=_what(was, now)))
    return tuple(found)


def _what(was: dict[str, Any] | None, now: dict[str, Any] | None) -> str:
    """Return what happened to one part of the project in a few words."""
    if was is None:
        return "new"
    if now is None:
        return "removed"
    keys = sorted(key for key in was.keys() | now.keys() if was.get(key) != now.get(key))
    words = list(dict.fromkeys(WORDS.get(key, key.replace("_", " ")) for key in keys))
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _services(declared: Declared) -> dict[str, dict[str, Any]]:
    prefix = f"{declared.project.name}_"
    return {each.name: _service(each, prefix) for each in declared.services}


def _service(service: Service, prefix: str) -> dict[str, Any]:
    """Return the declared parts of a service that are not what they are without being set."""
    parts = service.model_dump(mode="json", exclude_defaults=True, exclude=NOT_DECLARED)
    parts.pop("name", None)
    for mount in parts.get("mounts", ()):
        if mount.get("volume"):
            mount["volume"] = _own_name(mount["volume"], prefix)
    if service.lost_limits:
        parts["lost"] = [each.key for each in service.lost_limits]
    return {
        key: _sorted(value) if isinstance(value, (list, tuple)) else value
        for key, value in parts.items()
    }


def _sorted(values: Iterable[Any]) -> list[Any]:
    """Return values in an order that does not depend on where they stand in a file."""
    return sorted(values, key=lambda each: json.dumps(each, sort_keys=True))


def _models(models: tuple[LocalModel, ...]) -> dict[str, dict[str, Any]]:
    """Return the models of the Compose files: those that stand at a place in one of them."""
    return {
        each.name: {"context_length": each.context_length}
        for each in models
        if each.location is not None
    }


def _volumes(declared: Declared) -> dict[str, dict[str, Any]]:
    prefix = f"{declared.project.name}_"
    return {
        _own_name(each.name, prefix): {"external": each.external}
        for each in declared.project.volumes
    }


def _own_name(volume: str, prefix: str) -> str:
    """Return a volume's name in the file: Compose puts the project's before it.

    The project is called after its folder, which may be another on another machine.
    """
    return volume.removeprefix(prefix)
