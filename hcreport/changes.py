"""What changed between two snapshots of a project: problems, memory, images, limits, services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from hcreport.estimate.memory import service_limits
from hcreport.estimate.requirements import memory_needs
from hcreport.history import Moment, moment_of
from hcreport.model import Assessment, Finding, Outcome, Snapshot
from hcreport.units import Bytes


@dataclass(frozen=True, kw_only=True)
class ProblemChange:
    """A problem that is not the same in both snapshots."""

    finding: Finding
    """As the later snapshot has it; as it was, where it is none there."""
    why: str
    """One clause: what the snapshot without it says instead, or how severe it was before."""


@dataclass(frozen=True, kw_only=True)
class Resized:
    """Something whose size changed, was added or went away; in bytes."""

    name: str
    before: Bytes | None
    after: Bytes | None
    was: bool = True
    """It was there before; then a size of None is no limit."""
    exists: bool = True
    """It is there now."""

    @property
    def difference(self) -> int:
        """Bytes that it grew by; a size of None counts as nothing."""
        return int(self.after or 0) - int(self.before or 0)


@dataclass(frozen=True, kw_only=True)
class Need:
    """Memory that Docker needs for a scenario."""

    memory: Bytes | None
    """In bytes; None is not measured."""
    exact: bool
    """``memory`` is all of it, not only a lower bound."""


@dataclass(frozen=True, kw_only=True)
class NeedChange:
    """What one scenario needs in both snapshots."""

    scenario: str
    before: Need | None
    """None where the earlier snapshot does not have the scenario."""
    after: Need | None
    """None where the later snapshot does not have the scenario."""


@dataclass(frozen=True, kw_only=True)
class ProblemChanges:
    """Which problems differ between two snapshots, and how many do not."""

    opened: tuple[ProblemChange, ...] = ()
    """Problems that the earlier snapshot does not have, the worst first."""
    worse: tuple[ProblemChange, ...] = ()
    """Problems of both that are more severe now, the worst first."""
    closed: tuple[ProblemChange, ...] = ()
    """Checked again and found in order, or gone together with what they were about."""
    unanswered: tuple[ProblemChange, ...] = ()
    """Problems whose question has no answer now, so nobody knows whether they are still there."""
    stayed: int = 0
    """How many problems are in both, and no more severe now."""

    @property
    def any_problem(self) -> bool:
        """A problem opened, got worse or ended."""
        return bool(self.opened or self.worse or self.closed or self.unanswered)


@dataclass(frozen=True, kw_only=True)
class Changes(ProblemChanges):
    """What changed since an earlier snapshot."""

    before: Moment
    """The numbers of the earlier one."""
    after: Moment
    """The numbers of the later one; both for its main scenario."""
    needs: tuple[NeedChange, ...] = ()
    """Of each scenario: those of the later snapshot in their order, then those that are gone."""
    images: tuple[Resized, ...] = ()
    """Those that differ, the largest difference first."""
    limits: tuple[Resized, ...] = ()
    """Memory limits of services that differ, all containers of a service together, by service."""
    added: tuple[str, ...] = ()
    """Services that are new, by name."""
    removed: tuple[str, ...] = ()
    """Services that are gone, by name."""

    @property
    def since(self) -> datetime:
        """When the earlier one was taken."""
        return self.before.taken_at


def changes_between(
    earlier: tuple[Snapshot, Assessment], later: tuple[Snapshot, Assessment]
) -> Changes:
    """Return what changed from one assessed snapshot to a later one of the same project.

    Both should be assessed by the same rules and configuration: else a change of a rule looks
    like a change of the project.
    """
    old, new = earlier[0], later[0]
    problems = problem_changes(earlier, later)
    needs = tuple(_needs(old, new))
    main = needs[0].scenario if needs else None
    names = [{each.name for each in snapshot.services} for snapshot in (old, new)]
    return Changes(
        before=moment_of(old, main),
        after=moment_of(new, main),
        opened=problems.opened,
        worse=problems.worse,
        closed=problems.closed,
        unanswered=problems.unanswered,
        stayed=problems.stayed,
        needs=needs,
        images=tuple(_images(old, new)),
        limits=tuple(_limits(old, new)),
        added=tuple(sorted(names[1] - names[0])),
        removed=tuple(sorted(names[0] - names[1])),
    )


def problem_changes(
    earlier: tuple[Snapshot, Assessment], later: tuple[Snapshot, Assessment]
) -> ProblemChanges:
    """Return the problems that differ, as :func:`changes_between` does, and nothing else."""
    before, after = _Answers(*earlier), _Answers(*later)
    subjects = {each.subject for each in later[1].outcomes}
    were = {each.anchor: each for each in earlier[1].findings}
    are = {each.anchor: each for each in later[1].findings}
    both = [(were[anchor], each) for anchor, each in are.items() if anchor in were]
    worse = tuple(_worse(old, new) for old, new in both if new.severity.is_worse_than(old.severity))
    closed: list[ProblemChange] = []
    unanswered: list[ProblemChange] = []
    for anchor, each in were.items():
        if anchor not in are:
            answered, why = _ended(each, after.about(each), subjects)
            (closed if answered else unanswered).append(ProblemChange(finding=each, why=why))
    return ProblemChanges(
        opened=tuple(
            ProblemChange(finding=each, why=_before(before.about(each)))
            for anchor, each in are.items()
            if anchor not in were
        ),
        worse=worse,
        closed=tuple(closed),
        unanswered=tuple(unanswered),
        stayed=len(both) - len(worse),
    )


def _worse(old: Finding, new: Finding) -> ProblemChange:
    return ProblemChange(finding=new, why=f"it was of severity {old.severity.value} before")


def _needs(old: Snapshot, new: Snapshot) -> Iterator[NeedChange]:
    before, after = (
        {
            scenario: Need(memory=need.at_least if need.known else None, exact=need.exact)
            for scenario, need in memory_needs(snapshot).items()
        }
        for snapshot in (old, new)
    )
    for scenario in after | before:
        yield NeedChange(scenario=scenario, before=before.get(scenario), after=after.get(scenario))


class _Answers:
    """What each rule said about each subject."""

    def __init__(self, snapshot: Snapshot, assessment: Assessment) -> None:
        self._project = snapshot.project.name
        self._known: Mapping[tuple[str, str], Outcome] = {
            (each.rule, each.subject): each for each in assessment.outcomes
        }

    def about(self, finding: Finding) -> Outcome | None:
        """Return what the rule of a finding said about its subject.

        A rule that could not look at anything says so once, of the whole project.
        """
        known = self._known.get((finding.rule, finding.subject))
        return known or self._known.get((finding.rule, self._project))


def _before(outcome: Outcome | None) -> str:
    """Return what an earlier snapshot said about what is a problem now."""
    if outcome is None:
        return "it was not there before"
    match outcome.status:
        case "not measured":
            return "it was not measured before"
        case "not applicable":
            return "the question did not arise before"
        case "suppressed":
            return "it was suppressed before"
        case _:
            return "it was in order before"


def _ended(finding: Finding, outcome: Outcome | None, subjects: set[str]) -> tuple[bool, str]:
    """Return whether a later snapshot says what became of a problem, and that in one clause."""
    if outcome is None:
        gone = finding.subject not in subjects
        return gone, f"{finding.subject} is gone" if gone else "the question is not asked any more"
    match outcome.status:
        case "not measured":
            return False, f"not measured now: {outcome.reason}"
        case "not applicable":
            return True, f"it does not arise now: {outcome.reason}"
        case "suppressed":
            return True, f"suppressed: {outcome.reason}"
        case _:
            return True, "checked, and in order now"


def _images(old: Snapshot, new: Snapshot) -> Iterable[Resized]:
    """Return the images that differ; nothing where one of the snapshots has none."""
    if not (old.images and new.images):
        return ()
    before, after = ({each.name: each.size for each in one.images} for one in (old, new))
    found = [
        Resized(
            name=name,
            before=before.get(name),
            after=after.get(name),
            was=name in before,
            exists=name in after,
        )
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    ]
    return sorted(found, key=lambda each: (-abs(each.difference), each.name))


def _limits(old: Snapshot, new: Snapshot) -> Iterator[Resized]:
    """Yield the limits that differ, of services that are started in both."""
    before, after = service_limits(old), service_limits(new)
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield Resized(name=name, before=before[name], after=after[name])
