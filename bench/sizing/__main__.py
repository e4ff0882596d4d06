"""Predicts, tries and searches, and prints a table as it grows: ``make bench-sizing``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from bench.sizing import image
from bench.sizing.engine import Engine, connected_engine, favour, started_engine
from bench.sizing.measure import service_row
from bench.sizing.project import PARENT, Lane, remove_leftovers
from bench.sizing.results import Machine, Results, Row, Settings, summarise
from bench.sizing.search import Minimum
from bench.sizing.services import SERVICES
from bench.sizing.stack import MODES, stack_row
from bench.sizing.table import table
from hcreport.collect.compose_binary import find_compose
from hcreport.errors import HcreportError
from hcreport.files import write_whole


class Book:
    """Keeps the results on disk after every row, so that an interruption loses nothing."""

    def __init__(self, path: Path, raw: Path, results: Results) -> None:
        self._path, self._raw = path, raw
        self.results = results
        self._samples: dict[str, Any] = {}
        if raw.is_file() and results.services:
            self._samples = json.loads(raw.read_text(encoding="utf-8"))
        self._lock = Lock()

    def add(self, row: Row, samples: Any, *, stack: bool) -> None:
        """Take a row in and write everything."""
        with self._lock:
            self._samples[row.name] = samples
            services, stacks = self.results.services, self.results.stacks
            if stack:
                stacks = _with(stacks, row)
            else:
                services = tuple(sorted(_with(services, row), key=lambda one: _order(one.name)))
            self.results = self.results.model_copy(
                update={"services": services, "stacks": stacks, "summary": summarise(services)}
            )
            write_whole(self._path, self.results.model_dump_json(indent=1) + "\n")
            write_whole(self._raw, json.dumps(self._samples, indent=1) + "\n")


def _with(rows: Sequence[Row], row: Row) -> tuple[Row, ...]:
    return (*(each for each in rows if each.name != row.name), row)


def _order(name: str) -> int:
    return list(SERVICES).index(name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return 1 where a measurement failed."""
    asked = _parser().parse_args(arguments)
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        root = image.unpacked(folder)
        starting = connected_engine(asked.engine) if asked.engine else started_engine(folder)
        with starting as engine:
            remove_leftovers(engine)
            favour(PARENT)
            lanes = _lanes(engine, asked.lanes, folder, root)
            book = _book(asked, folder, engine, root)
            failed = _services(asked, lanes, book) + _stacks(asked, lanes[0], book)
    except RuntimeError as error:
        print(f"The experiment cannot run: {error}", file=sys.stderr)
        return 1
    print(table(book.results))
    return int(failed > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.sizing", description=__doc__)
    parser.add_argument("--services", help="names, with commas; default: all", default="")
    parser.add_argument("--stacks", help=f"{', '.join(MODES)} or none; default: all", default="")
    parser.add_argument("--trials", type=int, default=3, help="at each prediction, per service")
    parser.add_argument("--stack-trials", type=int, default=10)
    parser.add_argument("--window", type=float, default=20, help="seconds to watch")
    parser.add_argument("--load", type=float, default=7, help="seconds of load in a trial")
    parser.add_argument("--lanes", type=int, default=2, help="services measured side by side")
    parser.add_argument("--quick", action="store_true", help="one trial, short windows")
    parser.add_argument("--resume", action="store_true", help="keep the rows that are there")
    parser.add_argument("--keep-minima", action="store_true", help="only predict and try again")
    parser.add_argument("--engine", help="an engine on this machine; default: start one")
    parser.add_argument("--folder", type=Path, default=Path("build/sizing"), help="for the image")
    parser.add_argument("--output", type=Path, help="default: results.json in the folder")
    return parser


def _lanes(engine: Engine, count: int, folder: Path, root: Path) -> list[Lane]:
    lanes = []
    for number in range(1, count + 1):
        image.load_image(engine.client, root, number)
        lanes.append(
            Lane(
                number=number,
                engine=engine,
                folder=folder / "runs",
                data=image.prepare_data(folder, root, number),
                root=root,
                image_files=image.files_of(engine.client, number),
            )
        )
    return lanes


def _book(asked: argparse.Namespace, folder: Path, engine: Engine, root: Path) -> Book:
    path = asked.output or folder / "results.json"
    raw = folder / "results-raw.json"
    if (asked.resume or asked.keep_minima) and path.is_file():
        return Book(path, raw, Results.model_validate_json(path.read_text(encoding="utf-8")))
    info: Any = engine.client.info()
    machine = Machine(
        engine=info["ServerVersion"],
        kernel=platform.release(),
        cgroup=info["CgroupVersion"],
        cpus=os.cpu_count() or 1,
        memory=info["MemTotal"],
        compose=find_compose().version,
        packages=image.versions(root),
    )
    quick = asked.quick
    settings = Settings(
        window_seconds=12 if quick else asked.window,
        load_seconds=4 if quick else asked.load,
        trials=1 if quick else asked.trials,
        stack_trials=1 if quick else asked.stack_trials,
        lanes=asked.lanes,
    )
    today = datetime.now(UTC).date().isoformat()
    return Book(path, raw, Results(date=today, machine=machine, settings=settings))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _services(asked: argparse.Namespace, lanes: Sequence[Lane], book: Book) -> int:
    """Measure services side by side, one in each lane; return how many failed."""
    names = [name for name in asked.services.split(",") if name] or list(SERVICES)
    rows = {row.name: row for row in book.results.services}
    free: queue.SimpleQueue[Lane] = queue.SimpleQueue()
    for lane in lanes:
        free.put(lane)

    def measure(name: str) -> int:
        lane = free.get()
        try:
            known = _known(rows.get(name))
            row, samples = service_row(lane, SERVICES[name], book.results.settings, _say, known)
        except (RuntimeError, HcreportError) as error:
            _say(f"{name}: {error}")
            return 1
        finally:
            free.put(lane)
        book.add(row, samples, stack=False)
        return 0

    with ThreadPoolExecutor(len(lanes)) as pool:
        waiting = [name for name in names if asked.keep_minima or name not in rows]
        return sum(pool.map(measure, (name for name in waiting if name != "none")))


def _known(row: Row | None) -> Minimum | None:
    if row is None:
        return None
    return Minimum(limit=row.true_minimum, attempts=row.search_trials, confirmed=row.confirmed)


def _stacks(asked: argparse.Namespace, lane: Lane, book: Book) -> int:
    modes = [mode for mode in asked.stacks.split(",") if mode] or list(MODES)
    rows = {row.name: row for row in book.results.stacks}
    failed = 0
    for mode in modes:
        if mode not in MODES or (mode in rows and not asked.keep_minima):
            continue
        try:
            known = _known(rows.get(mode))
            row, samples = stack_row(lane, mode, book.results.settings, _say, known)
        except (RuntimeError, HcreportError) as error:
            _say(f"{mode}: {error}")
            failed += 1
        else:
            book.add(row, samples, stack=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
