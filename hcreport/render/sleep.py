"""The page about waking and sleeping: what each running service could do, and what groups save."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from hcreport.compose_files import ASLEEP_FILE, compose_with
from hcreport.facts import fact_value
from hcreport.model import Assessment, GroupSaving, Sleeper, Snapshot
from hcreport.render.overrides import asleep_override, asleep_services
from hcreport.render.words import counted, listed, plain_number
from hcreport.units import Bytes

_NAMES_SHOWN = 3
"""How many names a cell of a table shows."""

_UNKNOWN = "Your choice"


@dataclass(frozen=True, kw_only=True)
class SleepRow:
    """One running service of the table."""

    sleeper: Sleeper
    choice: str
    """What to do with it, and why, in one clause."""
    lower_by: Bytes | None
    """By how many bytes its worst case falls with the lower limit; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """One group of ``hcreport.yml``, and what it saves."""

    saving: GroupSaving
    sentence: str
    """How many of it run, and how many would sleep."""
    needed: tuple[tuple[str, tuple[str, ...]], ...]
    """Its running services that other running ones need, and which these are."""

    @property
    def name(self) -> str:
        """The group's name."""
        return self.saving.group.name


@dataclass(frozen=True, kw_only=True)
class SleepView:
    """All that the page shows."""

    rows: tuple[SleepRow, ...]
    """Running services, those that use most first, without those of :attr:`unknown`."""
    unknown: tuple[str, ...]
    """Running services of which nothing is known that could decide, by name."""
    stopped: tuple[str, ...]
    """Services of the project without a running container."""
    groups: tuple[GroupView, ...]
    measured: bool
    """The use of at least one service is known."""
    checked: tuple[str, ...]
    """Those with a health check, which are unhealthy while they are paused."""
    returning: tuple[str, ...]
    """Those that Docker starts again when it starts."""
    has_ollama: bool
    """One of them runs Ollama."""
    unloading: tuple[str, ...]
    """Those that run Ollama and unload each model at once already."""
    asleep: tuple[str, ...]
    """Those that the Compose file leaves out."""
    override: str
    """The Compose file that puts the groups to sleep; empty where there is none."""
    stop: str
    """The command that stops what the file leaves out."""
    start: str
    """The command that starts the project with the file."""
    wake: str
    """The command that wakes one of them."""
    undo: str
    """The command that starts the project without the file."""

    @property
    def start_seconds(self) -> str:
        """Return how long Docker itself takes to start a stopped container: ``0.15 to 0.6 s``."""
        low, high = (fact_value(f"docker/start-seconds-{which}") for which in ("low", "high"))
        return f"{plain_number(low)} to {plain_number(high)} s"

    @cached_property
    def at_most(self) -> bool:
        """Tell whether page cache is not told apart in the use of one service."""
        return any(row.sleeper.uses and not row.sleeper.frees for row in self.rows)

    @cached_property
    def known_start(self) -> bool:
        """Tell whether it is known of one service how long its own start takes."""
        return any(row.sleeper.ready_after is not None for row in self.rows)

    @cached_property
    def unwatched(self) -> bool:
        """Tell whether it is not known of one service if it is idle."""
        return bool(self.unknown) or any(row.choice == _UNKNOWN for row in self.rows)

    @property
    def all_checked(self) -> bool:
        """Tell whether each running service has a health check."""
        return len(self.checked) == len(self.rows) + len(self.unknown)

    @cached_property
    def unloads(self) -> bool:
        """Tell whether it is known of one what unloading its models frees."""
        return any(row.sleeper.unloads for row in self.rows)

    @cached_property
    def lowers(self) -> bool:
        """Tell whether one limit could be lower."""
        return any(row.lower_by for row in self.rows)


def sleep_view(snapshot: Snapshot, assessment: Assessment) -> SleepView:
    """Return the rows, the groups and the commands of the page."""
    sleep = assessment.sleep
    running = {each.service for each in sleep.services}
    rows = [_row(each) for each in sleep.services]
    asleep = asleep_services(snapshot, sleep)
    project = snapshot.project
    before = compose_with(project.compose_files, profiles=project.active_profiles)
    after = compose_with(project.compose_files, ASLEEP_FILE, profiles=project.active_profiles)
    return SleepView(
        rows=tuple(row for row in rows if not _is_unknown(row)),
        unknown=_names(row.sleeper for row in rows if _is_unknown(row)),
        stopped=tuple(sorted(snapshot.services_by_name.keys() - running)),
        groups=tuple(_group(each, sleep.services) for each in sleep.groups),
        measured=any(each.uses for each in sleep.services),
        checked=_names(each for each in sleep.services if each.has_health_check),
        returning=_names(each for each in sleep.services if each.returns),
        has_ollama=any(each.is_ollama for each in sleep.services),
        unloading=_names(
            each for each in sleep.services if each.is_ollama and each.unloads_already
        ),
        asleep=asleep,
        override=asleep_override(snapshot, asleep) if asleep else "",
        stop=f"{before} stop {shlex.join(asleep)}",
        start=f"{after} up -d",
        wake=f"{after} up -d {shlex.join(asleep[:1])}",
        undo=f"{before} up -d",
    )


def _names(sleepers: Iterable[Sleeper]) -> tuple[str, ...]:
    return tuple(sorted(each.service for each in sleepers))


def _row(sleeper: Sleeper) -> SleepRow:
    lower = None
    if sleeper.limit is not None and sleeper.lower_limit is not None:
        lower = (sleeper.limit - sleeper.lower_limit) * sleeper.containers
    return SleepRow(sleeper=sleeper, choice=_choice(sleeper), lower_by=lower)


def _is_unknown(row: SleepRow) -> bool:
    """Tell whether a row would say nothing but that nothing is known."""
    each = row.sleeper
    known = (each.uses, each.unloads, each.ready_after, row.lower_by)
    return row.choice == _UNKNOWN and all(value is None for value in known)


def _choice(sleeper: Sleeper) -> str:
    """Return what to do with a service: only what was seen or declared decides."""
    if sleeper.needed_by:
        names = listed(sleeper.needed_by, most=_NAMES_SHOWN)
        return f"Keep: {names} {'needs' if len(sleeper.needed_by) == 1 else 'need'} it"
    if sleeper.paused:
        return "Stop or go on: paused, it still holds its memory"
    if sleeper.idle is None:
        return _UNKNOWN
    if sleeper.idle:
        return "Could stop: it used next to no CPU while watched"
    return "Keep: it worked while watched"


def _group(saving: GroupSaving, sleepers: tuple[Sleeper, ...]) -> GroupView:
    members = [each for each in sleepers if each.service in saving.running]
    needed = {each.service: each.needed_by for each in members if each.needed_by}
    return GroupView(
        saving=saving, sentence=_sentence(saving), needed=tuple(sorted(needed.items()))
    )


def _sentence(saving: GroupSaving) -> str:
    group = saving.group
    size, running = len(group.services), len(saving.running)
    run = "none of them runs" if not running else f"{running} of them run{'s' * (running == 1)}"
    start = f"The group has {counted(size, 'service')}, and {run} now."
    if not running:
        return f"{start} So there is nothing to put to sleep."
    if not saving.asleep:
        return f"{start} With {group.awake} awake nothing is saved."
    return f"{start} With {group.awake} awake, {saving.asleep} would sleep."
