"""What was asked about one local model and what came of it; and the same as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hcreport.facts import Fact, fact_bytes
from hcreport.model import LocalModel, ModelMemory, ModelShape, RunnerSettings
from hcreport.units import Bytes


@dataclass(frozen=True, kw_only=True)
class ModelAnswer:
    """A model, what it needs, and the memory that it is to fit into."""

    model: LocalModel
    shape: ModelShape
    settings: RunnerSettings
    memory: ModelMemory
    fact: Fact | None = None
    """The cited fact that the shape comes from, where it does."""
    room: Bytes | None = None
    """Bytes that there are for it; None is not measured."""
    asked: bool = False
    """The room is the one that was asked about, not the engine's."""
    reason: str = ""
    """Why the room is not measured."""

    @property
    def server(self) -> Bytes:
        """What Ollama itself needs beside the model, in bytes."""
        return fact_bytes("ollama/serve-idle")

    @property
    def need(self) -> Bytes:
        """What the model with a full context, the kernel and Ollama need together, in bytes."""
        return self.memory.full + self.memory.kernel + self.server

    @property
    def fits(self) -> bool | None:
        """Whether the need is at most the room; None where that is not measured."""
        return None if self.room is None else self.need <= self.room


def model_json(answer: ModelAnswer) -> str:
    """Return the parts of a model's need as JSON, all sizes in bytes.

    ``full`` is the sum of ``weights``, ``repacked_copy``, ``kv_cache``, ``compute``, ``copies``,
    ``output``, ``overhead`` and ``checkpoints``; ``load`` is ``full`` without ``filling``;
    ``ceiling`` is ``full`` with ``prompt_cache_ceiling`` and ``checkpoints_ceiling``; ``kernel``
    comes beside.
    ``source`` says who told the shape: ``ollama``, ``file``, ``registry`` or ``catalogue``.
    ``file`` is the size of all files.
    """
    memory, settings = answer.memory, answer.settings
    sizes = (
        *("weights", "kv_cache", "compute", "output", "overhead", "load", "container_minimum"),
        *("prompt_cache_ceiling", "ceiling", "low", "high", "full", "filling", "checkpoints"),
        *("checkpoints_ceiling", "kernel", "copies"),
    )
    found = {
        "model": answer.model.name,
        "context": settings.context,
        "slots": settings.slots,
        "key_type": settings.key_type,
        "value_type": settings.value_type,
        **{name: int(getattr(memory, name)) for name in sizes},
        "validated": memory.validated,
        "source": answer.model.shape_from,
        "file": None if answer.model.file is None else int(answer.model.file),
        "repacked_copy": int(memory.repacked_copy),
    }
    return json.dumps(found, indent=2) + "\n"
