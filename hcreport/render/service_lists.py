"""The list of all services: one page, or several in a large project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hcreport.render.services import ServiceView

ON_A_PAGE = 200
"""Services in one list."""

_NO_PROBLEM = 99
"""Stands behind the rank of every severity."""


@dataclass(frozen=True, kw_only=True)
class ServiceList:
    """One page of the list."""

    services: Sequence[ServiceView]
    number: int
    """Which page it is, from 1."""
    of: int
    """How many there are."""

    @property
    def path(self) -> str:
        """Its page, relative to the first page. No slug of a service has a point."""
        return "services/index.md" if self.number == 1 else f"services/index.{self.number}.md"

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.path.rpartition("/")[2]

    @property
    def title(self) -> str:
        """``Services``, or which part of it this is."""
        return "Services" if self.number == 1 else f"Services, part {self.number} of {self.of}"


def is_large(services: Sequence[ServiceView]) -> bool:
    """Tell whether one list cannot hold all services.

    Then the search finds a service in the lists, and not by each of its settings.
    """
    return len(services) > ON_A_PAGE


def service_lists(services: Sequence[ServiceView]) -> tuple[ServiceList, ...]:
    """Return the pages of the list: by name, and those with the worst problems first if many."""
    ordered = sorted(services, key=_worst_first) if is_large(services) else list(services)
    pages = [ordered[at : at + ON_A_PAGE] for at in range(0, len(ordered), ON_A_PAGE)] or [[]]
    return tuple(
        ServiceList(services=each, number=number, of=len(pages))
        for number, each in enumerate(pages, start=1)
    )


def _worst_first(service: ServiceView) -> tuple[int, int]:
    """Sort by the worst problem, then by their number; equals stay by name."""
    worst = min((each.severity.rank for each in service.findings), default=_NO_PROBLEM)
    return worst, -len(service.findings)
