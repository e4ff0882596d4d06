"""Measures real llama.cpp beside the estimate, and prints a table: ``make bench-ollama``."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.ollama.cases import APART, CASES, IN_CONTAINERS, Case
from bench.ollama.container import container_row, import_image
from bench.ollama.files import model_file
from bench.ollama.measure import measured_row
from bench.ollama.peers import prepare_peers
from bench.ollama.results import Machine, Results, with_row
from bench.ollama.server import described, prepared_server
from bench.ollama.table import bar_lines, bars, table
from bench.sizing.engine import connected_engine, started_engine
from hcreport.files import write_whole
from hcreport.units import KIB

_QUICK = ("smollm2:135m 4096", "gemma3:270m 4096", "all-minilm 512")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return 1 where a measurement failed or a bar is missed."""
    asked = _parser().parse_args(arguments)
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = prepared_server(folder / "llama.cpp", asked.server)
        machine = _machine(described(server, named=asked.server is not None))
        book = _Book(asked.output or folder / "results.json", machine, resume=asked.resume)
        failed = _rows(asked, book, server, folder) + _containers(asked, book, server, folder)
    except RuntimeError as error:
        print(f"The bench cannot run: {error}", file=sys.stderr)
        return 1
    print(table(book.results))
    if asked.cases or asked.quick:  # the bars are about all cases
        return int(failed > 0)
    print(bar_lines(book.results))
    return int(failed > 0 or not all(met for _, met in bars(book.results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.ollama", description=__doc__)
    parser.add_argument("--cases", default="", help="names, with semicolons; none; default: all")
    parser.add_argument("--quick", action="store_true", help="three small models only")
    parser.add_argument("--no-containers", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--resume", action="store_true", help="keep the rows that are there")
    parser.add_argument("--server", type=Path, help="a llama-server; default: build one")
    parser.add_argument("--engine", help="an engine on this machine; default: start one")
    parser.add_argument("--folder", type=Path, default=Path("build/ollama"), help="for the files")
    parser.add_argument("--output", type=Path, help="default: results.json in the folder")
    return parser


class _Book:
    """Keeps the results on disk after every row, so that an interruption loses nothing."""

    def __init__(self, path: Path, machine: Machine, *, resume: bool) -> None:
        self._path = path
        if resume and path.is_file():
            self.results = Results.model_validate_json(path.read_text(encoding="utf-8"))
        else:
            self.results = Results(date=datetime.now(UTC).date().isoformat(), machine=machine)

    def keep(self, **changes: object) -> None:
        """Replace parts of the results and write them."""
        self.results = self.results.model_copy(update=changes)
        write_whole(self._path, self.results.model_dump_json(indent=1) + "\n")


def _machine(llama_cpp: str) -> Machine:
    names = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"))
    return Machine(
        kernel=platform.release(),
        processor=names[0] if names else platform.machine(),
        cpus=os.cpu_count() or 1,
        memory=int(memory[1]) * KIB if memory else 0,
        llama_cpp=llama_cpp,
    )


def _rows(asked: argparse.Namespace, book: _Book, server: Path, folder: Path) -> int:
    """Measure the cases one after the other; return how many failed."""
    environment = None if asked.no_peers else prepare_peers(folder / "peers")
    order, failed = [case.name for case in (*CASES, *APART)], 0
    done = {row.name for row in book.results.rows}
    for case in _wanted(asked, (*CASES, *APART)):
        if case.name in done:
            continue
        try:
            file = model_file(case.tag, folder / "models")
            row = measured_row(case, file, server, folder, environment)
        except RuntimeError as error:
            print(f"{case.name}: {error}", file=sys.stderr)
            failed += 1
            continue
        book.keep(rows=with_row(book.results.rows, row, order))
        print(f"{case.name}: {row.error:+.2%}", file=sys.stderr, flush=True)
    return failed


def _wanted(asked: argparse.Namespace, cases: Sequence[Case]) -> list[Case]:
    names = _QUICK if asked.quick else [each for each in asked.cases.split(";") if each]
    return [case for case in cases if not names or case.name in names]


def _containers(asked: argparse.Namespace, book: _Book, server: Path, folder: Path) -> int:
    """Try the smallest limits in containers; return how many could not be tried."""
    if asked.no_containers:
        return 0
    starting = connected_engine(asked.engine) if asked.engine else started_engine(folder)
    failed = 0
    with starting as engine:
        info = engine.client.info()
        machine = book.results.machine.model_copy(
            update={"engine": info["ServerVersion"], "cgroup": info["CgroupVersion"]}
        )
        book.keep(machine=machine)
        import_image(engine.client, server)
        order = [case.name for case in IN_CONTAINERS]
        done = {row.name for row in book.results.containers}
        for case in _wanted(asked, IN_CONTAINERS):
            if case.name in done:
                continue
            try:
                file = model_file(case.tag, folder / "models")
                row = container_row(case, file, server, engine.client)
            except RuntimeError as error:
                print(f"{case.name} in a container: {error}", file=sys.stderr)
                failed += 1
                continue
            rows = [*(each for each in book.results.containers if each.name != row.name), row]
            book.keep(containers=tuple(sorted(rows, key=lambda each: order.index(each.name))))
            print(f"{case.name} in containers: {row.holds}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
