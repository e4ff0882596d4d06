"""Reads which files RPM's packages own, and what they ask for, out of its database.

The database is SQLite since RPM 4.16, with one header in each row of ``Packages``. A header is as
the RPM manual describes it ("Package format", "Header structure"), without its first eight bytes.
Everything in it may be hostile: each place is checked, and a damaged header is left out.
"""

from __future__ import annotations

import itertools
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator, Mapping

from hcreport.contents.layer import Kind
from hcreport.contents.owners import OsPackage, OsPackages, Paths, Seen

_PLACES = (b"usr/lib/sysimage/rpm/rpmdb.sqlite", b"var/lib/rpm/rpmdb.sqlite")
_MAGIC = b"SQLite format 3\0"
_WITHOUT_LOG = b"\x01\x01"
"""Stands in place of "has a write-ahead log", which lies in another file."""

_ROUND, _MOST_ROUNDS = 9_999, 9_999
"""Steps of SQLite's machine between two looks at how long it takes, and how many looks."""

_ENTRY = struct.Struct(">IIII")
_MOST_ENTRIES = 256
_MOST_VALUES = 500_000

_NUMBER, _TEXT, _TEXTS, _LOCALIZED = 4, 6, 8, 9
"""Types of values: 32-bit numbers, one text, and lists of texts."""

_VERSION, _RELEASE, _SECTION = 1001, 1002, 1016
_NAME = _VERSION - 1
_PROVIDES, _REQUIRES, _INDEXES, _BASES, _FOLDERS, _RECOMMENDS = 1047, 1049, 1116, 1117, 1118, 5046
_WANTED = frozenset(
    {
        *(_NAME, _VERSION, _RELEASE, _SECTION),
        *(_PROVIDES, _REQUIRES, _INDEXES, _BASES, _FOLDERS, _RECOMMENDS),
    }
)
_INTERNAL = ("rpmlib(", "config(")

Header = dict[int, list[bytes] | tuple[int, ...]]


def read_rpm(texts: Mapping[bytes, bytes], paths: Paths, seen: Seen) -> OsPackages | None:
    """Return the packages and their files; None where there is no database that can be read.

    ``texts`` has the content of evidence by path. Which packages somebody asked for stands in a
    database of dnf's, which is not read.
    """
    content = next((texts[place] for place in _PLACES if place in texts), None)
    if content is None:
        return None
    folders: Counter[bytes] = Counter()
    owners: dict[bytes, str] = {}
    packages: dict[str, OsPackage] = {}
    for blob in _rows(content):
        header = read_header(blob)
        name = _first(header, _NAME)
        if not name:
            continue
        files = []
        for path in filter(None, map(paths.find, _files(header))):
            if paths.kind(path) == Kind.FOLDER:
                folders[path] += 1
            elif path not in owners:
                owners[path] = name
                files.append(path)
        packages[name] = OsPackage(
            name=name,
            version="-".join(filter(None, (_first(header, _VERSION), _first(header, _RELEASE)))),
            section=_first(header, _SECTION),
            depends=tuple((each,) for each in _names(header, _REQUIRES)),
            recommends=tuple((each,) for each in _names(header, _RECOMMENDS)),
            provides=tuple(_names(header, _PROVIDES)),
            files=tuple(files),
            size=sum(map(seen.bytes_at, files)),
        )
    return OsPackages(manager="rpm", packages=packages, owner_of=owners, folders=folders)


def _rows(content: bytes) -> Iterator[bytes]:
    """Yield the headers in the database; none where it is damaged."""
    if not content.startswith(_MAGIC):
        return
    base = sqlite3.connect(":memory:")
    rounds = itertools.count()
    try:
        base.deserialize(content[:18] + _WITHOUT_LOG + content[20:])
        base.execute("PRAGMA trusted_schema = OFF")
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(content))
        base.set_progress_handler(lambda: next(rounds) > _MOST_ROUNDS, _ROUND)
        # A view could go on for ever.
        kinds = base.execute("SELECT type FROM sqlite_master WHERE name = 'Packages'")
        if kinds.fetchall() != [("table",)]:
            return
        for (blob,) in base.execute("SELECT blob FROM Packages ORDER BY hnum"):
            if isinstance(blob, bytes):
                yield blob
    except (sqlite3.Error, MemoryError, OverflowError):
        return
    finally:
        base.close()


def read_header(blob: bytes) -> Header:
    """Return the values of a header that are of use, by tag; empty where it is damaged."""
    if len(blob) < 8:
        return {}
    count, length = struct.unpack_from(">II", blob)
    start = 8 + count * _ENTRY.size
    if count > _MOST_ENTRIES or start + length > len(blob):
        return {}
    data = blob[start : start + length]
    header: Header = {}
    for at in range(8, start, _ENTRY.size):
        tag, kind, offset, values = _ENTRY.unpack_from(blob, at)
        if tag not in _WANTED or values > _MOST_VALUES or offset > length:
            continue
        if kind == _NUMBER and offset + 4 * values <= length:
            header[tag] = struct.unpack_from(f">{values}I", data, offset)
        elif kind in {_TEXT, _TEXTS, _LOCALIZED}:
            header[tag] = _texts(data, offset, 1 if kind == _TEXT else values)
    return header


def _texts(data: bytes, offset: int, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        end = data.find(b"\0", offset)
        if end < 0:
            break
        found.append(data[offset:end])
        offset = end + 1
    return found


def _strings(header: Header, tag: int) -> list[bytes]:
    values = header.get(tag)
    return values if isinstance(values, list) else []


def _first(header: Header, tag: int) -> str:
    return next((value.decode(errors="replace") for value in _strings(header, tag)), "")


def _names(header: Header, tag: int) -> Iterator[str]:
    names = (value.decode(errors="replace") for value in _strings(header, tag))
    yield from dict.fromkeys(name for name in names if name and not name.startswith(_INTERNAL))


def _files(header: Header) -> Iterator[bytes]:
    """Yield the paths of a package's files: each a name, and the number of its folder."""
    folders, indexes = _strings(header, _FOLDERS), header.get(_INDEXES, ())
    for base, index in zip(_strings(header, _BASES), indexes, strict=False):
        if isinstance(index, int) and index < len(folders):
            yield (folders[index] + base).lstrip(b"/")
