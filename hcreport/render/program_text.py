"""Writes texts that programs read, such as scripts and YAML, from templates of ours.

No browser reads them, so nothing is escaped by itself: every value has to pass a filter that makes
it a word of the text's own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hcreport.render.templating import templates_folder


def program_texts(folder: str, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """Return an environment for a folder of our templates, with what makes values safe there."""
    made = Environment(
        loader=FileSystemLoader(templates_folder() / folder),
        autoescape=False,  # noqa: S701  (see above: HTML's rules are not those of the text)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= filters
    return made
