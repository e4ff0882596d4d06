"""How the figures of a snapshot were measured, in rows for the requirements page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hcreport.estimate.declaration import SHOWN_DIGITS, declaration_hash, declared_in
from hcreport.estimate.load import looks_idle, used_cpus
from hcreport.model import Engine, Snapshot, Window
from hcreport.render.words import NOT_MEASURED, counted, cpus, date_text, duration, plain_number


@dataclass(frozen=True, kw_only=True)
class MeasuredView:
    """What was done to get the figures, and what speaks against them."""

    rows: tuple[tuple[str, str], ...]
    """What, and how it was."""
    warnings: tuple[str, ...]
    """Sentences."""


def measured_view(snapshot: Snapshot) -> MeasuredView:
    """Return how the figures of a snapshot were measured."""
    return MeasuredView(rows=tuple(_rows(snapshot)), warnings=tuple(_warnings(snapshot)))


def _rows(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    yield "Snapshot", f"{date_text(snapshot.taken_at)}, by {snapshot.tool}"
    yield "Compose configuration", _declaration(snapshot)
    window = snapshot.window
    if window is None:
        yield "Watched", "not: one sample of each container at most"
    else:
        yield from _window_rows(window)
    yield from _engine_rows(snapshot.engine)


def _declaration(snapshot: Snapshot) -> str:
    """Return the first digits of the hash that ``hcreport check --stale`` compares."""
    if not snapshot.services:
        return NOT_MEASURED
    return f"SHA-256 {declaration_hash(declared_in(snapshot))[:SHOWN_DIGITS]}"


def _window_rows(window: Window) -> Iterator[tuple[str, str]]:
    samples = sum(each.samples for each in window.series)
    apart = duration(window.interval_seconds)
    rounds = f"{counted(window.rounds, 'round')} about {apart} apart, shifted at random"
    yield "Watched", f"{duration(round(window.seconds))}, {rounds}"
    containers = len({each.id for each in window.series})
    yield "Samples", f"{counted(samples, 'sample')} of {counted(containers, 'container')}"
    peaks = sum(1 for each in window.series if each.peak is not None)
    yield "Kernel's own highest value", f"known for {peaks} of {counted(len(window.series), 'run')}"
    yield (
        "Start",
        "watched from before the start of the project"
        if window.from_start
        else "not watched: the project ran already",
    )
    yield "Load", _load(window)
    used = used_cpus(window)
    yield "CPU used by all containers", NOT_MEASURED if used is None else f"{cpus(used)} on average"


def _load(window: Window) -> str:
    if window.load is None:
        return "no load command: only the load that was there"
    ran = f"a load command ran for {duration(round(window.load.seconds))}"
    if window.load.exit_code is None:
        return f"{ran} and was stopped with the window"
    return f"{ran} and ended with exit code {window.load.exit_code}"


def _engine_rows(engine: Engine | None) -> Iterator[tuple[str, str]]:
    def known(value: str | None) -> str:
        return value or NOT_MEASURED

    yield "Docker engine", known(engine.version if engine else None)
    yield "Kernel", known(engine.kernel if engine else None)
    yield "Control groups", known(engine.cgroup_version if engine else None)
    total = engine.cpus if engine else None
    yield "CPUs of the engine", NOT_MEASURED if total is None else plain_number(total)
    limit = engine.swap_limit if engine else None
    can = NOT_MEASURED if limit is None else "yes" if limit else "no"
    yield "Swap", f"in use: not measured; Docker can limit it: {can}"


def _warnings(snapshot: Snapshot) -> Iterator[str]:
    window = snapshot.window
    if window is None:
        yield "The stack was not watched, so its highest use may have been missed."
        return
    if looks_idle(window):
        yield "Hardly any CPU was used, so the stack was idle. Under load it may need more."
    if window.load is not None and window.load.exit_code not in (0, None):
        yield "The load command failed, so the load may have been less than it was meant to be."
    if snapshot.interrupted:
        yield "Collection was stopped early, so the window is shorter than it was meant to be."
