"""Since the last release, and problems over time: what is compared, and in how many snapshots."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import markdown
import pytest

from hcreport import past as module
from hcreport.analyze import analyze
from hcreport.config import Config, Suppression
from hcreport.history import read_history, release_name, release_order
from hcreport.model import SleepGroup
from hcreport.past import Past, past_of
from hcreport.render.report import ReportSource, make_report
from hcreport.units import MB, Bytes
from tests.pages_case import SNAPSHOTS, markdown_settings, structure
from tests.snapshots_folder import unhealthy, write


def past(folder: Path, chosen: Path | None = None, config: Config | None = None) -> Past:
    history = read_history(folder, chosen)
    config = config or Config()
    return past_of(history, analyze(history.snapshot, config), config)


def markdown_page(folder: Path) -> str:
    (folder / "hcreport.yml").write_text("snapshots_dir: .\n", encoding="utf-8")
    return make_report(ReportSource(folder=folder)).pages["changes.md"]


def page(folder: Path) -> str:
    """Return the page with what stands for points, colons and low lines put back."""
    text = markdown_page(folder)
    return text.replace("&#46;", ".").replace("&#58;", ":").replace("&#95;", "_")


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("v1.4.0.json", "1.4.0"),
        ("1.4.json", "1.4"),
        ("V10.0.json", "10.0"),
        ("2026.05.12.json", "2026.05.12"),
        ("1.2.3.4.json", "1.2.3.4"),
        ("2026-05-12.json", None),
        ("v1.json", None),
        ("1.2.3.4.5.json", None),
        ("v1.4.0-rc1.json", None),
        ("release-1.4.json", None),
        ("1.4 .json", None),
        ("1.4\n.json", None),
        ("٣.٤.json", None),
        ("1..4.json", None),
        (f"1.{'9' * 10}.json", None),
        ("1.4.yaml", None),
        ("latest.json", None),
    ],
)
def test_a_release_is_told_by_the_name_of_its_file(name: str, version: str | None) -> None:
    assert release_name(Path("snapshots.1.2") / name) == version


def test_versions_are_compared_as_numbers() -> None:
    versions = ["2.0.0", "1.10", "1.2.1", "1.2", "0.9"]
    assert sorted(versions, key=release_order) == ["0.9", "1.2", "1.2.1", "1.10", "2.0.0"]
    assert release_order("1.4") == release_order("1.4.0") == release_order("01.04")


def test_the_last_release_is_the_newest_before_the_published_one(tmp_path: Path) -> None:
    write(tmp_path, 1, "v1.9.json", containers=unhealthy("db"))
    write(tmp_path, 2, "v1.10.json", containers=unhealthy("api"))
    write(tmp_path, 3)
    write(tmp_path, 4, "v2.0.json")
    write(tmp_path, 5, "v1.8.json")  # its name is no matter: it was taken later
    found = past(tmp_path, tmp_path / "v2.0.json")
    release = found.history.release
    assert release is not None
    assert release.version == "1.10"
    assert not found.release_is_previous
    assert found.since_release is not None
    assert found.since_release.since == release.snapshot.taken_at
    assert [each.finding.subject for each in found.since_release.closed] == ["shop-api-1"]
    assert found.changes is not None
    assert not found.changes.any_problem
    assert [each.release for each in found.history.moments] == ["1.9", "1.10", None, "2.0"]


def test_the_page_has_a_section_of_the_same_shape_for_the_release(tmp_path: Path) -> None:
    write(tmp_path, 1, "v1.4.0.json", containers=unhealthy("api"))
    write(tmp_path, 2)
    write(tmp_path, 3)
    text = page(tmp_path)
    previous, release, _ = (each.split("\n## ")[0] for each in text.split("\n## ")[1:4])
    assert previous.startswith("Since the previous snapshot\n")
    assert release.startswith("Since the last release 1.4.0\n")
    assert "Since release 1.4.0 of 2 January 2026, 00:00 UTC, 1 problem closed and" in release
    for heading in ("Problems", "Memory", "Image sizes", "Limits and services"):
        assert f"\n### {heading}\n" in previous
        assert f"\n### {heading}\n" in release
    assert "#### Closed" in release
    assert "#### Closed" not in previous
    assert "2 January 2026, 00:00 UTC, release 1.4.0 |" in text


def test_a_release_that_is_the_previous_snapshot_has_one_section(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2, "v1.4.0.json")
    write(tmp_path, 3)
    text = page(tmp_path)
    assert text.count("\n## Since ") == 1
    assert "## Since the last release 1.4.0\n\nThe snapshot of the last release is the" in text
    assert past(tmp_path).since_release is None


def test_without_a_release_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2)
    text = page(tmp_path)
    assert "hcreport collect &#45;o snapshots/v1.4.0.json" in text
    assert "last release" not in text


def test_a_copy_of_a_release_is_that_release(tmp_path: Path) -> None:
    write(tmp_path, 1, "v1.4.0.json")
    write(tmp_path, 1, "was-latest.json")
    write(tmp_path, 2)
    found = past(tmp_path)
    assert found.history.release is not None
    assert found.history.release.version == "1.4.0"
    assert found.history.not_read == ()


@pytest.mark.parametrize("broken", ["{", '{"schema": 1}', "services"])
def test_a_release_that_is_broken_is_named_and_the_one_before_counts(
    tmp_path: Path, broken: str
) -> None:
    write(tmp_path, 1, "v1.3.0.json")
    path = write(tmp_path, 2, "v1.4.0.json", services="many")
    if broken != "services":
        path.write_text(broken, encoding="utf-8")
    write(tmp_path, 3)
    found = past(tmp_path)
    assert found.history.release is not None
    assert found.history.release.version == "1.3.0"
    assert [each.file for each in found.history.not_read] == ["v1.4.0.json"]
    assert found.releases_not_read == ("v1.4.0.json",)
    text = page(tmp_path)
    assert "## Since the last release 1.3.0" in text
    assert "<code>v1.4.0.json</code> is named like a later release, but it was not read." in text


def test_problems_are_counted_at_each_snapshot(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2, containers=unhealthy("api", "db"))
    write(tmp_path, 3, containers=unhealthy("api"))
    write(tmp_path, 4, containers=[], engine=None, window=None)
    counts = past(tmp_path).problems
    few = counts[0].still_open
    found = [(each.still_open - few, each.opened, each.closed) for each in counts[:3]]
    assert found == [(0, None, None), (2, 2, 0), (1, 0, 1)]
    # What is not looked for any more is not closed.
    assert counts[3].unanswered
    assert counts[3].still_open == counts[2].still_open + (counts[3].opened or 0) - (
        (counts[3].closed or 0) + counts[3].unanswered
    )


def test_an_older_snapshot_is_assessed_by_the_rules_and_configuration_of_today(
    tmp_path: Path,
) -> None:
    write(tmp_path, 1, containers=unhealthy("api"))
    write(tmp_path, 2)
    assert [each.opened for each in past(tmp_path).problems] == [None, 0]
    lived_with = Suppression(rule="container-unhealthy", reason="it is known")
    counts = past(tmp_path, config=Config(suppress=(lived_with,))).problems
    assert counts[0].still_open == counts[1].still_open


def test_a_group_with_a_new_service_does_not_stop_the_older_ones(tmp_path: Path) -> None:
    services = json.loads(SNAPSHOTS["watched"].read_text(encoding="utf-8"))["services"]
    write(tmp_path, 1, services=[each for each in services if each["name"] != "api"])
    write(tmp_path, 2)
    group = SleepGroup(name="shop", services=("api", "web"), awake=1)
    changes = past(tmp_path, config=Config(groups=(group,))).changes
    assert changes is not None
    assert changes.added == ("api",)


def test_of_many_snapshots_evenly_spread_ones_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(21):
        write(tmp_path, day, "v1.0.json" if day == 3 else None)
    monkeypatch.setattr(module, "MOST_ASSESSED", 5)
    days = [each.taken_at.day - 1 for each in past(tmp_path).problems]
    assert days == [0, 3, 5, 10, 15, 19, 20]
    assert "Problems were looked for in 7 of 21 snapshots" in page(tmp_path)


def test_of_large_snapshots_fewer_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = max(write(tmp_path, day).stat().st_size for day in range(10))
    monkeypatch.setattr(module, "MOST_ASSESSED_BYTES", Bytes(3 * size))
    assert len(past(tmp_path).problems) < 6


def test_200_snapshots_with_broken_ones_and_equal_times_among_them(tmp_path: Path) -> None:
    for day in range(200):
        taken = day // 2 if day < 20 else day
        path = write(tmp_path, taken, f"{day:03}.json", title=f"As number {day}")
        if day % 20 == 7:
            path.write_text(path.read_text(encoding="utf-8")[:-200], encoding="utf-8")
        if day % 20 == 13:
            write(tmp_path, day, f"{day:03}.json", services={"name": "\u202e<script>"})
    write(tmp_path, 150, "v9.9.9.json", services=7)
    write(tmp_path, 30, "v1.0.0.json", project={"name": "another"})
    (tmp_path / "v2.0.0.json").write_bytes(b"\xff\xfe{")
    write(tmp_path, 40, "v0.9.0.json")
    found = past(tmp_path, tmp_path / "199.json")
    assert found.history.release is not None
    assert found.history.release.version == "0.9.0"
    assert found.releases_not_read == ("v1.0.0.json", "v2.0.0.json", "v9.9.9.json")
    # Each file is either part of the history or named, once.
    names = [each.file for each in found.history.not_read]
    assert len(names) == len(set(names))
    assert len(found.history.moments) + len(names) == 204
    assert len(found.problems) <= module.MOST_ASSESSED + 2
    times = [each.taken_at for each in found.history.moments]
    assert times == sorted(set(times))


def test_no_memory_grows_with_the_number_of_snapshots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ASSESSED", 12)
    peaks = []
    for count in (4, 12):
        for day in range(count):
            write(tmp_path, day)
        past(tmp_path)  # what is made once must not count
        tracemalloc.start()
        assert len(past(tmp_path).problems) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < MB / 4


def test_no_name_makes_markup_on_the_page(tmp_path: Path) -> None:
    whole = json.loads(SNAPSHOTS["hostile"].read_text(encoding="utf-8"))
    bare = whole | {"containers": [], "scenarios": [], "images": whole["images"][:1]}
    for day, name, data in ((1, "v1.json", bare), (2, "v1.4.json", bare), (3, "x.json", whole)):
        write(tmp_path, day, name, **{**data, "taken_at": f"2026-08-0{day}T00:00:00Z"})
    (tmp_path / "<img src=x>|@a.json").write_text("{", encoding="utf-8")
    found = structure(markdown.markdown(markdown_page(tmp_path), **markdown_settings()))
    assert found.joined.count("<script>") > 0
    allowed = "a circle code dd desc details div dl dt figcaption figure h1 h2 h3 h4 hr li line p"
    allowed += " path pre span strong summary svg table tbody td text th thead title tr ul"
    assert {tag for tag, _ in found.elements} <= set(allowed.split())
