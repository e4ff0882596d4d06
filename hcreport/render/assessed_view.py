"""What was found and what to do about it, as the templates see it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

from markupsafe import Markup

from hcreport.model import (
    Action,
    Assessment,
    Finding,
    Outcome,
    Phase,
    Snapshot,
    Status,
)
from hcreport.render.final_table import FinalRow, final_rows, in_short
from hcreport.render.groups import Group, Unanswered, group_outcomes, together
from hcreport.render.headline import Headline, headline
from hcreport.render.problems import Problem, problems, steps_by_anchor
from hcreport.render.sheet import Sheet, sheet_of
from hcreport.render.steps import MOST_SHOWN, Step, by_phase, plan_steps
from hcreport.render.task_list import task_list
from hcreport.render.words import date_text
from hcreport.rules import LoadedRule, load_rules
from hcreport.rules.severities import CRITERIA, given

TOP_FINDINGS = 3
"""Problems on the first page."""


class AssessedView:
    """The findings, answers and steps of one report."""

    def __init__(self, snapshot: Snapshot, assessment: Assessment) -> None:
        self.snapshot = snapshot
        self.assessment = assessment
        self.title: str = snapshot.title or snapshot.project.name
        self.taken: str = date_text(snapshot.taken_at)
        self.headline: Headline = headline(snapshot, assessment)
        self.criteria = CRITERIA
        self.given = given

    @cached_property
    def rules(self) -> Mapping[str, LoadedRule]:
        """Return every rule by id."""
        return load_rules()

    @cached_property
    def results(self) -> Mapping[str, Counter[Status]]:
        """Return how many outcomes each rule has, by status."""
        counts: dict[str, Counter[Status]] = {rule: Counter() for rule in self.rules}
        for each in self.assessment.outcomes:
            counts.setdefault(each.rule, Counter())[each.status] += 1
        return MappingProxyType(counts)

    @cached_property
    def findings_by_rule(self) -> Mapping[str, list[Finding]]:
        """Return the open problems of each rule that has some."""
        found: dict[str, list[Finding]] = {}
        for each in self.assessment.findings:
            found.setdefault(each.rule, []).append(each)
        return MappingProxyType(found)

    @cached_property
    def top_findings(self) -> tuple[Finding, ...]:
        """Return the worst findings, for the first page."""
        return self.assessment.findings[:TOP_FINDINGS]

    @cached_property
    def next_action(self) -> Action | None:
        """Return the first thing to do; None where there is nothing."""
        return self.steps[0].options[0] if self.steps else None

    @cached_property
    def next_action_in_short(self) -> str:
        """Return the first thing to do without what follows a colon: the checklist has it all."""
        return in_short(self.next_action.what) if self.next_action else ""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return the whole plan; alternatives of one group are one step."""
        return plan_steps(self.assessment.plan)

    @cached_property
    def steps_shown(self) -> tuple[Step, ...]:
        """Return the steps that the checklist shows."""
        return self.steps[:MOST_SHOWN]

    @cached_property
    def phases_shown(self) -> tuple[tuple[Phase, tuple[Step, ...]], ...]:
        """Return the steps of the checklist by when to do them."""
        return by_phase(self.steps_shown)

    @cached_property
    def sheet(self) -> Sheet:
        """Return which steps the checklist prints: as many as one sheet of paper holds."""
        return sheet_of(
            self.steps, f"{self.title} snapshot of {self.taken} {self.headline.figures}"
        )

    @cached_property
    def task_list(self) -> str:
        """Return the steps of the checklist as a GitHub task list."""
        return task_list(self.steps_shown)

    @cached_property
    def storage_name(self) -> str:
        """Return a short hash of the project's name, for what a browser keeps about it."""
        name = self.snapshot.project.name.encode("utf-8", "surrogatepass")
        return hashlib.sha256(name).hexdigest()[:8]

    @cached_property
    def final_rows(self) -> tuple[FinalRow, ...]:
        """Return a line of the final table for each open problem."""
        return final_rows(self.assessment.findings, self.steps, self.steps_shown)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Return the open problems, each with what to do unless an earlier one has said it."""
        return problems(self.assessment.findings, self.steps_shown)

    @cached_property
    def steps_by_anchor(self) -> Mapping[str, int]:
        """Return the step of the printed checklist that settles a finding, by its anchor."""
        return MappingProxyType(steps_by_anchor(self.steps_shown))

    @cached_property
    def passed(self) -> tuple[Group, ...]:
        """Return what was checked and found in order, by rule."""
        return self._grouped("ok")

    @cached_property
    def not_measured(self) -> tuple[Group, ...]:
        """Return what could not be answered, by rule and reason."""
        return self._grouped("not measured")

    @cached_property
    def unanswered(self) -> tuple[Unanswered, ...]:
        """Return what could not be answered, together where the reason and the subjects are."""
        return tuple(together(self.not_measured))

    @cached_property
    def not_applicable(self) -> tuple[Group, ...]:
        """Return the questions that do not arise, by rule and reason."""
        return self._grouped("not applicable")

    @cached_property
    def suppressed(self) -> tuple[Outcome, ...]:
        """Return the problems that the project has decided to live with."""
        chosen = (each for each in self.assessment.outcomes if each.status == "suppressed")
        return tuple(sorted(chosen, key=lambda each: (each.rule, each.subject)))

    def count(self, status: Status) -> int:
        """Return how many outcomes have a status."""
        return sum(1 for each in self.assessment.outcomes if each.status == status)

    def rule_title(self, rule: str) -> str:
        """Return the title of a rule, or its id where this version has no such rule."""
        return self.rules[rule].title if rule in self.rules else rule

    def rule_text(self, rule: str, heading: str) -> Markup:
        """Return a section of a rule's documentation, which is our own Markdown."""
        known = self.rules.get(rule)
        return Markup(known.sections.get(heading, "") if known else "")  # noqa: S704  (our own file)

    def rule_sections(self, rule: str) -> tuple[tuple[str, Markup], ...]:
        """Return heading and text of every section of a rule's documentation."""
        return tuple((each, self.rule_text(rule, each)) for each in self.rules[rule].sections)

    def _grouped(self, status: Status) -> tuple[Group, ...]:
        return tuple(group_outcomes(self.assessment.outcomes, status, self.rule_title))
