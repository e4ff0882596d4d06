"""Two snapshots for a terminal: what changed, readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from hcreport.changes import ProblemChange
from hcreport.model import Finding
from hcreport.render.changes import Capped, ThenAndNow
from hcreport.render.console import WIDTH, indented, printed, shown
from hcreport.render.diff import DiffView
from hcreport.render.escape import one_line
from hcreport.render.words import capital, counted, severity_shape, severity_word


def diff_terminal(diff: DiffView, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return what changed as text, with colour codes where asked for, ``width`` columns wide."""
    return printed(Group(*_parts(diff)), colour=colour, width=width)


def _parts(diff: DiffView) -> Iterator[RenderableType]:
    view = diff.view
    yield shown(diff.title, "bold")
    yield shown(f"Before: {diff.before}")
    yield shown(f"Now: {diff.after}")
    if diff.order:
        yield shown(diff.order)
    yield Text("")
    yield shown(view.verdict, "bold")
    yield Text("")
    for heading, entries in view.problem_lists:
        yield from _problems(heading, entries)
    yield from _list("Memory", view.memory, view.more_scenarios, "scenario")
    images = view.images
    yield from _list("Image sizes", images.shown, images.more, "image", view.no_image_change)
    if view.all_images and images.shown:
        yield indented(view.all_images)
        yield Text("")
    limits = view.limits
    yield from _list("Memory limits", limits.shown, limits.more, "limit", view.no_limit_change)
    yield shown("Services", "bold")
    for sentence in view.services:
        yield indented(sentence)


def _problems(heading: str, entries: Capped[ProblemChange]) -> Iterator[RenderableType]:
    if not entries.shown:
        return
    yield shown(heading, "bold")
    for each in entries.shown:
        yield shown(_finding_line(each.finding))
        yield indented(each.finding.message)
        yield indented(f"{capital(each.why)}.")
    if entries.more:
        yield indented(f"{counted(entries.more, 'more problem')}.")
    yield Text("")


def _finding_line(finding: Finding) -> str:
    label = f"{severity_shape(finding.severity)} {severity_word(finding.severity)}"
    return f"{label}  {one_line(finding.subject)}  {one_line(finding.rule)}"


def _list(
    heading: str, rows: Sequence[ThenAndNow], more: int, kind: str, nothing: str = ""
) -> Iterator[RenderableType]:
    yield shown(heading, "bold")
    for row in rows:
        difference = f", {row.difference}" if row.difference else ""
        yield indented(f"{row.label}: {row.before} → {row.now}{difference}")
    if not rows:
        yield indented(nothing)
    if more:
        yield indented(f"{counted(more, f'more {kind}')} changed.")
    yield Text("")
