"""Checks a command of the documentation without running it: its syntax, its program, its options.

``hcreport`` is asked by its own command line, other programs by their own help.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from functools import cache

import click

from hcreport.cli import main
from tests.compose.support import BINARY
from tests.generated import ROOT

_HELP = {
    "docker": "--help",
    "gh": "--help",
    "git": "-h",
    "mike": "--help",
    "mkdocs": "--help",
    "pip": "--help",
    "pre-commit": "--help",
    "zensical": "--help",
}
"""Programs whose options are looked up in their own help, and how it is asked for."""

_PLAIN = ("cd", "cp", "curl", "echo", "export", "mkdir", "mv", "python", "sh", "shellcheck")
"""Programs whose options everybody's manual has; their words are only read by the shell."""

_ENDS = ("|", "||", "&&", ";", ">", ">>", "<", "&")
_BOTH_STREAMS = re.compile(r" 2>&1\b")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON_MODULE = ("python3", "-m")


def parts_of(command: str) -> list[list[str]]:
    """Return the words of each program that a line starts, without variables and redirections."""
    lexer = shlex.shlex(_BOTH_STREAMS.sub(" ", command), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    redirected = False
    for word in lexer:
        if word in _ENDS:
            redirected = word.startswith((">", "<"))
            if not redirected:
                parts.append([])
        elif redirected:
            redirected = False
        elif parts[-1] or not _ASSIGNMENT.match(word):
            parts[-1].append(word)
    return [part for part in parts if part]


def complaints(command: str) -> list[str]:
    """Return what is wrong with a command that a reader would type."""
    read_only = ["bash", "-n", "-c", command]
    done = subprocess.run(read_only, capture_output=True, text=True, check=False)
    if done.returncode:
        return [done.stderr.strip()]
    return [found for part in parts_of(command) if (found := _complaint(part))]


def _complaint(words: list[str]) -> str | None:
    if tuple(words[:2]) == _PYTHON_MODULE:
        words = words[2:]
    program, *rest = words
    if program == "hcreport":
        return hcreport_complaint(rest)
    if program == "make":
        return _make_complaint(rest)
    if program in _HELP:
        return _help_complaint(program, rest)
    if program in _PLAIN or program.startswith("tests."):
        return None
    return f"{program}: no test knows this program"


def span_complaint(span: str) -> str | None:
    """Return what is wrong with a command in a sentence, which may leave out what is needed."""
    try:
        words = shlex.split(span.partition(" > ")[0])
    except ValueError:
        return None  # no command: a lone quotation mark
    if words[:1] == ["hcreport"] and words[1:] and not re.match(r"[\d.]", words[1]):
        return hcreport_complaint(words[1:], whole=False)
    if words[:1] == ["make"]:
        return _make_complaint(words[1:])
    if words[:1] == ["docker"] and words[1:]:
        return _help_complaint("docker", words[1:])
    return None


def hcreport_complaint(words: list[str], *, whole: bool = True) -> str | None:
    """Return what hcreport's own command line says about these words; None if it takes them.

    Of a command that is not whole, only what is there counts.
    """
    if not words or words[0] not in main.commands:
        return None if set(words) <= {"--version", "--debug", "--help", "-h"} else "no such command"
    command = main.commands[words[0]]
    try:
        command.make_context(words[0], words[1:], parent=click.Context(main))
    except click.exceptions.Exit:
        return None  # --help
    except click.MissingParameter as error:
        return f"hcreport {words[0]}: {error.format_message()}" if whole else None
    except click.ClickException as error:
        return f"hcreport {words[0]}: {error.format_message()}"
    return None


@cache
def make_targets() -> frozenset[str]:
    """Return the targets of this project's Makefile, and the load test of a reader's own."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset({*re.findall(r"^([a-z-]+):", text, re.MULTILINE), "load-test"})


def _make_complaint(words: list[str]) -> str | None:
    targets = {each for each in words if "=" not in each}
    unknown = targets - make_targets()
    return f"make: no target {', '.join(sorted(unknown))}" if unknown else None


def _help_complaint(program: str, words: list[str]) -> str | None:
    """Return the first option that the program's help does not name."""
    if words[:1] == ["compose"]:
        path, words = str(BINARY), words[1:]
    else:
        path = shutil.which(program) or shutil.which(str(ROOT / ".venv/bin" / program)) or ""
    if not path:
        return None  # not installed here; where it is, its help decides
    words = words[: words.index("--")] if "--" in words else words
    command = next((each for each in words if re.fullmatch(r"[a-z][a-z-]*", each)), "")
    shown = _help(path, _HELP[program]) + (_help(path, command, _HELP[program]) if command else "")
    for option in (each for each in words if each.startswith("-")):
        name = option.partition("=")[0]
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", shown):
            return f"{program} {command}: no option {name}"
    return None


@cache
def _help(path: str, *words: str) -> str:
    done = subprocess.run(
        [path, *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout + done.stderr
