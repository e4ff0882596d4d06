"""A folder of snapshots: which one is published, what is kept of the others, what is not read."""

from __future__ import annotations

import logging
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from hcreport.errors import ConfigError, HcreportError, SnapshotError
from hcreport.estimate.requirements import memory_need, requirements
from hcreport.history import read_history
from hcreport.history import reading as module
from hcreport.render.headline import known_need
from hcreport.render.report import ReportSource, make_report, read_material
from hcreport.units import MB, Bytes
from tests.pages_case import SNAPSHOTS, assessed
from tests.snapshots_folder import START, write


def test_the_newest_is_published_whatever_its_name(tmp_path: Path) -> None:
    newest = write(tmp_path, 9, "a.json")
    write(tmp_path, 3, "z.json")
    write(tmp_path, 5, "m.json")
    found = read_history(tmp_path)
    assert found.path == newest
    assert [each.file for each in found.moments] == ["z.json", "m.json", "a.json"]
    assert found.previous is not None
    assert found.previous.taken_at == START + timedelta(days=5)
    assert (found.not_read, found.later, found.skipped) == ((), 0, 0)


def test_a_chosen_snapshot_has_only_what_was_before_it(tmp_path: Path) -> None:
    for day in range(4):
        write(tmp_path, day)
    found = read_history(tmp_path, tmp_path / "002.json")
    assert [each.file for each in found.moments] == ["000.json", "001.json", "002.json"]
    assert found.later == 1


def test_a_chosen_snapshot_may_lie_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    write(folder, 1)
    chosen = write(tmp_path, 2, "now.json")
    found = read_history(folder, chosen)
    assert [each.file for each in found.moments] == ["001.json", "now.json"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it is not valid JSON"),
        ('{"schema": 1, "taken_at', "cut short"),
        ("[]", "it has no key `schema`"),
        ('{"schema": 99}', "it has schema 99; this version reads up to"),
        ('{"schema": 1, "taken_at": "soon", "project": {"name": "shop"}}', "it is no snapshot"),
        ('{"schema": 1, "project": {"name": "shop"}}', "taken_at"),
        ('{"schema": 1, "taken_at": "2026-01-01T00:00:00Z"}', "project"),
        ("\udcff", "it cannot be read: it is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_snapshot_is_named(tmp_path: Path, content: str, reason: str) -> None:
    write(tmp_path, 1)
    (tmp_path / "bad.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    found = read_history(tmp_path)
    assert [each.file for each in found.not_read] == ["bad.json"]
    assert reason in found.not_read[0].reason
    assert len(found.moments) == 1


def test_the_newest_file_that_is_broken_gives_way_to_the_one_before(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2)
    write(tmp_path, 3, services="many")
    found = read_history(tmp_path)
    assert found.path.name == "002.json"
    assert [each.file for each in found.not_read] == ["003.json"]
    assert [each.file for each in found.moments] == ["001.json", "002.json"]


def test_a_broken_one_in_between_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2, services="many")
    write(tmp_path, 3)
    found = read_history(tmp_path)
    assert [each.file for each in found.moments] == ["001.json", "003.json"]
    assert found.previous is not None
    assert found.previous.taken_at == START + timedelta(days=1)


def test_a_chosen_one_that_is_broken_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, 1)
    for broken in (write(tmp_path, 2, services="many"), tmp_path / "missing.json"):
        with pytest.raises(SnapshotError):
            read_history(tmp_path, broken)


@pytest.mark.parametrize(("folder", "error"), [("none", ConfigError), ("", SnapshotError)])
def test_no_folder_and_no_snapshot(tmp_path: Path, folder: str, error: type[HcreportError]) -> None:
    with pytest.raises(error) as caught:
        read_history(tmp_path / folder)
    assert caught.value.hint


def test_two_of_the_same_time_count_once(tmp_path: Path) -> None:
    write(tmp_path, 1, "a.json")
    write(tmp_path, 1, "b.json", title="Another")
    found = read_history(tmp_path)
    assert [each.file for each in found.moments] == ["b.json"]
    assert [each.reason for each in found.not_read] == ["it is of the same time as b.json"]
    chosen = read_history(tmp_path, tmp_path / "a.json")
    assert [each.file for each in chosen.moments] == ["a.json"]


def test_a_broken_one_of_the_same_time_gives_way_to_the_other(tmp_path: Path) -> None:
    for day in (1, 2):
        write(tmp_path, day, f"{day}-a.json", title="A")
        write(tmp_path, day, f"{day}-b.json", title="B")
        write(tmp_path, day, f"{day}-c.json", services="many")
    found = read_history(tmp_path)
    assert [each.file for each in found.moments] == ["1-b.json", "2-b.json"]
    assert [each.file for each in found.not_read] == [
        "1-a.json",
        "1-c.json",
        "2-a.json",
        "2-c.json",
    ]
    assert found.not_read[2].reason == "it is of the same time as 2-b.json"
    chosen = read_history(tmp_path, tmp_path / "2-a.json")
    assert [each.file for each in chosen.moments] == ["1-b.json", "2-a.json"]
    assert {each.file for each in chosen.not_read} == {
        "1-a.json",
        "1-c.json",
        "2-b.json",
        "2-c.json",
    }


def test_a_copy_under_another_name_is_no_news(tmp_path: Path) -> None:
    write(tmp_path, 1, "2026-01-02.json")
    write(tmp_path, 1, "latest.json")
    found = read_history(tmp_path)
    assert (len(found.moments), found.not_read) == (1, ())


def test_another_project_is_never_published_by_chance(tmp_path: Path) -> None:
    own = write(tmp_path, 1)
    write(tmp_path, 2, project={"name": "other"})
    with pytest.raises(ConfigError, match="snapshots of 2 projects: other, "):
        read_history(tmp_path)
    found = read_history(tmp_path, own)
    assert [each.reason for each in found.not_read] == ["it is of another project, other"]
    assert len(found.moments) == 1


def test_proofs_beside_a_snapshot_are_no_stray_files(tmp_path: Path) -> None:
    path = write(tmp_path, 1)
    evidence = SNAPSHOTS["watched"].with_name("watched.proofs.json").read_bytes()
    path.with_name("001.proofs.json").write_bytes(evidence)
    assert read_history(tmp_path).not_read == ()


def test_what_was_not_measured_is_no_zero(tmp_path: Path) -> None:
    write(tmp_path, 1, containers=[], images=[], engine=None, window=None)
    write(tmp_path, 2)
    empty, full = read_history(tmp_path).moments
    assert (empty.in_use, empty.has, empty.images) == (None, None, None)
    assert None not in (full.needed, full.in_use, full.has, full.images)


def test_what_is_needed_is_that_of_one_scenario_throughout(tmp_path: Path) -> None:
    other = [{"name": "another", "services": ["db"]}]
    write(tmp_path, 1, scenarios=other)
    write(tmp_path, 2)
    older, newest = read_history(tmp_path).moments
    assert older.needed is None
    assert newest.needed == assessed("watched")[1].requirements[0].at_least


def test_very_large_ones_are_read_in_even_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write(tmp_path, day) for day in range(21)]
    size = paths[0].stat().st_size
    monkeypatch.setattr(module, "MOST_BYTES", Bytes(5 * size))
    found = read_history(tmp_path)
    days = [each.taken_at.day - 1 for each in found.moments]
    assert days == [0, 5, 10, 14, 19, 20]
    assert found.skipped == 15


