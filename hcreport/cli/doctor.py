"""The command that says whether a scenario runs on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.shared_options import config_option, format_option, output_option
from hcreport.cli.snapshot_options import report_source
from hcreport.cli.talk import FILE, colour_and_width, publish
from hcreport.errors import CollectError, UsageError

if TYPE_CHECKING:
    from hcreport.model import MachineNeeds, MachineReport
    from hcreport.requirements_file import RequirementsFile


@click.command(short_help="Say whether a scenario runs on this machine.")
@click.argument("requirements", type=FILE, required=False)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Which scenario; may be repeated.  [default: the first]",
)
@click.option("--host", metavar="URL", help="Address of the engine.  [default: the CLI's]")
@config_option
@format_option("json")
@output_option
def doctor(
    *,
    requirements: Path | None,
    scenarios: tuple[str, ...],
    host: str | None,
    config: Path | None,
    form: str,
    output: Path | None,
) -> None:
    """Compare this machine and its Docker with what the scenarios of a project need.

    REQUIREMENTS is the requirements.json of a report; without it, the needs come from the
    snapshot of this folder. Memory, CPUs, free disk and Docker Compose are looked at, and nothing
    is changed. The exit code is 1 where a scenario does not run as it is, and 3 where that could
    not be measured.
    """
    from hcreport.collect.machine import read_machine
    from hcreport.estimate.doctor import FINE, examine
    from hcreport.model import MachineReport

    file = _needs(requirements, config)
    asked = _asked(file, scenarios)
    machine = read_machine(host)
    report = MachineReport(
        project=file.project,
        taken_at=file.taken_at,
        machine=machine,
        answers=tuple(examine(each, machine) for each in asked),
    )
    publish(_shown(report, form, output), output)
    others = {each.verdict for each in report.answers} - {*FINE}
    if others:
        raise click.exceptions.Exit(CollectError.exit_code if others == {"not measured"} else 1)


def _needs(requirements: Path | None, config: Path | None) -> RequirementsFile:
    """Return what the project asks of a machine."""
    from hcreport.requirements_file import RequirementsFile, read_requirements

    if requirements is not None:
        return read_requirements(requirements)
    from hcreport.estimate.doctor import machine_needs_of
    from hcreport.estimate.requirements import requirements as estimated
    from hcreport.render.report import read_material

    snapshot = read_material(report_source(None, config)).snapshot
    return RequirementsFile(
        project=snapshot.project.name,
        taken_at=snapshot.taken_at,
        scenarios=machine_needs_of(estimated(snapshot), snapshot),
    )


def _asked(file: RequirementsFile, names: tuple[str, ...]) -> tuple[MachineNeeds, ...]:
    """Return the scenarios that were asked for, each once. Raises UsageError for an unknown one."""
    if not file.scenarios:
        raise UsageError(
            f"{file.project} has no scenario.", hint="Name services in its Compose file first."
        )
    if not names:
        return file.scenarios[:1]
    known = {each.scenario: each for each in reversed(file.scenarios)}
    unknown = [each for each in names if each not in known]
    if unknown:
        raise UsageError(
            f"There is no scenario {unknown[0]!r} in {file.project}.",
            hint=f"Choose from: {', '.join(each.scenario for each in file.scenarios)}.",
        )
    return tuple(known[each] for each in dict.fromkeys(names))


def _shown(report: MachineReport, form: str, output: Path | None) -> str:
    if form == "json":
        from hcreport.render.doctor_json import doctor_json

        return doctor_json(report)
    from hcreport.render.doctor_text import doctor_text

    colour, width = colour_and_width(output)
    return doctor_text(report, colour=colour, width=width)
