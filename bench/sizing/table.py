"""Prints the results as tables."""

from __future__ import annotations

from collections.abc import Iterator

from bench.sizing.predict import OTHERS
from bench.sizing.results import Results, Row
from hcreport.units import MIB

MOST_MEDIAN = 0.25
MOST_P90 = 0.60
MOST_STACK = 0.40
LEAST_TRIALS = 60
LEAST_OWN_SERVICES = 14

_HEAD = f"{'':<18} {'predicted':>10} {'true':>8} {'over':>7} {'held':>6}" + "".join(
    f"{key:>11}" for key in OTHERS
)


def table(results: Results) -> str:
    """Return the tables as text; sizes are MiB."""
    return "\n".join(_lines(results))


def bars(results: Results) -> list[tuple[str, bool]]:
    """Return each bar in words, and whether the results meet it."""
    summary = results.summary
    met: list[tuple[str, bool]] = []
    if summary is not None:
        own = sum(row.package is None and not row.apart for row in results.services)
        met += [
            (f"at least {LEAST_OWN_SERVICES} services of our own", own >= LEAST_OWN_SERVICES),
            (f"at least {LEAST_TRIALS} trials", summary.trials >= LEAST_TRIALS),
            ("sufficient in every trial", summary.sufficient == summary.trials),
            ("median at most 25 % above", summary.median_over <= MOST_MEDIAN),
            ("90th percentile at most 60 % above", summary.p90_over <= MOST_P90),
        ]
    for row in results.stacks:
        met += [
            (f"stack, {row.name}: sufficient in every trial", row.sufficient == len(row.trials)),
            (f"stack, {row.name}: at most 40 % above", row.over <= MOST_STACK),
        ]
    return met


def _lines(results: Results) -> Iterator[str]:
    machine = results.machine
    yield (
        f"{results.date}, Docker {machine.engine}, kernel {machine.kernel}, "
        f"cgroup v{machine.cgroup}, Compose {machine.compose}; sizes in MiB"
    )
    counted = [row for row in results.services if not row.apart]
    for title, rows in (
        ("services", counted),
        ("listed apart", [row for row in results.services if row.apart]),
        ("stacks", results.stacks),
    ):
        if rows:
            yield ""
            yield f"{title:<18}{_HEAD[18:]}"
            yield from (_line(row) for row in rows)
    if results.summary is not None:
        yield from _summary(results)
    yield ""
    yield from (f"{'met' if held else 'MISSED':<7} {bar}" for bar, held in bars(results))


def _line(row: Row) -> str:
    held = f"{row.sufficient}/{len(row.trials)}"
    others = "".join(_other(row.others[key], row.true_minimum) for key in OTHERS)
    return (
        f"{row.name:<18} {row.predicted / MIB:>10.1f} {row.true_minimum / MIB:>8.1f} "
        f"{row.over:>+7.0%} {held:>6}{others}{'  ' + row.apart if row.apart else ''}"
    )


def _other(figure: int, true_minimum: int) -> str:
    """Return another predictor's figure, marked where it is too low."""
    return f"{figure / MIB:>10.1f}{'!' if figure < true_minimum else ' '}"


def _summary(results: Results) -> Iterator[str]:
    summary = results.summary
    assert summary is not None
    yield ""
    yield (
        f"{summary.sufficient} of {summary.trials} trials of {summary.services} services held; "
        f"median {summary.median_over:+.0%}, 90th percentile {summary.p90_over:+.0%}"
    )
    for key, one in summary.predictors.items():
        yield (
            f"{OTHERS.get(key, key):<54} enough for {one.sufficient} of {summary.services}, "
            f"median {one.median_over:+.0%}, worst {one.worst_under:+.0%}"
        )
