"""Debian's database says who owns a file and what asks for what."""

from __future__ import annotations

import pytest

from hcreport.contents.merged import merge
from hcreport.contents.owners import OsPackages, Paths
from hcreport.contents.owners_dpkg import read_dpkg, relations
from tests.image_files import Content, make_layer

STATUS = b"""Package: libc6
Essential: yes
Status: install ok installed
Architecture: amd64
Section: libs
Version: 2.36-9

Package: dash
Status: install ok installed
Architecture: amd64
Section: shells
Version: 0.5
Pre-Depends: libc6 (>= 2.34)
Depends: debianutils (>= 5.6), editor | vim:any
 , never-read
Recommends: tips [amd64] | hints
Provides: sh (= 1), posix-shell
Description: a shell
 Depends: none

Package: docs
Status: install ok installed
Architecture: all
Section: contrib/doc
Version: 1

Package: old
Status: deinstall ok config-files
Architecture: amd64

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-9
"""

FILES: dict[str, Content] = {
    "var/lib/dpkg/status": STATUS,
    "var/lib/dpkg/info/libc6:amd64.list": b"/.\n/lib\n/lib/libc.so.6\n",
    "var/lib/dpkg/info/libc6:i386.list": b"/.\n/lib/i386/libc.so.6\n",
    "var/lib/dpkg/info/dash.list": b"/.\n/bin\n/bin/sh\n/usr/share/dash\n/usr/share/gone\n",
    "var/lib/dpkg/info/docs.list": b"/bin/sh\n/usr/share/dash/a b\n",
    "var/lib/dpkg/diversions": b"/bin/sh\n/bin/sh.distrib\nbash\n",
    "usr/bin/sh": 5,
    "usr/bin/sh.distrib": 70,
    "usr/lib/libc.so.6": 900,
    "usr/lib/i386/libc.so.6": 800,
    "usr/share/dash": None,
    "usr/share/dash/a b": 3,
}
LINKS = {"bin": "usr/bin", "lib": "/usr/lib"}


def read(files: dict[str, Content], links: dict[str, str] | None = None) -> OsPackages | None:
    """Read the database of one layer."""
    layer = make_layer(files, links)
    merged = merge([layer])
    return read_dpkg(dict(layer.evidence()), Paths([layer], merged.places), merged)


@pytest.fixture(name="found")
def _found() -> OsPackages:
    found = read(FILES, LINKS)
    assert found is not None
    return found


def test_installed_packages_have_their_fields(found: OsPackages) -> None:
    assert sorted(found.packages) == ["dash", "docs", "libc6", "libc6:i386"]
    dash = found.packages["dash"]
    assert (dash.version, dash.section, dash.essential) == ("0.5", "shells", False)
    assert dash.depends == (("libc6",), ("debianutils",), ("editor", "vim"))
    assert dash.recommends == (("tips", "hints"),)
    assert dash.provides == ("sh", "posix-shell")
    assert found.packages["libc6"].essential
    assert found.packages["docs"].section == "doc"


def test_files_are_found_where_they_lie(found: OsPackages) -> None:
    assert dict(found.owner_of) == {
        b"usr/lib/libc.so.6": "libc6",
        b"usr/lib/i386/libc.so.6": "libc6:i386",
        b"usr/bin/sh.distrib": "dash",
        b"usr/share/dash/a b": "docs",
    }
    sizes = {name: package.size for name, package in found.packages.items()}
    assert sizes == {"libc6": 900, "libc6:i386": 800, "dash": 70, "docs": 3}
    assert found.packages["dash"].files == (b"usr/bin/sh.distrib",)
    assert found.folders[b"usr/share/dash"] == 1


def test_who_diverts_a_file_owns_the_path() -> None:
    diverted = {**FILES, "var/lib/dpkg/diversions": b"/bin/sh\n/bin/sh.distrib\ndash\n"}
    found = read(diverted, LINKS)
    assert found is not None
    assert found.owner_of[b"usr/bin/sh"] == "dash"


@pytest.mark.parametrize(
    ("states", "automatic"),
    [
        (None, set()),
        (b"", set()),
        (b"Package: dash\nArchitecture: amd64\nAuto-Installed: 1\n", {"dash"}),
        (b"Package: dash\nArchitecture: amd64\nAuto-Installed: 0\n", set()),
        (b"Package: docs\nArchitecture: amd64\nAuto-Installed: 1\n", {"docs"}),
        (b"Package: libc6\nArchitecture: i386\nAuto-Installed: 1\n", {"libc6:i386"}),
        (
            b"\n\n".join(
                b"Package: %s\nArchitecture: amd64\nAuto-Installed: 1" % name
                for name in (b"dash", b"docs")
            ),
            {"dash", "docs"},
        ),
    ],
)
def test_what_apt_installed_for_others_is_not_manual(
    states: bytes | None, automatic: set[str]
) -> None:
    extra: dict[str, Content] = {} if states is None else {"var/lib/apt/extended_states": states}
    found = read({**FILES, **extra}, LINKS)
    assert found is not None
    assert {name for name, each in found.packages.items() if each.manual is False} == automatic
    assert all(each.manual is not None for each in found.packages.values())


def test_distroless_images_have_a_file_for_each_package() -> None:
    found = read(
        {
            "var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 1\nArchitecture: all\n",
            "var/lib/dpkg/status.d/tzdata.md5sums": b"00ff  usr/share/zoneinfo/UTC\n",
            "usr/share/zoneinfo/UTC": 114,
        }
    )
    assert found is not None
    assert found.packages["tzdata"].size == 114
    assert found.packages["tzdata"].manual is None


@pytest.mark.parametrize("content", [b"", b"\n\n", b"Version: 1\n", b"\xff\xfe: \n"])
def test_a_database_without_packages_is_none(content: bytes) -> None:
    assert read({"var/lib/dpkg/status": content}) is None


@pytest.mark.parametrize(
    "links",
    [
        {"bin": "usr/bin", "usr": "bin/usr"},
        {"bin": "bin"},
        {"bin": "../../../../bin"},
        {"bin": "/"},
    ],
)
def test_links_in_a_circle_end(links: dict[str, str]) -> None:
    assert read({"var/lib/dpkg/status": STATUS, **FILES}, links) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" , ", ()),
        ("a", (("a",),)),
        ("a (>= 1), b:any | c [!amd64] <!nocheck>", (("a",), ("b", "c"))),
        ("python3:any(>= 3.8)", (("python3",),)),
    ],
)
def test_relations(text: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert relations(text) == expected
