"""RPM's database says who owns a file; one that is damaged says nothing, and takes no time."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.contents.merged import merge
from hcreport.contents.owners import OsPackages, Paths
from hcreport.contents.owners_rpm import read_header, read_rpm
from tests.image_files import Content, make_layer

PLACE = "var/lib/rpm/rpmdb.sqlite"


def header(**tags: str | Sequence[str] | Sequence[int]) -> bytes:
    """Return a header as the database holds it; names are ``t1000`` and so on."""
    index, data = b"", b""
    for name, value in tags.items():
        if isinstance(value, str):
            kind, count, content = 6, 1, value.encode() + b"\0"
        elif value and isinstance(value[0], int):
            data += bytes(-len(data) % 4)
            kind, count, content = 4, len(value), struct.pack(f">{len(value)}I", *value)
        else:
            texts = [f"{each}\0".encode() for each in value]
            kind, count, content = 8, len(value), b"".join(texts)
        index += struct.pack(">IIII", int(name[1:]), kind, len(data), count)
        data += content
    return struct.pack(">II", len(tags), len(data)) + index + data


BASH = header(
    t1000="bash",
    t1001="5.2",
    t1002="6.fc40",
    t1016="Shells",
    t1047=["bash", "config(bash)"],
    t1049=["libc.so.6()(64bit)", "rpmlib(FileDigests)", "libc.so.6()(64bit)"],
    t5046=["tips"],
    t1116=[0, 1, 0, 9],
    t1117=["bash", "doc", "gone", "nowhere"],
    t1118=["/usr/bin/", "/usr/share/"],
)


def database(*blobs: bytes, schema: str = "CREATE TABLE Packages (hnum INTEGER, blob)") -> bytes:
    """Return a database that says it has a write-ahead log, as RPM's does."""
    base = sqlite3.connect(":memory:")
    base.execute(schema)
    if "TABLE" in schema:
        base.executemany("INSERT INTO Packages VALUES (?, ?)", enumerate(blobs))
    base.commit()
    content = base.serialize()
    return content[:18] + b"\x02\x02" + content[20:]


def read(content: bytes) -> OsPackages | None:
    """Read a database in one layer."""
    files: dict[str, Content] = {PLACE: content, "usr/bin/bash": 900, "usr/share/doc": None}
    layer = make_layer(files)
    merged = merge([layer])
    return read_rpm(dict(layer.evidence()), Paths([layer], merged.places), merged)


def test_packages_and_their_files() -> None:
    found = read(database(BASH, header(t1000="empty")))
    assert found is not None
    bash = found.packages["bash"]
    assert (bash.version, bash.section, bash.size) == ("5.2-6.fc40", "Shells", 900)
    assert bash.files == (b"usr/bin/bash",)
    assert bash.depends == (("libc.so.6()(64bit)",),)
    assert bash.provides == ("bash",)
    assert bash.recommends == (("tips",),)
    assert bash.manual is None
    assert found.folders[b"usr/share/doc"] == 1
    assert found.packages["empty"].files == ()


WHOLE = database(BASH)
ENDLESS = (
    "CREATE VIEW Packages AS WITH RECURSIVE n(hnum) AS (SELECT 1 UNION ALL SELECT hnum + 1 FROM n)"
    " SELECT hnum, x'00' AS blob FROM n"
)


@pytest.mark.parametrize(
    "content",
    [
        b"not a database",
        WHOLE[:200],
        WHOLE[:100] + b"\xff" * 400 + WHOLE[500:],
        database(schema=ENDLESS),
        database(schema=f"CREATE VIEW Packages AS SELECT 1 AS hnum, x'{BASH.hex()}' AS blob"),
        database(b"", b"\0" * 7, b"\xff" * 99),
    ],
    ids=["text", "cut off", "overwritten", "endless view", "a view", "no headers"],
)
def test_a_damaged_database_has_no_packages(content: bytes) -> None:
    found = read(content)
    assert found is not None
    assert found.packages == {}


@given(st.data())
def test_no_header_makes_it_fail(data: st.DataObject) -> None:
    content = bytearray(BASH)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_header(bytes(content))
    read_header(bytes(content[: data.draw(st.integers(0, len(content)))]))
