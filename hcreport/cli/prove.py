"""The command that runs a scenario with the memory that was stated for it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.duration import duration
from hcreport.cli.memory_size import memory_size
from hcreport.cli.project_options import project_options
from hcreport.cli.talk import FILE, INTERRUPTED, say
from hcreport.errors import UsageError

if TYPE_CHECKING:
    from hcreport.config import Config
    from hcreport.model import Proof, ProofFailure, Snapshot

_WHAT_HAPPENED = {
    "memory": "was killed for want of memory",
    "exited": "ended",
    "unhealthy": "became unhealthy",
    "not ready": "was not ready in time",
    "load": "failed",
}


@click.command(short_help="Try a scenario with the memory stated for it.")
@click.argument("scenario")
@click.argument("load", nargs=-1, type=click.UNPROCESSED)
@click.option("--snapshot", type=FILE, help="Snapshot with the numbers.  [default: hcreport.yml's]")
@click.option("--memory", help="Memory of Docker to try, such as 4g.  [default: the stated limits]")
@click.option("--together", is_flag=True, help="One limit for all containers together.")
@click.option(
    "--for", "seconds", type=duration, default="120s", show_default=True, help="How long to run."
)
@click.option(
    "--ready-within",
    type=duration,
    default="120s",
    show_default=True,
    help="How long the start may take.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How often to start, run and remove it.",
)
@click.option("--load-name", help="What the evidence calls the load.  [default: its program]")
@project_options
@click.option("--config", type=FILE, help="Read this file instead of hcreport.yml.")
def prove(
    *,
    scenario: str,
    load: tuple[str, ...],
    snapshot: Path | None,
    memory: str | None,
    together: bool,
    seconds: float,
    ready_within: float,
    runs: int,
    load_name: str | None,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    project_name: str | None,
    env_files: tuple[str, ...],
    project_directory: Path,
    host: str | None,
    config: Path | None,
) -> None:
    """Try a scenario as a throwaway project, with the memory that the report states for it.

    The words after -- are a command that makes load; it is run again and again. The throwaway is
    removed whatever happens, and the project that may be running is not touched. What happened is
    written beside the snapshot.
    """
    gc.enable()
    from hcreport.analyze import analyze
    from hcreport.collect.compose import ComposeRequest
    from hcreport.proofs import proofs_path, read_proofs, write_proofs
    from hcreport.prove.proving import ProveOptions, find_requirement
    from hcreport.prove.proving import prove as prove_requirement
    from hcreport.snapshot import read_snapshot

    settings, base = _settings(config, project_directory)
    path = _snapshot_path(snapshot, settings, base)
    read = read_snapshot(path)
    requirement = find_requirement(analyze(read, settings).requirements, scenario)
    evidence = proofs_path(path)
    earlier = read_proofs(evidence)
    options = ProveOptions(
        compose=ComposeRequest(
            folder=project_directory.resolve(),
            files=files or _files_of(scenario, read),
            profiles=profiles,
            project_name=project_name,
            env_files=env_files,
        ),
        host=host,
        memory=memory_size(memory),
        together=together,
        seconds=seconds,
        ready_within=ready_within,
        runs=runs,
        load=load,
        load_name=load_name,
        say=say,
    )
    try:
        proof = prove_requirement(requirement, read, options)
    except KeyboardInterrupt:
        say("Interrupted: nothing was proven and nothing was written.")
        raise click.exceptions.Exit(INTERRUPTED) from None
    write_proofs(earlier.with_proof(proof), evidence)
    click.echo(summary(proof))
    say(f"Wrote {evidence}.")
    if not proof.passed:
        raise click.exceptions.Exit(1)


def summary(proof: Proof) -> str:
    """Return what a proof says in one or two sentences."""
    from hcreport.units import gib

    place = "together" if proof.together else "each with its own limit"
    at = (
        f"{gib(proof.docker_memory)} for Docker, {gib(proof.containers_memory)} of it for "
        f"containers, {place}"
    )
    load = f"load {proof.load} {proof.load_runs} times" if proof.load else "no load"
    if proof.failure is None:
        runs = f" in {proof.runs} runs" if proof.runs > 1 else ""
        return f"Passed: {proof.scenario} ran {proof.seconds:.0f} seconds{runs} at {at}, {load}."
    return f"Failed: {proof.scenario} at {at}: {_failure_text(proof.failure)}."


def _failure_text(failure: ProofFailure) -> str:
    if failure.kind == "load":
        who = "the load"
    elif failure.service is None:
        who = "a container"
    else:
        who = f"service {failure.service} ({failure.container})"
    code = f" with exit code {failure.exit_code}" if failure.exit_code is not None else ""
    run = f", in run {failure.run}" if failure.run > 1 else ""
    return f"{who} {_WHAT_HAPPENED[failure.kind]}{code} after {failure.seconds:.0f} seconds{run}"


def _settings(config: Path | None, folder: Path) -> tuple[Config, Path]:
    """Return the configuration and the folder that its paths count from."""
    from hcreport.config import find_config, read_config

    if config is not None:
        return read_config(config), config.parent
    found, path = find_config(folder)
    return found, path.parent if path else folder


def _files_of(scenario: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the Compose files that a scenario is made of; none for the project's own."""
    return next((each.files for each in snapshot.scenarios if each.name == scenario), ())


def _snapshot_path(named: Path | None, settings: Config, base: Path) -> Path:
    if named is not None:
        return named
    if settings.snapshot is not None:
        return base / settings.snapshot
    raise UsageError(
        "There is no snapshot whose numbers could be proven.",
        hint="Name one with --snapshot, or in hcreport.yml.",
    )
