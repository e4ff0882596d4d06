"""Collects a snapshot of one Compose project: from Compose, and from the engine that runs it.

Only this package talks to the world. Compose and the engine are asked side by side; what does not
answer is a gap in the snapshot, and the rest goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from hcreport.config import Config

if TYPE_CHECKING:
    from hcreport.collect.compose import ComposeRequest
    from hcreport.model import Snapshot


@dataclass(frozen=True, kw_only=True)
class CollectOptions:
    """What to collect, and from where."""

    compose: ComposeRequest
    host: str | None = None
    """Address of the engine; None for ``DOCKER_HOST`` or the Docker CLI's context."""
    engine: bool = True
    """False for a snapshot of the Compose files alone."""
    config: Config = field(default_factory=Config)


class Progress(Protocol):
    """Is told how far collection has come; called by the thread that called :func:`collect`."""

    def start(self, total: int) -> None:
        """``total`` answers are awaited in all; called again when more questions follow."""

    def step(self, what: str) -> None:
        """One answer came in."""


class SilentProgress:
    """Tells nobody."""

    def start(self, total: int) -> None:
        """Do nothing."""

    def step(self, what: str) -> None:
        """Do nothing."""


def collect(options: CollectOptions, progress: Progress | None = None) -> Snapshot:
    """Return a snapshot of the project as it is now.

    Ctrl-C ends the collection early: the snapshot then holds what was read until then, and says
    ``interrupted``. Raises ComposeMissing or ComposeRejected where the project cannot be read,
    EngineUnreachable where an engine is wanted and none answers, CollectError where Ctrl-C came
    before there was anything to keep.
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
    return collection.snapshot(taken_at, interrupted=interrupted)
