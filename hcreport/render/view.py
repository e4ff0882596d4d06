"""What the templates see: the snapshot and assessment, with look-ups made once for all pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType

from hcreport.estimate.disk_account import disk_account
from hcreport.estimate.missing import why_missing
from hcreport.estimate.models import model_need
from hcreport.facts import Fact, facts
from hcreport.model import (
    Assessment,
    DiskNeed,
    Gap,
    LocalModel,
    ModelFit,
    Origin,
    Proofs,
    Snapshot,
)
from hcreport.platforms import platforms_of
from hcreport.render.assessed_view import AssessedView
from hcreport.render.charts import Chart
from hcreport.render.contexts import ContextView
from hcreport.render.glossary import Term, glossary
from hcreport.render.headline import main_requirement
from hcreport.render.image_charts import targets_chart
from hcreport.render.images import ImageView, image_views, lone_contexts
from hcreport.render.limits import LimitsView, limits_view
from hcreport.render.local_or_api import ApiView, api_view
from hcreport.render.measured import MeasuredView, measured_view
from hcreport.render.model_pages import ModelView, model_notes, model_rows
from hcreport.render.scenarios import ScenarioView
from hcreport.render.services import ServiceView, service_views
from hcreport.render.sleep import SleepView, sleep_view
from hcreport.render.sources import SourceTopic, source_topics


class View(AssessedView):
    """One report, ready to be written down. Attributes are values; nothing here changes."""

    def __init__(
        self, snapshot: Snapshot, assessment: Assessment, proofs: Proofs | None = None
    ) -> None:
        super().__init__(snapshot, assessment)
        self.proofs = proofs or Proofs()
        self.own_platforms = platforms_of(snapshot.engine)
        self.main_requirement = main_requirement(assessment)

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Return every cited fact by key."""
        return facts()

    @cached_property
    def sources(self) -> tuple[SourceTopic, ...]:
        """Return the cited facts by topic."""
        return source_topics()

    @cached_property
    def glossary(self) -> tuple[Term, ...]:
        """Return every word that the report explains, sorted."""
        return glossary()

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
    def service_of(self) -> Mapping[str, str]:
        """Return the service that a finding's subject belongs to, by the subject's name.

        A container belongs to one, a model to the one that serves it, and an image where only one
        service starts from it.
        """
        found: dict[str, str] = {}
        for each in self.services:
            found |= {model.name: each.name for model in each.models}
            if each.image and len(each.image.services) == 1:
                found[each.image.image] = each.name
        for each in self.services:
            found |= {box.name: each.name for box in each.containers}
        return MappingProxyType(found | {each.name: each.name for each in self.services})

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
    def images_chart(self) -> Chart | None:
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
    def troubled(self) -> tuple[ServiceView, ...]:
        """Return the services that have a problem."""
        return tuple(each for each in self.services if each.findings)

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
