"""Everything that is concluded from one image's layers, and its record for a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hcreport.contents.attribution import Attribution, attribute
from hcreport.contents.base import find_base
from hcreport.contents.dive import Dive, dive_figures
from hcreport.contents.duplicates import Duplicate, duplicates
from hcreport.contents.image import ImageFiles
from hcreport.contents.merged import Merged, merge
from hcreport.contents.planning import needs_glibc, plan
from hcreport.contents.reclaim import Reclaimed, reclaimable
from hcreport.contents.target import BaseImage, TargetPlan
from hcreport.model import (
    DiveFigures,
    Group,
    ImageContents,
    ImageStep,
    LayerContents,
    Reclaimable,
)
from hcreport.units import Bytes

MOST_PATHS = 20
"""Paths of one cause that a snapshot keeps, the largest first."""

ShowPath = Callable[[bytes], str]
"""Returns a path as it may stand in a snapshot."""

ShowNames = Callable[[ImageStep], ImageStep]
"""Returns a step with only those names that may stand in a snapshot."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What is known of one image; all paths and names are real ones, so it is not published."""

    image: ImageFiles
    merged: Merged
    dive: Dive
    reclaimed: tuple[Reclaimed, ...]
    attribution: Attribution
    duplicates: tuple[Duplicate, ...]
    base: BaseImage | None
    plan: TargetPlan | None
    """None where nothing is known to stay, as where the base image is not known."""

    @property
    def reclaimable(self) -> int:
        """Bytes in its layers that no container sees."""
        return self.image.size - self.merged.size

    @property
    def target(self) -> int | None:
        """Bytes after all steps."""
        return self.plan.predicted if self.plan else None

    @property
    def target_sure(self) -> int | None:
        """Bytes after the steps that are sure."""
        if self.plan is None:
            return None
        return self.image.size - sum(
            step.saves for step in self.plan.steps if step.certainty == "sure"
        )


def analyse(
    image: ImageFiles,
    *,
    known: Mapping[str, tuple[str, ...]] | None = None,
    dockerfile: str | None = None,
    ignored: Callable[[bytes], bool] | None = None,
    keep: Collection[str] = (),
) -> Analysis:
    """Return what an image is made of and what it could weigh.

    ``known`` has the layers of other images by reference, among which its base may be;
    ``dockerfile`` is the text of the file it is built from. ``ignored`` tells of an absolute path
    in the image whether a better ``.dockerignore`` keeps it out. ``keep`` names packages that stay
    whatever is concluded.
    """
    dive = dive_figures(image.as_dive_sees)  # first, because it needs most memory of its own
    merged = merge(image.layers)
    attribution = attribute(image, merged)
    base = find_base(image, known=known or {}, dockerfile=dockerfile)
    return Analysis(
        image=image,
        merged=merged,
        dive=dive,
        reclaimed=reclaimable(image.layers, merged),
        attribution=attribution,
        duplicates=duplicates(merged),
        base=base,
        plan=plan(image, merged, attribution, base, ignored=ignored, keep=keep),
    )


def record(
    analysis: Analysis,
    *,
    read: Literal["engine", "archive", "folder"],
    show_path: ShowPath,
    show_names: ShowNames,
    show_reference: Callable[[str], str],
    instructions: Iterable[str | None] = (),
) -> ImageContents:
    """Return an analysis as a snapshot holds it.

    ``instructions`` are those that made the layers, oldest first, without their arguments.
    """
    merged, base, found = analysis.merged, analysis.base, analysis.plan
    return ImageContents(
        read=read,
        size=Bytes(analysis.image.size),
        seen=Bytes(merged.size),
        base=Bytes(base.size) if base else None,
        base_image=show_reference(base.reference) if base and base.reference else None,
        layers=_layers(analysis, tuple(instructions)),
        dive=DiveFigures(efficiency=analysis.dive.efficiency, wasted=Bytes(analysis.dive.wasted)),
        reclaimable=tuple(_reclaimable(each, show_path) for each in analysis.reclaimed),
        groups=_sizes(analysis.attribution.by_group),
        duplicates=Bytes(sum(each.size for each in analysis.duplicates)),
        steps=tuple(show_names(step) for step in found.steps) if found else (),
        target=None if analysis.target is None else Bytes(analysis.target),
        target_sure=None if analysis.target_sure is None else Bytes(analysis.target_sure),
        needs_glibc=needs_glibc(merged, found) if found else None,
        notes=(*analysis.image.notes, *(found.notes if found else ())),
    )


def _layers(analysis: Analysis, instructions: tuple[str | None, ...]) -> tuple[LayerContents, ...]:
    below = analysis.base.layers if analysis.base else 0
    layers = analysis.image.layers
    if len(instructions) != len(layers):
        instructions = (None,) * len(layers)
    return tuple(
        LayerContents(
            size=Bytes(layer.size),
            files=len(layer),
            hidden=Bytes(analysis.merged.hidden_by_layer[number]),
            groups=_sizes(analysis.attribution.by_layer[number]),
            instruction=instructions[number],
            base=number < below,
        )
        for number, layer in enumerate(layers)
    )


def _reclaimable(found: Reclaimed, show_path: ShowPath) -> Reclaimable:
    shown = dict.fromkeys(show_path(path) for path in found.paths)
    return Reclaimable(
        cause=found.cause,
        size=Bytes(found.size),
        files=found.files,
        paths=tuple(shown)[:MOST_PATHS],
        layers=tuple(number + 1 for number in found.layers),
    )


def _sizes(groups: Mapping[Group, int]) -> dict[Group, Bytes]:
    return {name: Bytes(size) for name, size in sorted(groups.items()) if size}
