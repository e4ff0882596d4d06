"""Reads which files Debian's package manager owns, and what its packages ask for.

``/var/lib/dpkg``: dpkg(1), deb-control(5), dpkg-divert(1). Distroless images have a file for each
package in ``status.d`` instead, with a list of its files in ``NAME.md5sums``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from hcreport.contents.layer import Kind
from hcreport.contents.owners import Alternatives, OsPackage, OsPackages, Paths, Seen

_STATUS = b"var/lib/dpkg/status"
_INFO = b"var/lib/dpkg/info/"
_EACH = b"var/lib/dpkg/status.d/"
_SUMS = b".md5sums"
_DIVERSIONS = b"var/lib/dpkg/diversions"
_STATES = b"var/lib/apt/extended_states"

_GONE = ("not-installed", "config-files")
_NO_FILE = b"/."

Fields = dict[str, str]


def read_dpkg(texts: Mapping[bytes, bytes], paths: Paths, seen: Seen) -> OsPackages | None:
    """Return the packages and their files; None where there is no database.

    ``texts`` has the content of evidence by path.
    """
    described = list(_installed(texts))
    if not described:
        return None
    native = _native(described)
    diversions = _diversions(texts.get(_DIVERSIONS, b""))
    automatic = _automatic(texts.get(_STATES, b""))
    folders: Counter[bytes] = Counter()
    owners: dict[bytes, str] = {}
    packages: dict[str, OsPackage] = {}
    for fields in described:
        short, architecture = fields["Package"], fields.get("Architecture", "all")
        name = short if architecture in {"all", native} else f"{short}:{architecture}"
        files = []
        for listed in _files(texts, short, architecture):
            diverted, diverter = diversions.get(listed, (listed, short))
            path = paths.find(listed if diverter == short else diverted)
            if path is None or (b"/" not in path and paths.kind(path) == Kind.SYMLINK):
                continue  # Not there, or /bin where that is a link: a folder of every package.
            if paths.kind(path) == Kind.FOLDER:
                folders[path] += 1
            elif path not in owners:
                owners[path] = name
                files.append(path)
        packages[name] = _package(
            name,
            fields,
            manual=None if _STATUS not in texts else _asked(short, architecture, native, automatic),
            files=tuple(files),
            size=sum(map(seen.bytes_at, files)),
        )
    return OsPackages(manager="dpkg", packages=packages, owner_of=owners, folders=folders)


def _installed(texts: Mapping[bytes, bytes]) -> Iterator[Fields]:
    for fields in paragraphs(texts.get(_STATUS, b"")):
        if "Package" in fields and fields.get("Status", "").rpartition(" ")[2] not in _GONE:
            yield fields
    for path, content in texts.items():
        if path.startswith(_EACH) and not path.endswith(_SUMS):
            for fields in paragraphs(content):
                if "Package" in fields:
                    yield fields


def paragraphs(content: bytes) -> Iterator[Fields]:
    """Yield the paragraphs of a control file, each as its fields; further lines are left out."""
    fields: Fields = {}
    for line in content.decode(errors="replace").split("\n"):
        if not line.strip():
            if fields:
                yield fields
                fields = {}
        elif not line[0].isspace():
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def _files(texts: Mapping[bytes, bytes], name: str, architecture: str) -> Iterator[bytes]:
    """Yield the paths that a package states, files and folders, without the first slash."""
    plain = name.encode()
    for stem in (plain, plain + b":" + architecture.encode()):
        content = texts.get(_INFO + stem + b".list")
        if content is not None:
            for line in content.split(b"\n"):
                if line and line != _NO_FILE:
                    yield line[1:]
            return
    for line in texts.get(_EACH + plain + _SUMS, b"").split(b"\n"):
        _, _, path = line.partition(b"  ")
        if path:
            yield path.removeprefix(b"./").lstrip(b"/")


def _diversions(content: bytes) -> dict[bytes, tuple[bytes, str]]:
    """Return where the file at a path lies instead, and whose file is at the path."""
    lines = content.split(b"\n")
    return {
        lines[at].lstrip(b"/"): (lines[at + 1].lstrip(b"/"), lines[at + 2].decode(errors="replace"))
        for at in range(0, len(lines) - 2, 3)
    }


def _automatic(content: bytes) -> set[tuple[str, str]]:
    """Return the packages, with their architecture, that apt installed for others."""
    return {
        (fields.get("Package", ""), fields.get("Architecture", ""))
        for fields in paragraphs(content)
        if fields.get("Auto-Installed") == "1"
    }


def _native(described: list[Fields]) -> str:
    """Return the architecture of the image: that of what it cannot do without."""
    essential = (each for each in described if each.get("Essential") == "yes")
    known = (each.get("Architecture", "all") for each in (*essential, *described))
    return next((each for each in known if each != "all"), "all")


def _asked(name: str, architecture: str, native: str, automatic: set[tuple[str, str]]) -> bool:
    """Tell whether somebody asked for a package; apt calls "all" by the image's architecture."""
    return (name, native if architecture == "all" else architecture) not in automatic


def _package(
    name: str, fields: Fields, *, manual: bool | None, files: tuple[bytes, ...], size: int
) -> OsPackage:
    both = ",".join(filter(None, (fields.get("Pre-Depends"), fields.get("Depends"))))
    return OsPackage(
        name=name,
        version=fields.get("Version", ""),
        section=fields.get("Section", "").rpartition("/")[2],
        manual=manual,
        depends=relations(both),
        recommends=relations(fields.get("Recommends", "")),
        provides=tuple(each[0] for each in relations(fields.get("Provides", ""))),
        essential=fields.get("Essential") == "yes",
        files=files,
        size=size,
    )


def relations(text: str) -> Alternatives:
    """Return the names in a field such as ``libc6 (>= 2.36), python3:any | python3-minimal``."""
    found = []
    for part in text.split(","):
        names = (each.split("(")[0].split("[")[0].strip() for each in part.split("|"))
        alternatives = tuple(name.split(":")[0] for name in names if name)
        if alternatives:
            found.append(alternatives)
    return tuple(found)
