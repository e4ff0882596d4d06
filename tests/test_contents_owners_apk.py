"""Alpine's database says who owns a file and what asks for what."""

from __future__ import annotations

from hcreport.contents.merged import merge
from hcreport.contents.owners import OsPackages, Paths
from hcreport.contents.owners_apk import read_apk
from tests.image_files import Content, make_layer

INSTALLED = b"""C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1xyz=

P:python3
V:3.12.3-r1
D:so:libc.musl-x86_64.so.1 zlib>=1.2 !vim
p:python-3 cmd:python3=3.12.3-r1
F:usr/bin
R:python3
R:gone
F:usr/share/python3
R:data"""

FILES: dict[str, Content] = {
    "lib/apk/db/installed": INSTALLED,
    "etc/apk/world": b"python3>3\nalpine-base\n",
    "lib/ld-musl-x86_64.so.1": 600,
    "usr/bin/python3": 40,
    "usr/share/python3": None,
    "usr/share/python3/data": 2,
}


def read(files: dict[str, Content]) -> OsPackages | None:
    """Read the database of one layer."""
    layer = make_layer(files)
    merged = merge([layer])
    return read_apk(dict(layer.evidence()), Paths([layer], merged.places), merged)


def test_packages_and_their_files() -> None:
    found = read(FILES)
    assert found is not None
    musl, python = found.packages["musl"], found.packages["python3"]
    assert (musl.version, musl.size, musl.manual) == ("1.2.5-r0", 600, False)
    assert musl.provides == ("so:libc.musl-x86_64.so.1",)
    assert python.files == (b"usr/bin/python3", b"usr/share/python3/data")
    assert python.manual
    assert python.depends == (("so:libc.musl-x86_64.so.1",), ("zlib",))
    assert python.provides == ("python-3", "cmd:python3")
    assert found.folders[b"usr/share/python3"] == 1


def test_without_a_list_of_wishes_nobody_knows_what_was_asked_for() -> None:
    found = read({"lib/apk/db/installed": INSTALLED})
    assert found is not None
    assert {each.manual for each in found.packages.values()} == {None}


def test_no_database() -> None:
    assert read({"etc/apk/world": b"python3"}) is None
