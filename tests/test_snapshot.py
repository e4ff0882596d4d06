"""Snapshot files: read strictly, refused with place and reason, written the same each time."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hcreport import snapshot as snapshots
from hcreport.errors import SnapshotError, SnapshotTooNew
from hcreport.snapshot import (
    SCHEMA_NUMBER,
    format_snapshot,
    json_schema,
    parse_snapshot,
    read_snapshot,
    write_snapshot,
)

SMALLEST: dict[str, Any] = {
    "schema": 1,
    "taken_at": "2026-01-02T03:04:05Z",
    "tool": "hcreport test",
    "project": {"name": "shop"},
}

FULL: dict[str, Any] = SMALLEST | {
    "title": "Shop 🛒 <b>",
    "engine": {"memory_total": 1_997_159_793, "cpus": 2, "host_hint": "docker-desktop"},
    "services": [
        {
            "name": "web",
            "location": {"file": "compose.yaml", "line": 3},
            "limits": {"memory": 536_870_912, "cpus": 0.5},
            "depends_on": [{"service": "db", "required": False}],
            "settings": {"OLLAMA_NUM_PARALLEL": "2"},
        },
        {"name": "db", "replicas": 0},
    ],
    "containers": [
        {"name": "shop-web-1", "state": "exited", "exit_code": 137, "oom_killed": True},
        {"name": "shop-db-1", "state": "running", "memory": {"usage": 9, "inactive_file": 4}},
    ],
    "images": [{"size": 16_300_000_000, "layers": [{"instruction": "COPY", "size": 7}]}],
    "gaps": [{"source": "stats", "reason": "the engine did not answer"}],
    "origins": [
        {"path": "engine/memory_total", "origin": {"kind": "cited", "evidence": "the review"}}
    ],
}


def text_of(data: object) -> str:
    """Return a file's text for some content."""
    return json.dumps(data)


@pytest.mark.parametrize("data", [SMALLEST, FULL], ids=["smallest", "full"])
def test_a_round_trip_changes_nothing(data: dict[str, Any], tmp_path: Path) -> None:
    first = parse_snapshot(text_of(data))
    path = tmp_path / "snapshot.json"
    write_snapshot(first, path)
    assert read_snapshot(path) == first
    assert format_snapshot(read_snapshot(path)) == path.read_text(encoding="utf-8")


def test_what_stands_in_the_file_is_what_was_given() -> None:
    written = json.loads(format_snapshot(parse_snapshot(text_of(FULL))))
    assert written == FULL


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"colour": "red"}, "colour: is not a key that this version knows"),
        (
            {"services": [{"name": "a"}, {"name": "b", "limits": {"memroy": 1}}]},
            "services/1/limits/memroy: is not a key that this version knows",
        ),
        (
            {"containers": [{"name": "a", "state": "running", "memory": {"usage": 1, "rss": 2}}]},
            "containers/0/memory/rss: is not a key that this version knows",
        ),
        ({"engine": {"memory_total": "1.86 GiB"}}, "engine/memory_total: input should be a valid"),
        ({"engine": {"memory_total": -1}}, "engine/memory_total: input should be greater"),
        ({"containers": [{"name": "a", "state": "asleep"}]}, "containers/0/state: input should be"),
        ({"project": {"name": "\ud800"}}, "the top level: invalid JSON"),
        ({"services": [{"name": "a", "limits": {"cpus": float("nan")}}]}, "services/0/limits/cpus"),
        ({"project": {}}, "project/name: field required"),
        ({"taken_at": "yesterday"}, "taken_at: "),
    ],
)
def test_a_mistake_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        parse_snapshot(text_of(SMALLEST | change), name="mine.json")
    assert caught.value.message.startswith(f"mine.json: {place}")
    assert caught.value.hint


def test_times_are_kept_in_utc() -> None:
    """A page prints them as UTC, so another zone must not pass for it."""
    east = parse_snapshot(text_of(SMALLEST | {"taken_at": "2026-01-02T08:04:05+05:00"}))
    assert east == parse_snapshot(text_of(SMALLEST))
    assert east.taken_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("moment", ["2026-01-02T03:04:05", "0001-01-01T00:00:00+05:00"])
