"""The parent control group under which all containers of a throwaway share one memory limit.

Linux only, and only where this machine itself runs the engine with the cgroupfs driver. Sources:
kernel documentation, cgroup-v1/memory and cgroup-v2; runc puts ``cgroup_parent`` of that driver
below the mounted hierarchies.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from hcreport.errors import ProveError
from hcreport.units import Bytes

ROOT = Path("/sys/fs/cgroup")

_HINT = "Leave --together out: each service then has a limit of its own."

_REMOVE_SECONDS = 10.0


def unified() -> bool:
    """Tell whether this machine has the single hierarchy of cgroup v2."""
    return (ROOT / "cgroup.controllers").is_file()


def memory_folder(name: str) -> Path:
    """Return where the memory files of a parent cgroup lie."""
    return ROOT / name if unified() else ROOT / "memory" / name


def check_usable(driver: str | None, *, local: bool) -> None:
    """Raise ProveError with the reason where a parent cgroup cannot be made here."""
    if not local:
        raise ProveError("One limit for all needs the engine on this machine.", hint=_HINT)
    if driver != "cgroupfs":
        raise ProveError(
            f"One limit for all needs the cgroup driver cgroupfs, not {driver or 'another'}.",
            hint=_HINT,
        )
    if not memory_folder("").is_dir():
        raise ProveError("This machine has no memory control groups.", hint=_HINT)


def make_parent(name: str, limit: Bytes) -> None:
    """Make the parent cgroup with a memory limit in bytes and no swap. Raises ProveError."""
    folder = memory_folder(name)
    try:
        folder.mkdir()
        if unified():
            _write(folder / "memory.max", limit)
            if (folder / "memory.swap.max").exists():
                _write(folder / "memory.swap.max", Bytes(0))
            return
        hierarchy = folder / "memory.use_hierarchy"
        if hierarchy.exists() and hierarchy.read_text().strip() != "1":
            hierarchy.write_text("1")
        _write(folder / "memory.limit_in_bytes", limit)
        if (folder / "memory.memsw.limit_in_bytes").exists():
            _write(folder / "memory.memsw.limit_in_bytes", limit)
    except OSError as error:
        raise ProveError(
            f"The parent control group could not be made: {error.strerror}.",
            hint=f"Run it as root. {_HINT}",
        ) from error


def holds(name: str, containers: Mapping[str, str]) -> bool:
    """Tell whether the engine put containers, named by their ids, below the parent cgroup."""
    return any(each in containers for each in _children(name))


def victims(name: str) -> frozenset[str]:
    """Return the ids of the containers in which the kernel killed a process for want of memory."""
    file = "memory.events.local" if unified() else "memory.oom_control"
    found = set()
    for container in _children(name):
        with contextlib.suppress(OSError):
            counts = _counts((memory_folder(name) / container / file).read_text())
            if counts.get("oom_kill"):
                found.add(container)
    return frozenset(found)


def remove_parent(name: str) -> bool:
    """Remove the parent cgroup from every hierarchy. Returns whether nothing is left of it."""
    end = time.monotonic() + _REMOVE_SECONDS
    while True:
        for folder in _folders(name):
            # Its files are the kernel's and go with it: only folders are removed, deepest first.
            inner = sorted((each for each in folder.rglob("*") if each.is_dir()), reverse=True)
            for each in (*inner, folder):
                with contextlib.suppress(OSError):
                    each.rmdir()
        if not any(True for _ in _folders(name)):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)


def _folders(name: str) -> Iterator[Path]:
    """Yield the folders of the parent cgroup: one, or one for each hierarchy of version 1."""
    if not name or not ROOT.is_dir():
        return
    places = [ROOT] if unified() else sorted(each for each in ROOT.iterdir() if each.is_dir())
    yield from (each / name for each in places if (each / name).is_dir())


def _children(name: str) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(each.name for each in memory_folder(name).iterdir() if each.is_dir())
    return []


def _counts(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _write(file: Path, size: Bytes) -> None:
    file.write_text(str(int(size)))
