"""Prints the results as tables, and says which bars they meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.ollama.results import Results, Row, mean_errors
from hcreport.units import GIB, MIB

LEAST_CASES = 14
LEAST_IN_CONTAINERS = 2

_WIDTH = 28


def table(results: Results) -> str:
    """Return the tables as text; sizes are MiB."""
    return "\n".join(_lines(results))


def bar_lines(results: Results) -> str:
    """Return each bar as a line, and whether it is met."""
    return "\n".join(f"{'met' if met else 'MISSED':<8} {words}" for words, met in bars(results))


def bars(results: Results) -> list[tuple[str, bool]]:
    """Return each bar in words, and whether the results meet it."""
    rows = results.rows
    return [
        (f"at least {LEAST_CASES} cases", len(rows) >= LEAST_CASES),
        (
            "every case within 2 % from 1 GiB on, and within 30 MiB below",
            bool(rows) and all(row.within for row in rows),
        ),
        ("no other estimator has a smaller mean error", _best(rows, 0)),
        ("nor from 1 GiB on", _best(rows, GIB)),
        (
            f"at least {LEAST_IN_CONTAINERS} models run with the stated limit, not with 5 % less",
            len(results.containers) >= LEAST_IN_CONTAINERS
            and all(row.holds for row in results.containers),
        ),
    ]


def _best(rows: Sequence[Row], least: int) -> bool:
    means = {name: mean for name, (mean, _) in mean_errors(rows, least=least).items()}
    ours = means.pop("hcreport", 1.0)
    return bool(means) and ours <= min(means.values())


def _lines(results: Results) -> Iterator[str]:
    machine = results.machine
    yield (
        f"{results.date}, llama.cpp {machine.llama_cpp}, kernel {machine.kernel}, "
        f"{machine.processor}; sizes in MiB"
    )
    names = list(dict.fromkeys(name for row in results.rows for name in row.peers))
    yield ""
    yield f"{'':<{_WIDTH}} {'peak':>8} {'load':>8} {'off':>7} {'anonymous':>10}" + "".join(
        f" {name[:10]:>10}" for name in names
    )
    for row in results.rows:
        yield _line(row, names)
    yield ""
    for name, (mean, count) in mean_errors(results.rows).items():
        yield f"mean error of {name:<16} {mean:>8.2%} in {count} cases"
    yield ""
    for each in results.containers:
        ran = sum(trial.outcome == "ran" for trial in each.at_minimum)
        killed = sum(trial.outcome == "killed" for trial in each.below)
        yield (
            f"{each.name}: used {_mib(each.peak)}, stated {_mib(each.minimum)}; "
            f"ran {ran} of {len(each.at_minimum)}, with 5 % less killed {killed} of "
            f"{len(each.below)}"
        )


def _line(row: Row, names: Sequence[str]) -> str:
    anonymous = f"{(row.anonymous_estimated - row.anonymous) / MIB:+.1f}" if row.single else ""
    others = "".join(_other(row, name) for name in names)
    mark = "" if row.within else " !"
    return (
        f"{row.name:<{_WIDTH}} {_mib(row.peak):>8} {_mib(row.estimated):>8} {row.error:>+7.2%}"
        f" {anonymous:>10}{others}{mark}"
    )


def _other(row: Row, name: str) -> str:
    size = row.peers.get(name)
    return f" {'-':>10}" if size is None else f" {size / row.peak - 1:>+10.1%}"


def _mib(size: int) -> str:
    return f"{size / MIB:.1f}"
