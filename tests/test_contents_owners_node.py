"""What lies in node_modules, and what of it npm installed for development."""

from __future__ import annotations

import json

import pytest

from hcreport.contents.owners import NodePackage
from hcreport.contents.owners_node import package_folder, read_node

LOCK = b"app/node_modules/.package-lock.json"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("app/node_modules/a/index.js", "app/node_modules/a"),
        ("node_modules/a/index.js", "node_modules/a"),
        ("app/node_modules/@s/a/lib/x.js", "app/node_modules/@s/a"),
        ("app/node_modules/a/node_modules/b/x.js", "app/node_modules/a/node_modules/b"),
        ("app/node_modules/.bin/tsc", None),
        ("app/node_modules/.package-lock.json", None),
        ("app/node_modules/file.js", None),
        ("app/node_modules/@s/file.js", None),
        ("app/my_node_modules/a/x.js", None),
        ("app/index.js", None),
    ],
)
def test_the_package_of_a_file(path: str, folder: str | None) -> None:
    assert package_folder(path.encode()) == (folder.encode() if folder else None)


def test_packages_from_the_lock_and_from_manifests() -> None:
    lock = {
        "packages": {
            "": {"version": "9"},
            "node_modules/a": {"version": "1.0.0"},
            "node_modules/@s/t": {"version": "2.0.0", "dev": True},
            "node_modules/both": {"version": "3", "devOptional": True},
        }
    }
    sizes = {
        b"app/node_modules/a": 10,
        b"app/node_modules/@s/t": 20,
        b"app/node_modules/both": 5,
        b"other/node_modules/b": 7,
    }
    heads = {b"other/node_modules/b/package.json": b'{"name": "b", "version" : "4.5.6"'}
    found = {each.name: each for each in read_node({LOCK: json.dumps(lock).encode()}, heads, sizes)}
    assert found["a"] == NodePackage(
        name="a", version="1.0.0", folder=b"app/node_modules/a", dev=False, size=10
    )
    assert (found["@s/t"].dev, found["@s/t"].version) == (True, "2.0.0")
    assert found["both"].dev is False
    assert (found["b"].version, found["b"].dev) == ("4.5.6", False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"packages": []}',
        b'{"packages": {"node_modules/a": 1}}',
        b"[" * 99_999,
        b"\xff",
    ],
)
def test_a_damaged_lock_tells_nothing(content: bytes) -> None:
    (found,) = read_node({LOCK: content}, {}, {b"app/node_modules/a": 1})
    assert (found.version, found.dev) == ("", False)
