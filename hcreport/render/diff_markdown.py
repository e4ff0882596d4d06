"""Two snapshots in Markdown for GitHub: what changed, for release notes or a comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hcreport.changes import ProblemChange
from hcreport.render.changes import Capped, ThenAndNow
from hcreport.render.diff import DiffView
from hcreport.render.github import github_name, github_text
from hcreport.render.words import capital, counted, severity_shape, severity_word


def diff_markdown(diff: DiffView) -> str:
    """Return what changed as Markdown; nothing in it is taken as a name, a link or HTML."""
    return "\n".join(_lines(diff)).rstrip() + "\n"


def _lines(diff: DiffView) -> Iterator[str]:
    view = diff.view
    yield f"## {github_text(diff.title)}: what changed"
    yield ""
    yield f"**{github_text(view.verdict)}**"
    yield ""
    yield f"- Before: {github_text(diff.before)}"
    yield f"- Now: {github_text(diff.after)}"
    yield ""
    if diff.order:
        yield from (github_text(diff.order), "")
    for heading, entries in view.problem_lists:
        yield from _problems(heading, entries)
    yield from _table("Memory", view.memory, view.more_scenarios, "scenario")
    images = view.images
    yield from _table("Image sizes", images.shown, images.more, "image", view.no_image_change)
    if view.all_images and images.shown:
        yield from (github_text(view.all_images), "")
    limits = view.limits
    yield from _table("Memory limits", limits.shown, limits.more, "limit", view.no_limit_change)
    yield "### Services"
    yield ""
    yield from (f"- {github_text(sentence)}" for sentence in view.services)


def _problems(heading: str, entries: Capped[ProblemChange]) -> Iterator[str]:
    if not entries.shown:
        return
    yield f"### {heading}"
    yield ""
    for each in entries.shown:
        finding = each.finding
        label = f"{severity_shape(finding.severity)} {severity_word(finding.severity)}"
        sentence = f"{finding.message} {capital(each.why)}."
        yield f"- {label}: {github_text(sentence)} ({github_name(finding.rule)})"
    if entries.more:
        yield f"- {counted(entries.more, 'more problem')}"
    yield ""


def _table(
    heading: str, rows: Sequence[ThenAndNow], more: int, kind: str, nothing: str = ""
) -> Iterable[str]:
    yield f"### {heading}"
    yield ""
    if rows:
        yield "| | Before | Now | Difference |"
        yield "| --- | ---: | ---: | ---: |"
        for row in rows:
            cells = (row.label, row.before, row.now, row.difference)
            yield f"| {' | '.join(github_text(each) for each in cells)} |"
    else:
        yield github_text(nothing)
    yield ""
    if more:
        yield f"{counted(more, f'more {kind}')} changed."
        yield ""
