"""How much CPU the services of a scenario used, and what their limits cost them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hcreport.model import CpuNeed, Number, Origin, Series, Snapshot

Lives = Sequence[Series]


def cpu_needs(services: Iterable[str], snapshot: Snapshot) -> tuple[CpuNeed, ...]:
    """Return the CPU that each service used while it was watched; those not watched are left out.

    There is no least number of CPUs: with fewer everything takes longer.
    """
    if snapshot.window is None:
        return ()
    found: dict[str, list[Series]] = {}
    for series in snapshot.window.series:
        if series.service is not None and series.cpu_seconds is not None:
            found.setdefault(series.service, []).append(series)
    names = [each for each in services if each in found]
    return tuple(_cpu_need(each, found[each], snapshot) for each in names)


def cpu_total(needs: Sequence[CpuNeed]) -> Number | None:
    """Return the CPUs that all services together used on average; None where none was watched."""
    if not needs:
        return None
    evidence = f"average while watched, sum over {len(needs)} services"
    return _number("CPUs used", sum(each.average.value for each in needs), evidence)


def _cpu_need(service: str, lives: Lives, snapshot: Snapshot) -> CpuNeed:
    window = snapshot.window
    seconds = window.seconds if window else 0
    used = sum(each.cpu_seconds or 0 for each in lives)
    watched = max((each.last_at for each in lives), default=0) - min(
        (each.first_at for each in lives), default=0
    )
    evidence = f"CPU time in {seconds:.0f} s"
    # One life after another shares the time; replicas run side by side, and their time adds up.
    average = used / watched if watched > 0 else 0
    highest = [each.cpu_highest for each in lives if each.cpu_highest is not None]
    return CpuNeed(
        service=service,
        average=_number("CPUs on average", average, evidence),
        highest=_number("most CPUs between two samples", _highest(lives), evidence)
        if highest
        else None,
        limit=_limit(service, snapshot),
        throttled=_throttled(lives, evidence),
    )


def _highest(lives: Lives) -> float:
    """Return the sum over replicas of the highest use of any of their lives."""
    numbers: dict[int, float] = {}
    for each in lives:
        numbers[each.number] = max(numbers.get(each.number, 0), each.cpu_highest or 0)
    return sum(numbers.values())


def _limit(service: str, snapshot: Snapshot) -> float | None:
    limits = [each.limits.cpus for each in snapshot.containers_by_service.get(service, ())]
    known = [each for each in limits if each is not None]
    return sum(known) if known and len(known) == len(limits) else None


def _throttled(lives: Lives, evidence: str) -> Number | None:
    periods = sum(each.periods or 0 for each in lives)
    if not periods:
        return None
    waited = sum(each.throttled_periods or 0 for each in lives)
    return Number(
        name="share of periods in which it had to wait",
        value=waited / periods,
        unit="ratio",
        origin=Origin(kind="measured", evidence=evidence),
    )


def _number(name: str, value: float, evidence: str) -> Number:
    return Number(
        name=name, value=value, unit="cpus", origin=Origin(kind="measured", evidence=evidence)
    )
