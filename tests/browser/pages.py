"""Names the pages of the built site, in parts: each part is a test, and each page a subtest of it.

A part that is missing here fails a test, so no page goes unseen.
"""

from __future__ import annotations

from pathlib import Path

PARTS = ("", "guide", "images", "rules", "services", "sources")
"""Folders of the site that hold pages; the first is the site's own."""


def pages_of(site: Path, part: str | None = None) -> list[str]:
    """Return the paths of pages, without ``.html``: of one part, or of the whole site."""
    paths = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(
        path.with_suffix("").as_posix()
        for path in paths
        if part is None or path.parent.as_posix() == (part or ".")
    )
