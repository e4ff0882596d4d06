"""What the pages need beside them to look and work as meant: one style sheet and two scripts.

They are written in small files, by subject, and joined in the order of their names. The scripts
are additions only: every page says the same without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from hcreport.render.templating import templates_folder

STYLE = "assets/hcreport.css"
SCRIPT = "assets/hcreport.js"
SEARCH_SCRIPT = "assets/hcreport-search.js"
"""Has to run before the theme's own script, which starts the search."""

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        STYLE: "styles/*.css",
        SCRIPT: "scripts/*.js",
        SEARCH_SCRIPT: "scripts/search/*.js",
    }
)


def assets() -> dict[str, bytes]:
    """Return the style sheet and the scripts by path, relative to the first page."""
    folder = templates_folder()
    return {path: _joined(folder, pattern) for path, pattern in sorted(_PARTS.items())}


def _joined(folder: Path, pattern: str) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.glob(pattern)))
