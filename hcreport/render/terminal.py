"""The assessment for a terminal: readable at 80 columns, and without colour.

Text from the snapshot is never parsed as markup, and its control characters are taken out, so
that a name can neither colour the output nor move the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hcreport.gate import Checked, Standing
from hcreport.model import Action, Assessment, Finding, Proofs, Severity, Snapshot
from hcreport.render.assessed_view import AssessedView
from hcreport.render.console import WIDTH, indented, printed, shown
from hcreport.render.escape import one_line, visible
from hcreport.render.scenarios import ScenarioView
from hcreport.render.words import (
    NOT_MEASURED,
    counted,
    effort_text,
    listed,
    severity_shape,
    severity_word,
)
from hcreport.units import gib

STEPS_SHOWN = 5

SCENARIOS_SHOWN = 6

_COLOURS = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}


class _TerminalView(AssessedView):
    """What stands in a terminal; a view of all pages takes several times as long to load."""

    @cached_property
    def scenarios(self) -> tuple[ScenarioView, ...]:
        """Return what each scenario needs, the main one first."""
        return tuple(
            ScenarioView(each, self.snapshot, Proofs()) for each in self.assessment.requirements
        )


def terminal_text(
    snapshot: Snapshot,
    assessment: Assessment,
    *,
    colour: bool = False,
    width: int = WIDTH,
) -> str:
    """Return the report as text, with colour codes where asked for, ``width`` columns wide."""
    return printed(terminal_report(snapshot, assessment), colour=colour, width=width)


def checked_text(checked: Checked, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return the same with what is new beside a baseline, and why the check fails or passes."""
    view = _TerminalView(checked.snapshot, checked.assessment)
    parts = Group(*_parts(view, checked), shown(one_line(checked.verdict), "bold"))
    return printed(parts, colour=colour, width=width)


def terminal_report(snapshot: Snapshot, assessment: Assessment) -> RenderableType:
    """Return the report for a rich console."""
    view = _TerminalView(snapshot, assessment)
    return Group(*_parts(view))


def _parts(view: _TerminalView, checked: Checked | None = None) -> Iterator[RenderableType]:
    yield shown(view.title, "bold")
    yield shown(f"Snapshot of {view.taken}")
    yield Text("")
    yield shown(view.headline.sentence, "bold")
    yield Text("")
    yield from _needs(view)
    findings = view.assessment.findings
    for finding in findings:
        yield from _finding(finding, checked.standing(finding) if checked else None)
    if not findings:
        yield shown("No rule found a problem.")
        yield Text("")
    yield from _next_steps(view)
    yield from _not_measured(view)
    yield shown(
        f"{counted(len(findings), 'problem')}, {counted(view.count('ok'), 'check')} passed, "
        f"{view.count('not measured')} not measured, {len(view.suppressed)} suppressed."
    )


def _needs(view: _TerminalView) -> Iterator[RenderableType]:
    """Yield what each scenario needs: minimum, recommended, and what to set."""
    if not view.scenarios:
        return
    yield shown("Memory that Docker needs", "bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for each in view.scenarios[:SCENARIOS_SHOWN]:
        table.add_row(indented(each.requirement.scenario), shown(_need_in_words(each)))
    yield table
    left = len(view.scenarios) - SCENARIOS_SHOWN
    if left > 0:
        yield shown(f"  {counted(left, 'more scenario')} in the report.")
    yield Text("")


def _need_in_words(scenario: ScenarioView) -> str:
    if scenario.need is None:
        return NOT_MEASURED
    recommended = scenario.requirement.docker_memory_recommended
    words = f"{gib(scenario.need)}" if scenario.exact else f"at least {gib(scenario.need)}"
    return f"{words}, {gib(recommended)} recommended" if recommended else words


def _finding(finding: Finding, standing: Standing | None) -> Iterator[RenderableType]:
    label = f"{severity_shape(finding.severity)} {severity_word(finding.severity)}"
    line = Text(label, style=_COLOURS[finding.severity])
    if standing is not None:
        line.append(f"  {standing}", style="default" if standing == "known" else "bold")
    line.append(f"  {one_line(finding.subject)}  {one_line(finding.rule)}", style="default")
    yield line
    yield indented(finding.message)
    if finding.location:
        yield indented(f"{finding.location.file}:{finding.location.line}")
    yield Text("")


def _next_steps(view: _TerminalView) -> Iterator[RenderableType]:
    if not view.steps:
        return
    yield shown("What to do next", "bold")
    steps = Table.grid(padding=(0, 1))
    steps.add_column(justify="right", no_wrap=True)
    steps.add_column(overflow="fold")
    for step in view.steps[:STEPS_SHOWN]:
        for position, action in enumerate(step.options):
            steps.add_row(f"{step.number}." if position == 0 else "or", Group(*_action(action)))
    yield steps
    left = len(view.steps) - STEPS_SHOWN
    if left > 0:
        yield shown(f"   {counted(left, 'more step')} in the report.")
    yield Text("")


def _action(action: Action) -> Iterator[RenderableType]:
    yield shown(f"{one_line(action.what)} ({effort_text(action.effort)})")
    for line in visible(action.command).strip().splitlines():
        yield shown(f"  $ {line}" if line.strip() else "")
    if action.files:
        yield shown(f"Needs {listed(action.files)}: hcreport render writes it.")
    if action.verify:
        yield shown(f"It worked if: {one_line(action.verify)}")


def _not_measured(view: _TerminalView) -> Iterator[RenderableType]:
    if not view.unanswered:
        return
    yield shown("? Not measured", "bold")
    for each in view.unanswered:
        subjects = listed((one_line(subject) for subject in each.subjects), most=3)
        yield indented(f"{each.questions} ({subjects}): {one_line(each.reason)}")
    yield Text("")
