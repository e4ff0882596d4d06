"""The command line: the only place that prints and the only one that chooses the exit code.

The result goes to standard output, everything said about it to standard error. Exit codes are
those of :mod:`hcreport.errors`, 1 for findings at or above ``--fail-on``, and 130 when interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import click

from hcreport import __version__
from hcreport.cli.check import check
from hcreport.cli.collect import collect
from hcreport.cli.diff import diff
from hcreport.cli.doctor import doctor
from hcreport.cli.image import image
from hcreport.cli.init import init
from hcreport.cli.model import model
from hcreport.cli.prove import prove
from hcreport.cli.reports import build, render, serve
from hcreport.cli.rules import explain, rules
from hcreport.cli.talk import INTERRUPTED, say
from hcreport.errors import HcreportError, UsageError


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the documented code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in _before_dashes(words) or bool(os.environ.get("HCREPORT_DEBUG"))
    words = [word for word in _before_dashes(words) if word != "--debug"] + _after_dashes(words)
    try:
        code = main.main(args=words, prog_name="hcreport", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = UsageError.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.")
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The reader has seen enough (click turns that into SystemExit); a complaint when the
        # stream is closed would be noise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # the last stop: whatever happened becomes one sentence
        code = _explain(error, debug=debug)
    sys.exit(code if isinstance(code, int) else 0)


def _before_dashes(words: list[str]) -> list[str]:
    return words[: words.index("--")] if "--" in words else words


def _after_dashes(words: list[str]) -> list[str]:
    return words[words.index("--") :] if "--" in words else []


def _explain(error: Exception, *, debug: bool) -> int:
    """Print what went wrong and what to do next; return the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, HcreportError):
        say(f"Error: {error.message}")
        if error.hint:
            say(error.hint)
        return error.exit_code
    say(f"Error: something went wrong inside hcreport ({type(error).__name__}).")
    say("Run the same command with --debug and report what it prints.")
    return HcreportError.exit_code


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hcreport", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show a traceback when something goes wrong.")
def main(debug: bool) -> None:
    """Health reports and system requirements for Docker Compose stacks."""


for _command in (
    init,
    collect,
    prove,
    model,
    image,
    check,
    diff,
    doctor,
    render,
    build,
    serve,
    explain,
    rules,
):
    main.add_command(_command)
