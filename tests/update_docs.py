"""Writes the made pages of the documentation: ``python -m tests.update_docs [--check]``.

``docs/commands.md`` comes from the real help, ``docs/configuration-keys.md`` and
``docs/snapshot-keys.md`` from the types, and ``docs/action.md`` from our action. The tables of
``docs/guide/sizes.md`` come from the results of ``make bench-sizing``, those of
``docs/guide/models-measured.md`` from the results of ``make bench-ollama``, and those of
``docs/guide/images-measured.md`` from those of ``make bench-images`` and ``make bench-twins``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hcreport import errors
from hcreport.cli import main
from tests import images_page, models_page, reference_pages, sizes_page
from tests.generated import ROOT, update

PAGE = ROOT / "docs" / "commands.md"

# One line of the tree in the docstring of errors.py: class, exit code, meaning.
_TREE_LINE = re.compile(r"^[ │├└─]*(\w+) +(\d) +(.+)$", re.MULTILINE)

_INTRODUCTION = """\
# Commands

The result goes to standard output, and everything said about it to standard error. So
`hcreport check --format json > result.json` writes nothing but the result. This page is made
from the program's own help.

## Exit codes

| Code | Meaning |
|---|---|
"""


def error_tree() -> dict[str, tuple[int, str]]:
    """Return exit code and meaning by class, as the docstring of errors.py draws them."""
    lines = _TREE_LINE.findall(errors.__doc__ or "")
    return {name: (int(code), meaning) for name, code, meaning in lines}


def exit_codes() -> dict[int, str]:
    """Return what each exit code means."""
    codes = {
        0: "Everything went well, and no finding fails the check.",
        1: "`hcreport check` has a finding at least as severe as `--fail-on`, new or worse, "
        "`hcreport image` more than a limit allows, `hcreport model` no room for the model, "
        "`hcreport doctor` a scenario that does not run here, or `hcreport prove` one that failed.",
    }
    for code, meaning in error_tree().values():
        sentence = f"{meaning[0].upper()}{meaning[1:]}."
        codes[code] = f"{codes[code]} {sentence}" if code in codes else sentence
    codes[130] = "Interrupted; `hcreport collect` still writes what it had read."
    return dict(sorted(codes.items()))


def help_text(*words: str) -> str:
    """Return what ``hcreport … --help`` prints on a terminal of 80 columns."""
    done = subprocess.run(
        [sys.executable, "-m", "hcreport", *words, "--help"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def files() -> dict[Path, str]:
    """Return the text of the page about the commands, and of those with tables of results."""
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in exit_codes().items())
    calls: list[tuple[str, ...]] = [(), *((name,) for name in main.commands)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        blocks = [
            f"\n## {' '.join(('hcreport', *words))}\n\n```text\n{text}```\n"
            for words, text in zip(
                calls, pool.map(lambda words: help_text(*words), calls), strict=True
            )
        ]
    made = {PAGE: _INTRODUCTION + rows + "".join(blocks)}
    for page in (sizes_page, models_page, images_page, reference_pages):
        made |= page.files()
    return made


if __name__ == "__main__":
    update(files(), "make docs")
