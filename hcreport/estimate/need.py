"""How much memory one container needs, from what was seen of it while it was watched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hcreport.estimate.growth import growth_note
from hcreport.estimate.held import held, mapped_files, needed_files, warm, without_files
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import Container, Runtime, Series
from hcreport.units import Bytes, gib

HEAP_SETTINGS: dict[Runtime, str] = {
    "java": "-Xmx or -XX:MaxRAMPercentage",
    "node": "--max-old-space-size",
    "dotnet": "DOTNET_GCHeapHardLimit",
}
"""The setting that bounds the heap of a runtime."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one container needs, in bytes, and how well that is known."""

    minimum: Bytes
    """Enough for it alone, under a limit of its own."""
    highest: Bytes
    """What of it was in use at its highest; the rest of ``minimum`` is a margin."""
    without_files: Bytes
    """What of ``highest`` was no file, which could be read again."""
    elsewhere: Bytes
    """What of ``highest`` are files that its processes map on somebody else's account."""
    low: Bytes
    """What it held at its highest; program text in it can be read again, so less may do."""
    high: Bytes | None
    """Enough for what was seen, whatever of it was needed; None where that is not known."""
    recommended: Bytes
    exact: bool
    """``minimum`` is enough for what was seen; else it is only a lower bound."""
    samples: int
    peak: bool
    """The kernel's own highest value is known."""
    elastic: str = ""
    """For a heap that takes what it finds: the setting that bounds it."""
    page_cache: bool = False
    """It lives from page cache: with less memory it is slower, and does not fail."""
    notes: tuple[str, ...] = ()


def need_of(lives: Iterable[Series]) -> Need:
    """Return what one container needs over all its lives: of each figure the largest.

    ``lives`` must not be empty.
    """
    needs = [container_need(each) for each in lives]
    worst = max(needs, key=lambda each: each.minimum)
    highs = [each.high for each in needs if each.high is not None]
    highest = min(worst.minimum, max(each.highest for each in needs))
    return replace(
        worst,
        highest=highest,
        without_files=min(highest, max(each.without_files for each in needs)),
        elsewhere=max(each.elsewhere for each in needs),
        low=max(each.low for each in needs),
        high=max(highs) if len(highs) == len(needs) else None,
        recommended=max(each.recommended for each in needs),
        exact=all(each.exact for each in needs),
        samples=sum(each.samples for each in needs),
        peak=all(each.peak for each in needs),
        elastic=next((each.elastic for each in needs if each.elastic), ""),
        notes=tuple(dict.fromkeys(note for each in needs for note in each.notes)),
    )


def container_need(series: Series) -> Need:
    """Return what one life of a container needs.

    With the kernel's highest value P, the highest usage sampled U and the most that could not be
    taken back E, the minimum is ``min(1.03 P, 1.10 (E + 2 max(0, P - U)) + 2 MiB)``: a limit above
    P is never reached, and what rose above all samples is taken for memory that was needed, twice,
    because a repeat may rise higher still. Where files are written in bursts it is ``1.03 P``.
    Without P a burst between two samples may have been missed, so ``1.10 E + 2 MiB`` is a lower
    bound. The factors are the facts ``sizing/…``, with their experiments.

    Files that its processes map on somebody else's account count as if they were on its own: it has
    to read them itself when it starts first.

    A container that was killed for want of memory needs more than its limit; one that ran within
    its limit needs no more than that.
    """
    own, series = series, _with_all_files(series)
    seen = series.held if series.held is not None else series.shown
    few = series.samples < fact_value("sizing/fewest-samples")
    minimum = seen if few and series.peak is None else _minimum(series, series.held, few=few)
    kept = minimum if few else max(minimum, _minimum(series, series.warm, few=few))
    highest = min(minimum, _highest(series, few=few))
    need = Need(
        minimum=minimum,
        highest=highest,
        without_files=_no_files(series, highest, few=few),
        elsewhere=min(highest, _elsewhere(own)),
        low=min(seen, minimum),
        high=_enough(series, seen),
        recommended=_with_headroom(kept),
        exact=series.peak is not None,
        samples=series.samples,
        peak=series.peak is not None,
        elastic=HEAP_SETTINGS[series.runtime] if series.runtime else "",
        page_cache=_lives_from_page_cache(own),
        notes=tuple(_notes(own)),
    )
    return _within_limit(need, series.limit, own)


def single_sample(container: Container) -> Series | None:
    """Return the one sample of a container that was not watched as a series; None without one."""
    use = container.memory
    if use is None:
        return None
    return Series(
        container=container.name,
        id=container.id,
        service=container.service,
        number=container.number,
        started_at=container.started_at,
        first_at=0,
        last_at=0,
        samples=1,
        usage=use.usage,
        shown=use.shown,
        held=held(use),
        warm=warm(use),
        without_files=without_files(use),
        mapped=mapped_files(use),
        program_files=use.program_files,
        peak=use.peak,
        limit=container.limits.memory,
    )


def _with_all_files(series: Series) -> Series:
    """Return a series as if all files that its processes map were on its own account."""
    if series.mapped is None or series.program_files is None:
        return series
    more = Bytes(max(0, int(series.program_files) - int(series.mapped)))
    needed = _elsewhere(series)
    added = {
        **dict.fromkeys(("usage", "warm", "peak", "limit"), more),
        **dict.fromkeys(("shown", "held"), needed),
    }
    sizes = {name: getattr(series, name) for name in added}
    return series.model_copy(
        update={name: size + added[name] for name, size in sizes.items() if size is not None}
    )


