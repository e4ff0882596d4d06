"""Options that several commands have, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hcreport.cli.talk import FILE

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """Add ``--config``, for a project whose ``hcreport.yml`` lies elsewhere."""
    return click.option(
        "--config",
        type=FILE,
        help="Read this file instead of hcreport.yml in the current folder.",
    )(command)


def format_option(*forms: str) -> Callable[[_Command], _Command]:
    """Add ``--format`` with these forms beside the one for a terminal, which is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["terminal", *forms]),
        default="terminal",
        show_default=True,
        help="What to print.",
    )


def output_option(command: _Command) -> _Command:
    """Add ``-o``, for a file in place of what is printed."""
    return click.option("-o", "--output", type=FILE, help="File to write.  [default: stdout]")(
        command
    )
