"""Plans of every length for the tests of the checklist, and its page as a part of a site."""

from __future__ import annotations

import random
from collections.abc import Sequence

import markdown
from markupsafe import Markup

from hcreport.model import EFFORTS, Action
from hcreport.render.glossary import PageTerms
from hcreport.render.templating import render_template
from hcreport.render.view import View
from tests.pages_case import assessed, markdown_settings

_WORDS = [
    "a",
    "of",
    "the",
    "Docker",
    "memory",
    "limit",
    "service",
    "image",
    "container",
    "restart",
    "health-check",
    "MiB",
    "1,024",
    "WWW",
    "compose.override.yaml",
    "/var/lib/docker/volumes",
    "--no-trunc",
    "illicit",
    "MAXIMUM",
    "一二三四五六七八",
    "naïve",
    "façade",
    "🐳🐳🐳",
    "hypercode-orchestrator_with-a-long-name.example.internal",
]


def random_plan(seed: int) -> tuple[Action, ...]:
    """Return 1 to 20 steps of one to three options, whose texts are short, long, or very long."""
    chance = random.Random(seed)
    longest = chance.choice((3, 12, 12, 30, 30, 90))
    groups = [f"group-{number}" for number in range(chance.randint(1, 20))]
    options = [group for group in groups for _ in range(chance.choice((1, 1, 2, 3)))]
    return tuple(_action(chance, longest, group) for group in options)


def stress_plan() -> tuple[Action, ...]:
    """Return 15 steps of three options each, about services whose names have 60 letters."""
    names = [
        f"{'service-with-a-very-long-name-'[:28]}-{number:02}-{'x' * 28}" for number in range(15)
    ]
    return tuple(
        Action(
            what=f"Option {option}: set the memory limit of {name} to {option} GiB",
            why=f"{name} was ended by the kernel {option} times for want of memory.",
            command=f"docker compose -f compose.yaml -f override-{option}.yaml up -d {name} {name}",
            verify=f"docker inspect {name} prints {option}.",
            undo=f"docker compose up -d {name}",
            effort=EFFORTS[min(number // 5, 2)],
            closes=(f"finding-{name}",),
            group=name,
        )
        for number, name in enumerate(names)
        for option in (1, 2, 3)
    )


def checklist_view(plan: Sequence[Action]) -> View:
    """Return the report of the example with another plan."""
    snapshot, assessment = assessed("hypercode")
    return View(snapshot, assessment.model_copy(update={"plan": tuple(plan)}))


def checklist_html(view: View) -> str:
    """Return what stands between the page's article tags."""
    root = Markup("")
    values = {"report": view, "title": "Checklist", "root": root, "term": PageTerms(root)}
    text = render_template((), "checklist.md.j2", values)
    return markdown.Markdown(**markdown_settings()).convert(text)


def _action(chance: random.Random, longest: int, group: str) -> Action:
    def text(most: int, least: int = 0) -> str:
        return " ".join(chance.choices(_WORDS, k=chance.randint(least, most)))

    return Action(
        what=text(longest, 1),
        why=text(longest),
        gain=text(longest),
        verify=text(longest),
        undo=text(longest),
        command="\n".join(text(longest, 1) for _ in range(chance.randint(0, 3))),
        files=("compose.without-model.yaml",) * chance.randint(0, 1),
        effort=chance.choice(EFFORTS),
        closes=(f"{group}-finding",),
        group=group,
    )
