"""Writes the expected pages of the tests anew: ``python -m tests.update_golden`` (make golden)."""

from __future__ import annotations

from tests.generated import update
from tests.golden_files import FOLDER, golden_files


def main() -> None:
    """Write what changed, and remove what no snapshot makes any more."""
    files = golden_files()
    update(files, "make golden")
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path not in files:
            path.unlink()


if __name__ == "__main__":
    main()
