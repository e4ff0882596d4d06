"""What the templates see: the snapshot and assessment, with look-ups made once for all pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType

from markupsafe import Markup

from hcreport.estimate.disk_account import disk_account
from hcreport.estimate.missing import why_missing
from hcreport.estimate.models import model_need
from hcreport.facts import Fact, facts
from hcreport.model import (
    Action,
    Assessment,
    DiskNeed,
    Finding,
    Gap,
    LocalModel,
    ModelFit,
    Origin,
    Outcome,
    Phase,
    Proofs,
    Snapshot,
    Status,
)
from hcreport.platforms import platforms_of
from hcreport.render.contexts import ContextView
from hcreport.render.final_table import FinalRow, final_rows, in_short
from hcreport.render.headline import Headline, headline, main_requirement
from hcreport.render.image_charts import PieceChart, targets_chart
from hcreport.render.images import ImageView, image_views, lone_contexts
from hcreport.render.limits import LimitsView, limits_view
from hcreport.render.local_or_api import ApiView, api_view
from hcreport.render.measured import MeasuredView, measured_view
from hcreport.render.model_pages import ModelView, model_notes, model_rows
from hcreport.render.scenarios import ScenarioView
from hcreport.render.services import ServiceView, service_views
from hcreport.render.sleep import SleepView, sleep_view
from hcreport.render.sources import SourceTopic, source_topics
from hcreport.render.steps import Step, by_phase, plan_steps, steps_on_a_sheet
from hcreport.render.words import date_text
from hcreport.rules import LoadedRule, load_rules
from hcreport.rules.severities import CRITERIA, given

TOP_FINDINGS = 3
"""Problems on the first page."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The outcomes of one rule that share a status and a reason."""

    rule: str
    title: str
    reason: str
    subjects: tuple[str, ...]


