"""Web applications: a threading server of the standard library, and one for a prefork server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_TABLE = {number: f"a row of a table that is kept in memory {number}" for number in range(60_000)}


def _page(path: str) -> bytes:
    """Return a page of about 300 kB that was built for this request."""
    first = sum(path.encode()) % 50_000
    rows = [{"id": number, "text": _TABLE[number]} for number in range(first, first + 4_000)]
    return json.dumps(rows).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = _page(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no log."""


def application(
    environment: dict[str, str], start: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Answer one request: the WSGI application."""
    body = _page(environment["PATH_INFO"])
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8000), _Handler).serve_forever()
