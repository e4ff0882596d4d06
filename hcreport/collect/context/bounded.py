"""Reads small files of a project that may be hostile: never more than asked, never waiting."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_inside(folder: Path, name: str, most: int) -> bytes:
    """Return the content of a file in a folder, of at most ``most`` bytes.

    A symbolic link is followed where it stays in the folder. Where the name itself leads outside,
    as that of a Dockerfile may, it has to stay in the folder that it names. Raises OSError, and
    ValueError where it is no regular file, leads elsewhere or is longer.
    """
    path = Path(os.path.normpath(folder / name))
    home = folder if path.is_relative_to(os.path.normpath(folder)) else path.parent
    resolved = path.resolve(strict=True)
    if not resolved.is_relative_to(home.resolve()):
        raise ValueError("it is a link that leads out of its folder")
    # Without waiting: opening a pipe would wait for somebody who writes.
    descriptor = os.open(resolved, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is longer than {most} bytes")
    return content


def first_bytes(path: bytes, count: int) -> bytes:
    """Return the first bytes of a file; none where it is no regular file or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        try:
            return stream.read(count)
        except OSError:
            return b""
