"""Tells which files of an image are dead weight, and which step towards a smaller image drops them.

Only files that no package of the operating system owns are asked for here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from hcreport.contents.layer import Kind
from hcreport.contents.needed_start import programs, search_path
from hcreport.contents.needed_tools import tools
from hcreport.contents.owners import PythonDist
from hcreport.contents.planning_made import source_of
from hcreport.contents.planning_view import View
from hcreport.model import Certainty, StepKind
from hcreport.units import MIB

SMALLEST_DATA = 10 * MIB
"""Bytes; smaller models and data stay in the image, where they do little harm."""

_OF_LANGUAGES = (b"-packages/", b"node_modules/")
_ENVIRONMENT = b"/pyvenv.cfg"
_MODULES = re.compile(rb"(?:^|(?<=/))node_modules/(?:@[^/]+/)?[^/]+")
_LOCAL = (b"usr/local/", b"opt/")


@dataclass(frozen=True)
class Dead:
    """Why a file goes."""

    step: StepKind
    certainty: Certainty = "sure"
    by_manager: bool = False
    """``pip`` or ``npm`` removes it, so that it need not be deleted."""


_CONTEXT, _CACHES = Dead("context"), Dead("caches")
_DATA: Mapping[str, Dead] = {
    "model-weights": Dead("models", "likely"),
    "datasets-and-archives": Dead("datasets", "likely"),
}
_TOOLS = Dead("build-tools", "likely")


@dataclass
class Weighing:
    """What is known before single files are looked at."""

    view: View
    words: Collection[str]
    removed: Mapping[bytes, Dead]
    """Files of Python distributions that go."""
    modules: Mapping[bytes, Dead]
    """Folders of Node packages that go."""
    links: Collection[bytes]
    """Links to their programs."""
    large: frozenset[bytes] = frozenset()
    """Models and data that are large enough."""
    environments: tuple[bytes, ...] = ()
    """Folders of Python environments above the base that a container runs."""
    used_tools: frozenset[bytes] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Find what needs a look at all files."""
        self.environments = _run_environments(self.view, self.words)
        self.large = _large(self.view)
        used = programs(self.view, self.words)
        used |= {each.strip("/").encode() for each in search_path(self.view)}
        self.used_tools = frozenset(used)

    def dead(self, path: bytes, kind: Kind) -> Dead | None:
        """Return why a file goes; None where it stays."""
        view = self.view
        if found := self.removed.get(path) or self._of_modules(path):
            return found
        group = view.attribution.group_of(path)
        if group not in _DATA and view.attribution.group_of(_folder(path)) == "package-caches":
            # What a cache and something else both name counts as the latter's, and stays there.
            group = "package-caches"
        copied = view.is_copied(path)
        in_use = path.startswith(self.environments)
        dead = _CONTEXT if copied else _CACHES
        if path in self.large and group in _DATA:
            return _DATA[group]
        if copied and not in_use and b"node_modules/" not in path and view.ignored(path):
            return _CONTEXT
        if in_use and group == "copied-environments":
            return None
        if any(each in path for each in _OF_LANGUAGES) and group not in {
            "copied-environments",
            "package-caches",
        }:
            return self._bytecode(path)
        if group in {"version-control", "package-caches", "copied-environments"}:
            return dead
        if group == "logs-and-temporary-files":
            return dead if kind in {Kind.FILE, Kind.HARDLINK} else None
        return self._bytecode(path) or self._tool(path, group)

    def _of_modules(self, path: bytes) -> Dead | None:
        if b"node_modules/" not in path or not self.modules:
            return None
        if path in self.links:
            return next(iter(self.modules.values()))
        for match in _MODULES.finditer(path):
            if found := self.modules.get(path[: match.end()]):
                return found
        return None

    def _bytecode(self, path: bytes) -> Dead | None:
        """Bytecode of what the base has was made by a tool that ran while the image was built."""
        source = source_of(path)
        if source is None or source not in self.view.merged.places:
            return None
        if self.view.is_above(source):
            return self.removed.get(source)
        return _CACHES

    def _tool(self, path: bytes, group: str) -> Dead | None:
        parts = path.decode("utf-8", "replace").split("/")
        for depth in (2, 3):
            folder = "/".join(parts[:depth])
            if len(parts) > depth and tools().folders.fullmatch(folder):
                start = folder.encode() + b"/"
                return None if any(each.startswith(start) for each in self.used_tools) else _TOOLS
        if group == "static-libraries" and path.startswith(_LOCAL):
            return _TOOLS
        return None


def _folder(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


def _run_environments(view: View, words: Collection[str]) -> tuple[bytes, ...]:
    """Return the folders of Python environments that the start or the search path leads into."""
    roots = [
        path.removesuffix(_ENVIRONMENT) + b"/"
        for path in view.merged.places
        if path.endswith(_ENVIRONMENT)
    ]
    if not roots:
        return ()
    used = programs(view, words)
    used |= {each.strip("/").encode() + b"/" for each in search_path(view)}
    used |= {word.strip("/").encode() + b"/" for word in words if "/" in word}
    used |= {
        each.partition("=")[2].strip("/").encode() + b"/" for each in view.image.config.environment
    }
    return tuple(root for root in roots if any(path.startswith(root) for path in used))


def _large(view: View) -> frozenset[bytes]:
    """Return models and data above the base that are large, or lie in a folder of many."""
    sizes: dict[bytes, int] = {}
    found: dict[bytes, list[bytes]] = {}
    for path, kind in view.above():
        if kind not in {Kind.FILE, Kind.HARDLINK} or any(each in path for each in _OF_LANGUAGES):
            continue
        group = view.attribution.group_of(path)
        if group in _DATA and view.owner(path) is None:
            folder = path.rpartition(b"/")[0]
            sizes[folder] = sizes.get(folder, 0) + view.merged.bytes_at(path)
            found.setdefault(folder, []).append(path)
    return frozenset(
        path for folder, paths in found.items() if sizes[folder] >= SMALLEST_DATA for path in paths
    )


def files_of(distributions: Iterable[PythonDist], dead: Dead) -> dict[bytes, Dead]:
    """Return the files of Python distributions, each with why it goes."""
    return {path: dead for each in distributions for path in each.files}
