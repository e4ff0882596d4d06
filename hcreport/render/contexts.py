"""One build context as a page shows it: what is sent, what could stay, and the lines for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hcreport.estimate.contexts import context_name, saved_by_ignoring
from hcreport.estimate.image_target import largest_first
from hcreport.model import BuildContext, Finding, Group
from hcreport.render.image_rows import LayerRow
from hcreport.render.image_words import GROUPS
from hcreport.units import Bytes, gb

IGNORE_FILE = ".dockerignore"

RULE = "build-context-too-large"
"""The rule whose subjects are contexts."""


@dataclass(frozen=True, kw_only=True)
class ContextView:
    """A build context with its place on a page."""

    context: BuildContext
    anchor: str
    layer: LayerRow | None
    """The layer of the image that most likely copies it; None where none is known."""

    @property
    def name(self) -> str:
        """What it is called."""
        return context_name(self.context)

    @property
    def folder(self) -> str:
        """Its folder in words."""
        path = self.context.path
        if path is None:
            return "a folder outside of the project"
        return "the project's folder" if path in ("", ".") else path

    @property
    def ignore_file(self) -> str:
        """The file that the lines belong in, in its folder."""
        return self.context.ignore_file or IGNORE_FILE

    @property
    def saved(self) -> Bytes:
        """Bytes that the advised lines keep out."""
        return saved_by_ignoring(self.context)

    @property
    def lines(self) -> str:
        """The advised lines."""
        return "\n".join(line for line in self.context.advised if line.strip())

    @cached_property
    def groups(self) -> tuple[tuple[str, Bytes], ...]:
        """Return what is sent by group, the largest first."""
        return tuple((GROUPS[name], size) for name, size in largest_first(self.context.groups))

    def group(self, name: Group) -> str:
        """Return what a group is called."""
        return GROUPS[name]

    @property
    def link(self) -> str:
        """How it and a layer of the image belong together; empty where that is not known."""
        if self.layer is None:
            return ""
        words = "copies the whole of it" if self.layer.whole_context else "takes its files from it"
        sure = "" if self.layer.whole_context else "most likely "
        number = f"Layer {self.layer.number} ({self.layer.instruction})"
        return f"{number} {sure}{words} and weighs {gb(self.layer.size)}."


def context_view(
    context: BuildContext, *, anchor: str, layers: Sequence[LayerRow] = ()
) -> ContextView:
    """Return one context; ``layers`` are those of its image, oldest first."""
    copies = [each for each in layers if each.instruction in ("COPY", "ADD")]
    copies = [each for each in copies if each.whole_context] or copies
    layer = max(copies, key=lambda each: (each.size, -each.number), default=None)
    return ContextView(context=context, anchor=anchor, layer=layer)


def is_about(finding: Finding, context: BuildContext) -> bool:
    """Tell whether a finding is about a context, and not about a service of its name."""
    return finding.rule == RULE and finding.subject == context_name(context)