def _elsewhere(series: Series) -> Bytes:
    """Return what is needed of the files that are on somebody else's account, bytes."""
    if series.mapped is None or series.program_files is None:
        return Bytes(0)
    mapped = int(series.mapped)
    return Bytes(needed_files(max(mapped, int(series.program_files))) - needed_files(mapped))


def _minimum(series: Series, kept: Bytes | None, *, few: bool) -> Bytes:
    """Return the bytes needed so that ``kept`` stays in memory."""
    highest = None if series.peak is None else _times(series.peak, "sizing/peak-factor")
    if kept is None or few or _writes_in_bursts(series):
        # Nothing below the highest value is known to do.
        return series.shown if highest is None else highest
    unseen = _times(Bytes(_missed(series)), "sizing/unseen-factor")
    sampled = _times(kept + unseen, "sizing/held-factor") + fact_bytes("sizing/slack")
    return sampled if highest is None else min(highest, sampled)


def _highest(series: Series, *, few: bool) -> Bytes:
    """Return the most that was in use and could not be taken back, bytes.

    What the kernel's highest value lies above all samples is taken for memory in use.
    """
    if series.peak is None:
        return series.shown if series.held is None else series.held
    if series.held is None or few or _writes_in_bursts(series):
        return series.peak
    return series.held + _missed(series)


def _no_files(series: Series, highest: Bytes, *, few: bool) -> Bytes:
    """Return what of the highest use was no file; all of it where files cannot be told apart."""
    if series.without_files is None or few or _writes_in_bursts(series):
        return highest
    return min(highest, series.without_files + _missed(series))


def _missed(series: Series) -> int:
    """Return the bytes by which the kernel's highest value lies above all samples."""
    return 0 if series.peak is None else max(0, series.peak - series.usage)


def _writes_in_bursts(series: Series) -> bool:
    """Tell whether files were written faster than the disk takes them.

    On cgroup v1 such pages cannot be taken back in time, so how much of the page cache is needed
    is not known.
    """
    return (series.write_burst or 0) >= fact_bytes("sizing/write-burst")


def _enough(series: Series, seen: Bytes) -> Bytes | None:
    """Return the bytes that are enough even if all page cache is needed.

    Without the kernel's highest value there is only what was enough in most experiments.
    """
    if series.peak is not None:
        return _times(series.peak, "sizing/peak-factor")
    if series.samples < fact_value("sizing/fewest-samples"):
        return None
    return _times(seen, "sizing/without-peak-factor") + fact_bytes("sizing/slack")


def _within_limit(need: Need, limit: Bytes | None, series: Series) -> Need:
    """Return the need corrected by what the container's own limit proves.

    ``limit`` holds the files on somebody else's account too, because they did not count for it.
    """
    if series.oom_kills:
        floor = need.minimum if limit is None else max(need.minimum, limit)
        recommended = max(need.recommended, _with_headroom(floor))
        return replace(
            need,
            minimum=floor,
            highest=floor,
            without_files=floor,
            high=None,
            recommended=recommended,
            exact=False,
        )
    if limit is None:
        return need
    if _reached_its_limit(series):
        high, exact = None, False
    else:
        high, exact = (None if need.high is None else min(need.high, limit)), need.exact
    return replace(
        need,
        minimum=min(need.minimum, limit),
        highest=min(need.highest, limit),
        without_files=min(need.without_files, limit),
        low=min(need.low, limit),
        high=high,
        exact=exact,
    )


def _reached_its_limit(series: Series) -> bool:
    """Tell whether a container may have been held back by its limit, not only its page cache."""
    if series.limit is None or series.peak is None:
        return False
    held_back = series.limit * fact_value("sizing/limit-reached")
    seen = series.shown if series.held is None else series.held
    return min(series.peak, seen) >= held_back


def _notes(series: Series) -> Iterator[str]:
    limit = series.limit
    if series.oom_kills and limit is not None:
        yield f"killed for want of memory at its limit of {gib(limit)}, so it needs more"
    elif series.oom_kills:
        yield "killed for want of memory while it was watched, so it needs more"
    elif _reached_its_limit(series):
        yield "it reached its limit, so what it would use without one is not known"
    if 1 < series.samples < fact_value("sizing/fewest-samples") and series.ended == "running":
        yield (
            f"only {series.samples} samples, so its page cache cannot be told from what it needs; "
            "watch it for longer"
        )
    if series.runtime:
        setting = HEAP_SETTINGS[series.runtime]
        yield f"its heap takes what memory it finds; {setting} bounds it, and less may do"
    if _lives_from_page_cache(series):
        yield "it lives from page cache: with less it is slower and does not fail"
    growth = growth_note(series)
    if growth:
        yield growth


def _lives_from_page_cache(series: Series) -> bool:
    if series.held is None or series.warm is None:
        return False
    return series.warm > series.held * fact_value("sizing/page-cache-share")


def _with_headroom(size: Bytes) -> Bytes:
    return Bytes(math.ceil(int(size) * (1 + fact_value("sizing/recommended-headroom"))))


def _times(size: Bytes, fact: str) -> Bytes:
    return Bytes(math.ceil(int(size) * fact_value(fact)))
