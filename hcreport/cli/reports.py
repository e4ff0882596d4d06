"""The commands that turn a snapshot into pages or a site."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from hcreport.cli.snapshot_options import report_source, snapshot_options
from hcreport.cli.talk import say


@click.command(short_help="Write the report as Markdown pages.")
@snapshot_options
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

    report = make_report(report_source(snapshot, config))
    for path in written_by_hand(report.pages, report.assets, folder):
        say(f"{path} was written by hand, so it stays.")
    written = write_pages(report.pages, report.assets, folder)
    say(f"{len(report.pages)} pages in {folder}, {len(written)} of the files changed.")


@click.command(short_help="Build the site.")
@snapshot_options
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

    first_page = build_site(report_source(snapshot, config), site_dir.absolute())
    click.echo(first_page)


@click.command(short_help="Show the site and rebuild it on changes.")
@snapshot_options
@click.option("--address", default="127.0.0.1:8000", show_default=True, help="Where to listen.")
def serve(snapshot: Path | None, config: Path | None, address: str) -> None:
    """Show the site in a browser and rebuild it whenever the snapshot or a template changes."""
    from hcreport.build import serve_site

    gc.enable()
    serve_site(report_source(snapshot, config), address)
