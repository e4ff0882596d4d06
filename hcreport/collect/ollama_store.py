"""Reads models in a folder where Ollama keeps them, and single GGUF files; only their headers.

The layout is that of ``manifest/paths.go`` in the source of Ollama 0.33, and the same since 0.1.24:
``manifests/HOST/NAMESPACE/NAME/TAG`` is a manifest, ``blobs/sha256-HEX`` a file of a model. Nothing
outside of the folder is opened, whatever its manifests or links say.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hcreport.collect.gguf import read_header
from hcreport.collect.ollama_facts import (
    USUAL_HOST,
    ModelFacts,
    ModelName,
    ModelParameters,
    model_name,
    parameters_in,
    parsed,
    shape_of,
)
from hcreport.collect.ollama_manifest import (
    MANIFEST_LIMIT,
    PARAMETERS_LIMIT,
    Layer,
    read_manifest,
)
from hcreport.collect.web import NotThereError
from hcreport.errors import OllamaError
from hcreport.units import Bytes

WHO = "Ollama's folder of models"

_FILE = "The model's file"

MOST_MODELS = 200
"""Names of a store that are looked at."""

_FOLDERS = ("", "models", ".ollama/models")
"""Where the store lies in a folder that somebody may name."""


class NoStoreError(OllamaError):
    """The folder holds no models of Ollama, or may not be read."""


class OllamaStore:
    """One folder with models. Raises NoStoreError where it is none, or may not be read."""

    def __init__(self, folder: Path) -> None:
        found = [folder / each for each in _FOLDERS if _is_there(folder / each / "manifests")]
        if not found:
            raise NoStoreError(
                f"{WHO} is not there, or holds no manifests.",
                hint="Name the folder that has the folders manifests and blobs.",
            )
        self._root = Path(os.path.realpath(found[0]))

    def models(self) -> tuple[str, ...]:
        """Return the names of the models from Ollama's own registry, at most MOST_MODELS of them.

        Raises NoStoreError where the folder may not be read.
        """
        host = self._root / "manifests" / USUAL_HOST
        try:
            names = sorted(_names(host))
        except OSError as error:
            raise _not_allowed() from error
        return tuple(names[:MOST_MODELS])

    def show(self, name: ModelName) -> ModelFacts:
        """Return what the files say about a model. Raises OllamaError."""
        place = ("manifests", name.host, name.namespace, name.model, name.tag)
        if not _is_there(self._root.joinpath(*place), stat.S_ISREG):
            raise NotThereError(f"{WHO} does not have it.")
        manifest = read_manifest(self._text(place, MANIFEST_LIMIT), WHO)
        with self._open(_blob(manifest.model)) as stream:
            header = read_header(stream, size=manifest.model.size)
        return ModelFacts(
            shape=shape_of(header, beside=manifest.beside),
            source="file",
            file=manifest.size,
            parameters=self._parameters(manifest.parameters),
        )

    def _parameters(self, layer: Layer | None) -> ModelParameters:
        if layer is None:
            return ModelParameters()
        return parameters_in(parsed(self._text(_blob(layer), PARAMETERS_LIMIT), WHO))

    def _text(self, place: tuple[str, ...], limit: Bytes) -> bytes:
        with self._open(place) as stream:
            text = stream.read(limit + 1)
        if len(text) > limit:
            raise OllamaError(f"{WHO} has a text for it that is too long.")
        return text

    @contextmanager
    def _open(self, place: tuple[str, ...]) -> Iterator[BinaryIO]:
        """Open a file of the store, wherever links lead only if it is within the store."""
        path = Path(os.path.realpath(self._root.joinpath(*place)))
        if not path.is_relative_to(self._root):
            raise OllamaError(f"{WHO} has a link for it that leads elsewhere.")
        with open_file(path) as stream:
            yield stream


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file. Raises OllamaError for a pipe or a device, and where it cannot be read."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(path, flags)
    except FileNotFoundError as error:
        raise OllamaError(f"{_FILE} is not there.") from error
    except PermissionError as error:
        raise OllamaError("This user may not read the model's file.") from error
    except OSError as error:
        raise OllamaError(f"{_FILE} cannot be read.") from error
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OllamaError(f"{_FILE} is no plain file.")
        try:
            yield stream
        except OSError as error:
            raise OllamaError(f"{_FILE} cannot be read to its end.") from error


def facts_from_file(path: Path) -> ModelFacts:
    """Return what the header of a GGUF file says. Raises OllamaError or GgufError."""
    with open_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        header = read_header(stream, size=size)
    return ModelFacts(shape=shape_of(header), source="file", file=Bytes(size))


def facts_from_store(name: str, folder: Path) -> ModelFacts:
    """Return what a folder of models says about one of them. Raises OllamaError or GgufError."""
    known = model_name(name)
    if known is None:
        raise OllamaError(
            "This is no name of a model.", hint="Write it as Ollama does: llama3.1:8b."
        )
    try:
        return OllamaStore(folder).show(known)
    except NotThereError as error:
        raise OllamaError(
            f"{WHO} does not have {known.shown}.",
            hint="See `ollama list` for what it has, or look it up with --from-registry.",
        ) from error


def _blob(layer: Layer) -> tuple[str, str]:
    return "blobs", f"sha256-{layer.digest}"


def _names(host: Path) -> Iterator[str]:
    """Yield the models below the folder of a registry's host."""
    for tag in host.glob("*/*/*"):
        namespace, model = tag.parent.parent.name, tag.parent.name
        name = model_name(f"{namespace}/{model}:{tag.name}")
        if name is not None and tag.is_file():
            yield name.shown


def _is_there(path: Path, is_kind: Callable[[int], bool] = stat.S_ISDIR) -> bool:
    try:
        return is_kind(path.stat().st_mode)
    except PermissionError as error:
        raise _not_allowed() from error
    except OSError:
        return False


def _not_allowed() -> NoStoreError:
    return NoStoreError(
        f"This user may not read {WHO}.", hint="Run it as a user who may, such as root."
    )
