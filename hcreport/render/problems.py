"""Each problem as the assessment tells it: what to do is said once, however many problems ask it.

A step often settles several problems. The first of them says it whole; the others name it and
lead there, so that nobody reads the same steps again to find the difference.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hcreport.model import Action, Finding
from hcreport.render.final_table import in_short
from hcreport.render.steps import Step


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One thing to do about a problem."""

    action: Action
    told: Finding | None
    """The earlier problem that says it whole; None where this one does."""

    @property
    def in_short(self) -> str:
        """The step without what follows a colon."""
        return in_short(self.action.what)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A finding with its place on the page and on the checklist."""

    finding: Finding
    remedies: tuple[Remedy, ...]
    explained: bool
    """It is the first of its rule, and says why the rule matters."""
    step: int | None
    """Number of its step on the printed checklist; None where that has none."""

    @property
    def same_as(self) -> Finding | None:
        """The one earlier problem that says all of its steps; None where there is none such."""
        told = {each.told.anchor: each.told for each in self.remedies if each.told}
        whole = len(told) == 1 and all(each.told for each in self.remedies)
        return next(iter(told.values())) if whole else None


def telling(problem: Problem, silent: Container[str]) -> Problem:
    """Return a problem that tells the steps which it would leave to one of the silent ones.

    ``silent`` holds the anchors of problems that a page names without their steps.
    """
    remedies = tuple(
        replace(each, told=None) if each.told and each.told.anchor in silent else each
        for each in problem.remedies
    )
    return problem if remedies == problem.remedies else replace(problem, remedies=remedies)


def problems(findings: Sequence[Finding], shown: Sequence[Step]) -> tuple[Problem, ...]:
    """Return the findings in their order; ``shown`` are the steps on the checklist."""
    return tuple(_problems(findings, steps_by_anchor(shown)))


def steps_by_anchor(shown: Sequence[Step]) -> dict[str, int]:
    """Return the number of the first step that settles a finding, by the finding's anchor."""
    return {anchor: step.number for step in reversed(shown) for anchor in step.closes}


def _problems(findings: Sequence[Finding], steps: Mapping[str, int]) -> Iterator[Problem]:
    told: dict[tuple[str, str], Finding] = {}
    rules: set[str] = set()
    for finding in findings:
        remedies = tuple(
            Remedy(action=each, told=told.get(_key(each))) for each in finding.remedies
        )
        yield Problem(
            finding=finding,
            remedies=remedies,
            explained=finding.rule not in rules,
            step=steps.get(finding.anchor),
        )
        rules.add(finding.rule)
        for each in finding.remedies:
            told.setdefault(_key(each), finding)


def _key(action: Action) -> tuple[str, str]:
    """Return what makes two actions one step of the plan."""
    return action.what, action.command
