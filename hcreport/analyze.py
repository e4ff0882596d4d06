"""Runs every rule over a snapshot and gathers the assessment; pure, and the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import reduce
from typing import Any

from hcreport.config import Config, Suppression
from hcreport.errors import ConfigError
from hcreport.estimate.contexts import context_name
from hcreport.estimate.images import image_targets, images_by_service
from hcreport.estimate.local_or_api import local_or_api
from hcreport.estimate.memory import memory_budget, started_services
from hcreport.estimate.missing import gaps_about, why_missing
from hcreport.estimate.models import model_fits
from hcreport.estimate.requirements import requirements
from hcreport.estimate.sleep import sleep_choices
from hcreport.model import Assessment, BuildContext, Finding, Outcome, Snapshot
from hcreport.names import slug
from hcreport.plan import plan
from hcreport.rules import (
    Case,
    LoadedRule,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
    load_rules,
)
from hcreport.rules.steps import with_project_files

_CONFIDENCE_ORDER = ("certain", "likely", "possible")

# Parts that may be empty without anything being unknown, once their source answered.
_MAY_BE_EMPTY = {"services", "volumes", "models", "images"}


def analyze(snapshot: Snapshot, config: Config | None = None) -> Assessment:
    """Return what a snapshot means.

    Raises ConfigError for a rule or threshold that is not ours, and for a service in a group that
    the snapshot does not have.
    """
    config = config or Config()
    rules = load_rules()
    _check_names(config, rules)
    _check_groups(config, snapshot)
    case = case_of(snapshot)
    outcomes: list[Outcome] = []
    for loaded in rules.values():
        outcomes += run_rule(loaded, case, config.rules.get(loaded.rule.id, {}))
    outcomes = [_suppressed(outcome, config.suppress) for outcome in outcomes]
    findings = sorted(_open_findings(outcomes), key=_finding_order)
    needed = requirements(snapshot)
    sleep = sleep_choices(snapshot, needed, config.groups)
    return Assessment(
        outcomes=tuple(outcomes),
        findings=tuple(findings),
        memory=case.budget,
        images=image_targets(snapshot),
        models=model_fits(snapshot),
        requirements=needed,
        plan=plan(findings),
        sleep=sleep,
        local_or_api=local_or_api(snapshot, sleep.services, config.prices),
    )


def case_of(snapshot: Snapshot) -> Case:
    """Return what every rule may look at, worked out once for all of them."""
    return Case(
        snapshot=snapshot, budget=memory_budget(snapshot), images=images_by_service(snapshot)
    )


def run_rule(
    loaded: LoadedRule, case: Case, thresholds: Mapping[str, float] | None = None
) -> tuple[Outcome, ...]:
    """Return what one rule says about each of its subjects; ``thresholds`` replace its own."""
    values = {name: each.value for name, each in loaded.rule.thresholds.items()}
    return tuple(_run(loaded, replace(case, thresholds=values | dict(thresholds or {}))))


def _run(loaded: LoadedRule, case: Case) -> Iterator[Outcome]:
    """Yield one outcome per subject of a rule."""
    rule, snapshot = loaded.rule, case.snapshot
    whole = snapshot.project.name
    missing = _missing(rule, "", snapshot, snapshot)
    if missing:
        yield Outcome(rule=rule.id, subject=whole, status="not measured", reason=missing)
        return
    subjects = list(_subjects(rule, snapshot))
    if not subjects:
        yield Outcome(
            rule=rule.id, subject=whole, status="not applicable", reason=f"there is no {rule.each}"
        )
    for name, subject in subjects:
        missing = _missing(rule, f"{rule.each}.", subject, snapshot, name)
        if missing:
            yield Outcome(rule=rule.id, subject=name, status="not measured", reason=missing)
        else:
            yield _outcome(rule, name, loaded.check(subject, case), snapshot)


def _outcome(rule: Rule, subject: str, verdict: Verdict, snapshot: Snapshot) -> Outcome:
    match verdict:
        case None:
            return Outcome(rule=rule.id, subject=subject, status="ok")
        case NotApplicable(reason):
            return Outcome(rule=rule.id, subject=subject, status="not applicable", reason=reason)
        case NotMeasured(reason):
            return Outcome(rule=rule.id, subject=subject, status="not measured", reason=reason)
        case Problem():
            finding = _finding(rule, subject, verdict, snapshot)
            return Outcome(rule=rule.id, subject=subject, status="problem", finding=finding)


def _finding(rule: Rule, subject: str, problem: Problem, snapshot: Snapshot) -> Finding:
    anchor = f"{rule.id}-{slug(subject)}"
    remedies = [
        with_project_files(each, snapshot).model_copy(update={"closes": (anchor,)})
        for each in problem.remedies
    ]
    return Finding(
        rule=rule.id,
        subject=subject,
        severity=problem.severity or rule.severity,
        confidence=problem.confidence,
        message=problem.message,
        numbers=problem.numbers,
        remedies=tuple(remedies),
        location=problem.location,
        anchor=anchor,
    )


def _subjects(rule: Rule, snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each subject of a rule; services only where they are started."""
    if rule.each == "project":
        yield snapshot.project.name, snapshot
    elif rule.each == "service":
        yield from ((each.name, each) for each in started_services(snapshot))
    else:
        subjects: Iterable[Any] = getattr(snapshot, f"{rule.each}s")
        yield from ((_name(each), each) for each in subjects)


