"""The steps as a GitHub task list: Markdown to paste into an issue, in which nothing can hide.

Names in it come from a snapshot. Pasted text must not call people, link to other issues or become
HTML. How GitHub reads it: https://github.github.com/gfm/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hcreport.model import Action
from hcreport.render.escape import one_line, visible
from hcreport.render.steps import Step
from hcreport.render.words import effort_text

# GitHub looks for these after Markdown is read, so a backslash does not help: an empty comment
# between the sign and the name does.
_CALLS = re.compile(r"([@#])(?=\w)|(?<=\b[Gg][Hh])(-)(?=\d)")

# Signs that Markdown gives a meaning, at least somewhere. A full stop, a hyphen and brackets
# within a word or sentence have none.
_SIGNS = re.compile(r"[\\`*_{}\[\]<>|~$&:]|^[-+=.)#]|(?<=^\d)[.)]|(?<=w)\.")

_FENCE = re.compile("`{3,}")


def task_list(steps: Iterable[Step]) -> str:
    """Return the steps as Markdown, each with the id that the checklist prints."""
    return "\n".join(line for step in steps for line in _step_lines(step))


def github_text(value: str) -> str:
    """Return text of a snapshot as one line that stands unchanged in GitHub's Markdown."""
    signs = _SIGNS.sub(r"\\\g<0>", one_line(value))
    return _CALLS.sub(lambda found: f"{found.group()}<!-- -->", signs)


def _step_lines(step: Step) -> Iterator[str]:
    if len(step.options) == 1:
        (action,) = step.options
        yield f"- [ ] {_head(f'{step.number}.', action)} `{step.id}`"
        yield from _detail_lines(action, "  ")
        return
    yield f"- [ ] **{step.number}. Do one of these** `{step.id}`"
    for position, action in enumerate(step.options, start=1):
        yield f"  - {_head(f'Option {position}:', action)}"
        yield from _detail_lines(action, "    ")


def _head(start: str, action: Action) -> str:
    return f"**{start} {github_text(action.what)}** ({effort_text(action.effort)})"


def _detail_lines(action: Action, indent: str) -> Iterator[str]:
    for name in action.files:
        yield f"{indent}- Needs: {github_text(name)}"
    if action.command:
        command = visible(action.command).strip("\n")
        fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(command)), default=0))
        yield f"{indent}- Command:"
        yield from (f"{indent}  {line}" for line in (fence, *command.split("\n"), fence))
    if action.verify:
        yield f"{indent}- It worked if: {github_text(action.verify)}"
    if action.undo:
        yield f"{indent}- To undo: {github_text(action.undo)}"
