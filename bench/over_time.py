"""Building the site from 200 snapshots, beside building it from one of them."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import Command, Row, in_turns, ratio
from bench.offline import PROGRAM
from hcreport.render.report import example_snapshot
from hcreport.units import MB

_SNAPSHOTS = 200

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)

_RELEASES = 25
"""So many snapshots lie between two that are of a release."""


def over_time() -> list[Row]:
    """Compare the builds by the clock on the wall, and give the most memory that one held.

    Both publish the same snapshot of the example, and both have the same pages.
    """
    with tempfile.TemporaryDirectory() as name:
        many, one = Path(name, "many"), Path(name, "one")
        for folder, first in ((many, 0), (one, _SNAPSHOTS - 1)):
            _write_project(folder, range(first, _SNAPSHOTS))
        builds = [
            Command(name=folder.name, words=(PROGRAM, "build"), folder=folder)
            for folder in (many, one)
        ]
        costs = in_turns(builds, repetitions=7)
        _must_show_all(many / "site" / "changes.html")
    what = f"hcreport build from {_SNAPSHOTS} snapshots"
    return [
        ratio(f"{what} to one", costs["many"], costs["one"], bar=2),
        Row(
            what=f"most memory of it, {_SNAPSHOTS} snapshots",
            detail=f"one snapshot: {max(each.peak_bytes for each in costs['one']) / MB:.0f} MB",
            figure=max(each.peak_bytes for each in costs["many"]) / MB,
            bar=300,
            unit="MB",
        ),
    ]


def _write_project(folder: Path, days: range) -> None:
    """Write a project with a snapshot of each day; from one to the next, much changes a little."""
    (folder / "snapshots").mkdir(parents=True)
    (folder / "hcreport.yml").write_text("snapshots_dir: snapshots\n", encoding="utf-8")
    example = example_snapshot().read_text(encoding="utf-8")
    for day in days:
        data = json.loads(example)
        data["taken_at"] = (_FIRST + timedelta(days=day)).isoformat()
        for number, container in enumerate(data["containers"]):
            if memory := container.get("memory"):
                memory["usage"] += (day * 7 + number) % 40 * int(MB)
            if (day + number) % 9 == 0:
                container["health"] = {"status": "unhealthy", "failing_streak": 4}
        for image in data["images"]:
            image["size"] += day * int(MB)
        release = day and day % _RELEASES == 0
        file = f"v1.{day // _RELEASES}.0.json" if release else f"{day:03}.json"
        (folder / "snapshots" / file).write_text(json.dumps(data), encoding="utf-8")


def _must_show_all(page: Path) -> None:
    """Refuse a figure for a build that left something out."""
    text = page.read_text(encoding="utf-8")
    for words in (f"{_SNAPSHOTS} snapshots since 1 January 2026", "Since the last release 1.7.0"):
        if words not in text:
            raise RuntimeError(f"the page of changes does not say {words!r}")
