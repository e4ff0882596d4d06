"""The MkDocs adapter: puts the pages of a snapshot among the files of a site.

In ``mkdocs.yml``::

    plugins:
      - search
      - hcreport:
          snapshot: snapshots/latest.json   # else hcreport.yml's, else the example
          into: health                      # folder of the site; the root where left out

A page written by hand wins over a generated one of the same name.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mkdocs.config import base
from mkdocs.config import config_options as options
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files, InclusionLevel

from hcreport.errors import HcreportError
from hcreport.render.assets import SCRIPT, STYLE
from hcreport.render.marker import is_generated, is_generated_file
from hcreport.render.report import Report, ReportSource, make_report

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer

_log = logging.getLogger("mkdocs.plugins.hcreport")

_LATEST_TIME = datetime(2106, 1, 1, tzinfo=UTC)
"""The sitemap is also packed with gzip, whose times end in that year."""

EXTENSIONS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "admonition": {},
        "attr_list": {},
        "md_in_html": {},
        "pymdownx.details": {},
        "pymdownx.tabbed": {"alternate_style": True},
    }
)
"""What the pages are written in beyond MkDocs' own Markdown, with the settings they need."""

_chosen: ContextVar[Callable[[], Report] | None] = ContextVar("_chosen", default=None)


@contextmanager
def chosen_report(make: Callable[[], Report]) -> Iterator[None]:
    """Publish what ``make`` returns, whatever ``mkdocs.yml`` says: the command line asked for it.

    It is called for each build, so a server can make the report anew.
    """
    token = _chosen.set(make)
    try:
        yield
    finally:
        _chosen.reset(token)


class PluginOptions(base.Config):
    """What ``mkdocs.yml`` may say under ``hcreport:``."""

    snapshot = options.Optional(options.Type(str))
    """Snapshot to publish, relative to ``mkdocs.yml``."""
    into = options.Type(str, default="")
    """Folder of the site that gets the pages."""


class HcreportPlugin(BasePlugin[PluginOptions]):
    """Adds the report's pages, its style sheet and its script to a MkDocs site."""

    def __init__(self) -> None:
        super().__init__()
        self._report: Report | None = None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Make the report, and let the site carry its date, its style sheet and its script."""
        try:
            report = self._make_report(config)
        except HcreportError as error:
            raise PluginError(f"hcreport: {error.message} {error.hint}".strip()) from error
        self._report = report
        # The same snapshot gives the same site: the sitemap's dates are the snapshot's.
        seconds = max(min(report.taken_at, _LATEST_TIME).timestamp(), 0)
        os.environ.setdefault("SOURCE_DATE_EPOCH", str(int(seconds)))
        _add_extensions(config)
        if self._place(STYLE) not in config.extra_css:
            config.extra_css.append(self._place(STYLE))
        if self._place(SCRIPT) not in {str(each) for each in config.extra_javascript}:
            script = options.ExtraScriptValue(self._place(SCRIPT))
            script.defer = True
            config.extra_javascript.append(script)
        return config

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Add each page, unless a hand-written one has its name."""
        report = self._known_report()
        for path, text in sorted(report.pages.items()):
            self._add(files, config, path, text)
        for path, content in sorted(report.assets.items()):
            self._add(files, config, path, content)
        return files

    def on_serve(self, server: LiveReloadServer, **_: object) -> LiveReloadServer:
        """Rebuild when the snapshot, ``hcreport.yml`` or a template changes."""
        for path in self._known_report().watched:
            server.watch(str(path))
        return server

    def _make_report(self, config: MkDocsConfig) -> Report:
        chosen = _chosen.get()
        if chosen is not None:
            return chosen()
        folder = Path(config.config_file_path or "mkdocs.yml").parent
        named = self.config.snapshot
        return make_report(ReportSource(folder=folder, snapshot=folder / named if named else None))

    def _known_report(self) -> Report:
        if self._report is None:
            raise PluginError("hcreport: the report was not made; is the plugin loaded twice?")
        return self._report

    def _place(self, path: str) -> str:
        folder = self.config.into.strip("/")
        return f"{folder}/{path}" if folder else path

    def _add(self, files: Files, config: MkDocsConfig, path: str, content: str | bytes) -> None:
        place = self._place(path)
        existing = files.get_file_from_path(place)
        if existing is not None:
            found = existing.content_bytes.decode("utf-8", "replace")
            is_ours = is_generated if path.endswith(".md") else is_generated_file
            if not is_ours(found):
                _log.info("%s is written by hand and stays", place)
                return
            files.remove(existing)
        inclusion = InclusionLevel.NOT_IN_NAV if "/" in path else InclusionLevel.UNDEFINED
        files.append(File.generated(config, place, content=content, inclusion=inclusion))


def _add_extensions(config: MkDocsConfig) -> None:
    """Let a site read what the pages are written in; what it has set itself stays."""
    known = config.markdown_extensions
    for name, settings in EXTENSIONS.items():
        if name not in known:
            known.append(name)
            config.mdx_configs[name] = dict(settings)
