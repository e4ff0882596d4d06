"""Python's own records say which files a distribution has, and what it asks for."""

from __future__ import annotations

import pytest

from hcreport.contents.merged import merge
from hcreport.contents.owners import Paths, PythonDist
from hcreport.contents.owners_python import read_python, record_paths
from tests.image_files import Content, make_layer

SITE = "venv/lib/python3.12/site-packages"
METADATA = b"""Metadata-Version: 2.1
Name: Shop
Version: 1.2
Requires-Dist: redis >=4
Requires-Dist: orjson ; extra == 'fast'
Provides-Extra: fast

Name: not-a-field
"""
FILES: dict[str, Content] = {
    f"{SITE}/shop-1.2.dist-info/METADATA": METADATA,
    f"{SITE}/shop-1.2.dist-info/RECORD": (
        b"shop/__init__.py,sha256=x,10\r\n"
        b"../../../bin/shop,,\n"
        b'"shop/a,b.txt",,3\n'
        b"shop/gone.py,,\n"
        b"shop-1.2.dist-info/METADATA,,\n"
    ),
    f"{SITE}/shop-1.2.dist-info/REQUESTED": b"",
    f"{SITE}/shop-1.2.dist-info/entry_points.txt": (
        b"[console_scripts]\nshop = shop:main\n\n[other]\nx = y\n[gui_scripts]\nwin=shop:win\n"
    ),
    f"{SITE}/shop/__init__.py": 10,
    f"{SITE}/shop/a,b.txt": 3,
    "venv/bin/shop": 200,
    f"{SITE}/redis-5.dist-info/METADATA": b"Name: redis\nVersion: 5\n",
    f"{SITE}/redis-5.dist-info/RECORD": b"redis/inside/w-1.dist-info/METADATA,,\n",
    f"{SITE}/redis/inside/w-1.dist-info/METADATA": b"Name: w\n",
    f"{SITE}/redis/_vendor/x-1.dist-info/METADATA": b"Name: x\n",
    f"{SITE}/redis/inside/y-1.dist-info/METADATA": b"Name: y\n",
}


def read(
    files: dict[str, Content], system: dict[bytes, str] | None = None
) -> dict[str, PythonDist]:
    """Read the distributions of one layer."""
    layer = make_layer(files)
    merged = merge([layer])
    found = read_python(dict(layer.evidence()), Paths([layer], merged.places), merged, system or {})
    return {each.name: each for each in found.done()}


def test_a_wheel() -> None:
    shop = read(FILES)["Shop"]
    assert shop.version == "1.2"
    assert shop.folder == SITE.encode()
    assert shop.requires == ("redis >=4", "orjson ; extra == 'fast'")
    assert shop.extras == ("fast",)
    assert shop.requested is True
    assert shop.entry_points == ("shop", "win")
    assert b"venv/bin/shop" in shop.files
    assert shop.size == 10 + 3 + 200 + len(METADATA)


def test_what_was_not_asked_for_and_what_lies_in_another() -> None:
    found = read(FILES)
    assert found["redis"].requested is False
    assert sorted(found) == ["Shop", "redis", "y"]


def test_where_nobody_wrote_down_what_was_asked_for() -> None:
    files = {path: each for path, each in FILES.items() if not path.endswith("REQUESTED")}
    assert read(files)["Shop"].requested is None


def test_a_distribution_that_the_system_brought() -> None:
    shop = read(FILES, {f"{SITE}/shop-1.2.dist-info/METADATA".encode(): "python3-shop"})["Shop"]
    assert shop.by_system
    assert shop.requested is None


@pytest.mark.parametrize(
    ("files", "size"),
    [
        (
            {
                f"{SITE}/old.egg-info/PKG-INFO": b"Name: old\nVersion: 2\n",
                f"{SITE}/old.egg-info/installed-files.txt": b"../old/a.py\nPKG-INFO\n",
                f"{SITE}/old/a.py": 50,
            },
            50 + 21,
        ),
        ({"usr/lib/python3/dist-packages/old-2.egg-info": b"Name: old\nVersion: 2\n"}, 21),
    ],
    ids=["folder", "single file"],
)
def test_an_egg(files: dict[str, Content], size: int) -> None:
    old = read(files)["old"]
    assert (old.version, old.size) == ("2", size)


def test_requirements_of_an_egg_are_written_as_core_metadata() -> None:
    requires = read(
        {
            f"{SITE}/old.egg-info/PKG-INFO": b"Name: old\n",
            f"{SITE}/old.egg-info/requires.txt": (
                b'six\n\n[fast]\norjson\n\n[:sys_platform == "win32"]\ncolor\n'
                b'\n[fast:python_version < "3"]\nbackport\n'
            ),
        }
    )["old"].requires
    assert requires == (
        "six",
        "orjson ; extra == 'fast'",
        'color ; (sys_platform == "win32")',
        "backport ; (python_version < \"3\") and extra == 'fast'",
    )


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"Version: 1\n", b"\n\nName: x\n"])
def test_metadata_without_a_name_are_none(content: bytes) -> None:
    assert read({f"{SITE}/x-1.dist-info/METADATA": content}) == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b",,\n", []),
        (b"a,b,c\n", [b"a"]),
        (b"a.py,sha256=ab,10\r\nb.py,,\n", [b"a.py", b"b.py"]),
        (b'"a ""quoted"".py",,\n', [b'a "quoted".py']),
        (b'"never ends\n', [b"never ends"]),
    ],
)
def test_lines_of_a_record(content: bytes, expected: list[bytes]) -> None:
    assert list(record_paths(content)) == expected
