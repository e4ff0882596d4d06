"""Looks at the folders from which a project's services are built; no engine is needed for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hcreport.collect.context import ContextScan, read_context
from hcreport.model import BuildContext, Service

CONTEXT = "build contexts"
"""Source of the question and of its gaps."""


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


def read_build_folders(project: Path, services: Iterable[Service]) -> tuple[BuildFolder, ...]:
    """Return the build contexts that lie in the project's folder, each once.

    One with several Dockerfiles is there for each of them, because each may have its own patterns.
    Raises nothing for a context that is gone: it is left out.
    """
    named: dict[tuple[str, str], list[str]] = {}
    for service in services:
        build = service.build
        if build is not None and build.context is not None:
            named.setdefault((build.context, build.dockerfile or ""), []).append(service.name)
    found = []
    for (context, dockerfile), names in sorted(named.items()):
        folder = project / context
        if not folder.is_dir():
            continue
        name = dockerfile or "Dockerfile"
        scan = read_context(folder, dockerfile=name)
        text = _text(folder / name)
        found.append(
            BuildFolder(path=context, services=tuple(sorted(names)), scan=scan, dockerfile=text)
        )
    return tuple(found)


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
