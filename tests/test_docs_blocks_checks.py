"""Plants faults in blocks of code, and asks whether the checks of the documentation notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_blocks import commands, kinds, running
from tests.docs_blocks.blocks import Block, blocks_of, spans_of


def block(text: str, language: str = "yaml") -> Block:
    """Return a block of a page that does not exist."""
    return Block("page.md", 1, language, text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project, with the snapshot of another one."""
    example = Path(__file__).parent.parent / "docs/snapshots/hypercode.json"
    return running.prepared(tmp_path, snapshot=example)


def test_blocks_are_found_with_their_lines_also_in_lists_and_tabs() -> None:
    page = "a `b c`\n\n```sh\nx \\\n  -y\n# no\n```\n- z\n    ```yaml\n    a: 1\n    ```\n`d`\n"
    first, second = blocks_of("p.md", page)
    assert (first.place, first.language, first.commands) == ("p.md:3", "sh", ("x -y",))
    assert (second.place, second.text) == ("p.md:9", "a: 1\n")
    assert spans_of(page) == ("b c", "d")


def test_a_block_that_is_never_closed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p\.md:1: the block is never closed"):
        list(blocks_of("p.md", "```sh\nx\n"))


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("hcreport build --site-folder x", "No such option"),
        ("hcreport check --fail-on severe", "is not one of"),
        ("hcreport explain", "Missing argument"),
        ("hcreport frobnicate", "no such command"),
        ("make no-such-target", "no target"),
        ("frobnicate --all", "no test knows this program"),
        ("hcreport build | frobnicate", "no test knows this program"),
        ("if hcreport build", "unexpected end of file"),
        ("docker compose up --frobnicate", "no option --frobnicate"),
        ("git tag --frobnicate", "no option --frobnicate"),
        ("python3 -m pip install --frobnicate .", "no option --frobnicate"),
    ],
)
def test_a_command_with_a_fault_is_noticed(command: str, complaint: str) -> None:
    (found,) = commands.complaints(command)
    assert complaint in found


@pytest.mark.parametrize(
    "command",
    [
        "SITE_URL=https://example.org/ hcreport build > log 2>&1",
        "hcreport prove one --for 5s -- make load-test --anything",
        "docker compose -f compose.yaml up -d",
        "git push origin v1.0.0",
    ],
)
def test_a_command_without_a_fault_is_not(command: str) -> None:
    assert commands.complaints(command) == []


def test_a_command_in_a_sentence_may_leave_out_what_it_needs() -> None:
    assert commands.span_complaint("hcreport explain") is None
    assert commands.span_complaint("hcreport model TAG|FILE.gguf --memory 8g") is None
    assert commands.span_complaint("hcreport model --size 8g") is not None
    assert commands.span_complaint("hcreport.yml") is None
    assert commands.span_complaint("hcreport 0.1.0") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("frobnicate: true\n", "nothing of ours has such keys"),
        ("title: x\nsuppress: [{rule: no-such, reason: x}]\n", "no rule no-such"),
        ("max_age_days: many\n", "max_age_days"),
        ("groups: [{name: a, services: [nobody, noone], awake: 1}]\n", "nobody"),
        ("plugins: [{hcreport: {frobnicate: 1}}]\n", "frobnicate"),
        ("plugins: [frobnicate]\n", "frobnicate"),
        ("services: {web: {mem_limits: 1g}}\n", "mem_limits"),
        ("- uses: actions/checkout@v4\n", "zizmor says"),
        ("on: push\njobs: {one: {steps: []}}\n", "not a workflow"),
        ("repos: [{repo: x}]\n", "pre-commit refuses it"),
    ],
)
def test_yaml_with_a_fault_is_noticed(text: str, complaint: str, project: Path) -> None:
    assert complaint in "\n".join(kinds.yaml_complaints(block(text), project))


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": 1}',
        '{"source": "stats", "reason": 1}',
        '{"schema": 1, "taken_at": "x", "tool": "x", "project": {"nam": "x"}}',
    ],
)
def test_json_with_a_fault_is_noticed(text: str) -> None:
    assert kinds.json_complaints(block(text, "json")) != []


def test_a_command_that_fails_is_named_with_what_it_said(project: Path) -> None:
    blocks = [block("hcreport check nowhere.json\nfalse | true\ncd nowhere\n", "sh")]
    first, second = running.failures(blocks, project)
    assert "nowhere.json` ends with 4:\nError: " in first
    assert "`cd nowhere` ends with 1:" in second


def test_powershell_with_a_fault_is_noticed() -> None:
    assert kinds.powershell_complaints(block("if (1 -eq 1 { 'x'\n", "powershell")) != []
    assert kinds.powershell_complaints(block(".\\check.ps1 'a'\n", "powershell")) == []
