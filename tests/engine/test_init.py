"""``hcreport init`` measures where a real engine answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.cli import run
from hcreport.config import read_config
from hcreport.snapshot import read_snapshot
from tests.engine_fixture import RunningEngine

pytestmark = pytest.mark.engine

IMAGE = "hcreport-test/init:1"


def test_the_first_snapshot_is_measured(
    engine: RunningEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine.build(IMAGE, "FROM scratch\nCOPY busybox /bin/busybox\n")
    (tmp_path / "compose.yaml").write_text(
        f"name: first\nservices: {{web: {{image: '{IMAGE}', mem_limit: 64m}}}}\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    for words in (["init"], ["check"]):
        with pytest.raises(SystemExit) as exit_info:
            run(words)
        assert exit_info.value.code == 0, capsys.readouterr()
    baseline = read_config(tmp_path / "hcreport.yml").baseline
    assert baseline is not None
    snapshot = read_snapshot(tmp_path / baseline)
    assert snapshot.engine is not None
    assert [each.size is not None for each in snapshot.images] == [True]
    assert "Nothing was measured" not in capsys.readouterr().out
    engine.remove(IMAGE)
