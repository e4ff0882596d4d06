"""Files that a container maps on another one's account, on a real engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hcreport.units import KIB
from tests.engine.yard import FOREVER, Yard, lives

pytestmark = pytest.mark.engine

_CLOSE = 256 * KIB
"""The kernel adds up its counters in batches, for each CPU."""


def mapped_by(yard: Yard, name: str) -> int:
    """Return the bytes of files that the one process of a container maps."""
    process = yard.engine.client.containers.get(name).attrs["State"]["Pid"]
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"^RssFile:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * KIB


def test_files_on_the_account_of_another_container_are_seen(yard: Yard) -> None:
    first = yard.start("first", FOREVER)
    yard.start("second", FOREVER)
    yard.start("other", "while true; do sleep 0.2; done")
    snapshot = yard.watch()
    true = mapped_by(yard, first)
    assert true > 2 * _CLOSE
    found = {service: series for service, (series,) in lives(snapshot).items()}
    for service in ("first", "second"):
        assert found[service].program_files == pytest.approx(true, abs=_CLOSE)
    assert found["second"].mapped == pytest.approx(0, abs=_CLOSE)
    assert found["first"].program == found["second"].program != found["other"].program
