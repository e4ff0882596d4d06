"""Writes what the last stage copies from the first, so that owners, modes and links stay.

What both builders do with ``COPY --from`` was tried on Docker 20.10: below the folder that is named
everything keeps owner, mode, times, links and hard links. The named folder itself, and folders
above it that are not there yet, become root's with mode 755; a symbolic link that is named is
followed. So those are set right by one further command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hcreport.contents.layer import Kind, LayerFiles, owner_of
from hcreport.contents.merged import Merged
from hcreport.contents.target import TargetPlan
from hcreport.render.dockerfile_words import is_plain_path, shell_word

MOST_COPIES = 20
"""COPY lines; each makes a layer, and an engine allows about 127."""

KEPT = "/kept"
"""Folder of the first stage in which everything is gathered where COPY lines would be too many."""

_ROOT_FOLDER = (0, 0o755)


@dataclass(frozen=True, kw_only=True)
class Copies:
    """How paths get from the first stage into the last."""

    gather: tuple[str, ...] = ()
    """Commands at the end of the first stage."""
    lines: tuple[str, ...] = ()
    """Arguments of COPY after ``--from``."""
    set_right: tuple[str, ...] = ()
    """Commands in the last stage after copying."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    path: str
    kind: Kind
    owner: int
    mode: int
    link: bytes

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0] or "/"


def copies_of(plan: TargetPlan, merged: Merged, layers: Sequence[LayerFiles]) -> Copies:
    """Return how to copy what a plan says; ``layers`` are those that the last stage has already."""
    entries, notes = [], []
    for path in (*plan.copies, *plan.links):
        entry = _entry(path, merged)
        if entry is None or shell_word(path) is None:
            notes.append(_lost(path))
        else:
            entries.append(entry)
    lines = _lines([each for each in entries if each.kind is not Kind.SYMLINK])
    plain = all(is_plain_path(each.path) for each in entries)
    if (len(lines) > MOST_COPIES or not plain) and _has_tar(merged):
        return Copies(
            gather=_gather(entries),
            lines=(f"{KEPT}/ /",),
            set_right=tuple(_rights(plan)),
            notes=tuple(notes),
        )
    odd = [each for each in entries if not is_plain_path(each.path)]
    notes += map(_lost, (each.path for each in odd))
    kept = [each for each in entries if each not in odd]
    return Copies(
        lines=tuple(_lines([each for each in kept if each.kind is not Kind.SYMLINK])),
        set_right=(*_set_right(kept, merged, layers), *_rights(plan)),
        notes=tuple(notes),
    )


def _lost(path: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in path)
    return f"{shown} stays, and cannot be written in a Dockerfile: copy it by hand."


def _entry(path: str, merged: Merged) -> _Entry | None:
    """Return what a path is in the image; None where it is nothing."""
    name = path.strip("/").encode("utf-8", "surrogateescape")
    place = merged.places.get(name)
    if place is None:
        below = name + b"/"
        if any(each.startswith(below) for each in merged.places):
            return _Entry(path, Kind.FOLDER, *_ROOT_FOLDER, b"")
        return None
    layer, position = merged.layers[place >> 32], place & 0xFFFFFFFF
    return _Entry(
        path,
        Kind(layer.kinds[position]),
        layer.owners[position],
        layer.modes[position] & 0o7777,
        layer.links.get(position, b""),
    )


def _lines(entries: Iterable[_Entry]) -> list[str]:
    """Return COPY's arguments: a folder each, and the files of one folder together."""
    files: dict[str, list[str]] = {}
    lines = []
    for entry in entries:
        if entry.kind is Kind.FOLDER:
            lines.append(f"{entry.path} {entry.path}")
        else:
            files.setdefault(entry.folder, []).append(entry.path)
    for folder, names in sorted(files.items()):
        into = f"{folder.rstrip('/')}/"
        lines.append(f"{names[0]} {names[0]}" if len(names) == 1 else f"{' '.join(names)} {into}")
    return lines


