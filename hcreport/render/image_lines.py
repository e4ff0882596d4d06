"""What one image is made of, for a terminal: the verdict, layers, groups, waste, and the steps.

It is readable at 80 columns and without colour.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hcreport.estimate.image_target import STEP_TEXTS
from hcreport.render.bars import bar
from hcreport.render.console import WIDTH, indented, printed, shown
from hcreport.render.escape import one_line
from hcreport.render.image_answer import ImageAnswer, shown_path
from hcreport.render.image_words import GROUPS
from hcreport.render.words import NOT_MEASURED, counted
from hcreport.units import gb, percent

_BAR = 10
_WIDE_BAR = 30
_WIDE = 100
_NARROWEST = 72
_NAMES = 35
_SIZES = 8
_GAP = 1

LAYERS_SHOWN = 8
PATHS_SHOWN = 3
_LONGEST = 34
NAMES_SHOWN = 4

_READ = {
    "engine": "The layers, as the engine gave them",
    "archive": "The layers in the archive",
    "folder": "The layers in the engine's own folder",
}


def image_text(answer: ImageAnswer, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return what an image is made of as text, with colour codes where asked for."""
    length = _WIDE_BAR if width >= _WIDE else _BAR
    return printed(Group(*_lines(answer, length)), colour=colour, width=max(width, _NARROWEST))


def _lines(answer: ImageAnswer, length: int) -> Iterator[RenderableType]:
    yield shown(_verdict(answer), "bold")
    for limit in answer.limits:
        words = f"{limit.option} {gb(limit.most)}: {gb(limit.found)}"
        verdict = "exceeded" if limit.exceeded else "met"
        yield shown(f"{words}, {verdict}.", "bold red" if limit.exceeded else "bold green")
    sections: tuple[tuple[str, RenderableType | None], ...] = (
        ("Layers, the oldest first", _layers(answer, length)),
        ("What a container sees", _groups(answer, length)),
        ("Reclaimable: in a layer, but not seen", _reclaimable(answer)),
        ("Build context", _context(answer)),
        ("Steps to a smaller image", _steps(answer)),
        ("Where this comes from", Group(*_sources(answer))),
    )
    for title, body in sections:
        if body is not None:
            yield Text("")
            yield shown(title, "bold")
            yield body


def _verdict(answer: ImageAnswer) -> str:
    analysis = answer.analysis
    weighs = f"{one_line(analysis.image.name)} weighs {gb(analysis.image.size)}"
    if analysis.plan is None or analysis.target is None:
        return f"{weighs}; {gb(analysis.reclaimable)} of it is reclaimable."
    if analysis.target >= analysis.image.size:
        return f"{weighs}; no step is known that makes it smaller."
    return f"{weighs} and could weigh {gb(analysis.target)}."


def _table(length: int) -> Table:
    table = Table.grid(padding=(0, _GAP))
    table.add_column(no_wrap=True, width=_NAMES)
    table.add_column(no_wrap=True, width=_SIZES, justify="right")
    if length:
        table.add_column(no_wrap=True, width=length)
    table.add_column(overflow="fold")
    return table


def _layers(answer: ImageAnswer, length: int) -> RenderableType:
    """Return the largest layers in their order, and how many smaller ones there are."""
    analysis = answer.analysis
    layers = analysis.image.layers
    ordered = sorted(range(len(layers)), key=lambda each: (-layers[each].size, each))
    below = analysis.base.layers if analysis.base else 0
    table = _table(length)
    for number in sorted(ordered[:LAYERS_SHOWN]):
        size, hidden = layers[number].size, analysis.merged.hidden_by_layer[number]
        made = (answer.instructions[number] if answer.instructions else None) or "layer"
        words = "base" if number < below else ""
        if hidden:
            words = f"{words}, {gb(hidden)} not seen".removeprefix(", ")
        share = Text(bar(size / (analysis.image.size or 1), length), "cyan")
        table.add_row(f"  {number + 1} {made}", gb(size), share, words)
    rest = ordered[LAYERS_SHOWN:]
    if rest:
        size = sum(layers[number].size for number in rest)
        table.add_row(f"  {counted(len(rest), 'smaller layer')}", gb(size), "", "")
    return table


