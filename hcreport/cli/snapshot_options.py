"""The arguments that say which snapshot is meant, and whose ``hcreport.yml`` applies."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hcreport.cli.shared_options import config_option
from hcreport.cli.talk import FILE

if TYPE_CHECKING:
    from hcreport.render.report import ReportSource

_Command = TypeVar("_Command", bound=Callable[..., Any])


def snapshot_options(command: _Command) -> _Command:
    """Add ``SNAPSHOT`` and ``--config``, which every command that reads a snapshot understands."""
    return click.argument("snapshot", type=FILE, required=False)(config_option(command))


def report_source(snapshot: Path | None, config: Path | None) -> ReportSource:
    """Return what the command line names, for the current folder."""
    from hcreport.render.report import ReportSource

    return ReportSource(folder=Path.cwd(), snapshot=snapshot, config=config)


def repository_folder(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """Return a folder within a repository with forward slashes; empty for the root itself.

    Raises BadParameter for a folder that is absolute or lies outside.
    """
    folder = posixpath.normpath(value.strip().replace("\\", "/")) if value.strip() else "."
    if folder == ".." or folder.startswith(("/", "../")) or folder[1:2] == ":":
        raise click.BadParameter("name a folder from the root of the repository, such as deploy")
    return "" if folder == "." else folder
