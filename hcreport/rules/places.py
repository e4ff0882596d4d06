"""Points a finding at the line that it is about, where the snapshot knows it; no rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hcreport.model import BuildContext, Container, Image, Service
from hcreport.rules.contract import Case, Problem, Rule, Verdict


def placed(verdict: Verdict, rule: Rule, subject: Any, case: Case) -> Verdict:
    """Return the rule's answer, a problem with the most specific place that is known.

    The place that ``rule.points_at`` names wins over the service as a whole, and what the rule
    itself says stays where there is none.
    """
    if not isinstance(verdict, Problem):
        return verdict
    service = _service(subject, case)
    if service is None:
        return verdict
    exact = service.places.get(rule.points_at) if rule.points_at else None
    if exact is None and rule.points_at == "build":
        exact = service.places.get("image")  # what is not built here is named here
    return replace(verdict, location=exact or verdict.location or service.location)


def _service(subject: Any, case: Case) -> Service | None:
    """Return the service that a subject belongs to; the first by name where several use it."""
    match subject:
        case Service():
            return subject
        case Container():
            return case.service(subject.service)
        case Image():
            services = case.snapshot.services
            users = [each for each in services if case.images.get(each.name) is subject]
            return next(iter([*case.builders(subject), *users]), None)
        case BuildContext():
            return next(
                (each for each in case.snapshot.services if each.name in subject.services), None
            )
    return None
