"""What changed since the baseline, for the summary of a check: memory, images and problems."""

from __future__ import annotations

from collections.abc import Iterator

from hcreport.changes import Changes
from hcreport.render.changes import ChangesView
from hcreport.render.github import github_text
from hcreport.render.words import day_text


def change_lines(changes: Changes, listed: int) -> Iterator[str]:
    """Yield a section with at most ``listed`` rows in its table; the problems are one sentence."""
    view = ChangesView(changes)
    yield ""
    yield f"### Changes since {day_text(changes.since)}"
    yield ""
    yield str(github_text(view.verdict))
    yield ""
    rows = [
        *(("", each) for each in view.memory),
        *(("Image ", each) for each in view.images.shown),
        *(("Limit of ", each) for each in view.limits.shown),
    ]
    yield "| What | Before | Now | Difference |"
    yield "| --- | ---: | ---: | ---: |"
    for kind, row in rows[:listed]:
        cells = (f"{kind}{row.label}", row.before, row.now, row.difference)
        yield f"| {' | '.join(github_text(each) for each in cells)} |"
    left = max(0, len(rows) - listed) + view.more_scenarios + view.images.more + view.limits.more
    if left > 0:
        yield f"| {left:,} more | | | |"
