"""The command that says what changed between two snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.shared_options import config_option, format_option, output_option
from hcreport.cli.talk import FILE, colour_and_width, publish
from hcreport.errors import UsageError

if TYPE_CHECKING:
    from hcreport.config import Config
    from hcreport.render.diff import DiffView


@click.command(short_help="Say what changed between two snapshots.")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@config_option
@format_option("markdown", "json")
@output_option
def diff(*, old: Path, new: Path, config: Path | None, form: str, output: Path | None) -> None:
    """Say what changed between two snapshots of a project: problems, memory, images and limits.

    Both are assessed by the rules and the hcreport.yml of today, so that only the project can
    differ. The exit code is 0 whatever changed; `hcreport check --baseline` fails for new problems.
    """
    publish(_shown(_compared(old, new, _settings(config)), form, output), output)


def _settings(path: Path | None) -> Config:
    from hcreport.config import find_config, read_config

    return read_config(path) if path else find_config(Path.cwd())[0]


def _compared(old: Path, new: Path, config: Config) -> DiffView:
    from hcreport.changes import changes_between
    from hcreport.past import assess_earlier
    from hcreport.render.diff import DiffView
    from hcreport.snapshot import read_snapshot

    earlier, later = read_snapshot(old), read_snapshot(new)
    names = earlier.project.name, later.project.name
    if names[0] != names[1]:
        raise UsageError(
            f"{old} is of the project {names[0]}, and {new} of the project {names[1]}.",
            hint="Name two snapshots of one project.",
        )
    changes = changes_between(
        (earlier, assess_earlier(earlier, config)), (later, assess_earlier(later, config))
    )
    return DiffView(later, changes, (str(old), str(new)))


def _shown(diff: DiffView, form: str, output: Path | None) -> str:
    if form == "json":
        from hcreport.render.diff_json import diff_json

        return diff_json(diff)
    if form == "markdown":
        from hcreport.render.diff_markdown import diff_markdown

        return diff_markdown(diff)
    from hcreport.render.diff_terminal import diff_terminal

    colour, width = colour_and_width(output)
    return diff_terminal(diff, colour=colour, width=width)