def test_memory_does_not_grow_with_the_number_of_snapshots(tmp_path: Path) -> None:
    peaks = []
    for count in (5, 60):
        for day in range(count):
            write(tmp_path, day)
        read_history(tmp_path)  # what is made once must not count
        tracemalloc.start()
        found = read_history(tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(found.moments) == count
    assert peaks[1] - peaks[0] < MB


def test_the_report_warns_in_one_line_and_watches_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    write(folder, 1)
    newest = write(folder, 2)
    (folder / "note\u202e\n.json").write_text("{}", encoding="utf-8")
    (tmp_path / "hcreport.yml").write_text("snapshots_dir: snapshots\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        report = make_report(ReportSource(folder=tmp_path))
    (warning,) = caplog.messages
    assert warning == (
        "note .json in snapshots was not read: it is not a snapshot: it has no key `schema`."
    )
    assert {newest, folder} <= set(report.watched)
    assert report.pages == make_report(ReportSource(folder=tmp_path)).pages
    assert "## Not read" in report.pages["changes.md"]


def test_a_check_reads_no_older_snapshot(tmp_path: Path) -> None:
    for day in range(3):
        write(tmp_path, day)
    (tmp_path / "hcreport.yml").write_text("snapshots_dir: .\n", encoding="utf-8")
    material = read_material(ReportSource(folder=tmp_path))
    assert material.snapshot.taken_at == START + timedelta(days=2)
    assert len(material.history.moments) == 1


@pytest.mark.parametrize("name", ["tiny", "watched", "models", "empty"])
def test_the_quick_need_is_that_of_the_requirement(name: str) -> None:
    snapshot, _ = assessed(name)
    for requirement in requirements(snapshot):
        need = memory_need(snapshot, requirement.scenario)
        assert need is not None
        known = need.at_least if need.known else None
        assert (known, need.exact) == known_need(requirement)
    assert memory_need(snapshot, "no such scenario") is None
