"""Building and serving the site: whole or not at all, by whose mkdocs.yml, the same every time."""

from __future__ import annotations

import filecmp
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hcreport.build import build_site
from hcreport.errors import BuildError, SnapshotError, UsageError
from hcreport.render.report import ReportSource, example_snapshot

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mkdocs")

OWN_SITE = """\
site_name: Mine
theme: material
plugins:
  - hcreport: {snapshot: snap.json, into: health}
nav:
  - index.md
  - Health: health/index.md
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder that holds the example's snapshot as ``snap.json``."""
    text = example_snapshot().read_text(encoding="utf-8")
    (tmp_path / "snap.json").write_text(text, encoding="utf-8")
    return tmp_path


def _source(project: Path) -> ReportSource:
    return ReportSource(folder=project, snapshot=project / "snap.json")


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_same_snapshot_gives_the_same_site_twice(project: Path) -> None:
    for name in ("one", "two"):
        # A process each: the order of sets and the time of day differ between them.
        subprocess.run(
            [sys.executable, "-m", "hcreport", "build", "snap.json", "--site-dir", name],
            cwd=project,
            env=os.environ | {"PYTHONHASHSEED": "1" if name == "one" else "2"},
            check=True,
            capture_output=True,
        )
    names = _files(project / "one")
    assert names == _files(project / "two")
    assert "index.html" in names
    _, different, failed = filecmp.cmpfiles(project / "one", project / "two", names, shallow=False)
    assert (different, failed) == ([], [])


def test_a_foreign_folder_is_never_emptied(project: Path) -> None:
    precious = project / "home" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years", encoding="utf-8")
    with pytest.raises(UsageError, match="does not look like a built site"):
        build_site(_source(project), precious.parent)
    with pytest.raises(UsageError, match="is a file"):
        build_site(_source(project), precious)
    assert precious.read_text(encoding="utf-8") == "years"


def test_a_failed_build_leaves_the_last_site(project: Path) -> None:
    (project / "mkdocs.yml").write_text(OWN_SITE, encoding="utf-8")
    docs = project / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Mine\n\n[health](health/index.md)\n", encoding="utf-8")
    first_page = build_site(_source(project), project / "site")
    before = first_page.read_bytes()
    (docs / "index.md").write_text("[gone](gone.md)\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"gone\.md"):
        build_site(_source(project), project / "site")
    assert first_page.read_bytes() == before
    left = [path.name for path in project.iterdir()]
    assert sorted(left) == ["docs", "mkdocs.yml", "site", "snap.json"]


def test_pages_go_into_ones_own_site_and_hand_written_ones_win(project: Path) -> None:
    (project / "mkdocs.yml").write_text(OWN_SITE, encoding="utf-8")
    health = project / "docs" / "health"
    health.mkdir(parents=True)
    (project / "docs" / "index.md").write_text("# Mine\n", encoding="utf-8")
    (health / "glossary.md").write_text("# My own words\n", encoding="utf-8")
    build_site(_source(project), project / "site")
    site = project / "site"
    assert "My own words" in (site / "health/glossary/index.html").read_text(encoding="utf-8")
    assert "HyperCode" in (site / "health/index.html").read_text(encoding="utf-8")
    assert (site / "health/assets/hcreport.css").is_file()


def test_a_site_without_our_plugin_is_left_alone(project: Path) -> None:
    (project / "mkdocs.yml").write_text("site_name: Theirs\n", encoding="utf-8")
    page = build_site(_source(project), project / "site").read_text(encoding="utf-8")
    assert "Theirs" not in page
    assert "HyperCode" in page


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_any_date_can_be_published(project: Path, moment: str) -> None:
    """A site's times have 32 bits, a snapshot's do not."""
    snapshot = json.loads((project / "snap.json").read_text(encoding="utf-8"))
    text = json.dumps(snapshot | {"taken_at": moment})
    (project / "snap.json").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "hcreport", "build", "snap.json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_bad_snapshot_is_reported_as_itself(project: Path) -> None:
    (project / "snap.json").write_text("{", encoding="utf-8")
    with pytest.raises(SnapshotError, match="not valid JSON"):
        build_site(_source(project), project / "site")
    assert not (project / "site").exists()


@pytest.fixture
def server(project: Path) -> Iterator[str]:
    """``hcreport serve`` on a free port; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    log = project / "serve.log"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "hcreport", "serve", "snap.json", "--address", address],
            cwd=project,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(process, address, log)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    host, port = address.split(":")
    while process.poll() is None:
        with socket.socket() as connection:
            if connection.connect_ex((host, int(port))) == 0:
                return
    pytest.fail(log.read_text(encoding="utf-8"))


def test_serve_shows_a_changed_snapshot(server: str, project: Path) -> None:
    page = _read(f"{server}/index.html")
    assert "Renamed stack" not in page
    epoch = re.search(r"livereload\((\d+), (\d+)\)", page)
    assert epoch is not None
    changed = json.loads((project / "snap.json").read_text(encoding="utf-8"))
    changed["title"] = "Renamed stack"
    (project / "snap.json").write_text(json.dumps(changed), encoding="utf-8")
    # MkDocs answers this request when it has built again, or unchanged after a minute.
    _read(f"{server}/livereload/{epoch[1]}/{epoch[2]}")
    assert "Renamed stack" in _read(f"{server}/index.html")


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=90) as answer:
        body: bytes = answer.read()
    return body.decode("utf-8")
