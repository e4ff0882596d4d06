"""Where files of a build context lie in an image."""

from __future__ import annotations

import pytest

from hcreport.contents.copied import context_copies, in_context
from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles


def place_of(path: str, *, dockerfile: str | None = None, history: tuple[str, ...] = ()) -> str:
    """Return where a path of the image comes from; empty for nowhere."""
    image = ImageFiles(
        name="app",
        layers=(),
        history=tuple(HistoryEntry(text=text) for text in history),
        config=ImageConfig(folder="/app"),
    )
    asked: list[str] = []

    def chosen(place: str) -> bool:
        asked.append(place)
        return True

    found = in_context(context_copies(image, dockerfile), chosen)(path.encode())
    assert found == bool(asked)
    return asked[0] if asked else ""


@pytest.mark.parametrize(
    ("dockerfile", "path", "place"),
    [
        ("FROM a\nWORKDIR /app\nCOPY . .\n", "/app/data/x.csv", "data/x.csv"),
        ("FROM a\nCOPY . /srv/\n", "/srv/data/x.csv", "data/x.csv"),
        ("FROM a\nCOPY . /srv/\n", "/app/data/x.csv", ""),
        ("FROM a\nCOPY . /\n", "/etc/passwd", "etc/passwd"),
        ("FROM a\nCOPY src /code\n", "/code/main.py", "src/main.py"),
        ("FROM a\nCOPY a.txt b.txt /code/\n", "/code/b.txt", "b.txt"),
        ("FROM a\nWORKDIR /w\nCOPY setup.py ./\n", "/w/setup.py", "setup.py"),
        ("FROM a\nCOPY lib/run.sh /usr/bin/run\n", "/usr/bin/run", "lib/run.sh"),
        ('FROM a\nCOPY ["my dir", "/code"]\n', "/code/x", "my dir/x"),
        ("FROM a\nARG HOME=/app\nCOPY . $HOME\n", "/app/x", "x"),
        ("FROM a AS b\nCOPY . /one\nFROM c\nCOPY --from=b /one /two\n", "/two/x", ""),
        ("FROM a AS b\nCOPY . /one\nFROM b\nRUN true\n", "/one/x", "x"),
        ("FROM a\nCOPY --chown=1:1 . /one\n", "/one/x", "x"),
        ("FROM a\nADD https://example.org/x /one\n", "/one/x", ""),
        ("FROM a\nCOPY . /one\nCOPY sub /one\n", "/one/x", "sub/x"),
        ("FROM a\nCOPY . \\\n  # a comment\n\n  /one\n", "/one/x", "x"),
    ],
)
def test_a_dockerfile_says_where_files_come_from(dockerfile: str, path: str, place: str) -> None:
    assert place_of(path, dockerfile=dockerfile) == place


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("COPY . /app # buildkit", "/app/.git/HEAD", ".git/HEAD"),
        ("/bin/sh -c #(nop) COPY dir:0a1b in /app ", "/app/.git/HEAD", ".git/HEAD"),
        ("/bin/sh -c #(nop) COPY dir:0a1b in . ", "/app/.git/HEAD", ".git/HEAD"),
        ("/bin/sh -c #(nop) COPY file:0a1b in /app/x ", "/app/x", ""),
        ("RUN /bin/sh -c cp . /app # buildkit", "/app/x", ""),
    ],
)
def test_a_history_says_so_where_there_is_no_dockerfile(text: str, path: str, place: str) -> None:
    assert place_of(path, history=(text,)) == place
