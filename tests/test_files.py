"""Writing whole files: the new text or the old one, never a part of either."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hcreport.files import write_aside, write_whole


def test_writes_utf8_with_unix_lines_and_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.md"
    write_whole(path, "größe\nline\n")
    assert path.read_bytes() == b"gr\xc3\xb6\xc3\x9fe\nline\n"


def test_replaces_the_old_text_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("old and much longer", encoding="utf-8")
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half of it, then \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_rename_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        write_whole(folder, "text")
    assert list(tmp_path.iterdir()) == [folder]


def test_the_file_has_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "page.md", "text")
        assert os.umask(0o022) == 0o022, "the umask of the process has changed"
    finally:
        os.umask(before)
    assert (tmp_path / "page.md").stat().st_mode & 0o777 == 0o644


def test_a_link_keeps_pointing_where_it_does(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """As root, ``--output /dev/null`` would otherwise put a file in place of the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_what_is_written_aside_is_private() -> None:
    place = write_aside("text", ".json")
    try:
        assert place.read_text(encoding="utf-8") == "text"
        assert place.stat().st_mode & 0o077 == 0
    finally:
        place.unlink()
