"""What the image deleted or gave other rights of what its base brings: the last stage repeats it.

A layer cannot give bytes of its base back, so this is done for how the image works, not for its
size. What only takes room, such as documentation, is left as the base has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hcreport.contents.layer import Kind
from hcreport.contents.planning_made import is_record, manager_cache, source_of
from hcreport.contents.planning_view import View

MOST = 60
"""More paths are not repeated: then a whole part of the base was removed to save room."""

_ONLY_ROOM = (
    *(b"usr/share/doc", b"usr/share/man", b"usr/share/info", b"usr/share/locale"),
    *(b"usr/share/lintian", b"usr/share/linda", b"usr/share/groff", b"usr/share/gnome/help"),
    *(b"var/log", b"var/cache", b"usr/include"),
)

_SITES = b"etc/apache2/sites-"
_MADE_LINKS = (
    (b"etc/nginx/sites-available/default", b"etc/nginx/sites-enabled/default"),
    (_SITES + b"available/000-default.conf", _SITES + b"enabled/000-default.conf"),
)
"""Files of packages, and links to them that their scripts make and many images delete."""


def removed(view: View, kept: Collection[str]) -> tuple[bytes, ...]:
    """Return what the base or a package brings and the image deleted, in few paths, sorted.

    ``kept`` are the packages above the base that stay. What belonged to a package that is gone or
    has another version now is left out.
    """
    gone = {
        path
        for path in view.below.places
        if path not in view.merged.places and not _is_of_no_matter(view, path)
    }
    gone |= {path for name in kept for path in _missing(view, name)}
    return tuple(sorted(path for path in gone if gone.isdisjoint(_above(path))))


def changed_rights(view: View) -> dict[bytes, tuple[int, int, int]]:
    """Return mode, user and group of folders of the base that the image gave other ones."""
    found: dict[bytes, tuple[int, int, int]] = {}
    for path, kind in view.above():
        below = view.below.places.get(path)
        if kind != Kind.FOLDER or below is None:
            continue
        if is_record(path + b"/") or manager_cache(path + b"/"):
            continue
        lower, at = view.image.layers[below >> 32], below & 0xFFFFFFFF
        place = view.place(path)
        if place is None or lower.kinds[at] != Kind.FOLDER:
            continue
        layer, position = place
        now = (layer.modes[position], layer.owners[position])
        if now != (lower.modes[at], lower.owners[at]):
            owner = layer.owners[position]
            found[path] = (layer.modes[position], owner >> 32, owner & 0xFFFFFFFF)
    return found


def _missing(view: View, name: str) -> Iterator[bytes]:
    """Yield the files that a package brings, or its scripts make, and the image does not have."""
    places, short = view.merged.places, name.partition(":")[0]
    architecture = view.image.config.architecture or "amd64"
    text = view.text(f"var/lib/dpkg/info/{name}.list".encode())
    text = text or view.text(f"var/lib/dpkg/info/{short}:{architecture}.list".encode())
    for line in text.split(b"\n"):
        path = line.strip(b"/")
        if path and path != b"." and path not in places and not path.startswith(_ONLY_ROOM):
            real = view.chain(path)
            if real and real[-1] not in places:
                yield real[-1]
    for part, link in _MADE_LINKS:
        if part in view.packages[name].files and link not in places:
            yield link


def _above(path: bytes) -> Iterator[bytes]:
    """Yield the folders above a path."""
    while path := path.rpartition(b"/")[0]:
        yield path


def _is_of_no_matter(view: View, path: bytes) -> bool:
    if is_record(path) or manager_cache(path) or source_of(path) is not None:
        return True
    if path.startswith(_ONLY_ROOM):
        return True
    own = view.base_attribution.os
    owner = own.owner_of.get(path) if own else None
    if owner is None:
        return False
    present = view.attribution.os.packages if view.attribution.os else {}
    return owner in view.renewed or owner not in present
