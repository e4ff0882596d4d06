"""Lists of a container's processes, as engines give them."""

from __future__ import annotations

import pytest

from hcreport.collect.processes import Processes, read_processes, runtime_among
from hcreport.model import Snapshot
from hcreport.snapshot import format_snapshot
from hcreport.units import KIB, Bytes
from tests.engine_fixture import CANARY
from tests.recorded_engine import RecordedEngine
from tests.recorded_project import Take, folder, recorded, take

__all__ = ["folder", "recorded", "take"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [["1", "2048", "sh", "/bin/sh start"], ["9", "1024", "sleep", "sleep 9"]],
            Processes(count=2, resident=Bytes(3072 * KIB), names=frozenset({"sh", "sleep"})),
        ),
        (
            [["7", "100", "MainThread", "/usr/local/bin/node app.js"]],
            Processes(count=1, resident=Bytes(100 * KIB), names=frozenset({"MainThread", "node"})),
        ),
        ([["1", "1.2m", "sh", "sh"]], Processes(count=1, names=frozenset({"sh"}))),
        ([["1"], ["2", "5", "", ""]], Processes(count=2)),
        ([None, "1 2 3"], Processes(resident=Bytes(0))),
        ([], Processes(resident=Bytes(0))),
        (None, Processes(resident=Bytes(0))),
    ],
)
def test_the_list_is_read(rows: object, expected: Processes) -> None:
    assert read_processes({"Processes": rows}) == expected


def test_of_several_runtimes_the_first_by_name_counts() -> None:
    assert runtime_among(["sh", "node", "java"]) == "java"
    assert runtime_among(["sh", "nodes"]) is None


def files_of_web(snapshot: Snapshot) -> int | None:
    (web,) = [each for each in snapshot.containers if each.service == "web"]
    assert web.memory is not None
    return web.memory.program_files


def test_one_sample_tells_the_files_that_processes_map(
    take: Take, recorded: RecordedEngine
) -> None:
    stats = recorded.replies[recorded.of_container("shop-web-1", "stats")]
    own = stats["memory_stats"]["stats"]["total_rss"]
    listed = [["1", str(own // KIB + 5 * KIB), "web", f"/web --token {CANARY}"]]
    recorded.replies[recorded.of_container("shop-web-1", "top")] = {"Processes": listed}
    snapshot = take()
    files = files_of_web(snapshot)
    assert files is not None
    assert abs(files - 5 * KIB**2) < 256 * KIB
    assert CANARY not in format_snapshot(snapshot)


@pytest.mark.parametrize("status", [403, 404, 409, 500])
def test_an_engine_that_lists_no_processes_leaves_them_unknown(
    take: Take, recorded: RecordedEngine, status: int
) -> None:
    recorded.errors[recorded.of_container("shop-web-1", "top")] = status
    snapshot = take()
    assert files_of_web(snapshot) is None
    assert snapshot.gaps == ()
    # Where the list is refused for how it was asked, it is asked for in another way.
    asked = [path for _, path in recorded.asked if path.endswith("/top")]
    web = recorded.of_container("shop-web-1", "top")
    assert asked.count(web) == (1 if status in (404, 409) else 2)
