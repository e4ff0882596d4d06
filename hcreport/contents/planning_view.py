"""One image seen from above its base: what is new, whose it is, and where its links lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from hcreport.contents.attribution import Attribution, attribute
from hcreport.contents.base import instructions
from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import Kind, LayerFiles
from hcreport.contents.merged import Merged, merge
from hcreport.contents.owners import OsPackage
from hcreport.contents.target import BaseImage

_POSITION = 0xFFFFFFFF
_KINDS = tuple(Kind)
_MOST_LINKS = 40
"""As many links as Linux follows in one path."""

_ENGINES_OWN = frozenset(
    {b".dockerenv", b"etc/hosts", b"etc/hostname", b"etc/resolv.conf", b"etc/mtab"}
)
_KERNELS_OWN = (b"dev/", b"proc/", b"sys/")
_OWN_CERTIFICATES = b"usr/local/share/ca-certificates/"


@dataclass(frozen=True)
class View:
    """What the parts of a plan ask about an image; paths are those of ``LayerFiles``."""

    image: ImageFiles
    merged: Merged
    attribution: Attribution
    base: BaseImage
    ignored: Callable[[bytes], bool]
    """Tells what a better ``.dockerignore`` keeps out of the image, by absolute path."""

    @cached_property
    def below(self) -> Merged:
        """What a container of the base sees."""
        return merge(self.image.layers[: self.base.layers])

    @cached_property
    def folders_below(self) -> frozenset[bytes]:
        """Folders that the base has, also those that no archive lists."""
        found: set[bytes] = set()
        for path in self.below.places:
            if self.below_kind(path) == Kind.FOLDER:
                found.add(path)
            folder = path.rpartition(b"/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition(b"/")[0]
        return frozenset(found)

    def below_kind(self, path: bytes) -> Kind | None:
        """Return what a path is in the base; None where there is nothing."""
        value = self.below.places.get(path)
        if value is None:
            return None
        return _KINDS[self.image.layers[value >> 32].kinds[value & _POSITION]]

    @cached_property
    def base_attribution(self) -> Attribution:
        """To whom the base's files belong."""
        layers = self.image.layers[: self.base.layers]
        return attribute(ImageFiles(name=self.image.name, layers=layers), self.below)

    @cached_property
    def packages(self) -> dict[str, OsPackage]:
        """The operating system's packages above the base: new ones, and those of a new version."""
        own, lower = self.attribution.os, self.base_attribution.os
        before = lower.packages if lower else {}
        return {
            name: package
            for name, package in (own.packages if own else {}).items()
            if name not in before or before[name].version != package.version
        }

    @cached_property
    def renewed(self) -> frozenset[str]:
        """Packages of the base that have another version now."""
        lower = self.base_attribution.os
        return frozenset(set(self.packages) & set(lower.packages)) if lower else frozenset()

    @cached_property
    def instructions(self) -> tuple[str | None, ...]:
        """The instruction that made each layer."""
        return instructions(self.image)

    @cached_property
    def _covered_copies(self) -> dict[bytes, int]:
        """The place at which a ``COPY`` brought what a later step wrote again, by path."""
        found: dict[bytes, int] = {}
        places, by_copy = self.merged.places, self._by_copy
        for number, layer in enumerate(self.image.layers):
            if by_copy[number]:
                for position, path in enumerate(layer.paths):
                    seen = places.get(path)
                    if seen is not None and not by_copy[seen >> 32]:
                        found[path] = number << 32 | position
        return found

    @cached_property
    def _by_copy(self) -> tuple[bool, ...]:
        """For each layer: a ``COPY`` above the base made it, or may have."""
        return tuple(
            number >= self.base.layers and name in {"COPY", "ADD", None}
            for number, name in enumerate(self.instructions)
        )

    def is_copied(self, path: bytes) -> bool:
        """Tell whether what is seen came with a ``COPY``; a later step may change its rights."""
        place = self.merged.places[path]
        if self._by_copy[place >> 32]:
            return True
        before = self._covered_copies.get(path)
        if before is None:
            return False
        old, new = self.image.layers[before >> 32], self.image.layers[place >> 32]
        at, now = before & _POSITION, place & _POSITION
        return (old.sizes[at], old.times[at]) == (new.sizes[now], new.times[now])

    @cached_property
    def has_own_certificates(self) -> bool:
        """Somebody put certificates of their own among the system's."""
        return any(
            path.startswith(_OWN_CERTIFICATES) and kind != Kind.FOLDER
            for path, kind in self.above()
        )

    @cached_property
    def installing(self) -> frozenset[int]:
        """Numbers of the layers in which packages of the operating system were installed."""
        database = (b"var/lib/dpkg/status", b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
        rpm = (b"var/lib/rpm/rpmdb.sqlite", b"usr/lib/sysimage/rpm/rpmdb.sqlite")
        return frozenset(
            number
            for number in range(self.base.layers, len(self.image.layers))
            if not set(self.image.layers[number].paths).isdisjoint({*database, *rpm})
        )

    def place(self, path: bytes) -> tuple[LayerFiles, int] | None:
        """Return the layer that a container sees a path in, and the position there."""
        value = self.merged.places.get(path)
        return None if value is None else (self.image.layers[value >> 32], value & _POSITION)

    def is_above(self, path: bytes) -> bool:
        """Tell whether a path that a container sees does not come from the base."""
        return self.merged.places[path] >> 32 >= self.base.layers

    def above(self) -> Iterator[tuple[bytes, Kind]]:
        """Yield what a container sees that does not come from the base, and what each is."""
        lowest, layers = self.base.layers, self.image.layers
        for path, value in self.merged.places.items():
            number = value >> 32
            if number < lowest or path in _ENGINES_OWN or path.startswith(_KERNELS_OWN):
                continue
            yield path, _KINDS[layers[number].kinds[value & _POSITION]]

    def kind(self, path: bytes) -> Kind | None:
        """Return what a path is; None where there is nothing."""
        place = self.place(path)
        return None if place is None else _KINDS[place[0].kinds[place[1]]]

    def mode(self, path: bytes) -> int:
        """Return the permission bits of a path; 0 where there is nothing."""
        place = self.place(path)
        return 0 if place is None else place[0].modes[place[1]]

    def target(self, path: bytes) -> bytes | None:
        """Return where a symbolic link points, as written; None where it is none."""
        place = self.place(path)
        if place is None or place[0].kinds[place[1]] != Kind.SYMLINK:
            return None
        return place[0].links.get(place[1])

    def head(self, path: bytes) -> bytes:
        """Return the first bytes of a file, or all of it, as far as they were kept."""
        place = self.place(path)
        if place is None:
            return b""
        layer, position = place
        return layer.texts.get(position) or layer.heads.get(position, b"")

    def text(self, path: bytes) -> bytes:
        """Return the whole content of a file; empty where it was not kept."""
        place = self.place(path)
        return b"" if place is None else place[0].texts.get(place[1], b"")

    def needs(self, path: bytes) -> tuple[bytes, ...]:
        """Return the libraries that a program or a library names."""
        place = self.place(path)
        return () if place is None else place[0].needs.get(place[1], ())

    def owner(self, path: bytes) -> str | None:
        """Return the package of the operating system that a path belongs to."""
        own = self.attribution.os
        return own.owner_of.get(path) if own else None

    def resolve(self, path: bytes) -> bytes | None:
        """Return the path without links that a path leads to; None where it leads nowhere."""
        chain = self.chain(path)
        return chain[-1] if chain and chain[-1] in self.merged.places else None

    def chain(self, path: bytes) -> list[bytes]:
        """Return the links that a path leads over, in their order, and where it ends at last."""
        found: list[bytes] = []
        todo, done = path.strip(b"/").split(b"/")[::-1], list[bytes]()
        left = _MOST_LINKS
        while todo:
            part = todo.pop()
            if part in {b"", b"."}:
                continue
            if part == b"..":
                done = done[:-1]
                continue
            here = b"/".join((*done, part))
            target = self.target(here)
            if target is None:
                done.append(part)
                continue
            left -= 1
            if left < 0:
                return found
            found.append(here)
            done = [] if target.startswith(b"/") else done
            todo.extend(target.strip(b"/").split(b"/")[::-1])
        return [*found, b"/".join(done)]