def _groups(answer: ImageAnswer, length: int) -> RenderableType:
    groups, seen = answer.analysis.attribution.by_group, answer.analysis.merged.size
    table = _table(length)
    for name, size in sorted(groups.items(), key=lambda each: (-each[1], each[0])):
        if size:
            share = size / seen
            words = f"{100 * share:.0f} %" if share >= 0.005 else ""
            table.add_row(f"  {GROUPS[name]}", gb(size), Text(bar(share, length), "cyan"), words)
    return table


def _short(name: str) -> str:
    """Return a name that fits into a line, with its middle left out where it is longer."""
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[: half - 1]}…{name[-half:]}"


def _reclaimable(answer: ImageAnswer) -> RenderableType:
    """Return the waste by cause, and the two figures of dive beside it."""
    dive = answer.analysis.dive
    table = _table(0)
    for each in answer.analysis.reclaimed:
        paths = [_short(shown_path(path)) for path in each.paths[:PATHS_SHOWN]]
        more = len(each.paths) - len(paths)
        words = ", ".join(paths) + (f" and {more} more" if more > 0 else "")
        table.add_row(f"  {each.cause.capitalize()}", gb(each.size), shown(words))
    table.add_row("  Together", gb(answer.analysis.reclaimable), "")
    table.add_row(
        "  As dive counts", gb(dive.wasted), f"wasted; its efficiency is {percent(dive.efficiency)}"
    )
    return table


def _context(answer: ImageAnswer) -> RenderableType | None:
    if answer.context is None:
        return None
    record = answer.context.record((), None)
    table = _table(0)
    table.add_row("  COPY . . would take along", gb(record.sent), counted(record.files, "file"))
    if record.leaves is not None:
        lines = counted(len(answer.context.advised), "more line")
        table.add_row("  With a better .dockerignore", gb(record.leaves), lines)
    for line in answer.context.advised:
        table.add_row(shown(f"    {line.pattern}"), f"-{gb(line.saves)}", line.certainty)
    return table


def _steps(answer: ImageAnswer) -> RenderableType:
    """Return each step with what it saves, and the size after it."""
    analysis = answer.analysis
    if analysis.plan is None:
        return indented(
            f"{NOT_MEASURED.capitalize()}: it is not known which image it starts from. "
            "--context names the folder that it is built from."
        )
    table, left = _table(0), analysis.image.size
    for step in analysis.plan.steps:
        left -= step.saves
        names = ", ".join(map(_short, step.names[:NAMES_SHOWN]))
        more = len(step.names) - NAMES_SHOWN + step.more
        names += f" and {more} more" if more > 0 else ""
        words = f"{step.certainty}, then {gb(left)}" + (f": {names}" if names else "")
        table.add_row(f"  {STEP_TEXTS[step.kind].what}", f"-{gb(step.saves)}", shown(words))
    table.add_row(Text("  Then it weighs", "bold"), Text(gb(analysis.plan.predicted), "bold"), "")
    return table


def _sources(answer: ImageAnswer) -> Iterator[RenderableType]:
    """Yield what was read, what the target follows from, and what was not measured."""
    analysis = answer.analysis
    yield indented(f"{_READ[answer.read]}; sizes are lengths of files, unpacked.")
    base = analysis.base
    if base is not None:
        name = one_line(base.reference) if base.reference else "not named"
        how = "its layers are the same" if base.certain else "concluded from the history"
        yield indented(f"Base image: {name}, {gb(base.size)}; {how}.")
    if analysis.plan is not None:
        yield indented("The target is an estimate: the base, and what of the rest has to stay.")
    for note in (*analysis.image.notes, *(analysis.plan.notes if analysis.plan else ())):
        yield indented(f"Note: {note}")
