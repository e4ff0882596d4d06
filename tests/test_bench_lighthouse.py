"""Lighthouse's report is read by its scores, and its absence is told in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.lighthouse.__main__ import line, main
from bench.lighthouse.scores import read_scores

LIGHTHOUSE = Path(__file__).parent.parent / "bench" / "lighthouse"

GOOD: dict[str, Any] = {
    "categories": {
        "performance": {"score": 0.83, "auditRefs": []},
        "accessibility": {"score": 1, "auditRefs": [{"id": "contrast", "weight": 7}]},
        "best-practices": {"score": 1, "auditRefs": []},
        "seo": {"score": 1, "auditRefs": [{"id": "crawlable", "weight": 0}]},
    },
    "audits": {
        "contrast": {"id": "contrast", "title": "Contrast is enough", "score": 1},
        "crawlable": {"id": "crawlable", "title": "Structured data", "score": None},
    },
}


def test_all_that_has_to_be_full_is() -> None:
    scores = read_scores(GOOD)
    assert scores.met
    assert scores.faults == ()
    assert line("index", scores) == (
        "index: performance 83, accessibility 100, best-practices 100, seo 100"
    )


@pytest.mark.parametrize("score", [0.99, 0, None])
def test_a_lower_score_is_a_fault_with_its_element(score: float | None) -> None:
    report = json.loads(json.dumps(GOOD))
    report["categories"]["accessibility"]["score"] = score
    report["audits"]["contrast"] |= {
        "score": 0,
        "details": {"items": [{"node": {"selector": "p.pale"}}]},
    }
    scores = read_scores(report)
    assert not scores.met
    assert scores.faults == ("accessibility: Contrast is enough (contrast) p.pale",)


def test_without_node_one_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 1
    assert capsys.readouterr().err == (
        "Lighthouse was not run: it needs Node 20 or newer, with npm. Install both first.\n"
    )


def test_the_lock_names_no_place_to_load_from() -> None:
    lock = json.loads((LIGHTHOUSE / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for path, package in lock["packages"].items() if path]
    assert len(packages) > 100
    assert all("integrity" in package and "resolved" not in package for package in packages)
