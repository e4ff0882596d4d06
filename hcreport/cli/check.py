"""The command that assesses a snapshot, and fails where it has to: the gate for CI."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hcreport.cli.duration import days
from hcreport.cli.shared_options import format_option, output_option
from hcreport.cli.snapshot_options import report_source, repository_folder, snapshot_options
from hcreport.cli.talk import FILE, colour_and_width, publish, say
from hcreport.errors import CollectError, ComposeRejected, UsageError

if TYPE_CHECKING:
    from hcreport.gate import Baseline, Checked
    from hcreport.model import Assessment, Present
    from hcreport.render.report import Material

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SEVERITIES = ("critical", "high", "medium", "low", "never")

_FORMATS = ("json", "sarif", "junit", "markdown", "badge")
"""The names of :data:`hcreport.render.formats.FORMATS`, which is not imported at every start."""


def _baseline_options(command: _Command) -> _Command:
    """Add what says which problems are known already."""
    command = click.option(
        "--no-baseline", is_flag=True, help="Ignore the baseline that hcreport.yml names."
    )(command)
    return click.option(
        "--baseline",
        type=FILE,
        help="Only problems that are new or worse than in this snapshot, or result as JSON, fail.",
    )(command)


def _stale_options(command: _Command) -> _Command:
    """Add what asks whether the snapshot is out of date, and with which files to compare it."""
    for option in (
        click.option(
            "--profile", "profiles", multiple=True, help="Compose profile; may be repeated."
        ),
        click.option(
            "-f",
            "--file",
            "files",
            multiple=True,
            help="Compose file to compare with; may be repeated.  [default: as collected]",
        ),
        click.option(
            "--max-age", type=days, help="With --stale: too old after this many days: 90d."
        ),
        click.option(
            "--stale",
            is_flag=True,
            help="Also fail where the Compose files have changed, or the snapshot is too old.",
        ),
    ):
        command = option(command)
    return command


@click.command(short_help="Assess a snapshot; the gate for CI.")
@snapshot_options
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="high",
    show_default=True,
    help="Exit with 1 if a finding is at least this severe.",
)
@_baseline_options
@_stale_options
@format_option(*_FORMATS)
@click.option(
    "--path-prefix",
    default="",
    metavar="FOLDER",
    callback=repository_folder,
    help="With --format sarif: folder of the project within its repository.",
)
@output_option
def check(
    *,
    snapshot: Path | None,
    config: Path | None,
    fail_on: str,
    baseline: Path | None,
    no_baseline: bool,
    stale: bool,
    max_age: int | None,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    form: str,
    path_prefix: str,
    output: Path | None,
) -> None:
    """Assess a snapshot and fail where a finding is severe enough: the gate for CI.

    With --baseline only problems that are new or worse fail. With --stale Compose reads the
    project's files, in the current folder, and the snapshot fails where they say something else.
    """
    from hcreport.analyze import analyze, refuse_unknown_scenarios
    from hcreport.gate import Checked
    from hcreport.model import Severity
    from hcreport.render.report import read_material

    _refuse_what_cannot_be(
        baselines=baseline is not None and no_baseline,
        without_stale=not stale and bool(max_age is not None or files or profiles),
    )
    material = read_material(report_source(snapshot, config))
    refuse_unknown_scenarios(material.config, material.snapshot)
    today = datetime.now(UTC).date()
    present, failure = (
        _present(material, files=files, profiles=profiles, max_age=max_age)
        if stale
        else (None, None)
    )
    assessment = analyze(material.snapshot, material.config, present=present, today=today)
    checked = Checked(
        snapshot=material.snapshot,
        assessment=assessment,
        fail_on=None if fail_on == "never" else Severity(fail_on),
        baseline=None if no_baseline else _baseline(baseline, config, material, assessment),
        path_prefix=path_prefix,
    )
    publish(_shown(checked, form, output), output)
    _say_what_is_left(checked)
    if failure is not None:
        raise failure
    if checked.unanswered:
        raise CollectError(
            f"It is not known whether the snapshot is out of date: {checked.unanswered}.",
            hint="Collect a new snapshot with `hcreport collect -o snapshot.json`.",
        )
    if checked.failing:
        raise click.exceptions.Exit(1)


def _refuse_what_cannot_be(*, baselines: bool, without_stale: bool) -> None:
    """Raise UsageError where options contradict each other."""
    if baselines:
        raise UsageError("A baseline is named and refused.", hint="Leave out --no-baseline.")
    if without_stale:
        raise UsageError(
            "--max-age, --file and --profile say what a snapshot is compared with.",
            hint="Add --stale.",
        )


def _present(
    material: Material, *, files: tuple[str, ...], profiles: tuple[str, ...], max_age: int | None
) -> tuple[Present, CollectError | None]:
    """Return what is true now, and why the Compose files could not be read where they could not."""
    from hcreport.collect.compose import ComposeRequest
    from hcreport.collect.declared import read_declared
    from hcreport.model import Present

    request = ComposeRequest(folder=Path.cwd(), files=files, profiles=profiles)
    declared, reason, failure = None, "", None
    try:
        declared = read_declared(request, material.snapshot, material.config)
    except CollectError as error:
        # What Compose says may hold paths and values: it is for this terminal only.
        refused = isinstance(error, ComposeRejected)
        reason = "Compose refuses the project's files" if refused else error.message.rstrip(".")
        failure = error
    present = Present(
        today=datetime.now(UTC).date(),
        declared=declared,
        reason=reason,
        max_age_days=max_age or material.config.max_age_days,
    )
    return present, failure


def _baseline(
    named: Path | None, config: Path | None, material: Material, assessment: Assessment
) -> Baseline | None:
    """Return the baseline of the command line, else that of ``hcreport.yml``, if any."""
    from hcreport.gate import read_baseline

    written = material.config.baseline
    if named is None and written is None:
        return None
    folder = Path.cwd() if config is None else config.parent
    path = folder / str(written) if named is None else named
    name = str(written) if named is None else str(named)
    found = read_baseline(path, (material.snapshot, assessment), material.config, name=name)
    if found.taken_at is not None and found.taken_at > material.snapshot.taken_at:
        say(f"The baseline {name} is newer than the snapshot.")
    return found


def _say_what_is_left(checked: Checked) -> None:
    """Name suppressions that suppress nothing: they hide the next problem of their kind."""
    for each in checked.assessment.idle_suppressions:
        subject = f" for {each.subject}" if each.subject else ""
        say(f"The suppression of {each.rule}{subject} matches no problem: it can go.")


def _shown(checked: Checked, form: str, output: Path | None) -> str:
    if form == "terminal":
        from hcreport.render.terminal import checked_text

        colour, width = colour_and_width(output)
        return checked_text(checked, colour=colour, width=width)
    from hcreport.render.formats import FORMATS

    return FORMATS[form](checked)
