"""Collects a snapshot of one Compose project: from Compose, and from the engine that runs it.

Only this package talks to the world. Compose and the engine are asked side by side; what does not
answer is a gap in the snapshot, and the rest goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hcreport.config import Config

if TYPE_CHECKING:
    from hcreport.collect.compose import ComposeRequest
    from hcreport.model import Snapshot


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """How long to watch the project, and how."""

    seconds: float | None = None
    """The longest time; None until the load command ends, which there must be then."""
    interval: float = 1.0
    """Mean seconds between two rounds of samples."""
    from_start: bool = False
    """Wait until the first container of the project starts; the window begins then."""
    load: str | None = None
    """A command of the shell that makes load; the window ends when it ends."""
    read_peaks: bool = False
    """Read the kernel's peak in each container, where the engine does not give it."""


@dataclass(frozen=True, kw_only=True)
class CollectOptions:
    """What to collect, and from where."""

    compose: ComposeRequest
    host: str | None = None
    """Address of the engine; None for ``DOCKER_HOST`` or the Docker CLI's context."""
    engine: bool = True
    """False for a snapshot of the Compose files alone."""
    config: Config = field(default_factory=Config)
    window: WindowOptions | None = None
    """None for one sample of each container."""
    ollama: str | None = None
    """Address of a running Ollama; None for the configuration's, else a service's own."""
    ollama_store: Path | None = None
    """A folder in which Ollama keeps its models."""
    from_registry: bool = False
    """Look up models in Ollama's registry, as the configuration may say too."""
    layers: str | None = None
    """Whose layers are read: ``all``, a number of the largest images, or the name of one."""


class Progress(Protocol):
    """Is told how far collection has come; called by the thread that called :func:`collect`."""

    def start(self, total: int) -> None:
        """``total`` answers are awaited in all; called again when more questions follow."""

    def step(self, what: str) -> None:
        """One answer came in."""

    def read(self, count: int) -> None:
        """``count`` more bytes of layers were read; called by the thread that reads them."""

    def watch(self, what: str, seconds: float, longest: float | None) -> None:
        """The window has been open for ``seconds`` of ``longest`` (None: nobody knows)."""


class SilentProgress:
    """Tells nobody."""

    def start(self, total: int) -> None:
        """Do nothing."""

    def step(self, what: str) -> None:
        """Do nothing."""

    def read(self, count: int) -> None:
        """Do nothing."""

    def watch(self, what: str, seconds: float, longest: float | None) -> None:
        """Do nothing."""


def collect(options: CollectOptions, progress: Progress | None = None) -> Snapshot:
    """Return a snapshot of the project as it is now, or as it is when the window is over.

    Ctrl-C ends the collection early: the snapshot then holds what was read until then, and says
    ``interrupted``; while a window is open the first Ctrl-C ends only that. Raises ComposeMissing
    or ComposeRejected where the project cannot be read, EngineUnreachable where an engine is wanted
    and none answers, CollectError where Ctrl-C came before there was anything to keep.
    """
    from hcreport.collect.collection import Collection

    taken_at = datetime.now(UTC).replace(microsecond=0)
    collection = Collection(options)
    interrupted = False
    try:
        collection.run(progress or SilentProgress())
    except KeyboardInterrupt:
        interrupted = True
        collection.keep_what_is_there()
    finally:
        collection.close()
    if collection.watched is not None:
        taken_at = collection.watched.ended_at
        interrupted = interrupted or collection.watched.interrupted
    return collection.snapshot(taken_at, interrupted=interrupted)
