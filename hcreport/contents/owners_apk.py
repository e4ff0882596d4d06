"""Reads which files Alpine's package manager owns, and what its packages ask for.

``lib/apk/db/installed``: apk-package(5), "Installed database". Names in it may be those of
packages, or ``so:``, ``cmd:`` and ``pc:`` followed by what a package provides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from hcreport.contents.layer import Kind
from hcreport.contents.owners import OsPackage, OsPackages, Paths, Seen

_PLACES = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
_WORLD = b"etc/apk/world"
_OPERATOR = re.compile(r"[<>=~@]")

_Record = dict[str, str]


def read_apk(texts: Mapping[bytes, bytes], paths: Paths, seen: Seen) -> OsPackages | None:
    """Return the packages and their files; None where there is no database.

    ``texts`` has the content of evidence by path.
    """
    content = next((texts[place] for place in _PLACES if place in texts), None)
    if content is None:
        return None
    world = texts.get(_WORLD)
    asked = None if world is None else set(_names(world.decode(errors="replace")))
    folders: Counter[bytes] = Counter()
    owners: dict[bytes, str] = {}
    packages: dict[str, OsPackage] = {}
    for record, listed in _records(content):
        name, files = record["P"], []
        for path in filter(None, map(paths.find, listed)):
            if paths.kind(path) == Kind.FOLDER:
                folders[path] += 1
            elif path not in owners:
                owners[path] = name
                files.append(path)
        packages[name] = OsPackage(
            name=name,
            version=record.get("V", ""),
            manual=None if asked is None else name in asked,
            depends=tuple((each,) for each in _names(record.get("D", ""))),
            provides=tuple(_names(record.get("p", ""))),
            files=tuple(files),
            size=sum(map(seen.bytes_at, files)),
        )
    return OsPackages(manager="apk", packages=packages, owner_of=owners, folders=folders)


def _records(content: bytes) -> Iterator[tuple[_Record, list[bytes]]]:
    """Yield each package's fields, and the paths of its folders and files."""
    record: _Record = {}
    listed: list[bytes] = []
    folder = b""
    for line in (*content.split(b"\n"), b""):
        if not line:
            if "P" in record:
                yield record, listed
            record, listed, folder = {}, [], b""
        elif line[:2] == b"F:":
            folder = line[2:]
            listed.append(folder)
        elif line[:2] == b"R:":
            listed.append(folder + b"/" + line[2:] if folder else line[2:])
        elif line[:2] in {b"P:", b"V:", b"D:", b"p:"}:
            record[chr(line[0])] = line[2:].decode(errors="replace")


def _names(text: str) -> Iterator[str]:
    """Yield the names in a list such as ``so:libc.musl-x86_64.so.1 zlib>=1.2 !vim``."""
    for word in text.split():
        if not word.startswith("!"):
            yield _OPERATOR.split(word)[0]
