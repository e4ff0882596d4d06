"""Builds the example's site, serves it, and prints Lighthouse's scores: ``make lighthouse``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.lighthouse.running import NotPossible, Tools, find_tools, run
from bench.lighthouse.scores import REQUIRED, Scores, read_scores
from hcreport.build import build_site
from hcreport.render.report import ReportSource, example_snapshot
from tests.browser.serving import serving

PAGES = ("index", "assessment", "requirements", "checklist")

_CHECKOUT = Path(__file__).parent.parent.parent


def measure(tools: Tools, names: Sequence[str], folder: Path) -> bool:
    """Print the scores of each page as they come; return whether all are as they have to be."""
    source = ReportSource(folder=_CHECKOUT, snapshot=example_snapshot())
    site = build_site(source, folder / "site").parent
    good = True
    with serving(site) as served:
        for name in names:
            report = run(tools, f"{served.address}/{name}.html", folder / "report.json")
            scores = read_scores(report)
            print(line(name, scores), flush=True)
            for fault in scores.faults:
                print(f"  {fault}")
            good = good and scores.met
    return good


def line(name: str, scores: Scores) -> str:
    """Return a page's scores in one line."""
    shown = ", ".join(f"{category} {score}" for category, score in scores.of.items())
    return f"{name}: {shown}"


def main(names: Sequence[str]) -> int:
    """Measure the named pages, or the four that every report has; 1 where a score is too low."""
    try:
        tools = find_tools()
        print(f"{', '.join(REQUIRED)} have to be 100; performance depends on the machine.")
        with tempfile.TemporaryDirectory() as folder:
            return 0 if measure(tools, names or PAGES, Path(folder)) else 1
    except NotPossible as error:
        print(f"Lighthouse was not run: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
