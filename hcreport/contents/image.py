"""One image as its layers and its configuration; read by ``collect``, never written to a file.

The configuration holds commands and environment values, which are private: nothing of it may enter
a snapshot except through :mod:`hcreport.collect.redact`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hcreport.contents.layer import LayerFiles


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One step of how the image was built."""

    text: str
    """``created_by``: the builder's own words, with arguments."""
    empty: bool = False
    """It made no layer."""


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """How a container of the image starts; all of it as ``docker inspect`` prints it."""

    environment: tuple[str, ...] = ()
    """``NAME=value``."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    folder: str = ""
    """Working directory."""
    ports: tuple[str, ...] = ()
    """``8000/tcp``, sorted."""
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    health_check: Mapping[str, object] = field(default_factory=dict)
    """``Test``, ``Interval`` … in nanoseconds; empty where there is none."""
    stop_signal: str = ""
    shell: tuple[str, ...] = ()
    architecture: str = ""
    system: str = "linux"


@dataclass(frozen=True, kw_only=True)
class ImageFiles:
    """The layers of an image, oldest first, and how it was made and starts."""

    name: str
    """Its tag as it was asked for, or its first tag, or its short id."""
    id: str = ""
    """``sha256:…`` of its configuration."""
    layers: tuple[LayerFiles, ...]
    history: tuple[HistoryEntry, ...] = ()
    """Oldest first."""
    config: ImageConfig = ImageConfig()
    linked: frozenset[int] = frozenset()
    """Numbers of the layers, from 0, that ``docker save`` writes as links to earlier ones: engines
    before 25 do so where an image has the same layer twice."""
    notes: tuple[str, ...] = ()
    """What could not be read and why, one sentence each."""

    @property
    def size(self) -> int:
        """Bytes of all layers, unpacked."""
        return sum(layer.size for layer in self.layers)

    @property
    def as_dive_sees(self) -> tuple[LayerFiles, ...]:
        """The layers as dive reads them: it takes a layer that is a link for an empty one."""
        return tuple(
            LayerFiles(diff_id=layer.diff_id) if number in self.linked else layer
            for number, layer in enumerate(self.layers)
        )

    def steps(self) -> tuple[HistoryEntry | None, ...]:
        """Return for each layer the step that made it; None where the history does not tell."""
        made = [entry for entry in self.history if not entry.empty]
        return tuple(made) if len(made) == len(self.layers) else (None,) * len(self.layers)
