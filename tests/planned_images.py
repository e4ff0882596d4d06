"""Makes images with Debian's package manager by hand, for tests of what can go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hcreport.contents.attribution import attribute
from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles
from hcreport.contents.layer import Kind, LayerFiles, owner_of
from hcreport.contents.merged import merge
from hcreport.contents.needed import Needed, needed
from hcreport.contents.needed_start import start_words
from hcreport.contents.planning import plan
from hcreport.contents.planning_files import sort_files
from hcreport.contents.planning_view import View
from hcreport.contents.target import BaseImage, TargetPlan

INSTALLED = 1_700_000_000
"""When packages were installed, in seconds since 1970; their files are older."""


@dataclass
class Layer:
    """One layer while it is made: the step, and its files by path."""

    step: str
    files: dict[str, Any] = field(default_factory=dict)
    """Bytes, a number of bytes, None for a folder, ``-> target``, ``= other name`` of a file."""
    times: dict[str, int] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    needs: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    def done(self) -> LayerFiles:
        """Return it as the readers make it."""
        layer = LayerFiles()
        for path, content in self.files.items():
            self._add(layer, path, content)
        for path in self.gone:
            folder, _, name = path.rpartition("/")
            layer.add("/".join(filter(None, (folder, f".wh.{name}"))).encode(), Kind.WHITEOUT)
        return layer

    def _add(self, layer: LayerFiles, path: str, content: Any) -> None:
        name = path.encode()
        rest = {
            "time": self.times.get(path, INSTALLED - 9000),
            "owner": owner_of(self.owners.get(path, 0), 0),
            "mode": self.modes.get(path, 0o755),
        }
        if content is None:
            layer.add(name, Kind.FOLDER, **rest)
        elif isinstance(content, str):
            kind = Kind.SYMLINK if content.startswith("-> ") else Kind.HARDLINK
            layer.links[layer.add(name, kind, **rest)] = content[3:].strip().encode()
        else:
            size = content if isinstance(content, int) else len(content)
            position = layer.add(name, Kind.FILE, size=size, **rest)
            if isinstance(content, bytes):
                layer.texts[position] = content
                layer.heads[position] = content[:512]
            if path in self.needs:
                layer.needs[position] = self.needs[path]


@dataclass
class Package:
    """One package of Debian."""

    name: str
    files: Mapping[str, int]
    """Bytes by path."""
    depends: str = ""
    recommends: str = ""
    section: str = "utils"
    auto: bool = False
    version: str = "1"

    def paragraph(self) -> str:
        """Return what dpkg notes of it."""
        lines = [f"Package: {self.name}", "Status: install ok installed", "Architecture: amd64"]
        lines += [f"Version: {self.version}", f"Section: {self.section}"]
        lines += [f"Depends: {self.depends}"] if self.depends else []
        lines += [f"Recommends: {self.recommends}"] if self.recommends else []
        return "\n".join(lines) + "\n"


FOLDERS = (
    *("bin", "etc", "etc/ssl", "opt", "root", "srv", "usr", "usr/bin", "usr/local"),
    *("usr/local/bin", "usr/local/lib", "usr/local/share", "var", "var/log"),
)


def installing(packages: Iterable[Package], before: Iterable[Package] = ()) -> Layer:
    """Return the layer that an installation of packages makes."""
    packages, before = tuple(packages), tuple(before)
    layer = Layer("RUN apt-get install")
    kept = [each for each in before if each.name not in {new.name for new in packages}]
    for each in packages:
        listed = f"var/lib/dpkg/info/{each.name}.list"
        layer.files |= dict(each.files)
        layer.files[listed] = "".join(f"/{path}\n" for path in each.files).encode()
        layer.times[listed] = INSTALLED
    every = "\n".join(each.paragraph() for each in (*kept, *packages))
    layer.files["var/lib/dpkg/status"] = every.encode()
    layer.files["var/lib/apt/extended_states"] = "\n".join(
        f"Package: {each.name}\nArchitecture: amd64\nAuto-Installed: 1\n"
        for each in packages
        if each.auto
    ).encode()
    return layer


BASE = (Package("libc6", {"usr/lib/libc.so.6": 2000}), Package("bash", {"usr/bin/bash": 1000}))


def small_debian() -> Layer:
    """Return the layer of the base."""
    layer = installing(BASE)
    layer.step = "ADD rootfs.tar /"
    layer.files |= dict.fromkeys(FOLDERS)
    return layer


@dataclass
class Made:
    """An image on a small Debian, and what is concluded from it."""

    above: tuple[Layer, ...]
    config: ImageConfig = field(default_factory=ImageConfig)
    below: Layer = field(default_factory=small_debian)

    def image(self) -> ImageFiles:
        """Return the image; its base is the first layer."""
        layers = (self.below, *self.above)
        return ImageFiles(
            name="shop",
            layers=tuple(each.done() for each in layers),
            history=tuple(HistoryEntry(text=each.step) for each in layers),
            config=self.config,
        )

    def view(self) -> View:
        """Return the image as plans see it, with nothing ignored."""
        image = self.image()
        merged = merge(image.layers)
        return View(image, merged, attribute(image, merged), self._base(image), lambda _: False)

    def needed(self, keep: Collection[str] = ()) -> Needed:
        """Return what becomes of its packages."""
        view = self.view()
        words = start_words(view)
        return needed(view, sort_files(view, words, keep).copies, words, keep=keep)

    def plan(self, **options: Any) -> TargetPlan | None:
        """Return its plan; ``options`` as for :func:`plan`."""
        image = self.image()
        merged = merge(image.layers)
        return plan(image, merged, attribute(image, merged), self._base(image), **options)

    def surely(self, **options: Any) -> TargetPlan:
        """Return its plan, which has to be there."""
        found = self.plan(**options)
        assert found is not None
        return found

    def _base(self, image: ImageFiles) -> BaseImage:
        return BaseImage(layers=1, size=image.layers[0].size, reference="debian:12", certain=True)


def debian(*packages: Package, **config: Any) -> Made:
    """Return an image in which packages were installed in one step."""
    return Made((installing(packages, BASE),), ImageConfig(**config))


def distribution(
    folder: str, name: str, size: int, *, requires: Iterable[str] = (), requested: bool = False
) -> dict[str, Any]:
    """Return the files of a Python distribution with one module of ``size`` bytes."""
    info = f"{folder}/{name}-1.dist-info"
    lines = [f"Name: {name}", "Version: 1", *(f"Requires-Dist: {each}" for each in requires)]
    files: dict[str, Any] = {
        f"{folder}/{name}/__init__.py": size,
        f"{info}/METADATA": ("\n".join(lines) + "\n\n").encode(),
    }
    if requested:
        files[f"{info}/REQUESTED"] = 0
    record = [*files, f"{info}/RECORD"]
    files[f"{info}/RECORD"] = "".join(
        f"{path.removeprefix(folder + '/')},,\n" for path in record
    ).encode()
    return files
