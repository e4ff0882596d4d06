"""Serves an Ollama and a registry for tests, over real HTTP and in the shapes of the real ones.

The keys of the answers are those of ``api/types.go`` in the source of Ollama 0.33. Every text that
is nobody's business holds the canary.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hcreport.estimate.llm_tensors import tensor_bytes
from tests.engine_fixture import CANARY
from tests.gguf_files import (
    Shape,
    Written,
    header_bytes,
    llama_metadata,
    llama_tensors,
    padded,
)

Json = dict[str, Any]

SMALL = Shape(2, 64, 4, 2, 128, 300, 100, context=8192, types="q8_0")
"""A model of the llama kind with 2 layers."""

_SOME = 9999

KIND = "application/vnd.ollama.image."


def metadata(shape: Shape = SMALL) -> dict[str, Written]:
    """Return the keys of a model, with texts that may not get out."""
    return llama_metadata(shape) | {
        "general.name": CANARY,
        "general.author": CANARY,
        "tokenizer.chat_template": CANARY * 9,
    }


def model_file(shape: Shape = SMALL, more: Mapping[str, Written] | None = None) -> bytes:
    """Return a whole GGUF file; its weights are zeros."""
    tensors = llama_tensors(shape)
    weights = sum(padded(tensor_bytes(each)) for each in tensors)
    return header_bytes(metadata(shape) | dict(more or {}), tensors) + bytes(weights)


def show_reply(shape: Shape = SMALL, *, verbose: bool = True, parameters: str = "") -> Json:
    """Return what ``/api/show`` answers."""
    known = {
        key: value if verbose or not isinstance(value, list) else None
        for key, value in metadata(shape).items()
    }
    return {
        "license": CANARY,
        "modelfile": f"FROM /home/{CANARY}/blobs/x",
        "parameters": f'stop                           "{CANARY}"\n{parameters}',
        "template": CANARY,
        "system": CANARY,
        "details": {
            "parent_model": CANARY,
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "0.1M",
            "quantization_level": "Q8_0",
        },
        "messages": [{"role": "user", "content": CANARY}],
        "model_info": known,
        "tensors": [
            {"name": each.name, "type": each.type.upper(), "shape": list(each.dimensions)}
            for each in llama_tensors(shape)
        ],
        "capabilities": ["completion", CANARY],
        "modified_at": "2026-11-20T10:00:00.123456789Z",
    }


def listed(name: str, size: int = 123_456) -> Json:
    """Return one entry of ``/api/tags``."""
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-11-20T10:00:00.123456789Z",
        "size": size,
        "digest": "0" * 64,
        "details": {"parent_model": CANARY, "format": "gguf", "family": CANARY},
    }


def running(name: str, size: int = 234_567, context: int = 4096, vram: int = 0) -> Json:
    """Return one entry of ``/api/ps``."""
    return listed(name, size) | {
        "expires_at": "2026-11-24T10:05:00Z",
        "size_vram": vram,
        "context_length": context,
    }


@dataclass
class Answer:
    """What a server sends."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    """Length that is announced, where it is not the body's."""


Respond = Callable[["Asked"], Answer | None]
"""Returns what to answer; None says nothing until the server is stopped."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class WebServer:
    """A running server, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def serve_web(respond: Respond) -> Iterator[WebServer]:
    """Serve on a port of this machine for as long as the block runs."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            running_server.asked.append(asked)
            answer = respond(asked)
            self.close_connection = True
            if answer is None:
                stopped.wait()
                return
            self.send_response(answer.status)
            announced = len(answer.body) if answer.announced is None else answer.announced
            for name, value in {"Content-Length": str(announced), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(answer.body)
            except ConnectionError:
                return

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running_server = WebServer(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running_server
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serve_dripping() -> Iterator[str]:
    """Serve an answer of which one byte comes at a time, for some seconds."""
    stopped = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            connection.recv(_SOME)
            body = b'{"version": "0.33.0"}'
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            for byte in head + body:
                connection.sendall(bytes([byte]))
                if stopped.wait(0.1):
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopped.set()
            thread.join()


class RecordedOllama:
    """The answers of an Ollama by path; a test may replace each."""

    def __init__(self) -> None:
        self.replies: dict[str, Json | Answer | None] = {
            "/api/version": {"version": "0.33.0"},
            "/api/tags": {"models": [listed("small:latest")]},
            "/api/ps": {"models": []},
        }
        self.shown: dict[str, Json] = {"small:latest": show_reply()}
        """Answers of ``/api/show`` by the name of the model."""

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if asked.path in self.replies:
            reply = self.replies[asked.path]
            return as_json(reply) if isinstance(reply, dict) else reply
        name = json.loads(asked.body)["model"] if asked.path == "/api/show" else ""
        if name in self.shown:
            return as_json(self.shown[name])
        return Answer(json.dumps({"error": CANARY}).encode(), 404)


def as_json(reply: Json) -> Answer:
    """Return an answer of JSON."""
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Private": CANARY}
    return Answer(json.dumps(reply).encode(), headers=headers)


@dataclass
class StoredModel:
    """The files of one model: its manifest, and all layers by their hexadecimal digest."""

    manifest: Json
    blobs: dict[str, bytes]

    @property
    def size(self) -> int:
        return sum(len(each) for each in self.blobs.values())


def stored_model(layers: Mapping[str, bytes]) -> StoredModel:
    """Return a model of layers by kind: ``model``, ``projector``, ``params``."""
    config = b'{"model_format": "gguf", "rootfs": {"type": "layers"}}'
    blobs = {hashlib.sha256(each).hexdigest(): each for each in (config, *layers.values())}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": _layer("application/vnd.docker.container.image.v1+json", config),
        "layers": [_layer(f"{KIND}{kind}", each) for kind, each in layers.items()],
    }
    return StoredModel(manifest, blobs)


def write_store(folder: Path, names: Mapping[str, StoredModel]) -> Path:
    """Write models into a folder as Ollama does; names are ``library/small/latest``."""
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    for name, model in names.items():
        place = folder / "manifests" / "registry.ollama.ai" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(model.manifest), encoding="utf-8")
        for digest, content in model.blobs.items():
            (folder / "blobs" / f"sha256-{digest}").write_bytes(content)
    return folder


def registry_of(names: Mapping[str, StoredModel], *, ranges: bool = True) -> Respond:
    """Return what a registry answers that has some models: names are ``library/small:latest``."""
    paths: dict[str, bytes] = {}
    for name, model in names.items():
        repository, _, tag = name.partition(":")
        paths[f"/v2/{repository}/manifests/{tag}"] = json.dumps(model.manifest).encode()
        for digest, content in model.blobs.items():
            paths[f"/v2/{repository}/blobs/sha256:{digest}"] = content

    def respond(asked: Asked) -> Answer:
        content = paths.get(asked.path)
        if content is None:
            return Answer(json.dumps({"errors": [{"message": CANARY}]}).encode(), 404)
        part = asked.headers.get("Range")
        if part is None or not ranges:
            return Answer(content)
        first, last = (int(each) for each in part.removeprefix("bytes=").split("-"))
        piece = content[first : last + 1]
        where = f"bytes {first}-{first + len(piece) - 1}/{len(content)}"
        return Answer(piece, 206, {"Content-Range": where})

    return respond


def _layer(kind: str, content: bytes) -> Json:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"mediaType": kind, "digest": digest, "size": len(content)}
