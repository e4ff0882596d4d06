"""Turns the engine's replies into the observed part of a snapshot; what cannot be read is a gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from hcreport.collect.data_root import BLOCKS, DataRoot, Unread
from hcreport.collect.engine import read_engine
from hcreport.collect.engine_containers import (
    container_state,
    read_container,
    read_limits,
)
from hcreport.collect.engine_past import past_of
from hcreport.collect.engine_questions import container_name
from hcreport.collect.engine_replies import Replies
from hcreport.collect.images import image_name, read_image
from hcreport.collect.ollama_refusals import last_refusals, refusals_in_probes, serves_ollama
from hcreport.collect.processes import Processes
from hcreport.collect.stats import Sample, read_sample
from hcreport.collect.volumes import read_disk, read_volumes
from hcreport.estimate.program_files import program_files
from hcreport.model import Container, Disk, Engine, Gap, Image, Project, Volume
from hcreport.units import Bytes

Json = dict[str, Any]

_Read = TypeVar("_Read")

_UNREADABLE = "The engine's answer was not of the expected form."


@dataclass
class EngineSnapshot:
    """The parts of a snapshot that the engine answers for."""

    engine: Engine | None = None
    containers: tuple[Container, ...] = ()
    images: tuple[Image, ...] = ()
    volumes: tuple[Volume, ...] = ()
    disk: Disk | None = None
    gaps: list[Gap] = field(default_factory=list)

    def reading(self, source: str, subject: str | None, read: Callable[[], _Read]) -> _Read | None:
        """Return what ``read`` returns; None and a gap where a reply has an unexpected shape."""
        try:
            return read()
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            self.gaps.append(Gap(source=source, subject=subject, reason=_UNREADABLE))
            return None


def read_replies(
    replies: Replies, project: Project, keep_registries: tuple[str, ...]
) -> EngineSnapshot:
    """Return everything the replies say about a project, each part sorted by name."""
    result = EngineSnapshot()
    connection = replies.connection
    if connection is not None:
        result.engine = result.reading(
            "engine", None, lambda: read_engine(connection, replies.info)
        )
    files = _files(result, replies)
    entries = replies.containers_of(project.name)
    written = result.reading("disk", None, lambda: _written(replies.disk)) or {}
    read = [
        _with_sizes(each, entry["Id"], written, files)
        for entry in entries
        if (each := _container(result, entry, replies, keep_registries)) is not None
    ]
    result.containers = tuple(sorted(read, key=lambda each: each.name))
    layers = files.layers if files else {}
    images = [
        _image(result, replies, key, keep_registries, layers) for key in sorted(replies.by_image)
    ]
    result.images = tuple(
        sorted((each for each in images if each is not None), key=lambda each: each.name)
    )
    blocks = files.volumes if files else None
    volumes = result.reading(
        "volumes",
        None,
        lambda: read_volumes(project, result.containers, replies.volumes, replies.disk, blocks),
    )
    result.volumes = volumes or ()
    result.disk = _disk(result, replies, files, {entry["Id"] for entry in entries})
    return result


def _disk(
    result: EngineSnapshot, replies: Replies, files: DataRoot | None, containers: set[str]
) -> Disk | None:
    """Return both accounts of the disk; ``containers`` are full ids of the project's."""
    disk_use, counted = replies.disk, None
    if disk_use is not None:
        counted = result.reading("disk", None, lambda: read_disk(disk_use))
    if files is None:
        return counted
    return files.disk(
        counted,
        chains={chain for image in result.images for chain in image.layers_on_disk},
        containers=containers,
        volumes={volume.name for volume in result.volumes},
    )


def _files(result: EngineSnapshot, replies: Replies) -> DataRoot | None:
    """Return the blocks in the engine's folder; where there are none, note why."""
    found = replies.files
    unread = found.reason if isinstance(found, Unread) else found.unread if found else ""
    if result.engine is not None:
        result.engine = result.engine.model_copy(update={"files_unread": unread})
    if isinstance(found, Unread) and found.failed:
        reason = f"{unread[:1].upper()}{unread[1:]}."
        result.gaps.append(Gap(source=BLOCKS, reason=reason))
    return found if isinstance(found, DataRoot) else None


def _written(disk_use: Json | None) -> Mapping[str, Bytes]:
    """Return the size of each container's own layer by full id; the engine leaves zeros out."""
    entries = (disk_use or {}).get("Containers") or ()
    return {entry["Id"]: Bytes(entry.get("SizeRw") or 0) for entry in entries}


def _with_sizes(
    container: Container, key: str, written: Mapping[str, Bytes], files: DataRoot | None
) -> Container:
    sizes = {"writable": written.get(key)}
    if files is not None and files.builder is not None:
        sizes["writable_on_disk"] = files.containers.get(key)
    if files is not None:
        sizes["logs_on_disk"] = files.logs.get(key, Bytes(0))
    return container.model_copy(update=sizes)


def _container(
    result: EngineSnapshot, entry: Json, replies: Replies, keep: tuple[str, ...]
) -> Container | None:
    """Return one container; None where it was not inspected, for its limits would be unknown."""
    answers = replies.by_container.get(entry["Id"], {})
    name, details = container_name(entry), answers.get("inspect")
    if details is None:
        return None
    sample = _sample(result, name, details, answers.get("stats"))
    if sample is not None:
        sample = _with_program_files(sample, replies.processes.get(entry["Id"]))

    def read() -> Container:
        container = read_container(details, sample, keep)
        return _with_traces(container, entry["Id"], details, replies)

    return result.reading("inspect", name, read)


def _with_traces(container: Container, key: str, details: Json, replies: Replies) -> Container:
    """Return a container with what the engine, the kernel and Ollama noted about it."""
    traces: dict[str, Any] = {"oom_kills": replies.oom_kills.get(key)}
    if replies.events is not None:
        traces["past"] = past_of(replies.events.get(key, ()), details["State"].get("StartedAt"))
    if serves_ollama(details):
        probed, logged = refusals_in_probes(details), replies.refusals.get(key, ())
        traces["refusals"] = last_refusals((*probed, *logged))
    return container.model_copy(update=traces)


def _sample(result: EngineSnapshot, name: str, details: Json, reply: Json | None) -> Sample | None:
    if reply is None:
        return None
    sample = result.reading("stats", name, lambda: read_sample(reply, read_limits(details)))
    if sample is None or sample.memory is not None:
        return sample
    status = result.reading("inspect", name, lambda: container_state(details["State"]))
    if status in ("running", "paused"):
        reason = "The engine reported no memory use for it."
        result.gaps.append(Gap(source="stats", subject=name, reason=reason))
    return sample


def _with_program_files(sample: Sample, found: Processes | None) -> Sample:
    if sample.memory is None or found is None or found.resident is None:
        return sample
    files = program_files(found.resident, found.count, sample.memory)
    return replace(sample, memory=sample.memory.model_copy(update={"program_files": files}))


def _image(
    result: EngineSnapshot,
    replies: Replies,
    key: str,
    keep: tuple[str, ...],
    on_disk: Mapping[str, Bytes],
) -> Image | None:
    """Return one image. Without its history, its size is known on a classic image store only."""
    answers = replies.by_image[key]
    details, history = answers.get("images"), answers.get("history")
    if details is None:
        return None
    name = image_name({"Id": key, **details}, keep)
    engine = result.engine
    if history is None and (engine is None or engine.containerd_store is not False):
        reason = "Its size is known from its history only, and the engine did not give it."
        result.gaps.append(Gap(source="images", subject=name, reason=reason))
        return None
    return result.reading("images", name, lambda: read_image(details, history, keep, on_disk))
