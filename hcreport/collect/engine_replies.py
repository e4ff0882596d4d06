"""Holds what an engine said so far about one project, until a snapshot is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hcreport.collect.data_root import BLOCKS, DataRoot, Unread
from hcreport.collect.engine import Connection
from hcreport.collect.engine_containers import ONEOFF_LABEL, PROJECT_LABEL
from hcreport.collect.engine_past import PastEvent
from hcreport.collect.processes import Processes
from hcreport.model import Refusal

Json = dict[str, Any]


@dataclass
class Replies:
    """What the engine said so far; written by the thread that collects, and only by it."""

    connection: Connection | None = None
    listed: list[Json] | None = None
    """Containers of any Compose project; None until asked."""
    info: Json = field(default_factory=dict)
    images: list[Json] = field(default_factory=list)
    volumes: list[Json] = field(default_factory=list)
    disk: Json | None = None
    files: DataRoot | Unread | None = None
    """Blocks in the engine's folder; None where nobody looked."""
    by_container: dict[str, dict[str, Json]] = field(default_factory=dict)
    """``inspect`` and ``stats`` replies by full container id."""
    processes: dict[str, Processes] = field(default_factory=dict)
    """By full container id; none where the engine does not list them."""
    oom_kills: dict[str, int | None] = field(default_factory=dict)
    """What the kernel counted, by full container id; None where nobody could look."""
    events: dict[str, tuple[PastEvent, ...]] | None = None
    """What befell containers of late, by full id; None where it was not told."""
    refusals: dict[str, tuple[Refusal, ...]] = field(default_factory=dict)
    """What the log of each Ollama says, by full container id."""
    by_image: dict[str, dict[str, Any]] = field(default_factory=dict)
    """``images`` (inspect) and ``history`` replies by full image id."""

    def containers_of(self, project: str) -> list[Json]:
        """Return the project's containers as listed, without those of ``compose run``."""
        return [
            entry
            for entry in self.listed or ()
            if (labels := entry.get("Labels") or {}).get(PROJECT_LABEL) == project
            and labels.get(ONEOFF_LABEL) != "True"
        ]

    def keep_whole(self, source: str, value: Any) -> None:
        """Keep the reply to a question about the whole engine; None where it failed."""
        match source:
            case "containers":
                self.listed = value or []
            case "engine":
                self.info = value or {}
            case "events":
                self.events = value
            case "images":
                self.images = value or []
            case "volumes":
                self.volumes = (value or {}).get("Volumes") or []
            case "disk":
                self.disk = value
            case _ if source == BLOCKS:
                self.files = value

    def keep_one(self, source: str, subject: str, value: Any) -> None:
        """Keep the reply to a question about one container or image, by its full id."""
        match source:
            case "inspect":
                self.oom_kills[subject] = value.oom_kills
                self.by_container.setdefault(subject, {})[source] = value.reply
            case "stats":
                self.by_container.setdefault(subject, {})[source] = value
            case "processes":
                self.processes[subject] = value
            case "log":
                self.refusals[subject] = value
            case "images" | "history":
                self.by_image.setdefault(subject, {})[source] = value
