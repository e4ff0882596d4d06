"""Runs every rule over a snapshot and gathers the assessment; pure, and the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from functools import reduce
from typing import Any

from hcreport.config import Budgets, Config, Suppression
from hcreport.errors import ConfigError
from hcreport.estimate.contexts import context_name
from hcreport.estimate.images import image_targets, images_by_service
from hcreport.estimate.local_or_api import local_or_api
from hcreport.estimate.memory import memory_budget, started_services
from hcreport.estimate.missing import gaps_about, why_missing
from hcreport.estimate.models import model_fits
from hcreport.estimate.requirements import requirements
from hcreport.estimate.scenarios import plans
from hcreport.estimate.sleep import sleep_choices
from hcreport.model import (
    Assessment,
    BuildContext,
    Finding,
    IdleSuppression,
    Outcome,
    Present,
    Snapshot,
)
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
from hcreport.rules.places import placed
from hcreport.rules.steps import with_project_files

_CONFIDENCE_ORDER = ("certain", "likely", "possible")

# Parts that may be empty without anything being unknown, once their source answered.
_MAY_BE_EMPTY = {"services", "volumes", "models", "images"}


def analyze(
    snapshot: Snapshot,
    config: Config | None = None,
    *,
    present: Present | None = None,
    today: date | None = None,
) -> Assessment:
    """Return what a snapshot means.

    With ``present`` it is also asked whether the snapshot is out of date. ``today`` decides which
    suppressions have ended. Without both that is the day of the snapshot, so that the same snapshot
    gives the same answer.

    Raises ConfigError for a rule or threshold that is not ours, and for a service in a group that
    the snapshot does not have.
    """
    config = config or Config()
    rules = load_rules()
    _check_names(config, rules)
    _check_groups(config, snapshot)
    case = case_of(snapshot, config.budgets, present)
    today = today or (present.today if present else snapshot.taken_at.date())
    outcomes: list[Outcome] = []
    for loaded in rules.values():
        outcomes += run_rule(loaded, case, config.rules.get(loaded.rule.id, {}))
    idle = _idle_suppressions(config.suppress, outcomes, case)
    outcomes = [_suppressed(outcome, config.suppress, today) for outcome in outcomes]
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
        idle_suppressions=tuple(idle),
    )


def refuse_unknown_scenarios(config: Config, snapshot: Snapshot) -> None:
    """Raise ConfigError for a budget of a scenario that the snapshot does not have."""
    names = [each.scenario for each in plans(snapshot)] if config.budgets.docker_memory else []
    for name in config.budgets.docker_memory if names else ():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            raise ConfigError(
                f"hcreport.yml: budgets: docker_memory: the snapshot has no scenario {name}.",
                hint=f"Did you mean {near[0]}?" if near else f"It has: {', '.join(names)}.",
            )


def case_of(
    snapshot: Snapshot, budgets: Budgets | None = None, present: Present | None = None
) -> Case:
    """Return what every rule may look at, worked out once for all of them."""
    return Case(
        snapshot=snapshot,
        budget=memory_budget(snapshot),
        images=images_by_service(snapshot),
        budgets=budgets or Budgets(),
        present=present,
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
    if unasked := _unasked(rule, case):
        yield Outcome(rule=rule.id, subject=whole, status="not applicable", reason=unasked)
        return
    missing = _missing(rule, "", snapshot, snapshot)
    if missing:
        yield Outcome(rule=rule.id, subject=whole, status="not measured", reason=missing)
        return
    subjects = list(_subjects(rule, case))
    if not subjects:
        yield Outcome(
            rule=rule.id, subject=whole, status="not applicable", reason=f"there is no {rule.each}"
        )
    for name, subject in subjects:
        missing = _missing(rule, f"{rule.each}.", subject, snapshot, name)
        if missing:
            yield Outcome(rule=rule.id, subject=name, status="not measured", reason=missing)
        else:
            verdict = placed(loaded.check(subject, case), rule, subject, case)
            yield _outcome(rule, name, verdict, snapshot)


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


def _unasked(rule: Rule, case: Case) -> str:
    """Return why nobody asks what a rule answers; nothing where it is asked."""
    if rule.budget is not None and not getattr(case.budgets, rule.budget):
        return "hcreport.yml sets no such budget"
    if rule.stale and case.present is None:
        return "it was not asked whether the snapshot is out of date"
    return ""


def _subjects(rule: Rule, case: Case) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each subject of a rule; services only where they are started."""
    snapshot = case.snapshot
    if rule.each == "scenario":
        yield from ((name, name) for name in case.budgets.docker_memory)
    elif rule.each == "project":
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


def _suppressed(outcome: Outcome, suppressions: Iterable[Suppression], today: date) -> Outcome:
    """Return a problem as suppressed, or with the day on which its last suppression ended."""
    finding = outcome.finding
    if outcome.status != "problem" or finding is None:
        return outcome
    ends: list[date] = []
    for each in suppressions:
        if not _is_about(each, outcome):
            continue
        if each.until is None or each.until >= today:
            until = f" (until {each.until})" if each.until else ""
            reason = f"{each.reason}{until}"
            return outcome.model_copy(update={"status": "suppressed", "reason": reason})
        ends.append(each.until)
    if not ends:
        return outcome
    message = f"{finding.message} Its suppression ended on {max(ends)}."
    return outcome.model_copy(update={"finding": finding.model_copy(update={"message": message})})


def _is_about(suppression: Suppression, outcome: Outcome) -> bool:
    return suppression.rule == outcome.rule and suppression.subject in (None, outcome.subject)


def _idle_suppressions(
    suppressions: Iterable[Suppression], outcomes: Iterable[Outcome], case: Case
) -> Iterator[IdleSuppression]:
    """Yield those whose rule found no problem, and could look; ``outcomes`` before suppressing."""
    rules, project = load_rules(), case.snapshot.project.name
    may_apply = [each for each in outcomes if each.status in ("problem", "not measured")]
    # A rule that could not look at anything says so once, of the whole project.
    unknown = (each for each in may_apply if each.status == "not measured")
    blind = {each.rule for each in unknown if each.subject == project}
    for each in suppressions:
        unasked = rules[each.rule].rule.stale and case.present is None
        found = any(_is_about(each, outcome) for outcome in may_apply)
        if not (unasked or found or each.rule in blind):
            yield IdleSuppression(rule=each.rule, subject=each.subject, reason=each.reason)


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
