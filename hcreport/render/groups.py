"""Puts outcomes together for the reader: by rule and reason, and by reason and subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hcreport.model import Outcome, Status

_SPELLED_OUT = 3
"""Questions that a short text names; of more it gives the number."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The outcomes of one rule that share a status and a reason."""

    rule: str
    title: str
    reason: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """Questions about the same subjects that have no answer for the same reason."""

    reason: str
    subjects: tuple[str, ...]
    groups: tuple[Group, ...]
    """One for each question."""

    @property
    def questions(self) -> str:
        """Return the questions by their titles, or how many there are where that takes lines."""
        titles = [each.title for each in self.groups]
        return "; ".join(titles) if len(titles) <= _SPELLED_OUT else f"{len(titles)} questions"


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


def together(groups: Iterable[Group]) -> Iterator[Unanswered]:
    """Yield the groups by reason and subjects: those with most questions first, then by reason."""
    found: dict[tuple[str, tuple[str, ...]], list[Group]] = {}
    for each in groups:
        found.setdefault((each.reason, each.subjects), []).append(each)
    order = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    for (reason, subjects), questions in order:
        yield Unanswered(reason=reason, subjects=subjects, groups=tuple(questions))
