"""What the pages need beside them to look and work as meant: style sheet, scripts, pictures.

Style sheet and scripts are written in small files, by subject, and joined in the order of their
names. The scripts are additions only: every page says the same without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from hcreport.render.marker import FILE_MARK
from hcreport.render.templating import templates_folder

STYLE = "assets/hcreport.css"
SCRIPT = "assets/hcreport.js"
EARLY_SCRIPT = "assets/hcreport-iframe-worker.js"
"""Has to run before the theme's own script, which starts the search.

The theme's plugin ``offline`` fetches a script from another server unless one with this ending of
the name is there.
"""
LOGO = "assets/hcreport-logo.svg"
ICON = "assets/hcreport-icon.svg"

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        STYLE: "styles/*.css",
        SCRIPT: "scripts/*.js",
        EARLY_SCRIPT: "scripts/early/*.js",
        LOGO: "pictures/logo.svg",
        ICON: "pictures/icon.svg",
    }
)
ASSETS = tuple(_PARTS)
"""Their paths, relative to the first page."""

# A reader of the source needs them, a browser does not: a quarter of the weight of our part.
_REMARKS = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL)
_INDENTS = re.compile(r"^\s+", re.MULTILINE)

_NOTE = f"{FILE_MARK}. Edit the templates, not this file."


def assets() -> dict[str, bytes]:
    """Return the style sheet, the scripts and the pictures by path, each with our mark."""
    folder = templates_folder()
    return {path: _joined(folder, path, pattern) for path, pattern in sorted(_PARTS.items())}


def _joined(folder: Path, path: str, pattern: str) -> bytes:
    note = f"<!-- {_NOTE} -->" if path.endswith(".svg") else f"/* {_NOTE} */"
    parts = [each.read_text(encoding="utf-8") for each in sorted(folder.glob(pattern))]
    return "\n".join((note, *map(_packed, parts))).encode()


def _packed(source: str) -> str:
    """Return a source without remarks that have lines of their own, and without indents."""
    return _INDENTS.sub("", _REMARKS.sub("", source))
