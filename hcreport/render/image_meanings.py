"""What the words about an image mean: groups of bytes, and why bytes are no longer seen."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from hcreport.model import Cause, Group

GROUP_MEANINGS: MappingProxyType[Group, str] = MappingProxyType(
    {
        "os-packages": "What dpkg, apk or rpm installed",
        "language-runtimes": "Python, Node and others that no package owns",
        "python-packages": "What pip and the like installed",
        "node-packages": "What npm and the like installed",
        "other-packages": "What other package managers installed",
        "package-caches": "Lists and downloads that installing left behind",
        "build-tools": "Compilers, headers and what only a build needs",
        "static-libraries": "Archives that only a linker reads",
        "bytecode": "Python makes it again where it is missing",
        "documentation": "Manuals, documents and translations",
        "version-control": "Folders such as .git",
        "tests": "Tests of packages and of the application",
        "logs-and-temporary-files": "What a build or a run left behind",
        "model-weights": "Files of machine learning models",
        "datasets-and-archives": "Data, databases and packed archives",
        "copied-environments": "Virtual environments and node_modules that a COPY took along",
        "cuda": "Libraries for graphics cards",
        "application": "What belongs to none of the others",
        "unexplained": "No rule of ours knows these files",
    }
)
"""What a group holds, in short."""


@dataclass(frozen=True, kw_only=True)
class CauseText:
    """Why bytes are hidden, and how a build avoids it."""

    name: str
    avoid: str


CAUSES: MappingProxyType[Cause, CauseText] = MappingProxyType(
    {
        "chmod copy": CauseText(
            name="A later layer only changed permissions",
            avoid="COPY --chmod, or chmod in the same RUN",
        ),
        "chown copy": CauseText(
            name="A later layer only changed the owner",
            avoid="COPY --chown, or chown in the same RUN",
        ),
        "rewritten": CauseText(
            name="A later layer has other content",
            avoid="Write the file once, in one RUN",
        ),
        "deleted later": CauseText(
            name="A later layer deleted it",
            avoid="Delete it in the RUN that made it",
        ),
        "moved": CauseText(
            name="A later layer moved it",
            avoid="Put it in its place at once",
        ),
    }
)
