"""Writes the results as Markdown tables, and says which bars they meet."""

from __future__ import annotations

from collections.abc import Iterator

from bench.images.results import Case, Figure, Program, Results
from hcreport.units import MB, MIB, gb

MOST_WALL = 1.1
LEAST_FASTER = 10
MOST_CPU_OF_DELETIONS = 3
LEAST_FASTER_FAMILY = 3
MOST_MEMORY = ((100_000, 128 * MB), (400_000, 256 * MB))
"""Bytes for so many entries."""

_NAMES: tuple[tuple[Program, str], ...] = (
    ("docker save", "`docker save`, written to nowhere"),
    ("dive", "dive"),
    ("engine", "dive's figures by hcreport, through the API"),
    ("folder", "the same, in the engine's folder"),
    ("cache", "the same, from the cache"),
    ("command", "`hcreport image`, through the API"),
    ("command in place", "`hcreport image`, in the engine's folder"),
)


def table(results: Results) -> str:
    """Return the tables as one text."""
    return "\n".join(lines(results))


def lines(results: Results) -> Iterator[str]:
    """Yield the lines of a page: how it was measured, and a table for each case."""
    machine = results.machine
    yield ""
    yield (
        f"Measured on {results.date} with Docker {machine.engine} ({machine.storage}), "
        f"dive {machine.dive}, Python {machine.python}, and kernel {machine.kernel}."
    )
    yield f"The machine had {machine.cpus} CPUs. All figures are medians."
    yield from _case("One large image", results.big)
    yield from _case("Many deleted files", results.deleting)
    yield from _case(f"{results.family.images} images with the same parent", results.family)
    yield ""
    yield "### Memory"
    yield ""
    yield "| Entries | Size of the image | Most memory at once |"
    yield "| ---: | ---: | ---: |"
    for row in results.memory:
        yield f"| {row.entries:,} | {gb(row.size)} | {_mib(row.peak)} |"


def bars(results: Results) -> list[tuple[str, bool]]:
    """Return each bar in words, and whether the results meet it."""
    big, deleting, family = results.big, results.deleting, results.family
    cpu = _figure(big, "engine", "cpu")
    return [
        (
            f"through the API at most {MOST_WALL} times as long as docker save",
            0 < (big.ratio("engine", "docker save") or 0) <= MOST_WALL,
        ),
        ("and no more CPU than dive", 0 < cpu <= _figure(big, "dive", "cpu")),
        (
            f"in the engine's folder at least {LEAST_FASTER} times faster than dive",
            (big.ratio("dive", "folder") or 0) >= LEAST_FASTER,
        ),
        (
            "with the figures of dive, and the same whatever the way",
            all(each is True for each in (big.same_as_dive, big.ways_agree, family.same_as_dive)),
        ),
        (
            f"many deleted files in less than {MOST_CPU_OF_DELETIONS} s of CPU",
            0 < _figure(deleting, "engine", "cpu") < MOST_CPU_OF_DELETIONS,
        ),
        (
            f"{family.images} images at least {LEAST_FASTER_FAMILY} times faster than dive",
            (family.ratio("dive", "engine") or 0) >= LEAST_FASTER_FAMILY,
        ),
        ("in one request", family.requests.get("engine") == 1),
        ("and a second time without a request", big.requests.get("cache") == 0),
        *(
            (
                f"at most {gb(most)} of memory for {entries:,} entries",
                any(row.entries >= entries and row.peak <= most for row in results.memory),
            )
            for entries, most in MOST_MEMORY
        ),
    ]


def _case(title: str, case: Case) -> Iterator[str]:
    yield ""
    yield f"### {title}"
    yield ""
    whole = "It has" if case.images == 1 else "Together they have"
    yield f"{whole} {gb(case.size)} in {case.entries:,} entries."
    yield ""
    yield "| Program | Time | CPU of the program | Most memory | Beside dive |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for program, name in _NAMES:
        if case.median(program, "wall") is not None:
            yield _row(case, program, name)


def _row(case: Case, program: Program, name: str) -> str:
    more = "" if case.finished(program) else "more than "
    ratio = case.ratio("dive", program)
    faster = "" if ratio is None or program == "dive" else f"{_times(ratio)} as fast"
    if faster and not case.finished("dive"):
        faster = f"more than {faster}"
    return (
        f"| {name} | {more}{_figure(case, program, 'wall'):.3g} s "
        f"| {more}{_figure(case, program, 'cpu'):.3g} s "
        f"| {_mib(int(_figure(case, program, 'peak')))} | {faster} |"
    )


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def _figure(case: Case, program: Program, field: Figure) -> float:
    found = case.median(program, field)
    return 0.0 if found is None else found


def _mib(size: int) -> str:
    return f"{size / MIB:.0f} MiB"
