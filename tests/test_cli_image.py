"""The command that says what one image is made of: its answer, its gates, what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hcreport.cli import run
from tests.image_archives import Image, docker_archive, file, layer, oci_archive, whiteout
from tests.test_cli import Hcreport

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

BASE = layer(file("bin/sh", b"s" * 3000), file("etc/os-release", b"ID=debian\n"))
COPIED = layer(
    file("app/server.py", b"print(1)\n"),
    file("app/.git/objects/pack/x.pack", b"g" * 50_000),
    file("app/old.bin", b"o" * 7000),
)
LATER = layer(whiteout("app/old.bin"), file("app/new.txt", b"n" * 10))

# Sizes of the files above, by hand.
SIZE = 3000 + 10 + 9 + 50_000 + 7000 + 10
RECLAIMABLE = 7000


@pytest.fixture
def hcreport(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Hcreport:
    """Call the command line in an empty folder and without an engine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")
    monkeypatch.setenv("XDG_CACHE_HOME", f"{tmp_path}/cache")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_info:
            run(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code, captured.out, captured.err

    return call


def shop() -> Image:
    """Return an image with a base, a copy of the build context, and a deletion."""
    base: list[dict[str, Any]] = [
        {"created_by": "/bin/sh -c #(nop) ADD file:0a in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
        {"created_by": "COPY . /app # buildkit"},
        {"created_by": "RUN /bin/sh -c rm /app/old.bin # buildkit"},
    ]
    return Image(
        layers=(BASE, COPIED, LATER),
        tags=("shop:1",),
        history=tuple(base),
        config={"Cmd": ["/bin/sh", "/app/server.py"], "WorkingDir": "/app"},
    )


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """Return the name of a file with that image, as `docker save` writes it."""
    (tmp_path / "shop.tar").write_bytes(docker_archive(shop()))
    return "shop.tar"


@pytest.fixture
def damaged(tmp_path: Path, saved: str) -> None:
    """Put files beside it that are no image, half of one, and two at once."""
    whole = (tmp_path / saved).read_bytes()
    other = Image(layers=(BASE,), tags=("other:1",))
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.tar").write_text("no archive")
    (tmp_path / "two.tar").write_bytes(docker_archive(shop(), other))


def test_json_says_everything_in_bytes(hcreport: Hcreport, saved: str) -> None:
    code, out, err = hcreport("image", saved, "--format", "json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["size"], found["seen"]) == (SIZE, SIZE - RECLAIMABLE)
    assert [each["size"] for each in found["layers"]] == [3010, 57_009, 10]
    assert [each["instruction"] for each in found["layers"]][1:] == ["COPY", "RUN"]
    assert found["reclaimable"] == [
        {
            "cause": "deleted later",
            "bytes": RECLAIMABLE,
            "files": 1,
            "paths": ["/app/old.bin"],
            "layers": [2],
        }
    ]
    assert sum(found["groups"].values()) == found["seen"]
    assert found["groups"]["version-control"] == 50_000
    assert found["dive"]["files"] == [{"path": "/app/old.bin", "count": 2, "bytes": 7000}]
    assert found["base"]["layers"] == 1
    assert found["target"] == found["size"] - sum(each["bytes"] for each in found["steps"])


def test_the_archive_of_a_newer_engine_says_the_same(
    hcreport: Hcreport, saved: str, tmp_path: Path
) -> None:
    (tmp_path / "oci.tar").write_bytes(oci_archive(shop(), packed="gzip"))
    one, other = (
        json.loads(hcreport("image", name, "--format", "json")[1]) for name in (saved, "oci.tar")
    )
    assert one == other


def test_the_terminal_names_target_and_waste(hcreport: Hcreport, saved: str) -> None:
    code, out, _ = hcreport("image", saved)
    assert code == 0
    assert out.startswith("shop:1 weighs 60 kB and could weigh 3.03 kB.")
    for words in ("Version history", "Deleted later", "/app/old.bin", "Keep out of the build"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--max-size", "61kB"), 0),
        (("--max-size", "60kB"), 1),
        (("--max-reclaimable", "7kB"), 0),
        (("--max-reclaimable", "6.9kB"), 1),
        (("--max-reclaimable", "12%"), 0),
        (("--max-reclaimable", "11%"), 1),
        (("--max-size", "1GB", "--max-reclaimable", "0%"), 1),
    ],
)
def test_gates(hcreport: Hcreport, saved: str, options: tuple[str, ...], code: int) -> None:
    found, out, _ = hcreport("image", saved, *options)
    assert found == code
    assert ("exceeded" in out) == bool(code)


def test_the_change_is_written_and_never_over_a_file_of_the_users(
    hcreport: Hcreport, saved: str, tmp_path: Path
) -> None:
    context = tmp_path / "project"
    (context / ".git").mkdir(parents=True)
    (context / ".git" / "x.pack").write_bytes(b"g" * 50_000)
    (context / "server.py").write_text("print(1)\n")
    own = 'FROM base:1\nWORKDIR /app\nCOPY . /app\nRUN rm /app/old.bin\nCMD ["/bin/sh"]\n'
    (context / "Dockerfile").write_text(own)
    arguments = ("image", saved, "--context", "project", "--write", "smaller")
    code, _, err = hcreport(*arguments)
    assert code == 0, err
    written = (tmp_path / "smaller" / "Dockerfile").read_text()
    assert "FROM base:1" in written
    assert "COPY . /app" in written
    assert "**/.git\n" in (tmp_path / "smaller" / ".dockerignore").read_text()
    assert hcreport(*arguments)[0] == 0, "what it wrote itself may be written anew"
    code, _, err = hcreport(*arguments[:-1], "project")
    assert code == 2
    assert "project/Dockerfile is there already" in err
    assert (context / "Dockerfile").read_text() == own


@pytest.mark.usefixtures("damaged")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("gone.tar",), 3, "There is no file gone.tar"),
        (("cut.tar",), 3, "cut.tar"),
        (("text.tar",), 3, "text.tar"),
        ((".",), 3, "is a folder and no image"),
        (("shop:1",), 3, "No Docker engine"),
        (("two.tar",), 3, "has 2 images: other:1, shop:1"),
        (("two.tar", "--image", "third:1"), 3, "has no image third:1"),
        (("shop.tar", "--dockerfile", "x"), 2, "--dockerfile needs --context"),
        (("shop.tar", "--context", "gone"), 2, "There is no folder gone"),
        (("shop.tar", "--context", ".", "--dockerfile", "gone"), 2, "There is no file gone"),
        (("shop.tar", "--max-size", "big"), 2, "--max-size"),
        (("shop.tar", "--max-reclaimable", "1000%"), 2, "--max-reclaimable"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    hcreport: Hcreport, arguments: tuple[str, ...], code: int, words: str
) -> None:
    found, out, err = hcreport("image", *arguments)
    assert (found, out) == (code, "")
    assert words in err
    assert "Traceback" not in err
