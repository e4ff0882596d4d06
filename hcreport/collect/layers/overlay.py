"""Reads layers in the folder of an engine on this machine, without asking the engine for them.

For each layer the engine keeps the headers of its archive, and its files in a folder. Together they
are the archive again, as the engine itself puts it together for ``docker save``; so what is read
here is what is read there, and most files are never opened. Sources: moby, ``layer/filestore.go``
and ``image/fs.go`` (what lies where), ``layer/layer_store.go`` (``getTarStream``);
vbatts/tar-split, ``tar/storage`` (the form of ``tar-split.json.gz``).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import posixpath
import re
import stat
import zlib
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from hcreport.collect.engine import Address
from hcreport.collect.layers.content import Bounds
from hcreport.collect.layers.reader import EndOfDataError, Reader, nothing
from hcreport.collect.layers.tar import parse_layer
from hcreport.contents.layer import LayerFiles
from hcreport.errors import ImageError
from hcreport.units import KIB

Json = dict[str, Any]

DRIVER = "overlay2"

_FOLDER = re.compile(r"[0-9a-z]{1,128}")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")

_HEADERS = b'{"type":2,"payload":"'
_ENTRY = b'{"type":1,'
_SIZE = b',"size":'
"""Within a line no text has these bytes: JSON escapes a quotation mark."""

_BEGINNING = 4 * KIB
"""Bytes that are read of a file at first."""

_DAMAGE = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, zlib.error),
    *(EndOfDataError, ImageError),
)
"""What reading files ends with that are damaged or not of the expected form."""

_GZIP = 16 + zlib.MAX_WBITS
_PACKED = 4 * KIB
"""Bytes of packed notes that are unpacked at once; they become about a hundred times as many."""


class NotInPlaceError(Exception):
    """A layer or an image cannot be read in the engine's folder, which is no fault of anybody."""


def local_data_root(address: Address, info: Json) -> Path | None:
    """Return the folder that an engine names in its ``/info``, if it can be on this machine.

    Whether the folder at that place is really this engine's is for the caller to see.
    """
    place = info.get("DockerRootDir") or ""
    if address.scheme != "unix" or not place or platform.system() != "Linux":
        return None
    return None if info.get("OperatingSystem") == "Docker Desktop" else Path(place)


class OverlayFolder:
    """Images and layers in an engine's folder, each found by its digest.

    So it does not matter whose folder it is: what has the digest is what the engine has. Every
    method raises NotInPlaceError where something is missing, not readable or not as expected.
    """

    def __init__(self, root: Path) -> None:
        """``root`` is the engine's own folder, such as ``/var/lib/docker``."""
        self._root = root
        self._database = root / "image" / DRIVER

    def configuration(self, image_id: str) -> Json:
        """Return an image's configuration, which has its history."""
        try:
            text = self._entry("imagedb/content/sha256", image_id).read_bytes()
            if f"sha256:{hashlib.sha256(text).hexdigest()}" != image_id:
                raise NotInPlaceError("the image's configuration is damaged")
            found = json.loads(text)
        except (OSError, ValueError) as error:
            raise NotInPlaceError("the image's configuration cannot be read") from error
        if not isinstance(found, dict):
            raise NotInPlaceError("the image's configuration is none")
        return found

    def read_layer(
        self,
        chain: str,
        diff_id: str,
        bounds: Bounds,
        *,
        on_bytes: Callable[[int], None] = nothing,
    ) -> LayerFiles:
        """Return a layer, by its ChainID and its digest.

        ``bounds`` count what all layers of an image take together. ``on_bytes`` is told how many
        more bytes of its archive were read or passed over.
        """
        entry, folder = self._place(chain, diff_id)
        try:
            with SplitArchive(_lines(entry / "tar-split.json.gz"), folder) as tar:
                reader = Reader(tar, on_bytes=on_bytes)
                return parse_layer(reader, diff_id=diff_id, bounds=bounds)
        except _DAMAGE as error:
            raise NotInPlaceError("the layer cannot be read in its folder") from error

    def _place(self, chain: str, diff_id: str) -> tuple[Path, Path]:
        """Return where the engine keeps notes about a layer, and the folder with its files."""
        entry = self._entry("layerdb/sha256", chain)
        try:
            if (entry / "diff").read_text(encoding="ascii").strip() != diff_id:
                raise NotInPlaceError("the engine's folder has another layer")
            name = (entry / "cache-id").read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise NotInPlaceError("the layer is not in the engine's folder") from error
        folder = self._root / DRIVER / name / "diff"
        if not _FOLDER.fullmatch(name) or not os.access(folder, os.R_OK | os.X_OK):
            raise NotInPlaceError("the layer's files are not in the engine's folder")
        return entry, folder

    def _entry(self, place: str, digest: str) -> Path:
        found = _DIGEST.fullmatch(digest)
        if found is None:
            raise NotInPlaceError("the digest is none")
        return self._database / place / found[1]


