"""Says why a part of a snapshot is missing, in the words of the source that failed."""

from __future__ import annotations

from collections.abc import Iterator

from hcreport.model import Gap, Snapshot

# The sources whose gap explains a missing part.
_SOURCES = {
    "engine": ("engine",),
    "containers": ("containers", "engine"),
    "images": ("images", "engine"),
    "volumes": ("volumes", "engine"),
    "container": ("inspect", "containers", "engine"),
    "container.memory": ("stats", "engine"),
    "container.cpu": ("stats", "engine"),
    "container.writable": ("disk", "engine"),
    "disk": ("disk", "engine"),
    "disk.blocks": ("disk", "disk blocks", "engine"),
    "service.config_hash": ("hash",),
    "image.layers": ("history", "images", "engine"),
    "image.contents": ("layers",),
    "contexts": ("build contexts",),
    "scenario": ("scenarios",),
    "volume": ("volumes", "engine"),
    "volume.size": ("disk", "volumes", "engine"),
}

_FROM_THE_FILES = ("contexts", "service", "services", "model", "models", "project")


# Where the name of a part says too little.
_WORDS = {
    "contexts": "no build context was looked at; hcreport collect does so in the project's folder",
    "containers": "the project had no containers on this engine",
    "disk": "the engine did not say what it keeps on its disk",
    "engine.memory_total": "the engine did not say how much memory it has",
    "image.contents": "its layers were not read; hcreport collect --layers reads them",
    "image.layers": "the image's history is not known",
    "model.memory": "nobody has said what the model needs",
    "services": "the snapshot holds no services",
}


def gaps_about(need: str, snapshot: Snapshot, subject: str | None = None) -> Iterator[Gap]:
    """Yield the recorded failures that explain a missing part, such as ``container.memory``."""
    sources = _SOURCES.get(need) or _SOURCES.get(need.split(".", maxsplit=1)[0], ())
    for gap in snapshot.gaps:
        if gap.source in sources and gap.subject in (None, subject):
            yield gap


def why_missing(need: str, snapshot: Snapshot, subject: str | None = None) -> str:
    """Return one clause that says why a part is not known; ``subject`` is whose part it is."""
    for gap in gaps_about(need, snapshot, subject):
        return gap.reason
    if snapshot.interrupted:
        return "collection was interrupted before this was read"
    if snapshot.engine is None and need.split(".", maxsplit=1)[0] not in _FROM_THE_FILES:
        return "the snapshot was taken without an engine"
    if need in _WORDS:
        return _WORDS[need]
    words = need.split(".", 1)[-1].replace(".", " ").replace("_", " ")
    return f"the snapshot holds no {words}"
