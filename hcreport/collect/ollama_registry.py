"""Reads a model's manifest and the header of its file from Ollama's registry, before a download.

Only when somebody asks for it, because it tells the registry which model is looked at. Source:
``server/download.go`` in the source of Ollama 0.33, and the OCI distribution specification. The
file itself is some GB; its header is some MB, and is read in parts as they are needed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

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
from hcreport.collect.web import NotThereError, Question, Reply, ask, is_loopback
from hcreport.errors import OllamaError
from hcreport.units import Bytes, mebibytes

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

WHO = "The registry"

ADDRESS_VARIABLE = "HCREPORT_OLLAMA_REGISTRY"
"""Names another registry with the same models, such as a mirror."""

_USUAL_ADDRESS = f"https://{USUAL_HOST}"

_ACCEPT = "application/vnd.docker.distribution.manifest.v2+json"

_SECONDS = 15.0
_PART_SECONDS = 60.0

_REDIRECTS = 3

_PARTS = (mebibytes(8), mebibytes(16), mebibytes(32))
"""How much of a file is fetched at a time. The longest header seen is 8 MB, of llama3."""

_FULL, _PARTIAL = 200, 206


class OllamaRegistry:
    """A registry at its address; without one, the variable's or Ollama's own."""

    def __init__(self, address: str | None = None) -> None:
        chosen = address or os.environ.get(ADDRESS_VARIABLE) or _USUAL_ADDRESS
        parts = urlsplit(chosen)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise OllamaError(
                "The address of the registry is not encrypted.",
                hint=f"Give {ADDRESS_VARIABLE} an address that begins with https://.",
            )
        self._address = chosen.rstrip("/")

    def show(self, name: ModelName) -> ModelFacts:
        """Return what the manifest and the file's header say about a model. Raises OllamaError."""
        if name.host != USUAL_HOST:
            raise OllamaError(f"It belongs to another registry than {USUAL_HOST}.")
        place = f"/v2/{name.namespace}/{name.model}"
        answer = self._ask(
            f"{place}/manifests/{name.tag}", limit=MANIFEST_LIMIT, headers={"Accept": _ACCEPT}
        )
        manifest = read_manifest(answer.body, WHO)
        # Unbuffered, so that a read gives what has come, and fetches more only where there is none.
        stream = _RemoteFile(self._part_of(place, manifest.model), manifest.model.size)
        header = read_header(cast("BinaryIO", stream), size=manifest.model.size)
        return ModelFacts(
            shape=shape_of(header, beside=manifest.beside),
            source="registry",
            file=manifest.size,
            parameters=self._parameters(place, manifest.parameters),
        )

    def _parameters(self, place: str, layer: Layer | None) -> ModelParameters:
        if layer is None:
            return ModelParameters()
        answer = self._ask(f"{place}/blobs/sha256:{layer.digest}", limit=PARAMETERS_LIMIT)
        return parameters_in(parsed(answer.body, WHO))

    def _part_of(self, place: str, layer: Layer) -> Callable[[int, int], bytes]:
        """Return a function that fetches a part of a file: its first byte, and how many."""

        def part(first: int, length: int) -> bytes:
            answer = self._ask(
                f"{place}/blobs/sha256:{layer.digest}",
                limit=Bytes(length),
                seconds=_PART_SECONDS,
                cut=True,
                headers={"Range": f"bytes={first}-{first + length - 1}"},
            )
            whole = answer.status == _FULL and first == 0
            if not whole and not (answer.status == _PARTIAL and answer.first == first):
                raise OllamaError(f"{WHO} does not send parts of a file.")
            return answer.body

        return part

    def _ask(
        self,
        path: str,
        *,
        limit: Bytes,
        seconds: float | None = None,
        cut: bool = False,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        return ask(
            Question(
                url=f"{self._address}{path}",
                who=WHO,
                seconds=seconds or _SECONDS,
                limit=limit,
                cut=cut,
                redirects=_REDIRECTS,
                headers=headers or {},
            )
        )


def facts_from_registry(name: str, address: str | None = None) -> ModelFacts:
    """Return what a registry says about one model. Raises OllamaError or GgufError with a hint."""
    known = model_name(name)
    if known is None:
        raise OllamaError(
            "This is no name of a model.", hint="Write it as Ollama does: llama3.1:8b."
        )
    try:
        return OllamaRegistry(address).show(known)
    except NotThereError as error:
        raise OllamaError(
            f"The registry has no model {known.shown}.",
            hint="See https://ollama.com/library for its names and tags.",
        ) from error


class _RemoteFile(io.RawIOBase):
    """The start of a file in a registry, fetched in parts as it is read."""

    def __init__(self, part: Callable[[int, int], bytes], size: Bytes) -> None:
        self._part = part
        self._size = size
        self._waiting = list(_PARTS)
        self._held = bytearray()
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while self._position >= len(self._held) and len(self._held) < self._size:
            self._fetch()
        piece = self._held[self._position : self._position + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _fetch(self) -> None:
        if not self._waiting:
            raise OllamaError("Its header is too long to be fetched.")
        first = len(self._held)
        length = min(int(self._waiting.pop(0)), int(self._size) - first)
        piece = self._part(first, length)
        if not piece:
            raise OllamaError(f"{WHO} sent an empty part of a file.")
        self._held += piece