def _set_right(
    entries: Sequence[_Entry], merged: Merged, layers: Sequence[LayerFiles]
) -> Iterator[str]:
    """Yield commands for links, and for owners and modes of folders that COPY makes itself."""
    known = _folders(layers)
    made = {
        folder: None
        for entry in entries
        for folder in _above(entry.path)
        if folder.strip("/").encode() not in known
    }
    folders = [each for each in (_entry(path, merged) for path in made) if each is not None]
    folders += [each for each in entries if each.kind is Kind.FOLDER]
    links = [each for each in entries if each.kind is Kind.SYMLINK]
    parents = sorted({each.folder for each in links} - {"/"})
    if parents:
        yield f"mkdir -p {' '.join(parents)}"
    for link in links:
        target = shell_word(link.link.decode("utf-8", "surrogateescape"))
        if target is not None:
            yield f"ln -sfn {target} {link.path}"
    yield from _changes(
        (each.path, (each.mode, each.owner))
        for each in folders
        if (each.owner, each.mode) != _ROOT_FOLDER
    )


def _rights(plan: TargetPlan) -> Iterator[str]:
    """Yield commands for folders of the base that the image gave other rights."""
    return _changes(
        (path, (mode & 0o7777, owner_of(user, group)))
        for path, (mode, user, group) in plan.rights.items()
    )


def _changes(rights: Iterable[tuple[str, tuple[int, int]]]) -> Iterator[str]:
    """Yield commands that give paths a mode and an owner; the owner first, as it clears bits."""
    owners: dict[int, list[str]] = {}
    modes: dict[int, list[str]] = {}
    for path, (mode, owner) in rights:
        word = shell_word(path)
        if word is not None:
            owners.setdefault(owner, []).append(word)
            modes.setdefault(mode, []).append(word)
    for owner, paths in sorted(owners.items()):
        yield f"chown {owner >> 32}:{owner & 0xFFFFFFFF} {' '.join(paths)}"
    for mode, paths in sorted(modes.items()):
        yield f"chmod {mode:o} {' '.join(paths)}"


def _folders(layers: Sequence[LayerFiles]) -> set[bytes]:
    """Return the folders that layers have; one that a later layer deletes too."""
    found = set()
    for layer in layers:
        for path, kind in zip(layer.paths, layer.kinds, strict=True):
            found.add(path if kind == Kind.FOLDER else path.rpartition(b"/")[0])
    return found


def _above(path: str) -> Iterator[str]:
    """Yield the folders above a path, the outermost first, without the root."""
    parts = path.strip("/").split("/")
    for end in range(1, len(parts)):
        yield "/" + "/".join(parts[:end])


def _has_tar(merged: Merged) -> bool:
    """Tell whether the image has GNU's tar, which can leave out what lies in a folder."""
    for path in (b"usr/bin/tar", b"bin/tar"):
        entry = _entry(path.decode(), merged)
        if entry is not None and entry.kind in (Kind.FILE, Kind.HARDLINK):
            return True
    return False


def _gather(entries: Sequence[_Entry]) -> tuple[str, ...]:
    """Return commands that gather everything in one folder, with the folders above it."""
    above = dict.fromkeys(folder for entry in entries for folder in _above(entry.path))
    parents = [shell_word(each.lstrip("/")) or "" for each in above]
    paths = [shell_word(each.path.lstrip("/")) or "" for each in entries]
    options = ["--no-recursion", *parents, "--recursion", *paths]
    listed = " \\\n        ".join(options)
    return (
        f"mkdir {KEPT}",
        f"tar --create --file={KEPT}.tar --directory=/ \\\n        {listed}",
        f"tar --extract --preserve-permissions --same-owner --file={KEPT}.tar --directory={KEPT}",
        f"rm {KEPT}.tar",
    )
