"""The snapshot: everything that was collected about one Compose project at one time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from hcreport.model.contents import BuildContext
from hcreport.model.declared import LocalModel, Location, Project, Scenario, Service
from hcreport.model.observed import Container, Disk, Engine, Image, Volume
from hcreport.model.origin import Origin, OriginNote
from hcreport.model.record import Moment, Record
from hcreport.model.window import Window
from hcreport.units import Bytes


class Gap(Record):
    """A source that failed: what is missing because of it, and why."""

    source: str
    """``engine``, ``stats``, ``inspect``, ``images``, ``volumes``, ``disk``, ``hash`` …"""
    subject: str | None = None
    """The container, image or service concerned; None for the whole source."""
    reason: str
    """One sentence."""


class Snapshot(Record):
    """One Compose project, observed once. All sizes are in bytes, all times in UTC."""

    taken_at: Moment
    tool: str
    """``hcreport 0.1.0``, or who wrote the snapshot."""
    title: str | None = None
    """Name for people, where it differs from the project's."""
    project: Project
    engine: Engine | None = None
    services: tuple[Service, ...] = ()
    containers: tuple[Container, ...] = ()
    images: tuple[Image, ...] = ()
    volumes: tuple[Volume, ...] = ()
    contexts: tuple[BuildContext, ...] = ()
    """The build contexts of services that are built, where they were looked at."""
    disk: Disk | None = None
    models: tuple[LocalModel, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    window: Window | None = None
    """What was seen while the stack was watched; None where only one sample was taken."""
    gaps: tuple[Gap, ...] = ()
    interrupted: bool = False
    """Collection was stopped by the user: what is missing was not looked at."""
    origins: tuple[OriginNote, ...] = ()

    @cached_property
    def services_by_name(self) -> Mapping[str, Service]:
        """The services by name; of several with one name the first."""
        return {each.name: each for each in reversed(self.services)}

    @cached_property
    def containers_by_service(self) -> Mapping[str, tuple[Container, ...]]:
        """The containers of each service that has any, in the order of the snapshot."""
        found: dict[str, list[Container]] = {}
        for container in self.containers:
            if container.service is not None:
                found.setdefault(container.service, []).append(container)
        return {name: tuple(containers) for name, containers in found.items()}

    @property
    def held_together(self) -> Bytes | None:
        """The most that all containers held in one round of the window; None is not known."""
        together = self.window.together if self.window else None
        return together.held if together else None

    @cached_property
    def _origins_by_path(self) -> Mapping[str, Origin]:
        """The notes on origins by their path; of several with one path the first."""
        return {each.path: each.origin for each in reversed(self.origins)}

    def origin_of(self, path: str, location: Location | None = None) -> Origin:
        """Return where the value at ``path`` comes from.

        The longest matching note wins. Without one, services, models and scenarios are declared
        (at ``location`` where known), and everything else was measured when the snapshot was taken.
        """
        part = path
        while self.origins:
            if part in self._origins_by_path:
                return self._origins_by_path[part]
            if "/" not in part:
                break
            part = part.rpartition("/")[0]
        if path.split("/", 1)[0] in ("services", "project", "models", "scenarios"):
            place = f"{location.file}:{location.line}" if location else "the Compose project"
            return Origin(kind="declared", evidence=place)
        return Origin(
            kind="measured", evidence=f"Docker engine, {self.taken_at:%Y-%m-%d %H:%M} UTC"
        )
