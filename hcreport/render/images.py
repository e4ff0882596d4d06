"""One image as its page shows it: layers, groups, waste, steps, and what it is built from."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property

from hcreport.estimate.contexts import contexts_of
from hcreport.estimate.images import images_by_service
from hcreport.estimate.missing import why_missing
from hcreport.model import (
    Assessment,
    BuildContext,
    Finding,
    Image,
    ImageTarget,
    Number,
    Origin,
    Reclaimable,
    Snapshot,
)
from hcreport.names import slug
from hcreport.render.charts import Chart
from hcreport.render.contexts import ContextView, context_view, is_about
from hcreport.render.image_charts import groups_chart, layers_chart
from hcreport.render.image_meanings import CAUSES, CauseText
from hcreport.render.image_rows import GroupRow, LayerRow, group_rows, layer_rows
from hcreport.render.words import counted, listed
from hcreport.rules import load_rules
from hcreport.units import gb, percent, total

LAYERS_SHOWN = 30
"""Layers in an image's table, the largest."""

NAMES_SHOWN = 8
"""Names beside a step."""

SMALLER_FILE = "Dockerfile.small"
"""What ``hcreport image --write`` calls the Dockerfile it writes."""


@dataclass(frozen=True, kw_only=True)
class ImageView:
    """An image with its place on the pages."""

    target: ImageTarget
    image: Image | None
    anchor: str
    """Its place on the page about all images."""
    path: str
    """Its own page, relative to the first page."""
    built: bool
    """A service of the project builds it."""
    contexts: tuple[ContextView, ...]
    """What it is built from."""
    findings: tuple[Finding, ...]
    origin: Origin
    """Where its history comes from."""
    why_unread: str
    """Why its layers were not read."""

    @cached_property
    def rows(self) -> tuple[LayerRow, ...]:
        """Return its layers with bytes in them, the oldest first."""
        return layer_rows(self.image)

    @property
    def layers(self) -> tuple[LayerRow, ...]:
        """The largest of its layers, the oldest first."""
        largest = sorted(self.rows, key=lambda each: (-each.size, each.number))[:LAYERS_SHOWN]
        return tuple(sorted(largest, key=lambda each: each.number))

    @property
    def rest(self) -> str:
        """What the table of layers leaves out; empty where it leaves out nothing."""
        shown = {each.number for each in self.layers}
        left = [each for each in self.rows if each.number not in shown]
        if not left:
            return ""
        size = total(each.size for each in left)
        return f"{counted(len(left), 'more layer')} hold {gb(size)} together."

    @property
    def largest(self) -> LayerRow | None:
        """The layer with most bytes; None where none is known."""
        return max(self.rows, key=lambda each: (each.size, -each.number), default=None)

    @property
    def largest_share(self) -> str:
        """How much of the image the largest layer is."""
        whole = max(1, int(total(each.size for each in self.rows)))
        return percent(int(self.largest.size) / whole) if self.largest else ""

    @cached_property
    def layers_chart(self) -> Chart | None:
        """Return its layers as a drawing."""
        return layers_chart(self.target.image, [each.bar for each in self.rows])

    @cached_property
    def groups(self) -> tuple[GroupRow, ...]:
        """Return what a container sees of it, by group, the largest first."""
        return group_rows(self.target.groups)

    @cached_property
    def groups_chart(self) -> Chart | None:
        """Return its groups as a drawing."""
        return groups_chart(self.target.image, [(each.name, each.size) for each in self.groups])

    @property
    def causes(self) -> tuple[tuple[CauseText, Reclaimable], ...]:
        """Why bytes of it are not seen, the most first."""
        ordered = sorted(self.target.causes, key=lambda each: (-each.size, each.cause))
        return tuple((CAUSES[each.cause], each) for each in ordered if each.size)

    @property
    def step_names(self) -> tuple[str, ...]:
        """What each step is about, in the order of the steps."""
        return tuple(_names(each.names, each.more) for each in self.target.steps)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Its sizes, each with where it comes from."""
        target = self.target
        shared = [
            target.size.model_copy(
                update={"name": name, "value": float(size), "origin": self.origin}
            )
            for name, size in (
                ("in layers that only it has", target.alone),
                ("in layers that other images have too", target.shared),
            )
            if size is not None
        ]
        known = (
            target.size,
            *shared,
            target.base,
            target.seen,
            target.reclaimable,
            target.duplicates,
            target.target,
            target.target_sure,
        )
        return tuple(each for each in known if each is not None)

    @property
    def folder(self) -> str:
        """The folder that it is built from, for a command; empty where it is not known."""
        if not self.contexts:
            return ""
        return self.contexts[0].context.path or ""

    @property
    def read_command(self) -> str:
        """Reads this image, and nothing else."""
        return f"hcreport image {shlex.quote(self.target.image)}"

    @property
    def context_command(self) -> str:
        """Reads it again, beside the folder that it is built from."""
        return f"{self.read_command} --context ."

    @property
    def write_command(self) -> str:
        """Writes the Dockerfile of the smaller image, and builds it."""
        folder = shlex.quote(self.folder or ".")
        tag = shlex.quote(f"{slug(self.target.image)}-small")
        return (
            f"{self.read_command} --context {folder} --write {folder}\n"
            f"docker build -f {shlex.quote(_within(self.folder, SMALLER_FILE))} -t {tag} {folder}"
        )


def image_views(snapshot: Snapshot, assessment: Assessment) -> tuple[ImageView, ...]:
    """Return the assessed images in their order, each with an anchor and a page of its own."""
    by_name: dict[str, Image] = {}
    for image in snapshot.images:
        by_name.setdefault(image.name, image)
    by_service = images_by_service(snapshot)
    built = {each.name for each in snapshot.services if each.build is not None}
    seen: dict[str, int] = {}
    views: list[ImageView] = []
    for target in assessment.images:
        stem = slug(target.image)
        seen[stem] = seen.get(stem, 0) + 1
        known = by_name.get(target.image)
        contexts = contexts_of(known, snapshot, by_service) if known else []
        views.append(
            ImageView(
                target=target,
                image=known,
                anchor=_numbered(f"image-{stem}", seen[stem]),
                path=image_path(target.image, seen[stem]),
                built=bool(built & set(target.services)),
                contexts=_views(contexts, "context", layer_rows(known)),
                findings=_findings(target.image, contexts, assessment),
                origin=snapshot.origin_of(f"images/{target.image}"),
                why_unread=why_missing("image.contents", snapshot, target.image),
            )
        )
    return tuple(views)


def _findings(
    image: str, contexts: list[BuildContext], assessment: Assessment
) -> tuple[Finding, ...]:
    return tuple(
        each
        for each in assessment.findings
        if (each.subject == image and _asks_about_images(each.rule))
        or any(is_about(each, context) for context in contexts)
    )


def _asks_about_images(rule: str) -> bool:
    """Tell whether a rule's subjects are images: a service may have the name of its image."""
    rules = load_rules()
    return rule in rules and rules[rule].rule.each == "image"