def test_a_time_that_is_no_moment_is_refused(moment: str) -> None:
    with pytest.raises(SnapshotError, match="taken_at"):
        parse_snapshot(text_of(SMALLEST | {"taken_at": moment}))


def test_a_number_that_no_kernel_counts_is_refused() -> None:
    largest = 2**63 - 1
    engine = parse_snapshot(text_of(SMALLEST | {"engine": {"memory_total": largest}})).engine
    assert engine is not None
    assert engine.memory_total == largest
    with pytest.raises(SnapshotError, match=r"9223372036854775808… is too large for a number"):
        parse_snapshot(text_of(SMALLEST | {"engine": {"memory_total": largest + 1}}))


def test_several_mistakes_are_counted() -> None:
    with pytest.raises(SnapshotError, match=r"first: .* \(1 more\)\.$"):
        parse_snapshot(text_of(SMALLEST | {"first": 1, "second": 2}))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the snapshot is not valid JSON at line 1"),
        (text_of(FULL)[:-9], "the snapshot is not valid JSON at line 1"),
        ("[" * 200_000, "the snapshot is not a snapshot: it is nested too deeply"),
        ("[]", "the snapshot is not a snapshot: it has no key `schema`"),
        ("null", "the snapshot is not a snapshot: it has no key `schema`"),
        (text_of({"version": 1}), "the snapshot is not a snapshot: it has no key `schema`"),
        (text_of(SMALLEST | {"schema": "1"}), "`schema` is not a schema number"),
        (text_of(SMALLEST | {"schema": True}), "`schema` is not a schema number"),
        (text_of(SMALLEST | {"schema": 0}), "`schema` is not a schema number"),
        ('{"schema": NaN}', "`schema` is not a schema number"),
    ],
)
def test_what_is_no_snapshot_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        parse_snapshot(text)
    assert sentence in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 4


def test_a_newer_schema_is_refused_by_name_whatever_it_holds() -> None:
    newer = {"schema": SCHEMA_NUMBER + 1, "moon": "full"}
    with pytest.raises(SnapshotTooNew) as caught:
        parse_snapshot(text_of(newer), name="mine.json")
    assert caught.value.message == "mine.json has schema 2; this version reads up to schema 1."
    assert caught.value.hint.startswith("Upgrade hcreport")
    assert caught.value.exit_code == 4


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"gone\.json cannot be read: No such file") as caught:
        read_snapshot(tmp_path / "gone.json")
    assert "hcreport collect" in caught.value.hint


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes(text_of(SMALLEST).encode("utf-16"))
    with pytest.raises(SnapshotError, match="it is not UTF-8 text"):
        read_snapshot(path)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as stream:
        stream.truncate(snapshots.LARGEST_FILE + 1)  # a hole: it takes no room on the disk
    with pytest.raises(SnapshotError, match="is too large to be a snapshot"):
        read_snapshot(path)


def test_a_folder_that_cannot_be_written_to_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SnapshotError, match="cannot be written") as caught:
        write_snapshot(parse_snapshot(text_of(SMALLEST)), tmp_path / "file" / "snapshot.json")
    assert "--output" in caught.value.hint


@pytest.mark.parametrize("data", [SMALLEST, FULL], ids=["smallest", "full"])
def test_the_published_schema_accepts_what_we_write(data: dict[str, Any]) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    written = json.loads(format_snapshot(parse_snapshot(text_of(data))))
    jsonschema.validate(written, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"schema": 2},
        {"engine": {"memory_total": "1.86 GiB"}},
        {"engine": {"memory_total": -1}},
        {"services": [{"name": "a", "limits": {"memroy": 1}}]},
        {"containers": [{"name": "a", "state": "asleep"}]},
    ],
)
def test_the_published_schema_refuses_what_we_refuse(change: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError):
        parse_snapshot(text_of(SMALLEST | change))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(SMALLEST | change, json_schema())


def test_the_published_schema_explains_every_field_of_a_snapshot() -> None:
    properties = json_schema()["$defs"]["MemoryUse"]["properties"]
    assert properties["inactive_file"]["description"].startswith("Page cache")
