"""Finds the environments of Python and Node in an image, and which of them it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from hcreport.contents.groups import Zone, application_zone, copied_zone, other_zone, python_zone
from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles
from hcreport.contents.owners import joined

_COPY = re.compile(r"^(?:/bin/sh -c #\(nop\) +)?(?:COPY|ADD) ")
_WORDS = re.compile(r"""[^\s'"=;&|(),:]+""")
_VENV = b"/pyvenv.cfg"
_CONDA = b"/conda-meta/history"
_MODULES = b"/node_modules"
_NODE = (b"usr/bin/node", b"usr/bin/nodejs", b"usr/local/bin/node", b"usr/local/bin/bun")
_PYTHON = re.compile(
    r"(?:^|[\s/])(?:python[\d.]*|uvicorn|gunicorn|hypercorn|celery|flask|streamlit)(?:\s|$)"
)
"""Programs of images that run Python."""

_LOW = 0xFFFFFFFF
_SYSTEM_FOLDERS = frozenset(
    {
        b"",
        b"usr",
        b"usr/bin",
        b"usr/sbin",
        b"usr/lib",
        b"bin",
        b"sbin",
        b"etc",
        b"var",
        b"lib",
        b"tmp",
    }
)


def is_copy(step: HistoryEntry | None) -> bool:
    """Tell whether a step put files into the image that were made outside."""
    return step is not None and _COPY.match(step.text) is not None


def special_zones(image: ImageFiles, places: Mapping[bytes, int]) -> dict[bytes, Zone]:
    """Return the zones of folders that the image's own files and settings tell.

    An environment came along where a COPY or ADD put it there and nothing says that it is of use
    here. A script may start one without the settings saying so, hence the doubt is on its side.
    """
    copied = [is_copy(step) for step in image.steps()]
    used = set(_used(image.config))
    zones: dict[bytes, Zone] = {}
    folder = joined(b"", image.config.folder.encode(errors="surrogateescape"))
    if folder not in _SYSTEM_FOLDERS:
        zones[folder] = application_zone()
    has_node = any(path in places for path in _NODE)
    runs_python = any(map(_PYTHON.search, (*image.config.entrypoint, *image.config.command)))
    for path, place in places.items():
        if path.endswith(_VENV):
            root = path.removesuffix(_VENV)
            came = copied[place >> 32] and root not in used
            zones[root] = copied_zone() if came else python_zone()
        elif path.endswith(_CONDA):
            root = path.removesuffix(_CONDA)
            zones[root] = other_zone()
            zones[root + b"/pkgs"] = Zone("package-caches", fixed=True)
        elif path.endswith(_MODULES) and copied[place >> 32] and path.count(_MODULES) == 1:
            in_doubt = path.removesuffix(_MODULES) in used or not runs_python
            zones.update({} if has_node and in_doubt else {path: copied_zone()})
    zones.update(dict.fromkeys(tuple(_made_here(image, places, zones)), python_zone()))
    return zones


def _made_here(
    image: ImageFiles, places: Mapping[bytes, int], zones: Mapping[bytes, Zone]
) -> Iterator[bytes]:
    """Yield environments whose programs name their own place, so that they were made for it.

    One that a stage of the build made can run; one from a developer's machine names a place there.
    """
    folders = {root + b"/bin": root for root, zone in zones.items() if zone == copied_zone()}
    for path, place in places.items() if folders else ():
        root = folders.get(path.rpartition(b"/")[0])
        if root is not None:
            head = image.layers[place >> 32].heads.get(place & _LOW, b"")
            if head.startswith(b"#!") and _own_program(root).search(head):
                yield root


def _own_program(root: bytes) -> re.Pattern[bytes]:
    """Return what a script in an environment begins with, where it is meant to lie there."""
    return re.compile(rb"[!' \"]/" + re.escape(root) + rb"/bin/")


def started(config: ImageConfig) -> frozenset[bytes]:
    """Return the files that a container starts with, as far as the settings name them whole."""
    words = (
        word for text in (*config.entrypoint, *config.command) for word in _WORDS.findall(text)
    )
    return frozenset(
        joined(b"", word.encode(errors="surrogateescape")) for word in words if word[0] == "/"
    )


def _used(config: ImageConfig) -> Iterator[bytes]:
    """Yield the folders that the settings name, and all folders above them."""
    yield from _above(joined(b"", config.folder.encode(errors="surrogateescape")))
    texts: Iterable[str] = (*config.entrypoint, *config.command)
    for name, _, value in (each.partition("=") for each in config.environment):
        if name in {"PATH", "VIRTUAL_ENV", "PYTHONPATH", "NODE_PATH", "CONDA_PREFIX"}:
            texts = (*texts, value)
    for text in texts:
        for word in _WORDS.findall(text):
            folder = config.folder.encode(errors="surrogateescape")
            yield from _above(joined(folder, word.encode(errors="surrogateescape")))


def _above(path: bytes) -> Iterator[bytes]:
    while path:
        yield path
        path = path.rpartition(b"/")[0]
