"""Where a finding stands, as SARIF names places: a file from the repository's root, and a line."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import quote

from hcreport.gate import Checked
from hcreport.model import Finding
from hcreport.render.escape import one_line

ROOT = "%SRCROOT%"
"""The name that GitHub and others give to the root of a repository."""

_USUAL_FILE = "compose.yaml"
"""Where a snapshot names no Compose file: every result needs one, and Compose looks here first."""


def root_json() -> dict[str, Any]:
    """Return what :data:`ROOT` stands for; where it lies is left to whoever reads the file."""
    return {"description": {"text": "The root of the repository."}}


def place_json(checked: Checked, finding: Finding) -> dict[str, Any]:
    """Return the finding's place; without one, the first line of the first Compose file."""
    files = checked.snapshot.project.compose_files
    known = finding.location
    file = known.file if known else files[0] if files else _USUAL_FILE
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": file_uri(checked.path_prefix, file), "uriBaseId": ROOT},
            "region": {"startLine": known.line if known else 1},
        },
        "logicalLocations": [{"name": one_line(finding.subject) or "?"}],
    }


def file_uri(prefix: str, file: str) -> str:
    """Return the relative address of a file in the folder ``prefix`` of the repository.

    A file above the repository's root is named without the way up: the standard allows none.
    """
    path = posixpath.normpath(posixpath.join(prefix, file)).lstrip("/")
    while path.startswith("../"):
        path = path.removeprefix("../")
    # Each part is quoted, a colon too: before the first slash it would end a scheme.
    return quote(path.encode("utf-8", "replace"), safe="/")
