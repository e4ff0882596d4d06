"""Builds our pages with Zensical, which reads ``mkdocs.yml`` after MkDocs: ``make zensical``.

Zensical runs no plugin of ours, so the pages are written as files first. Both sites are tried: the
example with the guide, and the one that ``hcreport build`` makes where a project has none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hcreport.render.report import ReportSource, make_report
from hcreport.render.templating import templates_folder
from hcreport.render.write import write_pages

ROOT = Path(__file__).resolve().parents[1]


def prepare_site(folder: Path, settings: Path, documents: Path | None = None) -> list[str]:
    """Write ``mkdocs.yml`` and the pages of the example; return the paths the site should have.

    ``documents`` are pages written by hand that belong to the site. Paths are relative to the
    site's folder.
    """
    pages = folder / "docs"
    if documents is None:
        pages.mkdir(parents=True)
    else:
        shutil.copytree(documents, pages)
    shutil.copyfile(settings, folder / "mkdocs.yml")
    report = make_report(ReportSource(folder=ROOT))
    write_pages(report.pages, report.assets, pages)
    return sorted(str(path.relative_to(pages).with_suffix(".html")) for path in pages.rglob("*.md"))


def complaints(zensical: Path, folder: Path, expected: list[str]) -> list[str]:
    """Build the site in ``folder`` strictly and return what is wrong with it."""
    done = subprocess.run(
        [zensical, "build", "--clean", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0 or "No issues found" not in said:
        return said.splitlines() or [f"it ended with exit code {done.returncode}"]
    site = folder / "site"
    return [f"{path} is missing" for path in expected if not (site / path).is_file()]


def main(zensical: Path) -> int:
    """Try both sites, say what is wrong, and return the exit code."""
    failed = False
    for name, settings, documents in (
        ("the example and the guide", ROOT / "mkdocs.yml", ROOT / "docs"),
        ("the packaged site", templates_folder() / "site" / "mkdocs.yml", None),
    ):
        with tempfile.TemporaryDirectory() as folder:
            expected = prepare_site(Path(folder), settings, documents)
            found = complaints(zensical, Path(folder), expected)
        failed = failed or bool(found)
        print(f"{name}: {len(expected)} pages, {len(found)} complaints", *found[:20], sep="\n  ")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
