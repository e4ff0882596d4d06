"""When a container's health check is run and how long it allows, with Docker's own defaults.

Not a rule: several rules ask. Times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hcreport.facts import fact_value
from hcreport.model import Container, HealthCheck
from hcreport.rules.contract import Case


@dataclass(frozen=True, kw_only=True)
class CheckTimes:
    """The times of a health check in force; Docker's own defaults stand where none was set."""

    interval: float
    timeout: float
    retries: int
    start_period: float
    start_interval: float

    @property
    def allowed(self) -> float:
        """Seconds from the start after which quick probes that all fail make it unhealthy."""
        return self.start_period + self.interval * self.retries


def health_check_of(container: Container, case: Case) -> HealthCheck | None:
    """Return the check in force, else the one that the Compose file declares."""
    service = case.service(container.service)
    return container.health_check or (service.health_check if service else None)


def times_of(check: HealthCheck | None) -> CheckTimes:
    """Return the times of a check in seconds, with Docker's defaults: facts ``docker/health-…``."""
    found = check or HealthCheck(kind="image")
    return CheckTimes(
        interval=found.interval_seconds or fact_value("docker/health-interval"),
        timeout=found.timeout_seconds or fact_value("docker/health-timeout"),
        retries=found.retries or round(fact_value("docker/health-retries")),
        start_period=found.start_period_seconds or fact_value("docker/health-start-period"),
        start_interval=found.start_interval_seconds or fact_value("docker/health-start-interval"),
    )


def age_seconds(container: Container, case: Case) -> float | None:
    """Return the seconds from a container's last start to the snapshot; None is not known.

    A moment without a zone counts as UTC.
    """
    if container.started_at is None:
        return None
    taken, begun = (_utc(each) for each in (case.snapshot.taken_at, container.started_at))
    return max(0.0, (taken - begun).total_seconds())


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def spoken(seconds: float) -> str:
    """Return a time for a sentence: ``2.5 seconds``, ``90 seconds``."""
    number = f"{seconds:.1f}".removesuffix(".0") if seconds < 10 else f"{seconds:.0f}"
    return f"{number} second" if number == "1" else f"{number} seconds"
