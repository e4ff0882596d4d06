"""What a scan of an image's layers, or a look at a build context, found; reduced for a snapshot.

Paths are in it only as far as :func:`hcreport.collect.redact.image_path` lets them through.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hcreport.model.record import Record
from hcreport.units import Bytes

Group = Literal[
    "os-packages",
    "language-runtimes",
    "python-packages",
    "node-packages",
    "other-packages",
    "package-caches",
    "build-tools",
    "static-libraries",
    "bytecode",
    "documentation",
    "version-control",
    "tests",
    "logs-and-temporary-files",
    "model-weights",
    "datasets-and-archives",
    "copied-environments",
    "cuda",
    "application",
    "unexplained",
]
"""To which group a byte of an image or of a build context belongs."""

Cause = Literal["chmod copy", "chown copy", "rewritten", "deleted later", "moved"]
"""Why bytes of a layer are no longer seen: a later layer has the same content with other
permissions or another owner, other content, nothing, or the same content under another path."""

StepKind = Literal[
    "context",
    "hidden",
    "caches",
    "build-tools",
    "development-packages",
    "bytecode",
    "documentation",
    "cuda",
    "models",
    "datasets",
    "base",
]
"""What a step towards a smaller image removes."""

Certainty = Literal["sure", "likely"]


class Reclaimable(Record):
    """Bytes in layers that no container can see, by cause."""

    cause: Cause
    size: Bytes
    files: int = 0
    paths: tuple[str, ...] = ()
    """The files or folders with most of it, the largest first; at most twenty."""
    layers: tuple[int, ...] = ()
    """Numbers of the layers that hold the bytes, from 1 for the oldest."""


class DiveFigures(Record):
    """The two figures of dive, computed as dive computes them."""

    efficiency: float = Field(le=1)
    """Below 0 only for a tiny image with deletions of what is not there, as in dive itself."""
    wasted: Bytes
    """Counts every copy of a file, the one that stays too."""


class LayerContents(Record):
    """What one layer holds."""

    size: Bytes
    files: int = 0
    hidden: Bytes = Bytes(0)
    """Bytes of it that a later layer replaced or deleted."""
    groups: dict[Group, Bytes] = Field(default_factory=dict)
    """Bytes of it that are still seen, by group."""
    instruction: str | None = None
    """``COPY``, ``RUN`` …, where the history tells."""
    base: bool = False
    """It comes with the base image."""


class ImageStep(Record):
    """One step towards a smaller image; steps are taken in their order."""

    kind: StepKind
    saves: Bytes
    """What it saves after all steps before it."""
    certainty: Certainty = "sure"
    names: tuple[str, ...] = ()
    """What it is about: packages, patterns or folders, at most twenty."""
    more: int = 0
    """How many further names there are."""


class ImageContents(Record):
    """What the bytes of an image are, which need not be there, and what it weighs without them."""

    read: Literal["engine", "archive", "folder"]
    """Where the layers were read: through the engine's API, from an archive, or in the engine's
    own folder."""
    size: Bytes
    """Sum of its layers, unpacked."""
    seen: Bytes
    """What a container sees of it; the rest is reclaimable."""
    base: Bytes | None = None
    """Bytes in the layers of the base image; None where it is not known which they are."""
    base_image: str | None = None
    """Reference of the base image, where it is known."""
    layers: tuple[LayerContents, ...] = ()
    """Oldest first."""
    dive: DiveFigures
    reclaimable: tuple[Reclaimable, ...] = ()
    groups: dict[Group, Bytes] = Field(default_factory=dict)
    """Bytes that a container sees, by group; they add up to ``seen``."""
    duplicates: Bytes = Bytes(0)
    """Bytes of files that are there twice, as their size and both ends tell."""
    steps: tuple[ImageStep, ...] = ()
    target: Bytes | None = None
    """What it weighs after all steps; None where nothing could be said."""
    target_sure: Bytes | None = None
    """What it weighs after the steps that are sure."""
    needs_glibc: bool | None = None
    """Something that stays is linked with glibc, so that an Alpine base does not do."""
    notes: tuple[str, ...] = ()
    """What was not measured, and why."""


class ContextFolder(Record):
    """One folder or file of a build context with a share worth naming."""

    path: str
    """Relative to the context; names that are not well known are replaced by ``*``."""
    size: Bytes
    files: int = 1
    group: Group


class BuildContext(Record):
    """What a build sends to the engine from a project's folder, in lengths of files."""

    services: tuple[str, ...] = ()
    """Services that are built from it."""
    path: str | None = None
    """The folder, relative to the project directory; None where it lies outside."""
    ignore_file: str | None = None
    """The file whose patterns apply: ``.dockerignore`` or ``<Dockerfile>.dockerignore``."""
    sent: Bytes
    """Bytes that ``COPY . .`` takes along today."""
    files: int = 0
    ignored: Bytes = Bytes(0)
    """Bytes that the patterns keep out today."""
    groups: dict[Group, Bytes] = Field(default_factory=dict)
    """What is sent, by group."""
    largest: tuple[ContextFolder, ...] = ()
    advised: tuple[str, ...] = ()
    """Patterns to add to the file, in its own syntax."""
    leaves: Bytes | None = None
    """Bytes that would be sent with them."""
    leaves_sure: Bytes | None = None
    """The same with only those of the patterns about which there is no doubt."""
