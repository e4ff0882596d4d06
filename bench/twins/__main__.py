"""Builds kinds of projects as they are and as advised: ``python -m bench.twins [KIND…]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.twins.base import SUITE, import_base
from bench.twins.building import BuildFailed, becomes_healthy, command_line
from bench.twins.kinds import Kind, for_tests, held_out
from bench.twins.results import results_of
from bench.twins.table import bars, table
from bench.twins.trial import Trial, build_fat, try_change
from hcreport.files import write_whole
from tests.engine_fixture import RunningEngine, running_engine

RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    """Try each kind, with the project's Dockerfile and from its image; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.twins", description=__doc__)
    parser.add_argument("kinds", nargs="*", help="names of kinds; all of them otherwise")
    parser.add_argument("--write", type=Path, help="folder for the Dockerfiles")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the results")
    chosen = parser.parse_args()
    apart = {each.name for each in held_out()}
    kinds = [
        each
        for each in (*for_tests(), *held_out())
        if not chosen.kinds or each.name in chosen.kinds
    ]
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as place, running_engine() as engine:
        folder = Path(place)
        import_base(engine.client, folder)
        for kind in kinds:
            trials += _tried(engine, kind, folder)
        version = str(engine.client.version()["Version"])
    for trial in trials if chosen.write else ():
        _write(trial, chosen.write)
    results = results_of(
        ((each, each.kind in apart) for each in trials),
        engine=version,
        base=f"Debian's smallest system, {SUITE}",
    )
    write_whole(chosen.output, results.model_dump_json(indent=1) + "\n")
    print(table(results))
    for words, met in bars(results):
        print(f"{'met' if met else 'MISSED':<8} {words}")
    return int(not all(met for _, met in bars(results)))


def _tried(engine: RunningEngine, kind: Kind, folder: Path) -> Iterator[Trial]:
    """Build one kind as it is, and then as advised in both ways."""
    buildkit = command_line()[1]
    print(f"{kind.name}: building", file=sys.stderr)
    fat = build_fat(engine.client, engine.host, kind, folder, buildkit=buildkit)
    unhealthy = becomes_healthy(engine.client, fat.tag)
    if unhealthy:
        raise BuildFailed(f"{kind.name} is not healthy as it is: {unhealthy}")
    for from_image in (False, True):
        trial = try_change(
            engine.client, engine.host, fat, folder, from_image=from_image, buildkit=buildkit
        )
        print(f"{kind.name}: off by {100 * trial.error:+.2f} %", file=sys.stderr)
        yield trial


def _write(trial: Trial, folder: Path) -> None:
    """Write the files of a change, to be looked at."""
    name = f"{trial.kind}-{'image' if trial.from_image else 'project'}"
    change = trial.change
    for ending, text in (
        ("Dockerfile", change.dockerfile),
        ("dockerignore", change.ignore_file),
        ("notes", "\n".join(change.notes) + "\n"),
    ):
        write_whole(folder / f"{name}.{ending}", text)


if __name__ == "__main__":
    sys.exit(main())
