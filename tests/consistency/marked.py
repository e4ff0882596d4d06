"""Renders a report from copies of our templates in which each printed expression leaves a mark.

The mark says which place of which template printed a text, so that every number on a page can be
led back to an expression, or to somebody who typed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from hcreport.render.escape import escape
from hcreport.render.pages import render_pages
from hcreport.render.templating import environment
from tests.consistency.templates import Place, Template, templates
from tests.pages_case import assessed, proofs

# Private characters: no template and no snapshot of ours holds them.
_OPEN, _CLOSE, _END = "\uf8f0", "\uf8f1", "\uf8f2"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}|{_END}")
MARKS = re.compile(f"{_OPEN}\\d+{_CLOSE}|{_END}")


@dataclass(frozen=True)
class Printed:
    """What one place printed on one page."""

    page: str
    place: Place
    text: str


class MarkedSite:
    """Copies of templates in a folder, with marks. A copy can be changed, and read again."""

    def __init__(self, folder: Path, changed: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.places: list[Place] = []
        for name, template in templates().items():
            source = (changed or {}).get(name)
            self._write(template if source is None else Template(name, source))
        made = environment((folder,))
        made.globals = {**made.globals, "hc_mark": _mark}

    def pages(self, name: str) -> dict[str, str]:
        """Return the pages of a snapshot with marks in them."""
        return render_pages(*assessed(name), proofs=proofs(name), template_folders=[self.folder])

    def printed(self, name: str) -> Iterator[Printed]:
        """Yield what each place printed; a place inside a macro's place is there too."""
        for page, text in self.pages(name).items():
            stack: list[tuple[Place, int]] = []
            for match in _MARK.finditer(text):
                if match[1] is not None:
                    stack.append((self.places[int(match[1])], match.end()))
                else:
                    place, start = stack.pop()
                    yield Printed(page, place, MARKS.sub("", text[start : match.start()]))

    def _write(self, template: Template) -> None:
        parts, last = [], 0
        for place in template.places:
            if place.sets:
                continue
            number = len(self.places)
            self.places.append(place)
            parts += [template.source[last : place.start], f"{{{{ hc_mark({number}, "]
            parts += [place.expression, ") }}"]
            last = place.end
        path = self.folder / template.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join((*parts, template.source[last:])), encoding="utf-8")


def _mark(number: int, value: object) -> Markup:
    # Nothing of it is anybody's text: the value is escaped as on every page.
    return Markup("{}{}{}{}{}").format(
        Markup(_OPEN), number, Markup(_CLOSE), escape(value), Markup(_END)
    )


def unmarked(text: str) -> str:
    """Return a page without its marks."""
    return MARKS.sub("", text)
