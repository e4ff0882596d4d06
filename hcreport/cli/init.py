"""The command that gives a project its first files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.project_options import project_options
from hcreport.cli.talk import INTERRUPTED, say

if TYPE_CHECKING:
    from hcreport.collect import CollectOptions
    from hcreport.model import Snapshot
    from hcreport.starter import Start
    from hcreport.starter.mkdocs_lines import SiteLines


@click.command(short_help="Give a project its first files.")
@project_options
@click.option("--no-engine", is_flag=True, help="Read the Compose files only.")
def init(
    *,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    project_name: str | None,
    env_files: tuple[str, ...],
    project_directory: Path,
    host: str | None,
    no_engine: bool,
) -> None:
    """Give a project its first files: a snapshot, hcreport.yml, and a workflow for GitHub.

    The snapshot is measured where an engine answers, else it holds what the Compose files say.
    Files that exist stay as they are, so the command may be run again.
    """
    from hcreport.collect import CollectOptions
    from hcreport.collect.compose import ComposeRequest
    from hcreport.config import find_config
    from hcreport.snapshot import read_snapshot
    from hcreport.starter import StartRequest, make_start, write_start
    from hcreport.starter.origin import find_origin
    from hcreport.starter.places import find_place, first_snapshot

    place = find_place(project_directory, files, env_files, os.environ)
    if place.files and not files:
        say(f"This project's Compose files lie below it: {', '.join(place.files)}.")
    config, _ = find_config(place.folder)
    known = first_snapshot(place.folder, config)
    if known is None:
        compose = ComposeRequest(
            folder=place.folder,
            files=place.files,
            profiles=profiles,
            project_name=project_name,
            env_files=env_files,
        )
        snapshot = _collected(
            CollectOptions(compose=compose, host=host, engine=not no_engine, config=config)
        )
    else:
        snapshot = read_snapshot(known)
    request = StartRequest(
        place=place,
        config=config,
        profiles=profiles,
        project_name=project_name,
        env_files=env_files,
    )
    start = make_start(request, snapshot, snapshot_path=known, origin=find_origin())
    write_start(start)
    click.echo("\n".join(_told(start, place.folder)))


def _collected(options: CollectOptions) -> Snapshot:
    """Return a snapshot with measurements, or without where no engine answers and none is named."""
    from dataclasses import replace

    from hcreport.collect import collect
    from hcreport.errors import EngineUnreachable
    from hcreport.progress import progress_bar

    try:
        with progress_bar() as progress:
            snapshot = collect(options, progress)
    except EngineUnreachable as error:
        if options.host is not None:
            raise
        say(f"Nothing is measured: {error.message}")
        snapshot = collect(replace(options, engine=False))
    if snapshot.interrupted:
        say("Interrupted: nothing was written.")
        raise click.exceptions.Exit(INTERRUPTED)
    return snapshot


def _told(start: Start, folder: Path) -> list[str]:
    """Return the one list at the end: what was written, what stays, and what to do next."""
    from hcreport.render.escape import one_line

    lines: list[str] = []
    for title, files in (("Written:", start.new), ("Left as it is:", start.kept)):
        if files:
            lines.append(title)
        for each in files:
            path = Path(os.path.relpath(each.path, folder)).as_posix()
            lines.append(f"  {one_line(path)} ({each.purpose})")
    if start.missing:
        lines += ["", "Add to hcreport.yml:", *(f"  {each}" for each in start.missing)]
    if start.site is not None:
        lines += ["", *_site_lines(start.site)]
    lines += ["", "Next:", *(f"  {each}" for each in _steps(start, folder))]
    return lines


def _site_lines(site: SiteLines) -> list[str]:
    """Return what to add to the project's own site."""
    where = f"Add under `plugins` in {site.file}:" if site.has_plugins else f"Add to {site.file}:"
    lines = [f"Your own site can show the report. {where}", "", site.plugin]
    return [*lines, "", f"Add under `nav` in {site.file}:", "", site.nav] if site.nav else lines


def _steps(start: Start, folder: Path) -> list[str]:
    """Return what to do next, numbered."""
    from hcreport.render.escape import one_line

    steps = [
        "`hcreport check` shows the findings. Those of this snapshot are known, and pass.",
        "`hcreport build` makes the site and prints its first page.",
        "Read the files above, and put them into Git. The folder `site` stays out.",
    ]
    if folder != Path.cwd():
        steps.insert(0, f"Go to the folder {one_line(folder)}.")
    if not start.measured:
        steps.append(
            "Nothing was measured. Where the project runs, take another snapshot: "
            f"`{one_line(start.collect)}`. Put today's date into its name."
        )
    return [f"{number}. {each}" for number, each in enumerate(steps, 1)]
