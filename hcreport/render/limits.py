"""Suggested memory limits: the rows of their page, and the Compose file that sets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hcreport.compose_files import LIMITS_FILE, compose_with
from hcreport.estimate.limits import largest_suggested
from hcreport.model import Assessment, Requirement, Service, Snapshot, SuggestedLimit
from hcreport.render.compose_text import compose_text
from hcreport.render.marker import FILE_MARK
from hcreport.units import Bytes, mebibytes, total

_HEAD = (
    f"{FILE_MARK} from what was measured; edit nothing here, copy it.",
    "Memory limits for each container, used with the project's own files:",
    f"{compose_with((), LIMITS_FILE)} up -d",
)


@dataclass(frozen=True, kw_only=True)
class LimitRow:
    """One service of the table of limits; bytes for each of its containers."""

    suggested: SuggestedLimit
    lower: Bytes | None
    """By how much the limit it has could be lower; None where it could not."""
    higher: Bytes | None
    """By how much the limit it has should be higher; None where it is enough."""


@dataclass(frozen=True, kw_only=True)
class LimitsView:
    """All suggested limits of a project."""

    rows: tuple[LimitRow, ...]
    """By service."""
    left_out: tuple[str, ...]
    """Services without a suggestion, because their need is not known or only a lower bound."""
    override: str
    """The Compose file; empty where nothing is suggested."""
    sum: Bytes | None
    """What the suggested limits allow in the main scenario, all containers together, in bytes;
    None where one of its services has no suggestion."""
    scenario: str
    """The main scenario."""


def limits_view(snapshot: Snapshot, assessment: Assessment) -> LimitsView:
    """Return the limits that follow from the measurements, for every service of any scenario."""
    suggested = all_suggested(snapshot, assessment)
    named = {each.service for each in suggested}
    services = {
        part.name
        for each in assessment.requirements
        for part in each.parts
        if part.kind == "service" and part.name in snapshot.services_by_name
    }
    main = assessment.requirements[0] if assessment.requirements else None
    return LimitsView(
        rows=tuple(_row(each) for each in suggested),
        left_out=tuple(sorted(services - named)),
        override=limits_override(suggested, snapshot.services) if suggested else "",
        sum=_sum(main, suggested),
        scenario=main.scenario if main else "",
    )


def all_suggested(snapshot: Snapshot, assessment: Assessment) -> tuple[SuggestedLimit, ...]:
    """Return one limit for each service, by name: the largest that any scenario suggests."""
    return largest_suggested(assessment.requirements, snapshot)


def limits_override(suggested: Iterable[SuggestedLimit], services: Iterable[Service] = ()) -> str:
    """Return a Compose file that sets the suggested limits and nothing else.

    Each limit stands under the keys that the project's own file uses, because Compose refuses two
    that differ. ``memswap_limit`` is set too where the service declares one that the engine would
    refuse below the limit, or that equals its memory limit, which means no swap.
    """
    declared = {each.name: each for each in services}
    found = {
        each.service: _entry(each, declared.get(each.service))
        for each in sorted(suggested, key=lambda each: each.service)
    }
    return compose_text(_HEAD, found)


def _entry(suggested: SuggestedLimit, service: Service | None) -> dict[str, Any]:
    limit = compose_size(suggested.limit)
    entry: dict[str, Any] = {}
    if "mem_limit" in suggested.keys:
        entry["mem_limit"] = limit
    swap = service.limits.memory_swap if service else None
    if swap is not None and service is not None:
        without_swap = swap == service.limits.memory
        if swap < suggested.limit or without_swap:
            entry["memswap_limit"] = limit
    if "deploy" in suggested.keys:
        entry["deploy"] = {"resources": {"limits": {"memory": limit}}}
    return entry


def compose_size(size: Bytes) -> str:
    """Return a size as a Compose file says it: ``64m``, or in bytes where it is no whole MiB."""
    whole, rest = divmod(int(size), int(mebibytes(1)))
    return f"{int(size)}b" if rest else f"{whole}m"


def _row(suggested: SuggestedLimit) -> LimitRow:
    current = suggested.current
    difference = 0 if current is None else int(current) - int(suggested.limit)
    return LimitRow(
        suggested=suggested,
        lower=Bytes(difference) if difference > 0 else None,
        higher=Bytes(-difference) if difference < 0 else None,
    )


def _sum(main: Requirement | None, suggested: Sequence[SuggestedLimit]) -> Bytes | None:
    if main is None:
        return None
    limits = {each.service: each for each in suggested}
    parts = [each for each in main.parts if each.kind == "service"]
    if not parts or any(each.name not in limits for each in parts):
        return None
    return total(limits[each.name].limit * each.containers for each in parts)
