"""Measures, prints a table, and fails where a bar is missed: ``make bench``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from bench.headers import headers
from bench.measure import Row
from bench.offline import (
    build_of_the_example,
    check_with_a_baseline,
    large_project,
    site_of_a_large_project,
    start_up,
)
from bench.over_time import over_time
from bench.running import collecting

_PARTS: Mapping[str, Callable[[], list[Row]]] = {
    "starting": lambda: [start_up()],
    "checking": lambda: [check_with_a_baseline()],
    "building": lambda: [build_of_the_example()],
    "a large project": lambda: [large_project()],
    "the site of a large project": site_of_a_large_project,
    "many snapshots": over_time,
    "a model's header": headers,
    "collecting": collecting,
}


def line(row: Row) -> str:
    """Return a row of the table."""
    bar = f"at most {row.bar:g} {row.unit}"
    if row.figure is None:
        return f"{row.what:<48} {'-':>8}    {bar:<15} not measured: {row.detail}"
    verdict = "met" if row.met else "MISSED"
    return f"{row.what:<48} {row.figure:>8.2f} {row.unit}  {bar:<15} {verdict:<7} {row.detail}"


def main() -> int:
    """Print the table as it grows; return 1 where a bar is missed or a command fails."""
    print(
        "Ratios (x) are of wall time unless they say CPU, seconds (s) of CPU time; medians of runs."
    )
    failed = False
    for name, measure in _PARTS.items():
        print(f"Measuring {name} …", file=sys.stderr, flush=True)
        try:
            rows = measure()
        except RuntimeError as error:
            print(f"Measuring {name} failed: {error}", file=sys.stderr)
            failed = True
            continue
        for row in rows:
            print(line(row), flush=True)
            failed = failed or row.met is False
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
