"""Builds and serves the site with MkDocs, by the project's ``mkdocs.yml`` or the packaged one.

The site is built beside its final place and moved there when it is whole, so a build that fails
leaves the last site standing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from hcreport.errors import BuildError, UsageError
from hcreport.render.escape import plain
from hcreport.render.report import Report, ReportSource, make_report
from hcreport.render.templating import templates_folder


def build_site(source: ReportSource, site: Path) -> Path:
    """Build the site into ``site`` and return its first page.

    Warnings of MkDocs are errors. Raises BuildError, UsageError where ``site`` holds something
    that is not a site, and what :func:`hcreport.render.report.make_report` raises.
    """
    # A bad snapshot is reported as itself, not as a failure of MkDocs.
    report = make_report(source)
    _refuse_foreign_folder(site)
    try:
        site.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=site.parent, prefix=f".{site.name}.") as workspace:
            fresh = Path(workspace) / "site"
            _run_mkdocs(report, _settings(source, report, Path(workspace) / "docs"), fresh)
            _replace(site, fresh, Path(workspace) / "old")
    except OSError as error:
        raise BuildError(
            f"the site cannot be written to {site}: {error.strerror}.",
            hint="Choose another place with --site-dir.",
        ) from error
    return site / "index.html"


def serve_site(source: ReportSource, address: str) -> None:
    """Build and serve until interrupted, and build again when something changes."""
    from mkdocs.commands.serve import serve

    from hcreport.plugin import chosen_report

    report = make_report(source)
    make = partial(make_report, source)
    with tempfile.TemporaryDirectory() as workspace, chosen_report(make), _quiet_theme():
        settings = _settings(source, report, Path(workspace))
        with _mkdocs_errors():
            serve(dev_addr=address, **settings)


def _run_mkdocs(report: Report, settings: dict[str, Any], site: Path) -> None:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    from hcreport.plugin import chosen_report

    # The page for a wrong address is shown at any depth, so its links need the site's own one.
    if address := os.environ.get("SITE_URL"):
        settings = {**settings, "site_url": address}
    with chosen_report(lambda: report), _quiet_theme(), _mkdocs_errors():
        config = load_config(site_dir=str(site), strict=True, **settings)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        finally:
            config.plugins.on_shutdown()


def _settings(source: ReportSource, report: Report, docs: Path) -> dict[str, Any]:
    """Return how MkDocs is called: the project's own site where it uses our plugin, else ours."""
    own = source.folder / "mkdocs.yml"
    if own.is_file() and uses_plugin(own):
        return {"config_file": str(own)}
    docs.mkdir(parents=True, exist_ok=True)
    name = report.snapshot.title or report.snapshot.project.name
    return {
        "config_file": str(templates_folder() / "site" / "mkdocs.yml"),
        "docs_dir": str(docs),
        # The theme prints a site's name as it is, and a snapshot's text is hostile.
        "site_name": plain(name),
    }


def uses_plugin(path: Path) -> bool:
    """Tell whether a ``mkdocs.yml`` names our plugin, without running what it names."""
    try:
        tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    if not isinstance(tree, yaml.MappingNode):
        return False
    plugins = [value for key, value in tree.value if key.value == "plugins"]
    return any("hcreport" in _plugin_names(node) for node in plugins)


def _plugin_names(node: yaml.Node) -> set[str]:
    names: set[str] = set()
    if isinstance(node, yaml.MappingNode):
        names |= {str(key.value) for key, _ in node.value}
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            names |= {entry.value} if isinstance(entry, yaml.ScalarNode) else _plugin_names(entry)
    return names


@contextlib.contextmanager
def _quiet_theme() -> Iterator[None]:
    """Keep the theme's notice about MkDocs 2 out of our users' builds.

    docs/guide says what happens after the theme's end of life.
    """
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    yield


@contextlib.contextmanager
def _mkdocs_errors() -> Iterator[None]:
    """Turn what MkDocs complains of into one BuildError with its own words."""
    from mkdocs.exceptions import Abort, ConfigurationError, MkDocsException

    logger = logging.getLogger("mkdocs")
    complaints = _Complaints()
    logger.addHandler(complaints)
    try:
        yield
    except (Abort, ConfigurationError, MkDocsException) as error:
        said = "; ".join(complaints.messages[:3]) or str(error)
        raise BuildError(
            f"MkDocs did not build the site: {said}",
            hint="Correct what it names in mkdocs.yml or in the page, and build again.",
        ) from error
    finally:
        logger.removeHandler(complaints)


class _Complaints(logging.Handler):
    """Collects warnings and errors of MkDocs."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))


def _refuse_foreign_folder(site: Path) -> None:
    """MkDocs empties the folder it builds into: make sure that what is there is a site."""
    if site.is_dir() and any(site.iterdir()):
        if not ((site / "index.html").is_file() and (site / "404.html").is_file()):
            raise UsageError(
                f"{site} is not empty and does not look like a built site, so it stays as it is.",
                hint="Name another folder with --site-dir, or empty it yourself.",
            )
    elif site.exists() and not site.is_dir():
        raise UsageError(f"{site} is a file.", hint="Name a folder with --site-dir.")


def _replace(site: Path, fresh: Path, old: Path) -> None:
    """Put the fresh site in place; the old one goes away with the workspace."""
    had_one = site.exists()
    if had_one:
        site.rename(old)
    try:
        fresh.rename(site)
    except OSError:
        if had_one:
            old.rename(site)
        raise
