"""Asks a running Ollama what models it has, what is in them, and which are loaded.

Source: ``api/types.go`` and ``server/routes.go`` in the source of Ollama 0.33; the answers have
been the same since 0.12. Names are kept where they are of a name's form, numbers are kept, and
every other text (templates, licences, system prompts) is left where it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from hcreport.collect.ollama_facts import (
    Json,
    ModelFacts,
    ModelParameters,
    model_name,
    parameters_in,
    parsed,
    same_name,
    shape_of,
    size_in,
    tokens_in,
    unexpected,
    version_numbers,
)
from hcreport.collect.web import NotThereError, Question, ask
from hcreport.errors import OllamaError
from hcreport.estimate.llm_header import Header, described_header
from hcreport.units import Bytes, mebibytes

WHO = "Ollama"

NO_OLLAMA = "What answers there is no Ollama."

_SECONDS = 5.0
_SHOW_SECONDS = 20.0
"""Ollama reads the whole header of a model for this, from a disk that may be slow."""

_LIMIT = mebibytes(4)
_SHOW_LIMIT = mebibytes(64)
"""With all its tokens and merges, a vocabulary of 262,144 tokens is about 10 MiB of JSON."""

_PARAMETER = re.compile(r"(num_ctx|num_batch|use_mmap)\s+(\d{1,12}|true|false)")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model that is in memory."""

    size: Bytes | None
    """Bytes of its buffers, from the log of llama.cpp's server since 0.30."""
    on_gpu: Bytes | None
    context: int | None
    """Tokens of context of each slot."""


class OllamaServer:
    """One running Ollama, asked at its address."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def version(self) -> tuple[int, int, int] | None:
        """Return the numbers of its version; None for one that was built without."""
        text = self._json("/api/version").get("version")
        return version_numbers(text) if isinstance(text, str) else None

    def models(self) -> dict[str, Bytes | None]:
        """Return the size of all files of each model that it has, by the name that it shows."""
        return {
            name: size_in(entry.get("size"))
            for name, entry in self._entries("/api/tags").items()
            if not entry.get("remote_host")
        }

    def loaded(self) -> dict[str, Loaded]:
        """Return the models that are in memory, by the name that it shows."""
        return {
            name: Loaded(
                size=size_in(entry.get("size")),
                on_gpu=size_in(entry.get("size_vram")),
                context=tokens_in(entry.get("context_length")),
            )
            for name, entry in self._entries("/api/ps").items()
        }

    def show(self, name: str, file: Bytes | None = None) -> ModelFacts:
        """Return what it says about a model; ``file`` is the size of all its files.

        Where a projector belongs to the model, what its files hold besides the tensors counts as
        weights: that is the projector and a few MiB of header.
        """
        body = json.dumps({"model": name, "verbose": True}).encode()
        reply = self._json("/api/show", body)
        header = _header(reply)
        shape = shape_of(header)
        if reply.get("projector_info") and file is not None:
            shape = shape_of(header, beside=max(file - shape.weights, 0))
        return ModelFacts(
            shape=shape, source="ollama", file=file, parameters=_parameters(reply.get("parameters"))
        )

    def _entries(self, path: str) -> dict[str, Json]:
        entries = self._json(path).get("models")
        if not isinstance(entries, list):
            raise unexpected(WHO)
        found = {}
        for entry in entries:
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                raise unexpected(WHO)
            if model_name(name) is not None:
                found[name] = entry
        return found

    def _json(self, path: str, body: bytes | None = None) -> Json:
        question = Question(
            url=f"{self._url}{path}",
            who=WHO,
            seconds=_SECONDS if body is None else _SHOW_SECONDS,
            limit=_LIMIT if body is None else _SHOW_LIMIT,
            body=body,
            headers={} if body is None else {"Content-Type": "application/json"},
        )
        return parsed(ask(question).body, WHO)


def facts_from_server(name: str, url: str) -> ModelFacts:
    """Return what a running Ollama says about one model. Raises OllamaError with a hint."""
    server = OllamaServer(url)
    try:
        sizes = server.models()
    except NotThereError as error:
        raise OllamaError(
            NO_OLLAMA, hint="Give the address of a server, such as http://127.0.0.1:11434."
        ) from error
    shown = next((each for each in sizes if same_name(each) == same_name(name)), name)
    try:
        return server.show(shown, sizes.get(shown))
    except NotThereError as error:
        raise OllamaError(
            f"Ollama does not have {name}.",
            hint="See `ollama list` for what it has, or look it up with --from-registry.",
        ) from error


def _header(reply: Json) -> Header:
    described, listed = reply.get("model_info"), reply.get("tensors")
    if not isinstance(described, dict) or not isinstance(listed, list):
        raise OllamaError("Ollama does not tell what is in it: it may be a model of another kind.")
    return described_header(described, [_tensor(each) for each in listed])


def _tensor(entry: object) -> tuple[str, str, tuple[int, ...]]:
    if not isinstance(entry, dict):
        raise unexpected(WHO)
    name, kind, shape = entry.get("name"), entry.get("type"), entry.get("shape")
    if not (isinstance(name, str) and isinstance(kind, str) and isinstance(shape, list)):
        raise unexpected(WHO)
    sizes = tuple(int(size) for each in shape if (size := size_in(each)) is not None)
    if len(sizes) != len(shape):
        raise unexpected(WHO)
    return name, kind, sizes


def _parameters(text: object) -> ModelParameters:
    """Return the parameters in a text of one name and value on a line."""
    if not isinstance(text, str):
        return ModelParameters()
    found: dict[str, object] = {}
    for line in text.splitlines():
        if match := _PARAMETER.fullmatch(line.strip()):
            value = match[2]
            found[match[1]] = int(value) if value.isdigit() else value == "true"
    return parameters_in(found)
