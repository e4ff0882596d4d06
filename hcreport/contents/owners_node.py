"""Reads which packages lie in the ``node_modules`` of an image, and which are for development.

npm 7 and newer writes ``node_modules/.package-lock.json`` (docs.npmjs.com, "package-lock.json",
"Hidden lockfiles"). Without it name and version are read from each package's own manifest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hcreport.contents.owners import NodePackage

MODULES = b"node_modules/"
_LOCK = b"node_modules/.package-lock.json"
_MANIFEST = b"/package.json"
_VERSION = re.compile(rb'"version"\s*:\s*"([^"\\]{1,64})"')


def package_folder(path: bytes) -> bytes | None:
    """Return the folder of the package that a file belongs to; None where it is in none."""
    start = path.rfind(MODULES)
    if start < 0 or (start and path[start - 1 : start] != b"/"):
        return None
    first = start + len(MODULES)
    end = path.find(b"/", first)
    if end > 0 and path[first : first + 1] == b"@":
        end = path.find(b"/", end + 1)
    if end < 0 or path[first : first + 1] == b".":
        return None
    return path[:end]


def read_node(
    texts: Mapping[bytes, bytes], heads: Mapping[bytes, bytes], sizes: Mapping[bytes, int]
) -> tuple[NodePackage, ...]:
    """Return the packages, by folder.

    ``texts`` has the content of evidence by path, ``heads`` the beginning of manifests by path,
    and ``sizes`` the bytes of each folder for which :func:`package_folder` was the answer.
    """
    locked: dict[bytes, tuple[str, bool]] = {}
    for path, content in texts.items():
        if path.endswith(_LOCK):
            above = path.removesuffix(_LOCK)
            locked.update(
                (above + folder, (version, dev)) for folder, version, dev in _locked(content)
            )
    return tuple(
        _package(folder, size, locked.get(folder), heads) for folder, size in sorted(sizes.items())
    )


def _package(
    folder: bytes, size: int, locked: tuple[str, bool] | None, heads: Mapping[bytes, bytes]
) -> NodePackage:
    name = folder[folder.rfind(MODULES) + len(MODULES) :].decode(errors="replace")
    if locked is None:
        match = _VERSION.search(heads.get(folder + _MANIFEST, b""))
        locked = (match.group(1).decode(errors="replace") if match else "", False)
    return NodePackage(name=name, version=locked[0], folder=folder, dev=locked[1], size=size)


def _locked(content: bytes) -> Iterator[tuple[bytes, str, bool]]:
    """Yield folder, version, and whether only development needs it; nothing if it is damaged."""
    try:
        lock: Any = json.loads(content)
    except (ValueError, RecursionError):
        return
    packages = lock.get("packages") if isinstance(lock, dict) else None
    for folder, entry in (packages if isinstance(packages, dict) else {}).items():
        if isinstance(entry, dict):
            version = entry.get("version")
            place = folder.encode(errors="surrogatepass")
            yield place, version if isinstance(version, str) else "", entry.get("dev") is True
