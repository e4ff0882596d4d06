"""Weighs what stays and what goes: each byte above the base once, in one of a few parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from hcreport.contents.layer import Kind
from hcreport.contents.merged import file_of_links
from hcreport.contents.needed import Needed
from hcreport.contents.planning_files import Sorted
from hcreport.contents.planning_made import GONE
from hcreport.contents.planning_view import View
from hcreport.model import Certainty, StepKind

Part = tuple[StepKind, Certainty]

_COPY, _KEEP, _RECORD, _GOES = range(4)
"""A file with several names counts where the first of these says so."""

_INFO = re.compile(rb"var/lib/dpkg/info/([^/:]+?)(:[^./]+)?\.[a-z0-9]+$")
_STATUS = b"var/lib/dpkg/status"
_APK = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
_ALL_AGAIN = (b"/status-old",)
_CLEANED = re.compile(rb"var/cache/debconf/.*-old$|var/log/")
"""Removed in the instruction that installs the packages."""


@dataclass
class Weights:
    """Bytes above the base."""

    copies: int = 0
    packages: int = 0
    records_now: int = 0
    records: int = 0
    """What the package manager will write about itself."""
    again: int = 0
    """Files of packages that are there as the package brings them, and as they were changed."""
    goes: Counter[Part] = field(default_factory=Counter)
    paths: dict[Part, Counter[bytes]] = field(default_factory=dict)
    """Bytes of what goes by path, and by the name of a package."""
    packages_sizes: dict[Part, Counter[str]] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """All that a container sees now."""
        return self.copies + self.packages + self.records_now + sum(self.goes.values())


def weigh(view: View, found: Sorted, needed: Needed) -> Weights:
    """Return the bytes of everything above the base that a container sees."""
    return _Scale(view, found, needed).weigh()


class _Scale:
    def __init__(self, view: View, found: Sorted, needed: Needed) -> None:
        self.view, self.found, self.needed = view, found, needed
        self.weights = Weights()
        self.best: dict[int, tuple[int, bytes]] = {}
        """By the place of a file with several names: the part it counts in, and who decides."""

    def weigh(self) -> Weights:
        """Put each file into its part, then add up."""
        files = self._files_of_links()
        linked = set(files.values())
        layers, places = self.view.image.layers, self.view.merged.places
        for path, kind in self.view.above():
            if kind not in {Kind.FILE, Kind.HARDLINK}:
                continue
            place = places[path]
            place, rank = files.get(place, place), self._rank(path)
            if place not in linked:
                self._add(rank, path, layers[place >> 32].sizes[place & 0xFFFFFFFF])
                continue
            known = self.best.get(place)
            if known is None or rank < known[0]:
                self.best[place] = (rank, path)
        for place, (rank, path) in self.best.items():
            self._add(rank, path, layers[place >> 32].sizes[place & 0xFFFFFFFF])
        self.weights.records = self._records()
        return self.weights

    def _files_of_links(self) -> dict[int, int]:
        """Return the place of the file by the place of each hard link to it."""
        return {
            number << 32 | link: number << 32 | file
            for number in range(self.view.base.layers, len(self.view.image.layers))
            for link, file in file_of_links(self.view.image.layers[number]).items()
        }

    def _rank(self, path: bytes) -> int:
        found = self.found
        if path in found.copies or path in found.changed or path in found.accounts:
            return _COPY
        owner = self.found.owned.get(path)
        if owner is not None:
            stays = owner in self.needed.kept or (owner == GONE and bool(self.needed.kept))
            return _KEEP if stays else _GOES
        return _RECORD if path in self.found.records else _GOES

    def _add(self, rank: int, path: bytes, size: int) -> None:
        weights = self.weights
        if rank == _COPY:
            weights.copies += size
            if path in self.found.changed and self.found.owned.get(path) in self.needed.kept:
                weights.again += size
        elif rank == _KEEP:
            weights.packages += size
        elif rank == _RECORD:
            weights.records_now += size
        else:
            self._drop(path, size)

    def _drop(self, path: bytes, size: int) -> None:
        weights = self.weights
        owner = self.found.owned.get(path)
        if owner is None:
            dead = self.found.dead[path]
            part: Part = (dead.step, dead.certainty)
            weights.paths.setdefault(part, Counter())[path] += size
        else:
            part = ("build-tools", "likely" if owner in self.needed.doubtful else "sure")
            weights.packages_sizes.setdefault(part, Counter())[owner] += size
        weights.goes[part] += size

    def _records(self) -> int:
        """Return what the manager will write about itself, in a layer above the base's.

        It writes its database whole. What it keeps for each package is as large as now; of lists
        and logs about all packages there is less where there are fewer packages.
        """
        view = self.view
        if not self.needed.kept:
            return 0
        share = len(self.needed.kept) / len(view.packages)
        total = 0.0
        database = _database(view, self.needed.dropped)
        for path in self.found.records:
            size = view.merged.bytes_at(path)
            if _CLEANED.match(path):
                continue
            if match := _INFO.match(path):
                total += size * (match[1].decode() in _short(self.needed.kept))
            elif path == _STATUS or path in _APK or path.endswith(_ALL_AGAIN):
                total += database
            else:
                below = view.below.bytes_at(path)
                total += below + (size - below) * share if size > below else size
        return round(total)


def _short(names: Collection[str]) -> set[str]:
    return {name.partition(":")[0] for name in names}


def _database(view: View, dropped: Collection[str]) -> int:
    """Return the bytes of the list of packages without those that are dropped."""
    for path, field_name in ((_STATUS, b"Package: "), *((each, b"P:") for each in _APK)):
        text = view.text(path)
        if text:
            gone = {name.encode() for name in _short(dropped)}
            return sum(
                len(part) + 2
                for part in text.split(b"\n\n")
                if part.strip() and _named(part, field_name) not in gone
            )
    return 0


def _named(part: bytes, field_name: bytes) -> bytes:
    at = part.find(b"\n" + field_name)
    start = at + 1 if at >= 0 else 0
    return part[start:].split(b"\n", 1)[0].removeprefix(field_name).strip()
