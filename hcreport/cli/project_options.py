"""The options that say which Compose project is meant and which engine runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def project_options(command: _Command) -> _Command:
    """Add ``-f``, ``--profile``, ``-p``, ``--env-file``, ``--project-directory`` and ``--host``."""
    for option in (
        click.option("--host", help="Engine to ask: unix://, tcp:// or ssh://."),
        click.option(
            "--project-directory",
            type=click.Path(path_type=Path),
            default=Path(),
            help="Folder of the Compose project.  [default: the current one]",
        ),
        click.option(
            "--env-file", "env_files", multiple=True, help="Environment file for Compose."
        ),
        click.option("-p", "--project-name", help="Compose project name."),
        click.option(
            "--profile", "profiles", multiple=True, help="Compose profile; may be repeated."
        ),
        click.option("-f", "--file", "files", multiple=True, help="Compose file; may be repeated."),
    ):
        command = option(command)
    return command
