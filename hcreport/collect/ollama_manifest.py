"""Reads a model's manifest: which files it is made of, as Ollama's store and its registry have it.

Source: ``manifest/manifest.go`` and ``server/images.go`` in the source of Ollama 0.33. Digests are
checked to be hexadecimal before they become a part of a path or of an address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hcreport.collect.ollama_facts import Json, parsed, size_in
from hcreport.errors import OllamaError
from hcreport.units import Bytes, mebibytes, total

MANIFEST_LIMIT = mebibytes(1)

PARAMETERS_LIMIT = mebibytes(1)

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")

_KIND = "application/vnd.ollama.image."

_MOST_LAYERS = 200


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One file of a model."""

    kind: str
    """``model``, ``projector``, ``adapter``, ``params``; empty for one of no known form."""
    digest: str
    """64 hexadecimal digits."""
    size: Bytes


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The files of a model."""

    model: Layer
    """The one with the weights."""
    beside: Bytes
    """Size of what a runner loads besides: projectors, adapters and drafts."""
    parameters: Layer | None
    size: Bytes
    """Size of all files, as Ollama adds them up."""


_LOADED = ("projector", "adapter", "draft")


def read_manifest(body: bytes, who: str) -> Manifest:
    """Return the manifest in a text. Raises OllamaError where it is none of a model's."""
    reply = parsed(body, who)
    listed = reply.get("layers")
    if not isinstance(listed, list) or len(listed) > _MOST_LAYERS:
        raise _no_manifest(who)
    layers = [_layer(each, who) for each in listed]
    models = [each for each in layers if each.kind == "model"]
    if len(models) != 1:
        raise OllamaError(f"{who} has it in another form than one GGUF file.")
    config = reply.get("config")
    all_files = [*layers, _layer(config, who)] if config else layers
    return Manifest(
        model=models[0],
        beside=total(each.size for each in layers if each.kind in _LOADED),
        parameters=next((each for each in layers if each.kind == "params"), None),
        size=total(each.size for each in all_files),
    )


def _layer(entry: object, who: str) -> Layer:
    if not isinstance(entry, dict):
        raise _no_manifest(who)
    layer: Json = entry
    kind, digest, size = layer.get("mediaType"), layer.get("digest"), size_in(layer.get("size"))
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if not isinstance(kind, str) or match is None or size is None:
        raise _no_manifest(who)
    own = kind.removeprefix(_KIND) if kind.startswith(_KIND) else ""
    return Layer(kind=own, digest=match[1], size=size)


def _no_manifest(who: str) -> OllamaError:
    return OllamaError(f"{who} has no manifest of a known form for it.")
