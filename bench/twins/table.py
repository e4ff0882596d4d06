"""Writes the results as Markdown tables, and says which bars they meet."""

from __future__ import annotations

from collections.abc import Iterator

from bench.twins.results import Results, Row
from hcreport.units import Bytes, gb

MOST_ERROR = 0.05
MOST_MEDIAN = 0.03
LEAST_KINDS = 5
"""Kinds of projects that nothing was tuned on."""

_NAMES = {
    "package-caches": "caches",
    "logs-and-temporary-files": "logs",
    "static-libraries": "static libraries",
    "build-tools": "build tools",
    "hidden": "not seen",
}


def table(results: Results) -> str:
    """Return the tables as one text."""
    return "\n".join(lines(results))


def lines(results: Results) -> Iterator[str]:
    """Yield the lines of a page: what was built, how large it is, and what it still wastes."""
    yield f"Built on {results.date} with Docker {results.engine} and BuildKit, from {results.base}."
    yield "*D* starts from the project's Dockerfile, *I* from the image itself."
    yield ""
    yield "| Kind | From | Today | Predicted | Built | Off | Healthy | As a user without rights |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |"
    for row in results.rows:
        sizes = " | ".join(gb(Bytes(each)) for each in (row.today, row.predicted, row.built))
        kind = f"{_kind(row)}, kept apart" if row.held_out else _kind(row)
        as_other = "it has one" if row.healthy_as_other is None else _yes(row.healthy_as_other)
        yield (
            f"| {kind} | {'I' if row.from_image else 'D'} | {sizes} | {_signed(row.error)} "
            f"| {_yes(row.healthy)} | {as_other} |"
        )
    yield ""
    yield "Nothing was tuned on the kinds that were kept apart."
    yield f"The median of their errors is {100 * results.median_error:.2f} %."
    yield ""
    yield "The built images still waste this above their base, or hide it in its layers:"
    yield ""
    yield "| Kind | Still wasted |"
    yield "| --- | --- |"
    for row in results.rows:
        if not row.from_image:
            parts = sorted(row.wasted.items(), key=lambda each: -each[1])
            named = ", ".join(f"{_NAMES.get(name, name)} {gb(Bytes(size))}" for name, size in parts)
            yield f"| {_kind(row)} | {named or 'nothing'} |"


def bars(results: Results) -> list[tuple[str, bool]]:
    """Return each bar in words, and whether the results meet it."""
    apart = [row for row in results.rows if row.held_out]
    kinds = {row.kind for row in apart}
    return [
        (f"at least {LEAST_KINDS} kinds that were kept apart", len(kinds) >= LEAST_KINDS),
        (
            f"each within {100 * MOST_ERROR:.0f} %",
            all(abs(row.error) <= MOST_ERROR for row in results.rows),
        ),
        (
            f"the median within {100 * MOST_MEDIAN:.0f} %",
            bool(apart) and results.median_error <= MOST_MEDIAN,
        ),
        ("every container healthy", all(row.healthy for row in results.rows)),
        (
            "the packages of the plan and no others",
            all(row.other_packages == 0 for row in results.rows),
        ),
    ]


def _signed(share: float) -> str:
    """Print an error: ``+0.08 %`` is above what was built; what rounds to nothing has no sign."""
    text = f"{100 * share:+.2f} %"
    return text[1:] if float(text[:-2]) == 0 else text


def _kind(row: Row) -> str:
    return row.kind.replace("_", " ")


def _yes(found: bool) -> str:
    return "yes" if found else "no"
