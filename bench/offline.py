"""What needs no engine: starting, building the example, and a project of 1,000 services."""

from __future__ import annotations

import gzip
import statistics
import sys
import tempfile
from pathlib import Path

from bench.measure import Command, Row, compare, in_turns
from bench.synthetic import synthetic_snapshot
from hcreport.render.report import example_snapshot
from hcreport.render.templating import templates_folder
from hcreport.units import KB

PROGRAM = Path(sys.executable).parent / "hcreport"

_SERVICES = 1000


def start_up() -> Row:
    """Compare ``hcreport --version`` with Python doing nothing."""
    folder = Path(tempfile.gettempdir())
    return compare(
        "hcreport --version to python -c pass",
        Command(name="hcreport --version", words=(PROGRAM, "--version"), folder=folder),
        Command(name="python -c pass", words=(sys.executable, "-c", "pass"), folder=folder),
        bar=4,
        repetitions=15,
    )


def check_with_a_baseline() -> Row:
    """Compare ``hcreport check --baseline`` with loading the two libraries that it cannot spare."""
    folder = Path(tempfile.gettempdir())
    example = example_snapshot()
    words = (PROGRAM, "check", example, "--baseline", example)
    libraries = (sys.executable, "-c", "import pydantic, yaml")
    return compare(
        "hcreport check --baseline to its libraries",
        Command(name="hcreport check", words=words, folder=folder),
        Command(name="import pydantic, yaml", words=libraries, folder=folder),
        bar=6,
        repetitions=15,
    )


def build_of_the_example() -> Row:
    """Compare ``hcreport build`` with MkDocs over the same pages, which lie on disk already."""
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = Path(name, "ours"), Path(name, "theirs")
        ours.mkdir()
        theirs.mkdir()
        one = Command(name="hcreport build", words=(PROGRAM, "build"), folder=ours)
        other = Command(
            name="mkdocs build",
            words=(sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"),
            folder=theirs,
        )
        _write_pages(theirs)
        row = compare(
            "hcreport build to mkdocs build of its pages", one, other, bar=1.25, repetitions=15
        )
        _must_be_alike(ours / "site", theirs / "site")
        return row


def large_project() -> Row:
    """Measure the CPU time from a snapshot's file to the pages of 1,000 services."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "large.json").write_text(synthetic_snapshot(_SERVICES), encoding="utf-8")
        words = (PROGRAM, "render", "large.json", "--to", "pages")
        command = Command(name="hcreport render", words=words, folder=folder)
        costs = in_turns((command,), repetitions=3)[command.name]
        pages = sum(1 for _ in (folder / "pages").rglob("*.md"))
        if pages < _SERVICES:
            raise RuntimeError(f"{pages} pages are too few for {_SERVICES} services")
    return Row(
        what=f"CPU from file to pages, {_SERVICES:,} services",
        detail=f"{pages:,} pages",
        figure=statistics.median(cost.cpu_seconds for cost in costs),
        bar=3,
        unit="s",
    )


def site_of_a_large_project() -> list[Row]:
    """Measure the CPU time of building the site of 1,000 services, and its heaviest page.

    The site is built by MkDocs with our plugin, which reads the snapshot. The time is the least of
    three runs, because a busy machine only adds to it. A page's weight is that of its HTML as a
    server sends it: with the theme's files, 62 kB, it stays below 90 kB.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "large.json").write_text(synthetic_snapshot(_SERVICES), encoding="utf-8")
        (folder / "docs").mkdir()
        (folder / "mkdocs.yml").write_text(
            f"INHERIT: {templates_folder() / 'site' / 'mkdocs.yml'}\n"
            "site_name: large\n"
            "docs_dir: docs\n"
            "plugins: [search, offline, {hcreport: {snapshot: large.json}}]\n",
            encoding="utf-8",
        )
        words = (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet")
        command = Command(name="mkdocs build", words=words, folder=folder)
        costs = in_turns((command,), repetitions=3)[command.name]
        pages = [*(folder / "site").rglob("*.html")]
        if len(pages) < _SERVICES:
            raise RuntimeError(f"{len(pages)} pages are too few for {_SERVICES} services")
        weights = {page: len(gzip.compress(page.read_bytes(), mtime=0)) for page in pages}
        heaviest = max(weights, key=lambda page: (weights[page], page))
        return [
            Row(
                what=f"CPU of mkdocs build, {_SERVICES:,} services",
                detail=f"{len(pages):,} pages",
                figure=min(cost.cpu_seconds for cost in costs),
                bar=10,
                unit="s",
            ),
            Row(
                what="heaviest page of it, HTML packed",
                detail=str(heaviest.relative_to(folder / "site")),
                figure=weights[heaviest] / KB,
                bar=25,
                unit="kB",
            ),
        ]


def _write_pages(folder: Path) -> None:
    """Write the example's pages, and a site like the packaged one but without our plugin."""
    in_turns(
        [Command(name="render", words=(PROGRAM, "render", "--to", "docs"), folder=folder)],
        repetitions=1,
    )
    docs = folder / "docs"
    sheets = sorted(str(path.relative_to(docs)) for path in docs.rglob("*.css"))
    (folder / "mkdocs.yml").write_text(
        f"INHERIT: {templates_folder() / 'site' / 'mkdocs.yml'}\n"
        "site_name: HyperCode\n"
        "docs_dir: docs\n"
        "plugins: [search]\n"
        f"extra_css: {sheets}\n",
        encoding="utf-8",
    )


def _must_be_alike(one: Path, other: Path) -> None:
    """Refuse to compare two sites that do not hold the same pages."""
    pages, others = (
        {str(path.relative_to(site)) for path in site.rglob("*.html")} for site in (one, other)
    )
    if pages != others:
        raise RuntimeError(f"the sites differ in {sorted(pages ^ others)}: nothing to compare")
