"""Serves recorded replies of an engine over a real socket, each of which a test may replace.

``tests/engine/recorded/engine_20_10.json`` was recorded from Docker Engine 20.10.24 with cgroup v1
while it ran four containers of a project called ``shop``; parts that nobody reads were taken out,
and private texts were replaced by the canary.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from queue import Empty, SimpleQueue
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs

RECORDED = Path(__file__).parent / "engine" / "recorded" / "engine_20_10.json"

_VERSIONED = re.compile(r"/v(\d+\.\d+)(/.*)")

Json = dict[str, Any]


class Hangs:
    """Stands for a reply that never comes."""


class RecordedEngine:
    """Replies by path, and what was asked."""

    def __init__(self) -> None:
        self.replies: Json = json.loads(RECORDED.read_text(encoding="utf-8"))
        self.errors: dict[str, int] = {}
        """Status by path; the body then holds a text that must not get out."""
        self.asked: list[tuple[str | None, str]] = []
        """API version and path of each request."""
        self.past: list[Json] = []
        """Events that it tells to those who ask for the past."""
        self.questions: dict[str, dict[str, list[str]]] = {}
        """The words of the last question, by path."""
        self.released = threading.Event()
        self.events: SimpleQueue[Json] = SimpleQueue()
        """What the engine is to tell to those who listen."""
        self.host = ""

    def tell(self, name: str, action: str, moment: int, /, **words: str) -> None:
        """Tell an event of one of the listed containers."""
        self.events.put(self.event(name, action, moment, **words))

    def event(self, name: str, action: str, moment: int, /, **words: str) -> Json:
        """Return an event of one of the listed containers, as the engine writes it."""
        key = self.container(name)
        (entry,) = [each for each in self.replies["/containers/json"] if each["Id"] == key]
        attributes = {"name": name, **entry["Labels"], **words}
        actor = {"ID": key, "Attributes": attributes}
        return {"Type": "container", "Action": action, "Actor": actor, "timeNano": moment}

    def container(self, name: str) -> str:
        """Return the full id of a container."""
        for entry in self.replies["/containers/json"]:
            if f"/{name}" in entry["Names"]:
                return str(entry["Id"])
        raise LookupError(name)

    def of_container(self, name: str, leaf: str) -> str:
        """Return the path of a container's ``json`` or ``stats``."""
        return f"/containers/{self.container(name)}/{leaf}"

    def of_image(self, tag: str, leaf: str) -> str:
        """Return the path of an image's ``json`` or ``history``."""
        for entry in self.replies["/images/json"]:
            if tag in entry["RepoTags"]:
                return f"/images/{entry['Id']}/{leaf}"
        raise LookupError(tag)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return status and body for a path without its version."""
        if path in self.errors:
            return self.errors[path], b'{"message": "canary-5f3a9c7e"}'
        if path == "/events" and path not in self.replies:
            return 200, b"".join(_encoded(each) + b"\n" for each in self.past)
        reply = self.replies.get(path)
        if isinstance(reply, Hangs):
            self.released.wait()
            return 500, b""
        if callable(reply):
            reply = reply()
        if isinstance(reply, bytes):
            return 200, reply
        return (404, b'{"message": "no such thing"}') if reply is None else (200, _encoded(reply))


class _Server(ThreadingMixIn, UnixStreamServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a test went away without waiting for its answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(engine: RecordedEngine, socket: Path) -> Iterator[RecordedEngine]:
    """Serve an engine's replies on a socket for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, words = self.path.partition("?")
            match = _VERSIONED.fullmatch(path)
            version, path = (match[1], match[2]) if match else (None, path)
            engine.asked.append((version, path))
            engine.questions[path] = parse_qs(words)
            if path == "/events" and "until" not in engine.questions[path]:
                self.stream()
                return
            status, body = engine.answer(path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def stream(self) -> None:
            """Send events, one JSON text in a chunk each, until the engine goes away."""
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while not engine.released.is_set():
                try:
                    body = _encoded(engine.events.get(timeout=0.02)) + b"\n"
                except Empty:
                    continue
                self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")

        def log_message(self, *args: object) -> None:
            """Say nothing: a socket file has no address to log."""

    socket.unlink(missing_ok=True)
    engine.released.clear()
    server = _Server(str(socket), Handler)
    engine.host = f"unix://{socket}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield engine
    finally:
        engine.released.set()
        server.shutdown()
        socket.unlink()
        thread.join()
        server.server_close()


def _encoded(reply: Any) -> bytes:
    return json.dumps(reply).encode()
