"""Writes pages into a folder: whole files, only what changed, never over a hand-written one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hcreport.errors import BuildError
from hcreport.files import write_whole
from hcreport.render.marker import DOWNLOADS, is_generated, is_generated_file


def write_pages(pages: Mapping[str, str], assets: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write pages and assets below ``folder`` and return what was written or removed, sorted.

    A file without our mark stays as it is, see :func:`written_by_hand`. A page of ours that is no
    longer among ``pages`` is removed, and so is one of the files beside them. Raises BuildError
    where a file cannot be written.
    """
    try:
        by_hand = set(written_by_hand(pages, assets, folder))
        written = [
            path
            for name, text in pages.items()
            if folder / name not in by_hand and (path := _write_page(folder, name, text))
        ]
        written += [
            path
            for name, content in assets.items()
            if folder / name not in by_hand and (path := _write_asset(folder, name, content))
        ]
        written += _remove_stale(pages, folder)
        written += _remove_stale_files(assets, folder)
    except OSError as error:
        raise BuildError(
            f"{error.filename or folder} cannot be written: {error.strerror}.",
            hint="Choose another folder, or make room.",
        ) from error
    return sorted(written)


def written_by_hand(
    pages: Mapping[str, str], assets: Mapping[str, bytes], folder: Path
) -> list[Path]:
    """Return the files below ``folder`` that have the name of one of ours but not our mark."""
    found = [
        folder / name
        for name, text in pages.items()
        if _differs(folder / name, text.encode()) and not is_generated(_read(folder / name))
    ]
    found += [
        folder / name
        for name, content in assets.items()
        if _differs(folder / name, content) and not is_generated_file(_read(folder / name))
    ]
    return sorted(found)


def _differs(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() != content


def _write_page(folder: Path, name: str, text: str) -> Path | None:
    path = folder / name
    if path.is_file() and _read(path) == text:
        return None
    write_whole(path, text)
    return path


def _write_asset(folder: Path, name: str, content: bytes) -> Path | None:
    """Write a style sheet or a file for programs, whole, where it is not there already."""
    path = folder / name
    if path.is_file() and path.read_bytes() == content:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path


def _remove_stale(pages: Mapping[str, str], folder: Path) -> list[Path]:
    """Remove our own pages of services and rules that are gone; only where we write pages."""
    places = {(folder / name).parent for name in pages}
    kept = {folder / name for name in pages}
    stale = [
        path
        for place in sorted(places)
        if place.is_dir()
        for path in sorted(place.glob("*.md"))
        if path not in kept and path.is_file() and is_generated(_read(path))
    ]
    for path in stale:
        path.unlink()
    return stale


def _remove_stale_files(assets: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Remove our own files for programs that nothing fills any more."""
    stale = [
        folder / name
        for name in DOWNLOADS
        if name not in assets
        and (folder / name).is_file()
        and is_generated_file(_read(folder / name))
    ]
    for path in stale:
        path.unlink()
    return stale


def _read(path: Path) -> str:
    """Return a file's text as it is, line ends too; a file that is not UTF-8 is not ours."""
    return path.read_bytes().decode("utf-8", "replace")
