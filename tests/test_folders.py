"""The folders from which services are built; what cannot be seen of one is a gap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hcreport.collect.folders import has_build_folders, read_build_folders
from hcreport.model import Build, Service


def built(name: str, context: str | None, dockerfile: str | None = None) -> Service:
    """Return a service that is built from a folder."""
    return Service(name=name, build=Build(context=context, dockerfile=dockerfile))


def test_a_folder_is_looked_at_once_for_all_of_its_services(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "api" / "x").write_bytes(b"12345")
    services = [built("web", "api"), built("api", "api"), Service(name="db", image="postgres")]
    found = read_build_folders(tmp_path, services)
    (folder,) = found.folders
    assert folder.record().services == ("api", "web")
    assert folder.record().sent == 5 + len("FROM scratch\nCOPY . /\n")
    assert folder.dockerfile == "FROM scratch\nCOPY . /\n"
    assert found.gaps == ()


def test_each_dockerfile_has_patterns_of_its_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text("FROM scratch\n")
    (tmp_path / "two.dockerignore").write_text("one\n")
    services = [built("a", ".", "one"), built("b", ".", "two")]
    one, two = read_build_folders(tmp_path, services).folders
    assert one.record().sent > two.record().sent


@pytest.mark.parametrize("what", ["gone", "pattern", "file"])
def test_what_cannot_be_read_is_a_gap_without_its_text(tmp_path: Path, what: str) -> None:
    place = tmp_path / "api"
    if what == "pattern":
        place.mkdir()
        (place / ".dockerignore").write_text("[secret\n")
    if what == "file":
        place.write_text("no folder")
    found = read_build_folders(tmp_path, [built("api", "api")])
    assert found.folders == ()
    (gap,) = found.gaps
    assert (gap.source, gap.subject) == ("build contexts", "api")
    assert "secret" not in gap.reason


def test_a_dockerfile_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Dockerfile")
    (folder,) = read_build_folders(tmp_path, [built("api", ".")]).folders
    assert folder.dockerfile is None


@pytest.mark.parametrize(
    ("services", "expected"),
    [([], False), ([built("a", None)], False), ([built("a", ".")], True)],
)
def test_whether_there_is_anything_to_look_at(services: list[Service], expected: bool) -> None:
    assert has_build_folders(services) is expected
