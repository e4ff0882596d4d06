"""The commands that turn a snapshot into a verdict, pages or a site."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.talk import FILE, colour_and_width, publish, say

if TYPE_CHECKING:
    from hcreport.render.report import ReportSource

_SEVERITIES = ("critical", "high", "medium", "low", "never")


def _options(command: Callable[..., object]) -> Callable[..., object]:
    """Add what every command that reads a snapshot understands."""
    command = click.option(
        "--config",
        type=FILE,
        help="Read this file instead of hcreport.yml in the current folder.",
    )(command)
    return click.argument("snapshot", type=FILE, required=False)(command)


def _source(snapshot: Path | None, config: Path | None) -> ReportSource:
    from hcreport.render.report import ReportSource

    return ReportSource(folder=Path.cwd(), snapshot=snapshot, config=config)


@click.command(short_help="Assess a snapshot; the gate for CI.")
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
@click.option("-o", "--output", type=FILE, help="File to write.  [default: stdout]")
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

        publish(to_json(material.snapshot, assessment), output)
    else:
        from hcreport.render.terminal import terminal_text

        colour, width = colour_and_width(output)
        text = terminal_text(material.snapshot, assessment, colour=colour, width=width)
        publish(text, output)
    if fail_on != "never":
        worst = Severity(fail_on).rank
        if any(finding.severity.rank <= worst for finding in assessment.findings):
            raise click.exceptions.Exit(1)


@click.command(short_help="Write the report as Markdown pages.")
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
    from hcreport.render.write import write_pages, written_by_hand

    report = make_report(_source(snapshot, config))
    for path in written_by_hand(report.pages, report.assets, folder):
        say(f"{path} was written by hand, so it stays.")
    written = write_pages(report.pages, report.assets, folder)
    say(f"{len(report.pages)} pages in {folder}, {len(written)} of the files changed.")


@click.command(short_help="Build the site.")
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


@click.command(short_help="Show the site and rebuild it on changes.")
@_options
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Where to listen.")
def serve(snapshot: Path | None, config: Path | None, address: str) -> None:
    """Show the site in a browser and rebuild it whenever the snapshot or a template changes."""
    from hcreport.build import serve_site

    gc.enable()
    serve_site(_source(snapshot, config), address)