class View:
    """One report, ready to be written down. Attributes are values; nothing here changes."""

    def __init__(
        self, snapshot: Snapshot, assessment: Assessment, proofs: Proofs | None = None
    ) -> None:
        self.snapshot = snapshot
        self.proofs = proofs or Proofs()
        self.own_platforms = platforms_of(snapshot.engine)
        self.assessment = assessment
        self.title: str = snapshot.title or snapshot.project.name
        self.taken: str = date_text(snapshot.taken_at)
        self.headline: Headline = headline(snapshot, assessment)
        self.main_requirement = main_requirement(assessment)
        self.criteria = CRITERIA
        self.given = given

    @cached_property
    def rules(self) -> Mapping[str, LoadedRule]:
        """Return every rule by id."""
        return load_rules()

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Return every cited fact by key."""
        return facts()

    @cached_property
    def sources(self) -> tuple[SourceTopic, ...]:
        """Return the cited facts by topic."""
        return source_topics()

    @cached_property
    def services(self) -> tuple[ServiceView, ...]:
        """Return every service, by name."""
        return service_views(self.snapshot, self.assessment)

    @cached_property
    def service_pages(self) -> Mapping[str, str]:
        """Return the page of each service by its name and by those of its containers.

        Pages are relative to the first page. Where both are called the same, the service counts.
        """
        by_container = {box.name: each.path for each in self.services for box in each.containers}
        return MappingProxyType(by_container | {each.name: each.path for each in self.services})

    @cached_property
    def scenarios(self) -> tuple[ScenarioView, ...]:
        """Return what each scenario needs, the main one first."""
        own = [each.id for each in self.own_platforms]
        return tuple(
            ScenarioView(each, self.snapshot, self.proofs, own)
            for each in self.assessment.requirements
        )

    @cached_property
    def limits(self) -> LimitsView:
        """Return the suggested memory limits."""
        return limits_view(self.snapshot, self.assessment)

    @cached_property
    def sleep(self) -> SleepView:
        """Return what stopping services frees."""
        return sleep_view(self.snapshot, self.assessment)

    @cached_property
    def local_or_api(self) -> ApiView | None:
        """Return the comparison with an external service; None without a local model."""
        return api_view(self.snapshot, self.assessment)

    @cached_property
    def measured(self) -> MeasuredView:
        """Return how the figures were measured."""
        return measured_view(self.snapshot)

    @cached_property
    def images(self) -> tuple[ImageView, ...]:
        """Return every image, the largest first."""
        return image_views(self.snapshot, self.assessment)

    @cached_property
    def image_anchors(self) -> Mapping[str, str]:
        """Return the place of each image on the images page by the image's name."""
        return MappingProxyType({each.target.image: each.anchor for each in reversed(self.images)})

    @cached_property
    def image_pages(self) -> Mapping[str, str]:
        """Return the page of each image by the image's name, relative to the first page."""
        return MappingProxyType({each.target.image: each.path for each in reversed(self.images)})

    @cached_property
    def images_chart(self) -> PieceChart | None:
        """Return what the images weigh beside what they could weigh, as a drawing."""
        return targets_chart(self.assessment.images)

    @cached_property
    def lone_contexts(self) -> tuple[ContextView, ...]:
        """Return the build contexts of which no image is known."""
        return lone_contexts(self.snapshot)

    @cached_property
    def disk_account(self) -> DiskNeed:
        """Return what Docker keeps on its disk."""
        return disk_account(self.snapshot)

    @cached_property
    def models(self) -> Mapping[str, LocalModel]:
        """Return the models of the snapshot by name."""
        return MappingProxyType({each.name: each for each in self.snapshot.models})

    @cached_property
    def model_rows(self) -> tuple[tuple[ModelFit, ModelView | None], ...]:
        """Return every model, with more of it where its need was computed from its header."""
        return model_rows(self.snapshot, self.assessment)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Return what failed during collection, sorted."""
        key = attrgetter("source", "reason")
        return tuple(sorted(self.snapshot.gaps, key=lambda each: (key(each), each.subject or "")))

    @cached_property
    def explained(self) -> frozenset[str]:
        """Return the anchors of the first finding of each rule: those say why it matters."""
        first = {each.rule: each.anchor for each in reversed(self.assessment.findings)}
        return frozenset(first.values())

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
        """Return the steps that the checklist prints."""
        return steps_on_a_sheet(self.steps)

    @cached_property
    def phases_shown(self) -> tuple[tuple[Phase, tuple[Step, ...]], ...]:
        """Return the printed steps by when to do them."""
        return by_phase(self.steps_shown)

    @cached_property
    def final_rows(self) -> tuple[FinalRow, ...]:
        """Return a line of the final table for each open problem."""
        return final_rows(self.assessment.findings, self.steps, self.steps_shown)

    @cached_property
    def passed(self) -> tuple[Group, ...]:
        """Return what was checked and found in order, by rule."""
        return self._grouped("ok")

    @cached_property
    def not_measured(self) -> tuple[Group, ...]:
        """Return what could not be answered, by rule and reason."""
        return self._grouped("not measured")

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
        return Markup(known.sections.get(heading, "") if known else "")  # noqa: S704

    def rule_sections(self, rule: str) -> tuple[tuple[str, Markup], ...]:
        """Return heading and text of every section of a rule's documentation."""
        return tuple((each, self.rule_text(rule, each)) for each in self.rules[rule].sections)

    def model_origin(self, model: LocalModel) -> Origin:
        """Return where a model's need was stated."""
        need = model_need(model, self.snapshot)
        return need.origin if need else self.snapshot.origin_of(f"models/{model.name}")

    def model_notes(self, name: str) -> tuple[str, ...]:
        """Return what collecting could not find out about a model."""
        return model_notes(name, self.snapshot)

    def why(self, need: str) -> str:
        """Return one clause that says why a part of the snapshot is missing."""
        return why_missing(need, self.snapshot)

    def _grouped(self, status: Status) -> tuple[Group, ...]:
        return tuple(group_outcomes(self.assessment.outcomes, status, self.rule_title))


def group_outcomes(
    outcomes: Iterable[Outcome], status: Status, title: Callable[[str], str]
) -> Iterator[Group]:
    """Yield the outcomes of one status, together where rule and reason are the same; sorted."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in outcomes:
        if each.status == status:
            found.setdefault((each.rule, each.reason), []).append(each.subject)
    for (rule, reason), subjects in sorted(found.items()):
        yield Group(
            rule=rule,
            title=title(rule),
            reason=reason,
            subjects=tuple(sorted(subjects)),
        )
