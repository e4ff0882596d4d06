"""The command that takes a snapshot."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.duration import duration
from hcreport.cli.project_options import project_options
from hcreport.cli.shared_options import output_option
from hcreport.cli.talk import FILE, INTERRUPTED, publish, say
from hcreport.errors import UsageError

if TYPE_CHECKING:
    from hcreport.model import Snapshot, Window


@click.command(short_help="Snapshot a Compose project.")
@project_options
@click.option("--no-engine", is_flag=True, help="Read the Compose files only.")
@click.option("--config", type=FILE, help="Read this file instead of hcreport.yml.")
@click.option("--ollama", metavar="URL", help="Ask this Ollama about models.")
@click.option(
    "--ollama-store", type=FILE, metavar="FOLDER", help="Read models in this folder of Ollama's."
)
@click.option("--from-registry", is_flag=True, help="Look up models in Ollama's registry.")
@click.option(
    "--layers",
    is_flag=False,
    flag_value="all",
    metavar="[N|IMAGE]",
    help="Read what is in the images: in all, in the N largest, or in one.",
)
@output_option
@click.option("--window", type=duration, help="Watch the project this long: 60s, 5m, 24h.")
@click.option("--interval", type=duration, help="Mean time between two samples.  [default: 1s]")
@click.option("--from-start", is_flag=True, help="Watch from the start of the first container on.")
@click.option("--while", "load", metavar="COMMAND", help="Run this shell command, and watch.")
@click.option("--read-peaks", is_flag=True, help="Run `cat` in each container for its peak.")
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
    ollama: str | None,
    ollama_store: Path | None,
    from_registry: bool,
    layers: str | None,
    output: Path | None,
    window: float | None,
    interval: float | None,
    from_start: bool,
    load: str | None,
    read_peaks: bool,
) -> None:
    """Snapshot a Compose project: its files, its containers and its images.

    With --window or --while the containers are sampled again and again until the time is over or
    the command has ended.

    Nothing is changed, and environment values, commands and log texts never enter the snapshot.
    """
    from hcreport.collect import CollectOptions, WindowOptions
    from hcreport.collect import collect as collect_snapshot
    from hcreport.collect.compose import ComposeRequest
    from hcreport.config import find_config, read_config
    from hcreport.progress import progress_bar
    from hcreport.snapshot import format_snapshot

    watching = window is not None or load is not None
    if layers is not None and no_engine:
        raise UsageError("Layers are read from an engine.", hint="Leave out --no-engine.")
    _refuse_what_cannot_be(
        watching=watching,
        engine=not no_engine,
        needs_watching=interval is not None or from_start or read_peaks,
    )
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
        ollama=ollama,
        ollama_store=ollama_store,
        from_registry=from_registry,
        layers=layers,
        window=WindowOptions(
            seconds=window,
            interval=interval or WindowOptions.interval,
            from_start=from_start,
            load=load,
            read_peaks=read_peaks,
        )
        if watching
        else None,
    )
    if watching:
        gc.enable()  # a window may be open for a day
    with progress_bar() as progress:
        snapshot = collect_snapshot(options, progress)
    _publish_or_keep(format_snapshot(snapshot), output)
    _say_collected(snapshot)


def _refuse_what_cannot_be(*, watching: bool, engine: bool, needs_watching: bool) -> None:
    """Raise UsageError where options contradict each other."""
    if watching and not engine:
        raise UsageError(
            "There is nothing to watch without an engine.", hint="Leave out --no-engine."
        )
    if needs_watching and not watching:
        raise UsageError(
            "--interval, --from-start and --read-peaks say how to watch, but nothing says how "
            "long.",
            hint="Add --window 60s, or --while with a command that makes load.",
        )


def _say_watched(window: Window) -> None:
    """Say how long was watched and what came of the load."""
    containers = len({series.id for series in window.series})
    say(
        f"Watched {containers} container{'' if containers == 1 else 's'} for "
        f"{window.seconds:.0f} s, {window.rounds} round{'' if window.rounds == 1 else 's'}."
    )
    if window.load is None:
        _warn_of_no_load(window)
    elif window.load.exit_code:
        say(
            f"The load command failed with exit code {window.load.exit_code}; the snapshot holds "
            "what was seen until then."
        )


def _warn_of_no_load(window: Window) -> None:
    """Say so where the containers were hardly doing anything, as their need is then not seen."""
    from hcreport.estimate.load import looks_idle, used_cpus
    from hcreport.facts import fact_value
    from hcreport.units import percent

    cpus = used_cpus(window)
    if cpus is None or not looks_idle(window):
        return
    least = percent(fact_value("sizing/idle-cpus"))
    say(
        f"The window saw hardly any load: all containers together used {percent(cpus)} of one CPU "
        f"on average, less than {least}. Make load with --while COMMAND."
    )


def _publish_or_keep(text: str, output: Path | None) -> None:
    """Publish a snapshot; what it shows may be over, so one that cannot be written is kept."""
    from hcreport.files import write_aside

    try:
        publish(text, output)
    except UsageError as error:
        with contextlib.suppress(OSError):
            place = write_aside(text, ".json")
            error.hint = f"The snapshot is kept in {place}: make room and move it."
        raise


def _say_collected(snapshot: Snapshot) -> None:
    """Say what a snapshot holds and what is missing; exit where it was cut short."""
    parts = ("services", "containers", "images")
    counts = [f"{name}: {len(getattr(snapshot, name))}" for name in parts]
    say(f"Collected {', '.join(counts)}.")
    if snapshot.window is not None:
        _say_watched(snapshot.window)
    for gap in snapshot.gaps:
        subject = f" ({gap.subject})" if gap.subject else ""
        say(f"Not measured: {gap.source}{subject}: {gap.reason}")
    if snapshot.interrupted:
        say("Interrupted: the snapshot holds what was read until then.")
        raise click.exceptions.Exit(INTERRUPTED)
