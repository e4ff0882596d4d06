"""Fits what a model's process takes beside its buffers to the results: ``-m bench.ollama.fit``.

Least squares over all cases of one prompt, each divided by the square root of its peak, so that
small models count about as much as large ones. Prints the four constants that stand in
``facts/ollama.yaml``, and what becomes of each model when it is left out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.ollama.results import Results, Row
from hcreport.estimate.llm_memory import matrix_kept
from hcreport.facts import fact_bytes, fact_value
from hcreport.units import MIB

NAMES = ("MiB fixed", "bytes a token", "bytes a merge", "of the matrix")

Constants = Sequence[float]


def features(row: Row) -> list[float]:
    """Return what the constants are multiplied with: 1, tokens, merges, bytes of the matrix."""
    left = matrix_kept(row.shape, row.settings)
    return [1.0, row.shape.vocabulary, row.shape.merges, float(int(left))]


def in_use() -> list[float]:
    """Return the constants that count now, in bytes and as a ratio."""
    names = ("fixed", "per-token", "per-merge")
    sizes = [float(int(fact_bytes(f"ollama/runner-overhead-{name}"))) for name in names]
    return [*sizes, fact_value("ollama/runner-overhead-of-loading")]


def rest(row: Row) -> float:
    """Return what of a peak the buffers do not explain, in bytes."""
    return row.peak - row.estimated + _taken(row, in_use())


def _taken(row: Row, constants: Constants) -> float:
    return sum(a * b for a, b in zip(features(row), constants, strict=True))


def fitted(rows: Sequence[Row]) -> list[float]:
    """Return the constants with the least sum of weighted squares."""
    size = len(NAMES)
    matrix = [[0.0] * (size + 1) for _ in range(size)]
    for row in rows:
        weight, known = 1 / row.peak, [*features(row), rest(row)]
        for i in range(size):
            for j in range(size + 1):
                matrix[i][j] += weight * known[i] * known[j]
    return _solved(matrix)


def _solved(matrix: list[list[float]]) -> list[float]:
    """Solve linear equations, the right side in the last column, by elimination with pivots."""
    size = len(matrix)
    for column in range(size):
        pivot = max(range(column, size), key=lambda each: abs(matrix[each][column]))
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        for other in range(size):
            if other != column:
                factor = matrix[other][column] / matrix[column][column]
                matrix[other] = [
                    a - factor * b for a, b in zip(matrix[other], matrix[column], strict=True)
                ]
    return [row[size] / row[place] for place, row in enumerate(matrix)]


def left_out(rows: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """Return, by model, the largest error with constants fitted to the others: share and MiB."""
    found: dict[str, tuple[float, float]] = {}
    for tag in dict.fromkeys(row.tag for row in rows):
        constants = fitted([row for row in rows if row.tag != tag])
        own = [(_taken(row, constants) - rest(row), row) for row in rows if row.tag == tag]
        worst = max(own, key=lambda each: abs(each[0]) / each[1].peak)
        found[tag] = (worst[0] / worst[1].peak, worst[0] / MIB)
    return found


def main(path: Path) -> None:
    """Print the constants and the errors of models that are left out."""
    results = Results.model_validate_json(path.read_text(encoding="utf-8"))
    rows = [row for row in results.rows if row.single and not row.apart]
    for name, new, old in zip(NAMES, fitted(rows), in_use(), strict=True):
        scale = MIB if name.startswith("MiB") else 1
        print(f"{name:<14} {new / scale:10.3f}   in use {old / scale:10.3f}")
    for tag, (share, size) in left_out(rows).items():
        print(f"{tag:<20} left out: {share:+.2%}, {size:+.1f} MiB")
    off = math.fsum(abs(row.error) for row in rows) / len(rows)
    print(f"mean error with the constants in use: {off:.2%} in {len(rows)} cases")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "bench/ollama/results.json"))
