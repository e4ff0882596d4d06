"""Finds the line of each service in the project's files, and limits that Compose silently drops.

Compose says what a project means, but not where it says so. This walks the YAML nodes of the same
files: merges (``<<``), anchors, several files, local ``include`` and ``extends`` are followed, for
locating only. What cannot be followed has no location, and is never an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from hcreport.collect.redact import relative_path
from hcreport.model import Limits, Location, LostLimit, PlaceName
from hcreport.units import MB

_Entries = dict[str, tuple[yaml.Node, yaml.Node]]

_MERGE_TAG = "tag:yaml.org,2002:merge"
_NULL_TAG = "tag:yaml.org,2002:null"

_LIMIT_KEYS = ("mem_limit", "mem_reservation", "memswap_limit", "shm_size")

# In this order the later path wins, as Compose lets deploy win.
_PLACES: tuple[tuple[PlaceName, tuple[str, ...]], ...] = (
    ("memory", ("mem_limit",)),
    ("memory", ("deploy", "resources", "limits", "memory")),
    ("cpus", ("cpus",)),
    ("cpus", ("deploy", "resources", "limits", "cpus")),
    ("health check", ("healthcheck",)),
    ("image", ("image",)),
    ("build", ("build",)),
    ("dependencies", ("depends_on",)),
)

# Zero in any notation, with or without a unit.
_ZERO = re.compile(r"[+]?0[xXoObB]?[0_]*(\.0*)?([eE][+-]?[0-9]+)?\s?[A-Za-z]*")

_DEEPEST_EXTENDS = 50
_LARGEST_FILE = 10 * MB

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class DeclaredLimit:
    """A limit as it stands in a file."""

    text: str
    location: Location | None


@dataclass
class ServiceSource:
    """Where a service is declared, and the limits that the files give it in the end."""

    location: Location | None
    limits: dict[str, DeclaredLimit] = field(default_factory=dict)
    """By key (``mem_limit``), after all files were laid over each other."""
    places: dict[PlaceName, Location] = field(default_factory=dict)
    """Where the last file that says something of it does so."""


@dataclass
class ProjectSource:
    """Places of the services and models of a project, by name."""

    services: dict[str, ServiceSource] = field(default_factory=dict)
    models: dict[str, Location | None] = field(default_factory=dict)


def read_sources(folder: Path, files: Sequence[Path]) -> ProjectSource:
    """Return where the project in ``folder`` declares what; ``files`` in the order of merging."""
    reader = _Reader(folder)
    reader.add_files(files, folder)
    return reader.found


def lost_limits(source: ServiceSource | None, limits: Limits) -> tuple[LostLimit, ...]:
    """Return the limits that stand in a file although Compose's result has none.

    compose-go, types/bytes.go: a size that YAML reads as a float (``1e9``, ``1.5``) or as an
    integer of 2^63 or more is neither an int nor a string there, and is ignored.
    """
    if source is None:
        return ()
    kept = {
        "mem_limit": limits.memory is not None,
        "mem_reservation": limits.memory_reservation is not None,
        "memswap_limit": limits.memory_swap is not None or limits.swap_unlimited,
        "shm_size": limits.shm_size is not None,
    }
    return tuple(
        LostLimit(key=key, location=declared.location)
        for key in _LIMIT_KEYS
        if (declared := source.limits.get(key)) is not None
        and declared.location is not None
        and not kept[key]
        and _asks_for_a_limit(declared.text)
    )


def _asks_for_a_limit(text: str) -> bool:
    """Tell whether a value sets a limit: not zero, not negative, and no variable we cannot know."""
    value = text.strip()
    return not (not value or "$" in value or value.startswith("-") or _ZERO.fullmatch(value))


@dataclass(frozen=True)
class _Scope:
    """One YAML document: its file, the folder its paths count from, and its services."""

    path: Path
    working: Path
    services: _Entries


@dataclass(frozen=True)
class _Layer:
    """One declaration of a service, to lay over the earlier ones."""

    path: Path
    key: yaml.Node
    value: yaml.Node


class _Reader:
    """Walks files and gathers what they declare."""

    def __init__(self, folder: Path) -> None:
        self.found = ProjectSource()
        self._folder = folder
        self._documents: dict[Path, list[yaml.Node]] = {}
        self._known_entries: dict[int, _Entries] = {}
        self._including: list[Path] = []

    def add_files(self, files: Sequence[Path], working: Path) -> None:
        """Lay files over what was found so far; ``working`` is what their paths count from."""
        for path in files:
            for document in self._read(path):
                top = self._entries(document)
                self._add_includes(top, working)
                self._add_services(_Scope(path, working, self._section(top, "services")))
                for name, (key, _) in self._section(top, "models").items():
                    self.found.models.setdefault(name, self._location(path, key))

    def _add_services(self, scope: _Scope) -> None:
        for name, (key, _) in scope.services.items():
            here = self._location(scope.path, key)
            source = self.found.services.setdefault(name, ServiceSource(here))
            for layer in self._layers(scope, name):
                self._lay_over(source.limits, layer)
                self._note_places(source.places, layer)

    def _add_includes(self, top: _Entries, working: Path) -> None:
        """Follow local ``include``; paths count from the project directory of the including one."""
        for entry in _sequence(top.get("include")):
            options = self._entries(entry)
            nodes = (
                [entry] if isinstance(entry, yaml.ScalarNode) else _sequence(options.get("path"))
            )
            paths = [_text(node) for node in nodes]
            files = [_joined(working, path) for path in paths if _is_local(path)]
            if not files or len(files) != len(paths) or files[0] in self._including:
                continue
            named = _value_text(options, "project_directory")
            directory = _joined(working, named) if named else files[0].parent
            self._including.append(files[0])
            self.add_files(files, directory)
            self._including.pop()

    def _layers(self, scope: _Scope, name: str, depth: int = 0) -> list[_Layer]:
        """Return the declarations of a service within one file, what it extends first."""
        if name not in scope.services or depth > _DEEPEST_EXTENDS:
            return []
        key, value = scope.services[name]
        base: list[_Layer] = []
        extends = self._entries(value).get("extends")
        if extends is not None:
            options = self._entries(extends[1])
            service = _text(extends[1]) or _value_text(options, "service")
            other = self._extended_scope(scope, options)
            if other is not None:
                base = self._layers(other, service, depth + 1)
        return [*base, _Layer(scope.path, key, value)]

    def _extended_scope(self, scope: _Scope, options: _Entries) -> _Scope | None:
        """Return where the extended service stands: the same document, or another local file."""
        if "file" not in options:
            return scope
        file = _value_text(options, "file")
        if not _is_local(file):
            return None
        path = _joined(scope.working, file)
        services: _Entries = {}
        for document in self._read(path):
            services |= self._section(self._entries(document), "services")
        return _Scope(path, path.parent, services)

    def _lay_over(self, limits: dict[str, DeclaredLimit], layer: _Layer) -> None:
        """Apply one declaration: null leaves what was there, ``!reset`` takes it away."""
        if layer.value.tag in ("!reset", "!override"):
            limits.clear()
        entries = self._entries(layer.value)
        for name in _LIMIT_KEYS:
            if name not in entries:
                continue
            key, value = entries[name]
            if value.tag == "!reset":
                limits.pop(name, None)
            elif isinstance(value, yaml.ScalarNode) and value.tag != _NULL_TAG:
                limits[name] = DeclaredLimit(value.value, self._location(layer.path, key))

    def _note_places(self, places: dict[PlaceName, Location], layer: _Layer) -> None:
        """Remember where a declaration says what; a later file that says it again wins."""
        if layer.value.tag in ("!reset", "!override"):
            places.clear()
        for name, keys in _PLACES:
            found = self._entry(layer.value, keys)
            if found is None:
                continue
            key, value = found
            place = self._location(layer.path, key)
            if value.tag == "!reset" or place is None:
                places.pop(name, None)
            elif value.tag != _NULL_TAG:
                places[name] = place

    def _entry(self, node: yaml.Node, keys: Sequence[str]) -> tuple[yaml.Node, yaml.Node] | None:
        """Return key and value that stand at the end of a path of keys."""
        found = self._entries(node).get(keys[0])
        if found is None or len(keys) == 1:
            return found
        return self._entry(found[1], keys[1:])

    def _location(self, path: Path, node: yaml.Node) -> Location | None:
        file = relative_path(path, self._folder)
        return None if file is None else Location(file=file, line=node.start_mark.line + 1)

    def _section(self, top: _Entries, name: str) -> _Entries:
        return self._entries(top[name][1]) if name in top else {}

    def _entries(self, node: yaml.Node) -> _Entries:
        """Return key and value nodes of a mapping by key, its merges resolved; else nothing."""
        if not isinstance(node, yaml.MappingNode):
            return {}
        known = self._known_entries.get(id(node))
        if known is not None:
            return known
        # Entered before it is complete, so that an anchor inside itself comes to an end.
        merged = self._known_entries.setdefault(id(node), {})
        own: _Entries = {}
        for key, value in node.value:
            if key.tag == _MERGE_TAG:
                parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for part in parts:
                    for name, entry in self._entries(part).items():
                        merged.setdefault(name, entry)
            elif isinstance(key, yaml.ScalarNode):
                own[key.value] = (key, value)
        merged.update(own)
        return merged

    def _read(self, path: Path) -> list[yaml.Node]:
        """Return the documents of a file; none where it cannot be read."""
        if path not in self._documents:
            try:
                small = path.stat().st_size <= _LARGEST_FILE
                content = path.read_bytes() if small else b""
                self._documents[path] = [
                    node for node in yaml.compose_all(content, Loader=_Loader) if node is not None
                ]
            except (OSError, ValueError, RecursionError, yaml.YAMLError):
                self._documents[path] = []
        return self._documents[path]


def _sequence(entry: tuple[yaml.Node, yaml.Node] | None) -> Iterable[yaml.Node]:
    """Return the items of a sequence, a single value as one item."""
    if entry is None:
        return ()
    value = entry[1]
    return value.value if isinstance(value, yaml.SequenceNode) else (value,)


def _text(node: yaml.Node) -> str:
    """Return the text of a scalar; nothing for anything else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _value_text(entries: _Entries, key: str) -> str:
    return _text(entries[key][1]) if key in entries else ""


def _is_local(path: str) -> bool:
    """Tell whether a path names a file here: no address, and no variable in it."""
    remote = "://" in path or path.startswith(("git@", "oci:"))
    return bool(path) and "$" not in path and not remote


def _joined(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder / name))
