"""Prints results to standard output, and everything said about them to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from hcreport.errors import UsageError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

FILE = click.Path(path_type=Path)
"""A file on the command line."""


def say(text: str) -> None:
    """Print a line of talk, without the control characters that a name may hold."""
    click.echo("".join(each for each in text if each.isprintable() or each == "\n"), err=True)


def publish(text: str, output: Path | None) -> None:
    """Write a result to the file asked for, else to standard output."""
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    from hcreport.files import write_whole

    try:
        write_whole(output, text)
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}.",
            hint="Choose another place with --output.",
        ) from error
    say(f"Wrote {output}.")


def colour_and_width(output: Path | None = None) -> tuple[bool, int]:
    """Return whether a result is shown with colours, and in how many columns.

    ``output`` is the file for it, where it does not go to standard output.
    """
    from hcreport.render.console import WIDTH

    if output is not None or not sys.stdout.isatty():
        return False, WIDTH
    return not os.environ.get("NO_COLOR"), shutil.get_terminal_size().columns
