"""Traces of what befell a container: what the engine, the kernel and Ollama noted of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hcreport.model.record import Record
from hcreport.units import Bytes


class Past(Record):
    """What the engine's list of events still holds of one container.

    An engine keeps its last 256 events, of all containers together, so that an empty record is no
    proof that nothing happened: moby, ``daemon/events/events.go``.
    """

    oom_kills: int = Field(default=0, ge=0)
    """Events ``oom``: the kernel killed a process for want of memory."""
    signals: tuple[int, ...] = ()
    """Signals sent through the engine (``docker stop``, ``docker kill``) since the last start of
    the container, oldest first; 15 is SIGTERM, 9 is SIGKILL."""
    exit_codes: tuple[int, ...] = ()
    """Exit codes of the lives that ended, oldest first."""
    unhealthy_after: float | None = Field(default=None, ge=0)
    """Seconds from the last start until its health check called it unhealthy, where that is the
    first that is known of its health since then."""
    healthy_after: float | None = Field(default=None, ge=0)
    """Seconds from the last start until it was called healthy after that."""


class Refusal(Record):
    """Ollama's refusal to load a model, found in the last lines of its log or in a probe."""

    wording: Literal["until 0.29", "since 0.30"]
    """Which of its wordings: facts ``ollama/refusal-until-029``, ``ollama/failed-load-since-030``.
    """
    needs: Bytes | None = None
    """Bytes that the model asked for, where the wording says so."""
    available: Bytes | None = None
    """Bytes that Ollama found free, where the wording says so."""


StartError = Literal["program not found", "other"]
"""Why the engine did not start a container. ``other`` may be a port, a mount, a network: the text
is looked at and not kept."""
