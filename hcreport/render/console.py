"""Turns what is made for a terminal into text: harmless, as wide as asked for, coloured or not."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from hcreport.render.escape import one_line, visible

WIDTH = 80
"""Columns of what is written to a file or a pipe."""


def printed(what: RenderableType, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return something as text, with colour codes where asked for, ``width`` columns wide."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(what)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def shown(words: str, style: str = "") -> Text:
    """Return words without control characters; nothing in them is taken as markup."""
    return Text(visible(words).expandtabs(4), style=style, overflow="fold")


def indented(words: str) -> RenderableType:
    """Return words as one paragraph that stands two columns to the right."""
    return Padding(shown(one_line(words)), (0, 0, 0, 2))
