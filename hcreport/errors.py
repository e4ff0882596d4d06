"""The errors a person may see: one sentence each, a hint what to do next, and an exit code.

::

    HcreportError                5  something went wrong inside hcreport
    ├── UsageError               2  the command line or hcreport.yml asks for something impossible
    │   └── ConfigError          2  the file hcreport.yml is not valid
    ├── CollectError             3  nothing could be collected
    │   ├── ComposeMissing       3  no Docker Compose v2 or newer on this machine
    │   ├── ComposeRejected      3  Compose refuses the file; its own reason is the message
    │   ├── EngineUnreachable    3  no engine answers, or it refuses us
    │   ├── GgufError            3  the header of a model file cannot be read
    │   ├── ImageError           3  an image's layers could not be read
    │   └── OllamaError          3  what is known about a local model could not be read
    ├── ProveError               3  a scenario could not be run as a throwaway project
    ├── SnapshotError            4  the snapshot cannot be read
    │   └── SnapshotTooNew       4  it was written by a newer hcreport
    ├── BuildError               5  MkDocs could not build the site, or a page could not be written
    └── FactError                5  a packaged fact is missing or malformed
"""

from __future__ import annotations

from typing import ClassVar


class HcreportError(Exception):
    """Any failure that is explained to the person who ran the command.

    ``message`` is one sentence. ``hint`` says what to do next, and may be empty where the
    message already does.
    """

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HcreportError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class ConfigError(UsageError):
    """``hcreport.yml`` is not valid; the message names the key."""


class CollectError(HcreportError):
    """Nothing could be collected, so there is no snapshot to write."""

    exit_code = 3


class ComposeMissing(CollectError):
    """No Docker Compose v2 or newer was found."""


class ComposeRejected(CollectError):
    """Compose refuses the project; the message is Compose's own reason."""


class EngineUnreachable(CollectError):
    """No Docker engine answered, or it answered that we may not ask."""


class OllamaError(CollectError):
    """Neither a server, a file nor a registry said what was asked about a local model."""


class GgufError(CollectError):
    """The header of a model file is not one that hcreport reads, or it is damaged."""


class ImageError(CollectError):
    """The layers of an image could not be read, or there is no such image."""


class ProveError(HcreportError):
    """A scenario could not be run as a throwaway project, so nothing was proven."""

    exit_code = 3


class SnapshotError(HcreportError):
    """A snapshot file is missing, truncated, or not what the schema says."""

    exit_code = 4


class SnapshotTooNew(SnapshotError):
    """A snapshot has a schema number this version does not know."""


class BuildError(HcreportError):
    """A page could not be written, or MkDocs refused the site."""


class FactError(HcreportError):
    """A packaged fact is missing or malformed: a fault of the installation, not of the user."""
