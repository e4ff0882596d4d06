"""The progress bar on standard error; nothing at all where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hcreport.collect import Progress, SilentProgress
from hcreport.units import gb

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class _TerminalProgress:
    """Shows how many of the sources have answered, and which one did so last, or seconds."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._watched = False
        self._bytes = 0

    def start(self, total: int) -> None:
        if self._watched:
            self._watched = False
            self._bar.reset(self._task)
        self._bar.update(self._task, total=total)

    def step(self, what: str) -> None:
        self._bar.update(self._task, advance=1, description=what)

    def read(self, count: int) -> None:
        self._bytes += count
        text = f"Reading layers, {gb(self._bytes)}"
        self._bar.update(self._task, description=text, total=None)

    def watch(self, what: str, seconds: float, longest: float | None) -> None:
        self._watched = True
        done = seconds if longest is None else min(seconds, longest)
        text = f"{what}, {seconds:.0f} s" if seconds else what
        self._bar.update(self._task, description=text, completed=done, total=longest)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield the progress to hand to ``collect``: a bar on a terminal, silent otherwise."""
    if not sys.stderr.isatty():
        yield SilentProgress()
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield _TerminalProgress(bar, bar.add_task("Collecting", total=None))


@contextmanager
def bytes_bar(total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yield what is told how many bytes were just read: a bar on a terminal, silent otherwise."""
    if not sys.stderr.isatty():
        yield SilentProgress().read
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("Reading layers"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
