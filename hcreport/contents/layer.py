"""The files of one layer as an archive lists them, in arrays: an image may have a million."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

WHITEOUT = b".wh."
"""Begins the name of an entry that deletes what a lower layer has: OCI image-spec, layer.md."""

OPAQUE = b".wh..wh..opq"
"""Name of an entry that hides all that lower layers have in its folder."""

UNREAD = b"?"
"""Stands in ``needs`` for the libraries of a program that could not be read."""


class Kind(IntEnum):
    """What one entry is."""

    FILE = 0
    FOLDER = 1
    SYMLINK = 2
    HARDLINK = 3
    OTHER = 4
    """A device or a pipe."""
    WHITEOUT = 5
    """Its path is what it deletes, with the prefix ``.wh.`` still in the name."""
    OPAQUE = 6
    """Its path ends in ``.wh..wh..opq``."""


@dataclass(slots=True)
class LayerFiles:
    """The entries of one layer in the order of its archive; one position in every array each.

    A path may occur twice, and then the later entry counts. Paths are bytes, cleaned as Go's
    ``path.Clean`` does, without a slash at the beginning or end; the folder ``.`` is left out.
    """

    diff_id: str = ""
    """``sha256:…`` of the unpacked layer, as the image's configuration names it; may be unknown."""
    paths: list[bytes] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    """Bytes of content; 0 for all that is no file."""
    modes: array[int] = field(default_factory=lambda: array("H"))
    """Permission bits, with set-user-ID, set-group-ID and the sticky bit."""
    owners: array[int] = field(default_factory=lambda: array("q"))
    """User times 2**32 plus group."""
    times: array[int] = field(default_factory=lambda: array("q"))
    """Last change of the content, in whole seconds since 1970."""
    links: dict[int, bytes] = field(default_factory=dict)
    """By position: where a symbolic link points (as written), or the path a hard link repeats
    (cleaned like ``paths``)."""
    heads: dict[int, bytes] = field(default_factory=dict)
    """By position: the first 512 bytes of files of which :mod:`~hcreport.contents.evidence` wants
    them."""
    texts: dict[int, bytes] = field(default_factory=dict)
    """By position: the whole content of files that are evidence, such as dpkg's database."""
    needs: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    """By position: the shared libraries that an ELF file names (``DT_NEEDED``), and its loader."""
    marks: dict[int, bytes] = field(default_factory=dict)
    """By position: a digest of the first and last 4 KiB of files of at least 64 KiB. Files of one
    size with one mark are very likely equal."""
    left_out: int = 0
    """Entries that name no place in a file system: their path leads outside, or is far too long."""

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def size(self) -> int:
        """Bytes of all its files, as ``docker history`` counts them."""
        return sum(self.sizes)

    def add(
        self,
        path: bytes,
        kind: Kind,
        *,
        size: int = 0,
        mode: int = 0,
        owner: int = 0,
        time: int = 0,
    ) -> int:
        """Add an entry and return its position."""
        self.paths.append(path)
        self.kinds.append(kind)
        self.sizes.append(size)
        self.modes.append(mode)
        self.owners.append(owner)
        self.times.append(time)
        return len(self.paths) - 1

    def evidence(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield path and content of the files that were kept whole."""
        for position, content in self.texts.items():
            yield self.paths[position], content


def owner_of(user: int, group: int) -> int:
    """Return a user and a group as :attr:`LayerFiles.owners` holds them."""
    return (user & 0x7FFFFFFF) << 32 | group & 0xFFFFFFFF
