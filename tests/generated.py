"""Files made from the code: written by ``make docs`` and ``make schema``, and held current."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from hcreport.files import write_whole

ROOT = Path(__file__).parent.parent

BEGIN = "<!-- results: written by make docs -->"
END = "<!-- end of results -->"
"""Between these marks a page holds tables of results, and around them what people wrote."""


def between_marks(text: str, lines: Iterable[str]) -> str:
    """Return a page with what stands between its marks written anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join(lines)
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def stale(files: Mapping[Path, str]) -> list[str]:
    """Return the files that do not hold the text they should, relative to the project."""
    return [
        str(path.relative_to(ROOT))
        for path, text in files.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def update(files: Mapping[Path, str], command: str) -> None:
    """Write the files, or with ``--check`` only say which are not current and fail."""
    old = stale(files)
    if "--check" in sys.argv[1:]:
        sys.exit(f"Not current: {', '.join(old)}. Run `{command}`." if old else 0)
    for path, text in files.items():
        write_whole(path, text)
    sys.stdout.write(f"{len(old)} of {len(files)} files changed.\n")
