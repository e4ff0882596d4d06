"""A walk of a build context finds what is sent, follows nothing, and ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hcreport.collect.context.ignore import Rules, read_patterns
from hcreport.collect.context.walk import MOST_FILES, ContextFiles, walk
from hcreport.errors import CollectError


def walked(folder: Path, text: str = "", most: int = MOST_FILES) -> ContextFiles:
    return walk(folder, Rules(read_patterns(text.encode())), patience=60, most=most)


def test_lengths_and_order(tmp_path: Path) -> None:
    """Docker goes through a folder by the bytes of the names."""
    for name, size in {"b/x": 5, "b.txt": 3, "a": 2, "B": 1}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    files = walked(tmp_path)
    assert files.paths == [b"B", b"a", b"b/x", b"b.txt"]
    assert list(files.sizes) == [1, 2, 5, 3]
    assert (files.total(), files.ignored, files.notes) == (11, 0, [])


def test_a_file_with_several_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100))
    (tmp_path / "out").mkdir()
    for name in ("b", "out/c", "out/d"):
        (tmp_path / name).hardlink_to(tmp_path / "a")
    files = walked(tmp_path, "out")
    assert (files.paths, files.total(), files.total([1]), files.ignored) == (
        [b"a", b"b"],
        100,
        100,
        100,
    )


def test_links_are_never_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, target in {"loop": ".", "folder/up": "..", "away": "/usr", "gone": "nothing"}.items():
        (tmp_path / name).symlink_to(target)
    files = walked(tmp_path)
    assert files.paths == [b"away", b"folder/up", b"gone", b"loop"]
    assert files.total() == 0


def test_special_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert walked(tmp_path).paths == [b"pipe"]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    names = [b"line\nfeed", b"\xff\xfe", b"tab\t", "é".encode()]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb"):  # noqa: PTH118, PTH123
            pass
    assert walked(tmp_path).paths == sorted(names)


@pytest.mark.parametrize(
    ("text", "sent", "ignored"),
    [
        ("", 111, 0),
        ("a", 11, 100),
        ("a\n!a/b/c", 111, 0),
        ("**/c", 11, 100),
        ("*\n!a/b", 100, 11),
        ("**", 0, 111),
    ],
)
def test_what_is_left_out_is_weighed(text: str, sent: int, ignored: int, tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_bytes(bytes(100))
    (tmp_path / "d").write_bytes(bytes(11))
    files = walked(tmp_path, text)
    assert (files.total(), files.ignored) == (sent, ignored)


def test_a_walk_ends_after_a_number_of_entries(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").write_bytes(b"x")
    files = walked(tmp_path, most=20)
    assert len(files.paths) == 20
    assert files.notes == [
        "The build context is larger than stated: only 20 files and folders of it were looked at."
    ]


def test_a_walk_ends_after_a_time(tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"{number:03}").write_bytes(b"x")
    files = walk(tmp_path, Rules([]), patience=2, clock=ticks().__next__)
    assert 0 < len(files.paths) < 600
    assert files.notes == [
        "The build context is larger than stated: looking at it was ended after 2 seconds."
    ]


def ticks() -> Iterator[float]:
    """Yield times that are two seconds apart."""
    now = 0.0
    while True:
        yield now
        now += 2


def test_folders_that_may_not_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name in ("closed", "closed-too", "open"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"12")
    (tmp_path / "open/private").write_bytes(b"123")
    (tmp_path / "open/private").chmod(0o600)
    (tmp_path / "closed").chmod(0)
    (tmp_path / "closed-too").chmod(0)
    with other_user(tmp_path):
        files = walked(tmp_path, "closed-too")
    for name in ("closed", "closed-too"):
        (tmp_path / name).chmod(0o755)
    if os.geteuid() == 0:
        assert files.paths == [b"open/file", b"open/private"]
        assert files.unreadable == 2
        assert "2 files or folders of the build context may not be read" in files.notes[0]


class other_user:  # noqa: N801
    """Act as a user that is not root, where we are root; all above the folder is opened to it."""

    def __init__(self, folder: Path) -> None:
        self._above = [
            each for each in folder.parents if each.stat().st_uid == 0 and each != Path("/")
        ]
        self._modes = [each.stat().st_mode for each in self._above]

    def __enter__(self) -> None:
        if os.geteuid() == 0:
            for each, mode in zip(self._above, self._modes, strict=True):
                each.chmod(mode | 0o011)
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        if os.getuid() == 0:
            os.seteuid(0)
            for each, mode in zip(self._above, self._modes, strict=True):
                each.chmod(mode)


@pytest.mark.parametrize("what", ["missing", "file"])
def test_no_folder(what: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CollectError, match=r"build context .* cannot be read") as caught:
        walked(tmp_path / what)
    assert caught.value.hint
