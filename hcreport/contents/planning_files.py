"""Sorts the files above the base: what stays and is copied, whose package it is, and what goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from hcreport.contents import needed_node, needed_python
from hcreport.contents.layer import Kind
from hcreport.contents.needed_start import programs
from hcreport.contents.owners import PythonDist
from hcreport.contents.planning_dead import Dead, Weighing, files_of
from hcreport.contents.planning_made import GONE, is_record, maker, manager_cache
from hcreport.contents.planning_view import View
from hcreport.model import Certainty

_ACCOUNTS = frozenset({b"etc/passwd", b"etc/group"})
_MOST_CHANGED = 20
"""So many files of one package are not changed by hand: then their times tell nothing."""

_OF_SYSTEM = (b"etc/", b"usr/", b"var/lib/", b"var/cache/", b"lib/")
"""Where scripts of packages make empty folders."""

_LOG_FOLDERS = frozenset({b"log", b"logs", b"run"})
"""Folders that an application may expect, also where all in them goes."""

_MOST_IN_FOLDER = 50
"""Files that are rather deleted one by one than with their folder."""

_WRITTEN = (b"run/", b"tmp/", b"var/log/", b"var/run/", b"var/tmp/")
_GONE_WITH_ALL = frozenset({"package-caches", "version-control", "copied-environments"})


@dataclass
class Sorted:
    """The paths above the base that a container sees, each in one of these."""

    copies: set[bytes] = field(default_factory=set)
    """What stays and no package brings: files, links and others, and folders without anything."""
    accounts: set[bytes] = field(default_factory=set)
    """Lists of users and groups: copied too, but before packages add theirs."""
    owned: dict[bytes, str] = field(default_factory=dict)
    """The package of each file, also of what its scripts make; empty where none is known."""
    changed: set[bytes] = field(default_factory=set)
    """Files of packages that were changed after the installation; they are in ``owned`` too."""
    records: set[bytes] = field(default_factory=set)
    """What package managers note about themselves."""
    dead: dict[bytes, Dead] = field(default_factory=dict)
    """What goes, and why."""
    uninstall: tuple[PythonDist, ...] = ()
    """Distributions that pip removes."""
    prune: tuple[bytes, ...] = ()
    """Folders of applications from which npm removes development packages."""
    distributions: tuple[PythonDist, ...] = ()
    """All distributions that go."""
    modules: tuple[str, ...] = ()
    """Names of the Node packages that go."""


def sort_files(view: View, words: Collection[str], keep: Collection[str] = ()) -> Sorted:
    """Return what becomes of each path above the base.

    ``words`` are those of the commands that start the image; ``keep`` names packages that stay.
    """
    found = Sorted()
    weighing = _weighing(view, words, keep, found)
    occupied: set[bytes] = set()
    folders: list[bytes] = []
    for path, kind in view.above():
        if kind == Kind.FOLDER:
            folders.append(path)
        else:
            _sort(view, weighing, found, path, kind)
    for path in view.merged.places:
        occupied.add(path.rpartition(b"/")[0])
    for path in folders:
        if path not in occupied and _is_own_folder(view, path):
            found.copies.add(path)
    found.copies |= _folders_to_write(view, found)
    found.changed = _changed(view, found.owned)
    return found


def _sort(view: View, weighing: Weighing, found: Sorted, path: bytes, kind: Kind) -> None:
    layer = view.merged.places[path] >> 32
    owner = view.owner(path)
    if path in _ACCOUNTS:
        found.accounts.add(path)
    elif owner is not None and owner in view.packages:
        found.owned[path] = owner
    elif manager_cache(path):
        found.dead[path] = Dead("caches")
    elif is_record(path):
        found.records.add(path)
    elif owner is None and (made := maker(view, path, kind, layer)) is not None:
        if made == GONE or made in view.packages:
            found.owned[path] = made
        elif path in view.below.places:
            found.copies.add(path)
        else:
            # Bytecode and the like beside what the base has: made while the image was built.
            found.dead[path] = Dead("caches")
    elif owner is None and (dead := weighing.dead(path, kind)):
        found.dead[path] = dead
    else:
        found.copies.add(path)


def _weighing(view: View, words: Collection[str], keep: Collection[str], found: Sorted) -> Weighing:
    """Return what is dead weight, after the packages for development were found."""
    own = [each for each in view.attribution.python if not each.by_system]
    gone = {id(each) for each in needed_python.development(own, words=words, keep=keep)}
    found.distributions = tuple(each for each in own if id(each) in gone and _is_new(view, each))
    folders = _folders_of_pip(view)
    removed: dict[bytes, Dead] = {}
    uninstall = []
    for each in found.distributions:
        by_pip = each.folder in folders
        certainty: Certainty = "likely" if each.requested and each.name.lower() != "pip" else "sure"
        removed |= files_of([each], Dead("development-packages", certainty, by_pip))
        uninstall += [each] if by_pip else []
    found.uninstall = tuple(uninstall)
    pruned = needed_node.development(view, words=words, keep=keep)
    found.prune = tuple(each.project for each in pruned if each.by_npm)
    found.modules = tuple(sorted({item.name for each in pruned for item in each.packages}))
    modules = {
        item.folder: Dead("development-packages", "sure", each.by_npm)
        for each in pruned
        for item in each.packages
    }
    links = {path for each in pruned for path in needed_node.links_to(view, each)}
    return Weighing(view, words, removed, modules, links)


def _is_new(view: View, distribution: PythonDist) -> bool:
    return any(path in view.merged.places and view.is_above(path) for path in distribution.files)


def _folders_of_pip(view: View) -> set[bytes]:
    """Return the folders of modules that the first ``pip`` of the search path looks after."""
    found: set[bytes] = set()
    path = next((each for each in programs(view, ["pip", "pip3"])), None)
    if path is None:
        return found
    prefix = path.rpartition(b"/")[0].rpartition(b"/")[0]
    start = b"usr/local/lib/python" if prefix in {b"usr", b""} else prefix + b"/lib/python"
    return {each.folder for each in view.attribution.python if each.folder.startswith(start)}


def _of_manager(view: View, folder: bytes) -> bool:
    own = view.attribution.os
    return folder in view.folders_below or bool(own and folder in own.folders)


def _is_own_folder(view: View, path: bytes) -> bool:
    """Tell whether an empty folder is there because somebody wanted it."""
    if _of_manager(view, path) or is_record(path + b"/") or manager_cache(path + b"/"):
        return False
    number = view.merged.places[path] >> 32
    layer, position = view.image.layers[number], view.merged.places[path] & 0xFFFFFFFF
    group = view.attribution.group_of(path)
    if group in _GONE_WITH_ALL:
        return False
    if group == "logs-and-temporary-files" and not _is_expected(path):
        return False
    if path.startswith((b"tmp/", b"var/tmp/")) and not layer.owners[position] >> 32:
        return False
    by_script = number in view.installing and path.startswith(_OF_SYSTEM)
    return not by_script or bool(layer.owners[position] >> 32)


def _folders_to_write(view: View, found: Sorted) -> set[bytes]:
    """Return folders that stay although all in them goes: an application writes to them.

    Where models and data went to a volume, the folder gives the volume its owner.
    """
    data = Counter(
        path.rpartition(b"/")[0]
        for path, dead in found.dead.items()
        if dead.step in {"models", "datasets"}
    )
    folders = {folder for folder, count in data.items() if count <= _MOST_IN_FOLDER}
    for path in found.dead:
        folder = path.rpartition(b"/")[0]
        is_log = view.attribution.group_of(path) == "logs-and-temporary-files"
        if is_log and _is_expected(folder):
            folders.add(folder)
    return {
        folder
        for folder in folders
        if folder not in view.folders_below and not _of_manager(view, folder)
    }


def _is_expected(path: bytes) -> bool:
    """Tell whether a program may need a folder for what it writes."""
    return path.startswith(_WRITTEN) or path.rpartition(b"/")[2] in _LOG_FOLDERS


def _changed(view: View, owned: dict[bytes, str]) -> set[bytes]:
    """Return files of packages that somebody changed after their installation.

    A package's files have the times at which the package was made, and its list of files has that
    of the installation. In a layer in which nothing was installed, everything was changed.
    """
    installed = _installation_times(view)
    found: dict[str, set[bytes]] = {}
    own = view.attribution.os
    for path, name in owned.items():
        if not own or own.owner_of.get(path) != name:
            continue
        number = view.merged.places[path] >> 32
        layer, position = view.image.layers[number], view.merged.places[path] & 0xFFFFFFFF
        if layer.kinds[position] != Kind.FILE:
            continue
        time = installed.get(name)
        if number not in view.installing or (time is not None and layer.times[position] > time):
            found.setdefault(name, set()).add(path)
    return {path for paths in found.values() if len(paths) <= _MOST_CHANGED for path in paths}


def _installation_times(view: View) -> dict[str, int]:
    """Return when each package was installed, as far as dpkg's lists of files tell."""
    found: dict[str, int] = {}
    for path, layer, position in view.merged.items():
        if path.startswith(b"var/lib/dpkg/info/") and path.endswith(b".list"):
            name = path[len(b"var/lib/dpkg/info/") : -len(b".list")].decode("utf-8", "replace")
            found[name.partition(":")[0]] = layer.times[position]
    return found
