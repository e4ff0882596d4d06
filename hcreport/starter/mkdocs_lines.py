"""The lines that put the report into a project's own MkDocs site, to be added by hand.

``mkdocs.yml`` is read without running what it names, and is never written: its comments, its
anchors and its order are the project's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hcreport.build import uses_plugin
from hcreport.render.templating import templates_folder

_NAMES = ("mkdocs.yml", "mkdocs.yaml")
_FOLDERS = ("health", "health-report", "hcreport-pages")


@dataclass(frozen=True, kw_only=True)
class SiteLines:
    """What a site of the project's own still needs."""

    file: str
    plugin: str
    """Lines for ``plugins``; with the key itself where the site has none."""
    has_plugins: bool
    nav: str
    """Lines for ``nav``; empty where the site has none, because MkDocs then lists all pages."""


def site_lines(folder: Path) -> SiteLines | None:
    """Return what to add; None where the project has no site, or its site has the plugin."""
    path = next((folder / name for name in _NAMES if (folder / name).is_file()), None)
    if path is None or uses_plugin(path):
        return None
    keys = _keys(path)
    plugins = keys.get("plugins")
    into = _free_folder(folder, keys.get("docs_dir"))
    return SiteLines(
        file=path.name,
        plugin=_plugin_lines(plugins, into),
        has_plugins=plugins is not None,
        nav="\n".join(_nav_lines(into)) if "nav" in keys else "",
    )


def _keys(path: Path) -> dict[str, yaml.Node]:
    """Return the keys of a ``mkdocs.yml`` and what they hold; none where it is not valid."""
    try:
        tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    if not isinstance(tree, yaml.MappingNode):
        return {}
    return {str(key.value): value for key, value in tree.value}


def _free_folder(folder: Path, docs_dir: yaml.Node | None) -> str:
    """Return a folder of the site that has no pages: pages written by hand would win over ours."""
    name = docs_dir.value if isinstance(docs_dir, yaml.ScalarNode) else "docs"
    docs = folder / str(name)
    return next((each for each in _FOLDERS if not (docs / each).exists()), _FOLDERS[-1])


def _plugin_lines(plugins: yaml.Node | None, into: str) -> str:
    if isinstance(plugins, yaml.MappingNode):
        return f"  hcreport:\n    into: {into}"
    entry = f"  - hcreport:\n      into: {into}"
    # A site that names no plugins has the search; one that names some has to name it too.
    return entry if plugins is not None else f"plugins:\n  - search\n{entry}"


def _nav_lines(into: str) -> Iterator[str]:
    """Yield the pages in the order of the site that ``hcreport build`` makes."""
    packaged = yaml.safe_load((templates_folder() / "site/mkdocs.yml").read_text(encoding="utf-8"))
    yield "  - Health report:"
    yield from _entries(packaged["nav"], into, "      ")


def _entries(entries: list[dict[str, Any]], into: str, space: str) -> Iterator[str]:
    for entry in entries:
        for title, target in entry.items():
            if isinstance(target, str):
                yield f"{space}- {title}: {into}/{target}"
            else:
                yield f"{space}- {title}:"
                yield from _entries(target, into, f"{space}    ")
