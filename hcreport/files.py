"""Writes files whole: a half-written file never takes the place of a good one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write to a temporary file beside ``path`` and rename it into place; text becomes UTF-8.

    A full disk or an interruption leaves the old file as it was. A link keeps pointing where it
    does, and a device or pipe (``/dev/stdout``) is written to, not replaced. Raises OSError.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    path = path.resolve()
    if path.exists() and not (path.is_file() or path.is_dir()):
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, _usual_mode())  # noqa: PTH101  (mkstemp makes files private)
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def write_aside(text: str, suffix: str) -> Path:
    """Write what could not be written where it belongs into the folder for temporary files.

    Returns the new file, which only this user can read. Raises OSError.
    """
    handle, name = tempfile.mkstemp(prefix="hcreport-", suffix=suffix)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    return Path(name)


def _usual_mode() -> int:
    """Return the mode a new file would have: read and write for all, less the umask."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
