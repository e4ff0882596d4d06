"""What is true when a check runs and stands in no snapshot: the day, and the Compose file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hcreport.model.declared import LocalModel, Project, Service


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What Compose reads in the project's files today."""

    project: Project
    services: tuple[Service, ...]
    models: tuple[LocalModel, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Present:
    """What a check compares a snapshot with, so that it can say whether it is out of date."""

    today: date
    declared: Declared | None = None
    """None where the Compose files could not be read."""
    reason: str = ""
    """Why they could not be read; one clause."""
    max_age_days: int | None = None
    """Age in days from which a snapshot is too old; None where no age is."""
