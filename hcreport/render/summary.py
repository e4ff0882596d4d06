"""What a check found as short Markdown: a step summary of GitHub, or a comment on a pull request.

The verdict comes first, then what is new or worse, then what changed; the rest is folded. It never
has more than 60 lines, nor more characters than a comment may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from hcreport.facts import fact_value
from hcreport.gate import Checked
from hcreport.model import Finding
from hcreport.names import slug
from hcreport.render.assessed_view import AssessedView
from hcreport.render.github import github_name, github_text
from hcreport.render.groups import Unanswered
from hcreport.render.headline import headline
from hcreport.render.summary_changes import change_lines
from hcreport.render.words import counted, severity_shape, severity_word

MOST_LINES = 60

_LISTED = (12, 8, 4, 2, 1)
"""Entries of one list: as many as fit, tried from the most to the fewest."""

_Kind = TypeVar("_Kind")


def to_summary(checked: Checked) -> str:
    """Return the summary. Its first line is a hidden mark that tells which comment to replace."""
    largest = int(fact_value("github/comment-largest"))
    text = ""
    for listed in _LISTED:
        text = "\n".join(_lines(checked, listed)) + "\n"
        if text.count("\n") <= MOST_LINES and len(text.encode()) <= largest:
            break
    return text


def summary_mark(checked: Checked) -> str:
    """Return the first line of the summary, the same for every check of one project."""
    return f"<!-- hcreport-summary {slug(checked.snapshot.project.name)} -->"


def _lines(checked: Checked, listed: int) -> Iterator[str]:
    snapshot, assessment = checked.snapshot, checked.assessment
    known = [each for each in assessment.findings if checked.is_known(each)]
    others = [each for each in assessment.findings if not checked.is_known(each)]
    yield summary_mark(checked)
    yield f"## Check of {github_text(snapshot.title or snapshot.project.name)}"
    yield ""
    yield f"**{github_text(checked.verdict)}**"
    yield ""
    yield str(github_text(headline(snapshot, assessment).sentence))
    yield from _problems(checked, others, listed)
    if checked.baseline and checked.baseline.changes:
        yield from change_lines(checked.baseline.changes, listed)
    yield from _folded(
        counted(len(known), "known problem"),
        cut(known, listed, lambda each: _item(checked, each)),
    )
    view = AssessedView(snapshot, assessment)
    yield from _folded(
        f"{counted(len(view.not_measured), 'question')} not answered",
        cut(view.unanswered, listed, _unanswered),
    )


def _unanswered(each: Unanswered) -> str:
    subjects = counted(len(each.subjects), "subject")
    return f"- {github_text(each.questions)}, {subjects}: {github_text(each.reason)}"


def _problems(checked: Checked, findings: Sequence[Finding], listed: int) -> Iterator[str]:
    """Yield the problems that the baseline does not know, the worst first."""
    what = "Problems" if checked.baseline is None else "New or worse problems"
    yield ""
    yield f"### {what}"
    yield ""
    if not findings:
        yield "None."
    yield from cut(findings, listed, lambda each: _item(checked, each))


def _item(checked: Checked, finding: Finding) -> str:
    severity = f"{severity_shape(finding.severity)} {severity_word(finding.severity)}"
    worse = ", worse than before" if checked.standing(finding) == "worse" else ""
    place = finding.location
    where = f" ({github_name(f'{place.file}:{place.line}')})" if place else ""
    rule = github_name(finding.rule)
    return f"- **{severity}**{worse} {rule}: {github_text(finding.message)}{where}"


def _folded(title: str, items: Sequence[str]) -> Iterator[str]:
    """Yield a list that the reader opens; nothing where it is empty."""
    if items:
        yield from ("", f"<details><summary>{title}</summary>", "", *items, "", "</details>")


def cut(entries: Sequence[_Kind], most: int, say: Callable[[_Kind], str]) -> list[str]:
    """Return the first entries of a list as lines, and how many more there are."""
    left = len(entries) - most
    lines = [say(each) for each in entries[:most]]
    return [*lines, f"- {left:,} more"] if left > 0 else lines
