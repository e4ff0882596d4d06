"""Where this installed hcreport comes from, so that a workflow can use exactly the same one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

FILE = Path(__file__).parent / "origin.txt"
"""``owner/name@commit``, written by the release workflow before it builds the package."""

_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)@([0-9a-f]{40})")
_ADDRESS = re.compile(
    r"(?:https://|ssh://git@)github\.com[/:]([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+?)(?:\.git)?/?"
)


@dataclass(frozen=True)
class Origin:
    """A repository on GitHub and a commit in it."""

    repository: str
    """``owner/name``."""
    commit: str
    """All 40 digits: a tag can be moved, a commit cannot."""


def find_origin() -> Origin | None:
    """Return where this hcreport comes from; None where neither a release nor pip wrote it down."""
    if FILE.is_file():
        return origin_of_release(FILE.read_text(encoding="utf-8"))
    try:
        installed = metadata.distribution("hcreport").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    return origin_of_installation(installed or "")


def origin_of_release(text: str) -> Origin | None:
    """Read what the release workflow wrote."""
    match = _PINNED.fullmatch(text.strip())
    return Origin(match[1], match[2]) if match else None


def origin_of_installation(text: str) -> Origin | None:
    """Read the file that pip leaves of an installation from a repository (PEP 610)."""
    try:
        found = json.loads(text)
        address, commit = found["url"], found["vcs_info"]["commit_id"]
    except (ValueError, LookupError, TypeError):
        return None
    match = _ADDRESS.fullmatch(str(address))
    return origin_of_release(f"{match[1]}@{commit}") if match else None
