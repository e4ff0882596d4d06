"""The steps as a GitHub task list: the ids of the page, and nothing that GitHub would act on."""

from __future__ import annotations

import html
import re

import markdown
import pytest

from hcreport.model import Action
from hcreport.render.steps import plan_steps
from hcreport.render.task_list import github_text, task_list
from tests.pages_case import SNAPSHOTS, assessed, pages


def _list(*actions: Action) -> str:
    return task_list(plan_steps(actions))


def test_a_step_is_one_task_with_its_id_and_its_details() -> None:
    action = Action(
        what="Do it",
        command="docker ps\ndocker info",
        files=("compose.a.yaml",),
        verify="It runs.",
        undo="Undo it.",
    )
    (step,) = plan_steps([action])
    assert (
        task_list([step])
        == f"""\
- [ ] **1. Do it** (takes minutes) `{step.id}`
  - Needs: compose\\.a\\.yaml
  - Command:
    ```
    docker ps
    docker info
    ```
  - It worked if: It runs.
  - To undo: Undo it.""".replace("\\.", ".")
    )


def test_alternatives_are_one_task() -> None:
    text = _list(Action(what="best", group="g"), Action(what="other", group="g", effort="a day"))
    assert text.count("- [ ]") == 1
    assert "  - **Option 1: best** (takes minutes)\n  - **Option 2: other**" in text


@pytest.mark.parametrize("name", sorted(SNAPSHOTS))
def test_the_page_holds_it_with_the_same_ids(name: str) -> None:
    page = pages(name)["checklist.md"]
    boxes = re.findall(r'data-hc-step="([^"]+)"', page)
    copied = re.search(r"<details class=\"hc-copy.*?<pre><code>(.*?)</code>", page, re.DOTALL)
    if not boxes:
        assert copied is None
        return
    assert copied
    text = html.unescape(copied.group(1))
    assert re.findall(r"^- \[ \] .*`([a-z0-9-]+)`$", text, re.MULTILINE) == boxes
    assert len(set(boxes)) == len(boxes)
    assert len(boxes) == len(plan_steps(assessed(name)[1].plan)[: len(boxes)])


HOSTILE = [
    "@everyone",
    "redis@sha256:0123",
    "see #12 and gh-3, GH-4 and a/b#5",
    "<img src=x onerror=alert(1)>",
    "[link](https://example.org) ![x](y)",
    "https://example.org and www.example.org",
    "`code` *bold* _it_ ~~no~~ **x**",
    "1. x",
    "- [x] done",
    "# title",
    "> quote",
    "a | b",
    "&amp; &#64;x",
    "line\nbreak\r\n- item",
    "\\*",
    "$x$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    written = github_text(text)
    assert "\n" not in written
    assert not re.search(r"[@#]\w|(?i:gh)-\d", written)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", written.replace("<!-- -->", ""))
    assert not re.search(r"[`*_\[\]<>|~$&\\]|://|www\.", bare)
    assert not re.match(r"[-+#>=]|\d[.)]", bare)


@pytest.mark.parametrize("text", [each for each in HOSTILE if "&" not in each])
def test_hostile_text_reads_the_same_after_markdown(text: str) -> None:
    shown = markdown.markdown(f"x {github_text(text)}").replace("<!-- -->", "")
    # Python-Markdown knows fewer escapes than GitHub does.
    shown = re.sub(r"\\([|~$:<>])", r"\1", html.unescape(shown))
    assert shown == f"<p>x {' '.join(text.split())}</p>"


def test_a_command_cannot_end_its_own_fence() -> None:
    text = _list(Action(what="x", command="a\n```\n@b"))
    assert text.count("````") == 2
