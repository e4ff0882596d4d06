"""What ``hcreport prove`` refuses before it asks an engine, and what it says at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hcreport.cli import run
from hcreport.cli.prove import summary
from hcreport.model import ProofFailure
from hcreport.render.report import example_snapshot
from hcreport.snapshot import format_snapshot
from tests.compose.support import use_real_binary
from tests.fragments import snapshot_of
from tests.test_proofs import proof

NOWHERE = "unix:///nonexistent/docker.sock"


def prove(folder: Path, *words: str) -> int:
    """Run the command in a folder without an engine; return its exit code."""
    options = ("--project-directory", str(folder), "--host", NOWHERE)
    with pytest.raises(SystemExit) as ended:
        run(["prove", *options, *words])
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("all",), 2, "There is no snapshot whose numbers could be proven."),
        (("all", "--snapshot", "gone.json"), 4, "gone.json cannot be read"),
        (("all", "--snapshot", "EXAMPLE"), 2, 'There is no scenario "all" in this snapshot.'),
        (("Everything", "--snapshot", "EXAMPLE", "--memory", "much"), 2, "--memory: 'much' is not"),
        (("Everything", "--snapshot", "EXAMPLE", "--memory", "0"), 2, "must be more than nothing"),
        (("all", "--snapshot", "EXAMPLE", "--for", "120"), 2, "no length of time"),
        (("all", "--snapshot", "EXAMPLE", "--runs", "0"), 2, "--runs"),
    ],
)
def test_what_cannot_be_proven_is_refused_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    named = [str(example_snapshot()) if word == "EXAMPLE" else word for word in words]
    assert prove(tmp_path, *named) == code
    assert said in capsys.readouterr().err


SNAPSHOT = """\
{"schema": 1, "taken_at": "2026-11-23T12:00:00Z", "tool": "a test", "project": {"name": "shop"},
 "services": [{"name": "web"}]}
"""
EVERYTHING = "everything that starts"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "What web needs was not measured"),
        (("--together",), 2, "is not known"),
        (("--", "no-such-program"), 2, "There is no program no-such-program to make load with."),
    ],
)
def test_the_snapshot_of_the_configuration_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {image: web}}", encoding="utf-8")
    (tmp_path / "hcreport.yml").write_text("snapshot: shop.json", encoding="utf-8")
    (tmp_path / "shop.json").write_text(SNAPSHOT, encoding="utf-8")
    assert prove(tmp_path, EVERYTHING, *words) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "shop.proofs.json").exists()


def test_a_scenario_made_of_files_is_proven_with_these(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_binary(monkeypatch)
    (tmp_path / "compose.yaml").write_text("services: {web: {image: web}}", encoding="utf-8")
    snapshot = snapshot_of("""
        services: [{name: web}]
        containers:
          - {name: web-1, service: web, state: running, memory: {usage: 9000000, peak: 9000000}}
        scenarios: [{name: full, services: [web], files: [compose.full.yaml]}]
    """)
    (tmp_path / "shop.json").write_text(format_snapshot(snapshot), encoding="utf-8")
    assert prove(tmp_path, "full", "--snapshot", str(tmp_path / "shop.json")) == 3
    assert "compose.full.yaml" in capsys.readouterr().err


FAILED: dict[str, Any] = {"kind": "memory", "service": "web", "container": "x-web-1", "seconds": 3}
AT = "512 MiB for Docker, 300 MiB of it for containers"
KILLED = "was killed for want of memory with exit code 137"
OWN = f"{AT}, each with its own limit"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, f"Passed: all ran 120 seconds at {OWN}, no load."),
        (
            {"runs": 3, "load": "make", "load_runs": 7, "together": True},
            f"Passed: all ran 120 seconds in 3 runs at {AT}, together, load make 7 times.",
        ),
        (
            {"failure": ProofFailure(**FAILED, exit_code=137, run=2)},
            f"Failed: all at {OWN}: service web (x-web-1) {KILLED} after 3 seconds, in run 2.",
        ),
        (
            {"failure": ProofFailure(kind="load", exit_code=7, seconds=2)},
            f"Failed: all at {OWN}: the load failed with exit code 7 after 2 seconds.",
        ),
        (
            {"failure": ProofFailure(kind="memory", seconds=2)},
            f"Failed: all at {OWN}: a container was killed for want of memory after 2 seconds.",
        ),
    ],
)
def test_the_result_in_words(more: dict[str, Any], said: str) -> None:
    assert summary(proof(passed="failure" not in more, **more)) == said
