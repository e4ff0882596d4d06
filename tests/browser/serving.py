"""Serves a built site on this machine as a web host does: with gzip, and nothing else."""

from __future__ import annotations

import gzip
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PACKED = ("text/", "application/json", "application/xml", "image/svg+xml", "text/javascript")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One answer."""

    path: str
    """What was asked for, without the leading slash."""
    size: int
    """Bytes of the body as they were sent: packed, without the headers."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A site that is being served."""

    address: str
    """``http://127.0.0.1:PORT``, without a slash at its end."""
    site: Path
    """Its folder."""
    sent: list[Sent] = field(default_factory=list)
    """Every answer so far, in order."""


@contextmanager
def serving(site: Path) -> Iterator[Serving]:
    """Serve a folder until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    served = Serving(address=f"http://127.0.0.1:{server.server_port}", site=site.resolve())
    server.site, server.sent = served.site, served.sent
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """Knows its folder, and lets a browser leave in the middle of a reply."""

    site: Path
    sent: list[Sent]
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a closed tab breaks its connections, and each test looks at its page."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET with a file of the folder, and with its 404.html where there is none."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Send one file, packed where that is worth it."""
        path = self._file()
        found = path.is_file()
        content = (path if found else self.server.site / "404.html").read_bytes()
        kind = (mimetypes.guess_type(path.name)[0] if found else None) or "text/html"
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        if kind.startswith(_PACKED) and "gzip" in self.headers.get("Accept-Encoding", ""):
            # Level 6 is what most hosts use.
            content = gzip.compress(content, compresslevel=6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        text = kind.startswith(("text/", "application/json"))
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.server.sent.append(Sent(path=self.path.lstrip("/"), size=len(content)))
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep requests out of the tests' output."""

    def _file(self) -> Path:
        name = unquote(urlsplit(self.path).path).lstrip("/")
        path = (self.server.site / name).resolve()
        if not path.is_relative_to(self.server.site):
            return self.server.site / "missing"
        return path / "index.html" if path.is_dir() else path
