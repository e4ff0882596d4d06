"""The command line: the only place that prints and the only one that chooses the exit code.

The result goes to standard output, everything said about it to standard error. Exit codes are
those of :mod:`hcreport.errors`, 1 for findings at or above ``--fail-on``, and 130 when interrupted.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from hcreport import __version__
from hcreport.errors import HcreportError, UsageError

if TYPE_CHECKING:
    from hcreport.model import Snapshot
    from hcreport.render.report import ReportSource

_INTERRUPTED = 130

_EXISTING_FILE = click.Path(path_type=Path)

_SEVERITIES = ("critical", "high", "medium", "low", "never")


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
        _say("Interrupted.")
        code = _INTERRUPTED
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
        _say(f"Error: {error.message}")
        if error.hint:
            _say(error.hint)
        return error.exit_code
    _say(f"Error: something went wrong inside hcreport ({type(error).__name__}).")
    _say("Run the same command with --debug and report what it prints.")
    return HcreportError.exit_code


def _say(text: str) -> None:
    """Print a line of talk, without the control characters that a name may hold."""
    click.echo("".join(each for each in text if each.isprintable() or each == "\n"), err=True)


def _options(command: Callable[..., object]) -> Callable[..., object]:
    """Add what every command that reads a snapshot understands."""
    command = click.option(
        "--config",
        type=_EXISTING_FILE,
        help="Read this file instead of hcreport.yml in the current folder.",
    )(command)
    return click.argument("snapshot", type=_EXISTING_FILE, required=False)(command)


def _source(snapshot: Path | None, config: Path | None) -> ReportSource:
    from hcreport.render.report import ReportSource

    return ReportSource(folder=Path.cwd(), snapshot=snapshot, config=config)


def _publish(text: str, output: Path | None) -> None:
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
    _say(f"Wrote {output}.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hcreport", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show a traceback when something goes wrong.")
def main(debug: bool) -> None:
    """Health reports and system requirements for Docker Compose stacks."""


@main.command(short_help="Snapshot a Compose project.")
@click.option("-f", "--file", "files", multiple=True, help="Compose file; may be repeated.")
@click.option("--profile", "profiles", multiple=True, help="Compose profile; may be repeated.")
@click.option("-p", "--project-name", help="Compose project name.")
@click.option("--env-file", "env_files", multiple=True, help="Environment file for Compose.")
@click.option(
    "--project-directory",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder of the Compose project.  [default: the current one]",
)
@click.option("--host", help="Engine to ask: unix://, tcp:// or ssh://.")
@click.option("--no-engine", is_flag=True, help="Read the Compose files only.")
@click.option("--config", type=_EXISTING_FILE, help="Read this file instead of hcreport.yml.")
@click.option("-o", "--output", type=_EXISTING_FILE, help="File to write.  [default: stdout]")
def collect(
    *,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    project_name: str | None,
    env_files: tuple[str, ...],
    project_directory: Path,
    host: str | None,
    no_engine: bool,
    config: Path | None,
    output: Path | None,
) -> None:
    """Snapshot a Compose project: its files, its containers and its images.

    Nothing is changed, and environment values, commands and log texts never enter the snapshot.
    """
    from hcreport.collect import CollectOptions
    from hcreport.collect import collect as collect_snapshot
    from hcreport.collect.compose import ComposeRequest
    from hcreport.config import find_config, read_config
    from hcreport.progress import progress_bar
    from hcreport.snapshot import format_snapshot

    if output is not None and not output.absolute().parent.is_dir():
        raise UsageError(
            f"There is no folder {output.parent} for the snapshot.", hint="Make it first."
        )
    options = CollectOptions(
        compose=ComposeRequest(
            folder=project_directory.resolve(),
            files=files,
            profiles=profiles,
            project_name=project_name,
            env_files=env_files,
        ),
        host=host,
        engine=not no_engine,
        config=read_config(config) if config else find_config(project_directory)[0],
    )
    with progress_bar() as progress:
        snapshot = collect_snapshot(options, progress)
    _publish_or_keep(format_snapshot(snapshot), output)
    _say_collected(snapshot)


def _publish_or_keep(text: str, output: Path | None) -> None:
    """Publish a snapshot; what it shows may be over, so one that cannot be written is kept."""
    from hcreport.files import write_aside

    try:
        _publish(text, output)
    except UsageError as error:
        with contextlib.suppress(OSError):
            place = write_aside(text, ".json")
            error.hint = f"The snapshot is kept in {place}: make room and move it."
        raise


def _say_collected(snapshot: Snapshot) -> None:
    """Say what a snapshot holds and what is missing; exit where it was cut short."""
    parts = ("services", "containers", "images")
    counts = [f"{name}: {len(getattr(snapshot, name))}" for name in parts]
    _say(f"Collected {', '.join(counts)}.")
    for gap in snapshot.gaps:
        subject = f" ({gap.subject})" if gap.subject else ""
        _say(f"Not measured: {gap.source}{subject}: {gap.reason}")
    if snapshot.interrupted:
        _say("Interrupted: the snapshot holds what was read until then.")
        raise click.exceptions.Exit(_INTERRUPTED)


@main.command(short_help="Assess a snapshot; the gate for CI.")
@_options
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="high",
    show_default=True,
    help="Exit with 1 if a finding is at least this severe.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="What to print.",
)
@click.option("-o", "--output", type=_EXISTING_FILE, help="File to write.  [default: stdout]")
def check(
    *, snapshot: Path | None, config: Path | None, fail_on: str, form: str, output: Path | None
) -> None:
    """Assess a snapshot and fail where a finding is severe enough: the gate for CI."""
    from hcreport.analyze import analyze
    from hcreport.model import Severity
    from hcreport.render.report import read_material

    material = read_material(_source(snapshot, config))
    assessment = analyze(material.snapshot, material.config)
    if form == "json":
        from hcreport.render.json import to_json

        _publish(to_json(material.snapshot, assessment), output)
    else:
        from hcreport.render.terminal import WIDTH, terminal_text

        watched = output is None and sys.stdout.isatty()
        text = terminal_text(
            material.snapshot,
            assessment,
            colour=watched and not os.environ.get("NO_COLOR"),
            width=shutil.get_terminal_size().columns if watched else WIDTH,
        )
        _publish(text, output)
    if fail_on != "never":
        worst = Severity(fail_on).rank
        if any(finding.severity.rank <= worst for finding in assessment.findings):
            raise click.exceptions.Exit(1)


@main.command(short_help="Write the report as Markdown pages.")
@_options
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the Markdown pages.",
)
def render(snapshot: Path | None, config: Path | None, folder: Path) -> None:
    """Write the report as Markdown pages, for a site of your own.

    Pages that were written by hand are never replaced.
    """
    from hcreport.render.report import make_report
    from hcreport.render.write import write_pages

    report = make_report(_source(snapshot, config))
    written = write_pages(report.pages, report.assets, folder)
    _say(f"{len(report.pages)} pages in {folder}, {len(written)} of the files changed.")


@main.command(short_help="Build the site.")
@_options
@click.option(
    "--site-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("site"),
    show_default=True,
    help="Folder for the site.",
)
def build(snapshot: Path | None, config: Path | None, site_dir: Path) -> None:
    """Build the site: the snapshot named, else the one of hcreport.yml, else the example."""
    from hcreport.build import build_site

    first_page = build_site(_source(snapshot, config), site_dir.absolute())
    click.echo(first_page)


@main.command(short_help="Show the site and rebuild it on changes.")
@_options
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Where to listen.")
def serve(snapshot: Path | None, config: Path | None, address: str) -> None:
    """Show the site in a browser and rebuild it whenever the snapshot or a template changes."""
    from hcreport.build import serve_site

    gc.enable()
    serve_site(_source(snapshot, config), address)


@main.command(short_help="Print the documentation of a rule.")
@click.argument("rule")
def explain(rule: str) -> None:
    """Print what a rule checks, why it matters, how to fix it, and its limits."""
    from hcreport.render.rule_docs import rule_text

    click.echo(rule_text(rule))


@main.command(short_help="List the rules.")
def rules() -> None:
    """List the rules."""
    from hcreport.render.rule_docs import rule_list

    click.echo(rule_list())
