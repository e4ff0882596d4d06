"""Snapshot and assessment to Markdown pages: a pure function, the same bytes for the same input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from hcreport.compose_files import LIMITS_FILE
from hcreport.history import lone_history
from hcreport.model import Assessment, Proofs, Snapshot
from hcreport.past import Past
from hcreport.render.badge import to_badge
from hcreport.render.escape import plain
from hcreport.render.glossary import PageTerms
from hcreport.render.history import HistoryView
from hcreport.render.machine_scripts import machine_scripts
from hcreport.render.marker import BADGE_FILE, REQUIREMENTS_FILE, marked
from hcreport.render.memory_chart import memory_chart
from hcreport.render.memory_rows import memory_rows
from hcreport.render.memory_steps import memory_steps
from hcreport.render.model_summary import models_summary
from hcreport.render.overrides import overrides
from hcreport.render.requirements_json import requirements_json
from hcreport.render.service_lists import is_large, service_lists
from hcreport.render.templating import render_template
from hcreport.render.view import View
from hcreport.render.will_it_run import will_it_run_view

_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, kw_only=True)
class _Page:
    """One page to render."""

    path: str
    template: str
    title: str
    description: str
    values: Mapping[str, object] = field(default_factory=dict)
    """What its template sees besides the view."""
    searched: bool = True
    """The search of the site finds its words, and they are linked to the glossary.

    Thousands of pages alike do without, so that a large site is built in seconds.
    """


def render_pages(
    snapshot: Snapshot,
    assessment: Assessment,
    *,
    proofs: Proofs | None = None,
    past: Past | None = None,
    template_folders: Sequence[Path] = (),
) -> dict[str, str]:
    """Return every page's Markdown by its path, sorted.

    Templates in ``template_folders`` win over ours. Raises BuildError for a template that is
    broken, with its name and line.
    """
    view = View(snapshot, assessment, proofs)
    rows = memory_rows(assessment, view.main_requirement)
    shared = {
        "report": view,
        "snapshot": snapshot,
        "assessment": assessment,
        "memory_rows": rows,
        "memory_chart": memory_chart(rows),
        "models_summary": models_summary(view.model_rows, snapshot),
        "own_platforms": view.own_platforms,
        "memory_steps": memory_steps(view.own_platforms, snapshot.engine, view.headline.need),
        "will_it_run": will_it_run_view(view.scenarios, view.own_platforms),
        "past": HistoryView(past or Past(history=lone_history(snapshot))),
    }
    pages = sorted(_pages(view), key=lambda page: page.path)
    return {page.path: _render(page, shared, template_folders) for page in pages}


def downloads(
    snapshot: Snapshot, assessment: Assessment, *, proofs: Proofs | None = None
) -> dict[str, bytes]:
    """Return the files for programs that are published beside the pages, by path.

    There are always a ``requirements.json`` and a ``badge.json``; a Compose file only where it is
    of use and possible, and the scripts for a machine where there is a scenario.
    """
    view = View(snapshot, assessment, proofs)
    found = {
        BADGE_FILE: to_badge(snapshot, assessment),
        REQUIREMENTS_FILE: requirements_json(snapshot, view.scenarios, view.proofs),
    }
    if view.limits.override:
        found[LIMITS_FILE] = view.limits.override
    found |= overrides(snapshot, assessment)
    found |= machine_scripts(snapshot, [each.requirement for each in view.scenarios])
    return {name: text.encode() for name, text in sorted(found.items())}


def _render(page: _Page, shared: Mapping[str, object], folders: Sequence[Path]) -> str:
    root = Markup("../") * page.path.count("/")
    values = {
        **shared,
        **page.values,
        "title": page.title,
        "path": page.path,
        "root": root,
        "term": PageTerms(root, linked=page.searched),
    }
    body = _BLANK_LINES.sub("\n\n", render_template(folders, page.template, values)).strip()
    front_matter = "\n".join(
        (
            "---",
            f"title: {_quoted(page.title)}",
            f"description: {_quoted(page.description)}",
            *(() if page.searched else ("search:", "  exclude: true")),
            "---",
        )
    )
    return marked(front_matter, f"{body}\n")


def _quoted(text: str) -> str:
    """Return text as a YAML string that means nothing to HTML either."""
    return json.dumps(plain(text), ensure_ascii=False)


def _pages(view: View) -> Iterator[_Page]:
    for path, title, description in (
        ("index.md", "Summary", "What {} needs, what it has, and what to do first."),
        (
            "assessment.md",
            "Assessment",
            "Every problem found in {}, with its evidence.",
        ),
        (
            "checklist.md",
            "Checklist",
            "What to do about {}, in order, on one page to print.",
        ),
        (
            "requirements.md",
            "System requirements",
            "Memory, CPUs and disk that {} needs.",
        ),
        (
            "limits.md",
            "Memory limits",
            "A memory limit for each service of {}, from what was measured.",
        ),
        (
            "sleep.md",
            "Wake and sleep",
            "Which services of {} could stop for a while, and what that frees.",
        ),
        (
            "images.md",
            "Images",
            "What the images of {} weigh, and what they could weigh.",
        ),
        ("models.md", "Local models", "Whether the local language models of {} fit."),
        (
            "local-or-api.md",
            "Local model or API",
            "What an external service would free in {}, and what it would cost.",
        ),
        ("rules/index.md", "Rules", "Every rule that was applied to {}."),
        (
            "method.md",
            "Method",
            "How the numbers about {} were made, and what is missing.",
        ),
        ("sources.md", "Sources", "Every fact from outside that this report rests on."),
        (
            "changes.md",
            "Changes",
            "What changed in {} since the last snapshot, and over time.",
        ),
        ("glossary.md", "Glossary", "The words of this report, in plain English."),
    ):
        yield _Page(
            path=path,
            template=f"{path}.j2",
            title=title,
            description=description.format(view.title),
        )
    lists = service_lists(view.services)
    for part in lists:
        yield _Page(
            path=part.path,
            template="services/index.md.j2",
            title=part.title,
            description=f"Every service of {view.title}: limits, use and health.",
            values={"part": part, "lists": lists},
        )
    for service in view.services:
        yield _Page(
            path=service.path,
            template="services/service.md.j2",
            title=service.name,
            description=f"Limits, use and health of the service {service.name}.",
            values={"service": service},
            searched=not is_large(view.services),
        )
    for image in view.images:
        yield _Page(
            path=image.path,
            template="image/image.md.j2",
            title=f"Image: {image.target.image}",
            description=f"What the image {image.target.image} is made of, and could weigh.",
            values={"view": image},
        )
    for topic in view.sources:
        yield _Page(
            path=topic.path,
            template="sources/topic.md.j2",
            title=f"Sources: {topic.title}",
            description=f"Cited facts about {topic.title}, each with its source.",
            values={"topic": topic},
        )
    for rule in view.rules.values():
        yield _Page(
            path=f"rules/{rule.rule.id}.md",
            template="rules/rule.md.j2",
            title=rule.title,
            description=f"What the rule {rule.rule.id} checks, and why it matters.",
            values={"loaded": rule},
        )
