"""Looks at the folders from which a project's services are built; no engine is needed for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hcreport.collect.context import ContextScan, read_context
from hcreport.collect.context.bounded import read_inside
from hcreport.errors import CollectError
from hcreport.model import BuildContext, Gap, Service
from hcreport.units import MIB

CONTEXT = "build contexts"
"""Source of the question and of its gaps."""

PATIENCE = 10.0
"""Seconds that looking at one folder may take; what was seen until then counts."""

_UNREAD = (
    "The folder or its .dockerignore cannot be read, or Docker refuses a pattern in it; "
    "`hcreport image` with --context says which."
)


@dataclass(frozen=True, kw_only=True)
class BuildFolder:
    """The build context of one or several services, with its Dockerfile."""

    path: str
    """As the services name it."""
    services: tuple[str, ...]
    scan: ContextScan
    dockerfile: str | None
    """The text of the Dockerfile; None where it is inline or cannot be read."""

    def record(self) -> BuildContext:
        """Return it as a snapshot holds it."""
        return self.scan.record(self.services, self.path)


def has_build_folders(services: Iterable[Service]) -> bool:
    """Tell whether a service is built from a folder of the project."""
    return any(service.build and service.build.context is not None for service in services)


@dataclass(frozen=True, kw_only=True)
class FoundFolders:
    """The build contexts of a project, and what could not be seen of them."""

    folders: tuple[BuildFolder, ...] = ()
    gaps: tuple[Gap, ...] = ()


def read_build_folders(project: Path, services: Iterable[Service]) -> FoundFolders:
    """Return the build contexts that lie in the project's folder, each once.

    One with several Dockerfiles is there for each of them, because each may have its own patterns.
    A folder that is gone or cannot be read is a gap, and so is what a look left out.
    """
    named: dict[tuple[str, str], list[str]] = {}
    for service in services:
        build = service.build
        if build is not None and build.context is not None:
            named.setdefault((build.context, build.dockerfile or ""), []).append(service.name)
    found: list[BuildFolder] = []
    gaps: list[Gap] = []
    for (context, dockerfile), names in sorted(named.items()):
        name = dockerfile or "Dockerfile"
        try:
            scan = read_context(project / context, dockerfile=name, patience=PATIENCE)
        except CollectError:
            # The reason may hold text of the ignore file, which is private.
            gaps.append(Gap(source=CONTEXT, subject=context, reason=_UNREAD))
            continue
        gaps += (Gap(source=CONTEXT, subject=context, reason=note) for note in scan.notes)
        text = _text(project / context, name)
        services_of = tuple(sorted(names))
        found.append(BuildFolder(path=context, services=services_of, scan=scan, dockerfile=text))
    return FoundFolders(folders=tuple(found), gaps=tuple(gaps))


def _text(folder: Path, name: str) -> str | None:
    try:
        return read_inside(folder, name, MIB).decode(errors="replace")
    except (OSError, ValueError):
        return None
