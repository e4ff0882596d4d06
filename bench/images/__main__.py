"""Measures on an engine that is started for it, and prints tables: ``make bench-images``."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.images.building import (
    Made,
    big_image,
    crowded_image,
    deleting_image,
    family,
    write_archive,
)
from bench.images.results import Case, Cost, Machine, Memory, Program, Results
from bench.images.running import TIME_LIMIT, Programs, find_dive
from bench.images.table import bars, table
from bench.sizing.engine import Engine, connected_engine, started_engine
from hcreport.files import write_whole

_DELETIONS = 7_000
_FAMILY = 6
_CROWDS = (100_000, 400_000)

RESULTS = Path(__file__).parent / "results.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the results and print them; return 1 where a bar is missed."""
    asked = _parser().parse_args(arguments)
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        dive = find_dive()
        starting = connected_engine(asked.engine) if asked.engine else started_engine(folder)
        with starting as engine:
            results = _results(engine, Programs(host=engine.host, dive=dive), folder, asked.rounds)
    except RuntimeError as error:
        print(f"The experiment cannot run: {error}", file=sys.stderr)
        return 1
    write_whole(asked.output, results.model_dump_json(indent=1) + "\n")
    print(table(results))
    for words, met in bars(results):
        print(f"{'met' if met else 'MISSED':<8} {words}")
    return int(not all(met for _, met in bars(results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.images", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of the large image")
    parser.add_argument("--engine", help="an engine on this machine; default: start one")
    parser.add_argument("--folder", type=Path, default=Path("build/images"), help="for its files")
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser


def _results(engine: Engine, programs: Programs, folder: Path, rounds: int) -> Results:
    info: Any = engine.client.info()
    machine = Machine(
        engine=info["ServerVersion"],
        storage=info["Driver"],
        kernel=platform.release(),
        cpus=os.cpu_count() or 1,
        python=platform.python_version(),
        dive=_version(programs.dive),
    )
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=machine,
        big=_big(engine, programs, folder, rounds),
        deleting=_deleting(engine, programs, folder),
        family=_family(engine, programs, folder, max(rounds // 2, 1)),
        memory=tuple(_memory(programs, folder, entries) for entries in _CROWDS),
    )


def _big(engine: Engine, programs: Programs, folder: Path, count: int) -> Case:
    _say("an image of more than 2 GB")
    (name,) = _load(engine, folder, [big_image("hcreport-bench-big")])
    same, agree = _comparison(programs, [name])
    rounds: list[dict[Program, Cost]] = []
    requests: dict[Program, int] = {}
    for _ in range(count):
        costs: dict[Program, Cost] = {"docker save": programs.save([name])}
        costs["dive"] = programs.look([name])
        costs["engine"], _ = programs.read(name)
        costs["folder"], _ = programs.read("--in-place", name)
        costs["command"] = programs.command(name, "--no-folder")
        costs["command in place"] = programs.command(name)
        with tempfile.TemporaryDirectory(dir=folder) as cache:
            programs.read("--in-place", "--cache", cache, name)
            costs["cache"], found = programs.read("--cache", cache, name)
        requests["cache"] = found["archives"]
        rounds.append(costs)
    return _case(programs, "big", [name], rounds, requests).model_copy(
        update={"same_as_dive": same, "ways_agree": agree}
    )


def _deleting(engine: Engine, programs: Programs, folder: Path) -> Case:
    _say(f"{_DELETIONS:,} deletions; dive gets {TIME_LIMIT:.0f} seconds")
    image = deleting_image("hcreport-bench-deleting", _DELETIONS)
    (name,) = _load(engine, folder, [image])
    rounds: list[dict[Program, Cost]] = [
        {"engine": programs.read(name)[0], "folder": programs.read("--in-place", name)[0]}
        for _ in range(3)
    ]
    rounds[0]["dive"] = programs.look([name])
    return _case(programs, "deleting", [name], rounds, {})


def _family(engine: Engine, programs: Programs, folder: Path, count: int) -> Case:
    _say(f"{_FAMILY} images with the same parent")
    names = _load(engine, folder, family("hcreport-bench-family", _FAMILY))
    same, agree = _comparison(programs, names)
    rounds: list[dict[Program, Cost]] = []
    requests: dict[Program, int] = {}
    for _ in range(count):
        costs: dict[Program, Cost] = {"dive": programs.look(names)}
        costs["engine"], found = programs.read(*names)
        requests["engine"] = found["archives"]
        costs["folder"], _ = programs.read("--in-place", *names)
        rounds.append(costs)
    return _case(programs, "family", names, rounds, requests).model_copy(
        update={"same_as_dive": same, "ways_agree": agree}
    )


def _case(
    programs: Programs,
    name: str,
    images: Sequence[str],
    rounds: Sequence[dict[Program, Cost]],
    requests: dict[Program, int],
) -> Case:
    figures = programs.read(*images)[1]["images"].values()
    return Case(
        name=name,
        images=len(images),
        size=sum(each["size"] for each in figures),
        entries=sum(each["entries"] for each in figures),
        rounds=tuple(rounds),
        requests=requests,
    )


def _comparison(programs: Programs, names: Sequence[str]) -> tuple[bool, bool]:
    """Tell whether our figures are dive's, and whether all ways to read give the same."""
    with tempfile.TemporaryDirectory() as cache:
        ways = [
            programs.read("--exact", "--digest", *words, *names)[1]["images"]
            for words in ([], ["--in-place"], ["--cache", cache], ["--cache", cache])
        ]
    same = all(
        ways[0][name][key] == value
        for name in names
        for key, value in programs.figures_of_dive(name).items()
    )
    return same, all(way == ways[0] for way in ways)


def _memory(programs: Programs, folder: Path, entries: int) -> Memory:
    _say(f"memory for {entries:,} entries")
    file = folder / "crowded.tar"
    write_archive(file, [crowded_image("hcreport-bench-crowded", entries)])
    found = programs.read("--exact", "--file", file)[1]
    file.unlink()
    (figures,) = found["images"].values()
    return Memory(entries=figures["entries"], size=figures["size"], peak=found["peak"])


def _load(engine: Engine, folder: Path, images: Sequence[Made]) -> list[str]:
    """Let the engine load images that it has not, and return their references."""
    names = [f"{image.name}:1" for image in images]
    there = {tag for image in engine.client.images.list() for tag in image.tags}
    if not there.issuperset(names):
        file = folder / "images.tar"
        write_archive(file, images)
        with file.open("rb") as stream:
            done = subprocess.run(
                ["docker", "load", "--quiet"], stdin=stream, env=engine.environment, check=False
            )
        file.unlink()
        if done.returncode != 0:
            raise RuntimeError("the engine does not load the image")
    return names


def _version(dive: Path) -> str:
    done = subprocess.run([dive, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if shutil.which("docker") is None:
        sys.exit("The experiment compares with the program docker, and there is none.")
    sys.exit(main())