class SplitArchive:
    """The archive of a layer as a stream: headers from the engine's notes, contents from files.

    What is skipped is not read. Reading raises ValueError or OSError where a file is not what the
    notes say: no link is followed, so that nothing outside the folder is ever read.
    """

    def __init__(self, lines: Iterable[bytes], folder: Path) -> None:
        """``lines`` are the notes, ``folder`` has the layer's files."""
        self._pieces = _pieces(lines)
        self._folder = os.fsencode(folder)
        self._folders: set[bytes] = {b"/"}
        self._held, self._at = b"", 0
        """Bytes that stand as they are, and how many of them have passed."""
        self._line, self._left = b"", 0
        """The file whose content is next, as noted, and how much of it is left."""
        self._file: int | None = None
        self._place = 0

    def __enter__(self) -> SplitArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, count: int, /) -> bytes:
        """Return up to ``count`` bytes; none only at the end."""
        while self._at >= len(self._held) and not self._left:
            if not self._next():
                return b""
        if self._at < len(self._held):
            found = self._held[self._at : self._at + count]
            self._at += len(found)
            return found
        # Of most files nobody wants more than the beginning.
        most = _BEGINNING if self._place == 0 else count
        found = os.pread(self._opened(), min(count, most, self._left), self._place)
        if not found:
            raise ValueError("a file is shorter than the notes say")
        self._pass(len(found))
        return found

    def skip(self, count: int, /) -> None:
        """Leave out so many bytes. Raises EOFError where there are not so many."""
        while True:
            held = len(self._held) - self._at
            if count <= held:
                self._at += count
                return
            self._at = len(self._held)
            count -= held
            if count <= self._left:
                self._pass(count)
                return
            count -= self._left
            if not self._next():
                raise EOFError

    def _next(self) -> bool:
        """Take the next piece; False at the end."""
        if self._file is not None:
            self._close()
        piece = next(self._pieces, None)
        if piece is None:
            self._left = 0
            return False
        self._held, self._left, self._line = piece
        self._at = self._place = 0
        return True

    def look(self, offset: int, count: int) -> bytes:
        """Return bytes that are ``offset`` bytes ahead in the file that is being read, and stay."""
        if self._at < len(self._held) or offset + count > self._left:
            return b""
        return os.pread(self._opened(), count, self._place + offset)

    def _pass(self, count: int) -> None:
        self._place += count
        self._left -= count
        if not self._left:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        """Return a descriptor of the file whose content is next."""
        if self._file is None:
            self._file = self._open()
        return self._file

    def _open(self) -> int:
        path = posixpath.normpath(b"/" + _name(self._line))
        above = posixpath.dirname(path)
        self._look_at(above)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(self._folder + path, flags)
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size != self._place + self._left:
            os.close(file)
            raise ValueError("a file is not what the notes say")
        return file

    def _look_at(self, folder: bytes) -> None:
        """Raise ValueError where a folder of the layer is a link, or lies in one."""
        waiting: list[bytes] = []
        while folder not in self._folders:
            waiting.append(folder)
            folder = posixpath.dirname(folder)
        for each in reversed(waiting):
            if not stat.S_ISDIR(os.lstat(self._folder + each).st_mode):
                raise ValueError("a folder is not what the notes say")
            self._folders.add(each)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file that is packed with gzip; faster than :mod:`gzip` does."""
    unpacking = zlib.decompressobj(_GZIP)
    rest = b""
    with path.open("rb", buffering=0) as file:
        while packed := file.read(_PACKED):
            first, *more = unpacking.decompress(packed).split(b"\n")
            if more:
                yield rest + first
                rest = more.pop()
                yield from more
            else:
                rest += first
    if rest or not unpacking.eof:
        raise ValueError("the notes end early")


def _pieces(lines: Iterable[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the pieces of an archive: bytes as they stand, then size and line of a file."""
    held = b""
    for line in lines:
        if line.startswith(_HEADERS):
            # By far the most bytes are in these lines, and they need no parser.
            if held:
                yield held, 0, b""
            start = len(_HEADERS)
            held = a2b_base64(line[start : line.index(b'"', start)])
        elif line.startswith(_ENTRY):
            at = line.find(_SIZE)
            if at >= 0:
                at += len(_SIZE)
                yield held, int(line[at : line.index(b",", at)]), line
                held = b""
        else:
            raise ValueError("a line of a type that is not known")
    if held:
        yield held, 0, b""


def _name(line: bytes) -> bytes:
    """Return the name of a file as it stands in the archive."""
    entry = json.loads(line)
    raw = entry.get("name_raw")
    return a2b_base64(raw) if raw else str(entry["name"]).encode()
