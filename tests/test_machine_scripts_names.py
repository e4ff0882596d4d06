"""No name of a scenario or project can do anything in the scripts for a machine but be printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from hcreport.model import MachineCheck, MachineNeeds
from hcreport.render.escape import one_line
from hcreport.render.machine_scripts import scripts_for
from hcreport.render.marker import POWERSHELL_SCRIPT, SHELL_SCRIPT
from hcreport.snapshot import read_snapshot
from tests.machine_scripts_case import SHELLS, script_text, shell_command, three_checks
from tests.pages_case import SNAPSHOTS

COMMANDS = {
    "Get-CimInstance",
    "Get-Command",
    "Get-Gib",
    "Set-StrictMode",
    "Stop-Unmeasured",
    "Test-Size",
    "Write-Output",
    "docker",
    "docker-compose",
}
"""All that the script for Windows runs; nothing of it writes a file or opens a connection."""

HOSTILE = st.lists(
    st.sampled_from(
        [
            *("'", '"', "`", "\\", "$(echo 1 >x)", "`echo 1 >x`", ";echo 1 >x;", "\n", "\r\n", "#"),
            *("}", ")", "*", "?", "[a", "|", "&", "<#", "#>", "@'", "'@", "$x", "${x}", "%", "%s"),
            *(
                "\u2018",
                "\u2019",
                "\u201a",
                "\u201b",
                "\u201c",
                "\u2028",
                "\x00",
                "\x1b[2J",
                "\x85",
            ),
            *("\u202e", "\ud800", "é", "大", "😀", "-e", "\\c", "\\n", " ", "  ", "a", "{{", "{%"),
        ]
    ),
    max_size=6,
).map("".join)
NAMES = st.lists(st.one_of(HOSTILE, st.text(max_size=12)), min_size=1, max_size=6)

EVERY_TIME = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def checks_for(names: list[str]) -> dict[str, MachineCheck]:
    return {each: MachineCheck() for each in names}


@EVERY_TIME
@given(names=NAMES)
@example(names=["'; echo 1 >x; '", "$(echo 1 >x)", "a\necho 1 >x", "*", ""])
def test_a_shell_prints_every_name_and_runs_none(names: list[str], tmp_path: Path) -> None:
    script = tmp_path / SHELL_SCRIPT
    script.write_bytes(script_text(checks_for(names)).encode("utf-8"))
    listed = [f"  {one_line(each)}" for each in dict.fromkeys(names)]
    for shell in SHELLS:
        command = [*shell_command(shell), str(script)]
        unknown = run_without_programs([*command, "no such scenario, surely"], tmp_path)
        assert unknown.returncode == 2
        assert unknown.stderr == b""
        assert unknown.stdout.decode("utf-8").split("\n")[1:-1] == listed
    known = run_without_programs(
        [*shell_command("dash"), str(script), one_line(names[-1])], tmp_path
    )
    assert known.stdout.startswith(b"Not measured: There is no docker command here.")
    assert list(tmp_path.iterdir()) == [script]


def run_without_programs(command: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, env={"PATH": "/nowhere"}, cwd=folder, capture_output=True, check=False, timeout=30
    )


@EVERY_TIME
@given(name=st.one_of(HOSTILE, st.text(max_size=12)))
@example(name="x\n; echo 1 >x")
@example(name="#>\u2028Remove-Item x")
def test_a_project_stays_in_its_comment(name: str) -> None:
    snapshot = read_snapshot(SNAPSHOTS["tiny"])
    named = snapshot.model_copy(
        update={"project": snapshot.project.model_copy(update={"name": name})}
    )
    needs = [MachineNeeds(scenario="Small", check=MachineCheck())]
    plain, hostile = scripts_for(snapshot, needs), scripts_for(named, needs)
    for script in (SHELL_SCRIPT, POWERSHELL_SCRIPT):
        ours, theirs = plain[script].split("\n"), hostile[script].split("\n")
        differing = [each for each in zip(ours, theirs, strict=True) if each[0] != each[1]]
        assert all(one.startswith("# ") and other.startswith("# ") for one, other in differing)
        assert "\r" not in hostile[script]
        assert hostile[script].isascii()


@EVERY_TIME
@given(names=NAMES)
@example(names=["'; Remove-Item x; '", "\u2019; Remove-Item x", "$(Remove-Item x)"])
def test_powershell_reads_every_name_as_itself(names: list[str]) -> None:
    text = script_text(checks_for(names), POWERSHELL_SCRIPT)
    assert text.isascii()
    tree = parsed(text)
    assert not tree.has_error
    assert commands(tree) <= COMMANDS
    found = re.findall(r"^        Name = (.*)$", text, re.MULTILINE)
    assert [value_of(each) for each in found] == [one_line(each) for each in dict.fromkeys(names)]


@pytest.mark.parametrize("name", ["Small", "It's"])
def test_the_script_for_windows_is_read_without_an_error(name: str) -> None:
    text = script_text({name: three_checks()["Middle"]}, POWERSHELL_SCRIPT)
    tree = parsed(text)
    assert not tree.has_error
    assert commands(tree) == COMMANDS
    assert "We have not tried this script on Windows." in text


def parsed(text: str) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(text.encode()).root_node


def commands(node: Node) -> set[str]:
    """Return the names of all commands in a script."""
    return {
        each.text.decode()
        for each in nodes(node)
        if each.type in ("command_name", "command_name_expr") and each.text
    }


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for each in node.children:
        yield from nodes(each)


def value_of(expression: str) -> str:
    """Return the text of a literal: in single quotes, or joined from UTF-16 units."""
    units = re.fullmatch(r"\(-join \[char\[\]\]\(((?:0x[0-9a-f]{4}(?:, )?)+)\)\)", expression)
    if units:
        numbers = [int(each, 16) for each in units.group(1).split(", ")]
        return b"".join(each.to_bytes(2, "big") for each in numbers).decode("utf-16-be")
    quoted = re.fullmatch(r"'((?:[^']|'')*)'", expression)
    assert quoted, expression
    return quoted.group(1).replace("''", "'")
