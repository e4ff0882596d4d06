"""Measures how long reading a large model's header takes, beside the ``gguf`` package.

Run as a module with a reader and a file, it reads the header once and prints what that took.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.measure import Row
from hcreport.collect.gguf import read_header
from hcreport.units import KIB, MB
from tests.gguf_files import LLAMA31_8B, write_llama

_REPETITIONS = 5
_STATUS = Path("/proc/self/status")


def headers() -> list[Row]:
    """Return the CPU time and the memory that reading the header of a file of 4.9 GB takes.

    The file has the tensors, tokens and merges of llama3.1:8b; its weights are a hole. Imports do
    not count. Raises RuntimeError where reading fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = write_llama(Path(folder) / "model.gguf", LLAMA31_8B)
        ours = _runs("hcreport", path)
        theirs = _runs("gguf", path)["cpu"] if importlib.util.find_spec("gguf") else []
    return [
        Row(
            what="header of a 4.9 GB model, CPU time",
            detail=f"{min(ours['cpu']):.3f} to {max(ours['cpu']):.3f} s",
            figure=statistics.median(ours["cpu"]),
            bar=0.2,
            unit="s",
        ),
        _memory_row(max(ours["memory"])),
        _beside(ours["cpu"], theirs),
    ]


def _memory_row(more: float) -> Row:
    what = "header of a 4.9 GB model, memory"
    if math.isnan(more):
        return Row(what=what, detail="measured on Linux only", bar=50, unit="MB")
    detail = "at its peak, beyond what the process had"
    return Row(what=what, detail=detail, figure=more, bar=50, unit="MB")


def _beside(ours: Sequence[float], theirs: Sequence[float]) -> Row:
    what = "header of a 4.9 GB model, beside gguf"
    if not theirs:
        return Row(what=what, detail="the gguf package is not installed", bar=0.5)
    mine, other = statistics.median(ours), statistics.median(theirs)
    detail = f"CPU {mine:.3g} s to {other:.3g} s"
    return Row(what=what, detail=detail, figure=mine / other, bar=0.5)


def _runs(reader: str, path: Path) -> Mapping[str, Sequence[float]]:
    """Return what each run took: CPU seconds, and megabytes beyond what the process had."""
    command = [sys.executable, "-m", "bench.headers", reader, str(path)]
    runs = []
    for _ in range(_REPETITIONS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{reader} failed: {done.stderr.strip()[-500:]}")
        runs.append(json.loads(done.stdout))
    return {name: [run[name] for run in runs] for name in ("cpu", "memory")}


def _read_ours(path: Path) -> object:
    with path.open("rb") as stream:
        return read_header(stream, size=path.stat().st_size)


def _reader(name: str) -> Callable[[Path], object]:
    if name == "hcreport":
        return _read_ours
    reader: Callable[[Path], object] = importlib.import_module("gguf").GGUFReader
    return reader


def main(name: str, path: str) -> None:
    """Read a header once and print what it took."""
    read = _reader(name)
    before = _memory("VmRSS")
    started = time.process_time()
    header = read(Path(path))
    seconds = time.process_time() - started
    more = _memory("VmHWM") - before
    del header
    print(json.dumps({"cpu": seconds, "memory": more}))


def _memory(name: str) -> float:
    """Return the process's memory in megabytes, from Linux; NaN elsewhere.

    The peak that :mod:`resource` tells is also that of the process this one was started from.
    """
    if not _STATUS.exists():
        return math.nan
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(lines[name].split()[0]) * KIB / MB


if __name__ == "__main__":
    main(*sys.argv[1:])