def _views(
    contexts: list[BuildContext], word: str, layers: tuple[LayerRow, ...] = ()
) -> tuple[ContextView, ...]:
    return tuple(
        context_view(each, anchor=_numbered(word, number), layers=layers)
        for number, each in enumerate(contexts, start=1)
    )


def lone_contexts(snapshot: Snapshot) -> tuple[ContextView, ...]:
    """Return the build contexts of which no image is known: they have no other page."""
    by_service = images_by_service(snapshot)
    lone = [
        each
        for each in snapshot.contexts
        if not any(service in by_service for service in each.services)
    ]
    return _views(lone, "build-context")


def image_path(name: str, number: int = 1) -> str:
    """Return the page of an image; ``number`` counts images of one name, from 1.

    ``index`` would be the page of the folder, and a second image of a name has the first one's: a
    point, which no slug has, keeps them apart.
    """
    stem = slug(name)
    stem = "index.image" if stem == "index" else stem
    return f"images/{stem}{'' if number == 1 else f'.{number}'}.md"


def _names(names: tuple[str, ...], more: int) -> str:
    shown = listed(names[:NAMES_SHOWN])
    left = len(names) - NAMES_SHOWN if len(names) > NAMES_SHOWN else 0
    left += more
    return f"{shown} and {left} more" if left and shown else shown


def _numbered(word: str, number: int) -> str:
    return word if number == 1 else f"{word}-{number}"


def _within(folder: str, file: str) -> str:
    return file if folder in ("", ".") else f"{folder.rstrip('/')}/{file}"