def _name(subject: Any) -> str:
    """Return what a subject is called; a build context has no name of its own."""
    return context_name(subject) if isinstance(subject, BuildContext) else str(subject.name)


def _missing(
    rule: Rule, prefix: str, value: Any, snapshot: Snapshot, subject: str | None = None
) -> str:
    """Return why the first missing part is missing, or nothing where all is known.

    With an empty prefix the needs about the whole snapshot are looked at, else the subject's.
    """
    for need in rule.needs:
        about_subject = rule.each != "project" and need.startswith(f"{rule.each}.")
        if about_subject != bool(prefix):
            continue
        path = need.removeprefix(prefix)
        found = reduce(lambda part, name: getattr(part, name, None), path.split("."), value)
        if found is None or (found == () and not _answered(need, snapshot)):
            return why_missing(need, snapshot, subject)
    return ""


def _answered(need: str, snapshot: Snapshot) -> bool:
    """Tell whether an empty part is empty because there is nothing, not because nobody asked."""
    if need == "models":
        return True
    if need == "contexts":  # nothing is built, so nothing is sent
        return not any(each.build is not None for each in snapshot.services)
    asked = bool(snapshot.services) if need == "services" else snapshot.engine is not None
    return need in _MAY_BE_EMPTY and asked and not any(gaps_about(need, snapshot))


def _suppressed(outcome: Outcome, suppressions: Iterable[Suppression]) -> Outcome:
    if outcome.status != "problem":
        return outcome
    for each in suppressions:
        if each.rule == outcome.rule and each.subject in (None, outcome.subject):
            return outcome.model_copy(update={"status": "suppressed", "reason": each.reason})
    return outcome


def _open_findings(outcomes: Iterable[Outcome]) -> Iterator[Finding]:
    for outcome in outcomes:
        if outcome.status == "problem" and outcome.finding is not None:
            yield outcome.finding


def _finding_order(finding: Finding) -> tuple[int, int, str, str]:
    confidence = _CONFIDENCE_ORDER.index(finding.confidence)
    return finding.severity.rank, confidence, finding.rule, finding.subject


def _check_names(config: Config, rules: Mapping[str, LoadedRule]) -> None:
    for rule, thresholds in config.rules.items():
        if rule not in rules:
            raise ConfigError(
                f"hcreport.yml: there is no rule {rule}.", hint="See `hcreport rules`."
            )
        for name in thresholds.keys() - rules[rule].rule.thresholds.keys():
            raise ConfigError(
                f"hcreport.yml: the rule {rule} has no threshold {name}.",
                hint=f"See `hcreport explain {rule}`.",
            )
    for suppression in config.suppress:
        if suppression.rule not in rules:
            raise ConfigError(
                f"hcreport.yml: there is no rule {suppression.rule} to suppress.",
                hint="See `hcreport rules`.",
            )


def _check_groups(config: Config, snapshot: Snapshot) -> None:
    """Refuse a group with a service that is not there; without services nobody knows."""
    known = snapshot.services_by_name
    for group in config.groups if known else ():
        for name in group.services:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                raise ConfigError(
                    f"hcreport.yml: groups: {group.name}: the snapshot has no service {name}.",
                    hint=f"Did you mean {near[0]}?" if near else "Correct it or leave it out.",
                )
