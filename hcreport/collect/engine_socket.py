"""Carries the requests of an API client over connections that we open ourselves.

Docker SDK 7.2 leaves its socket open when it cannot connect: nothing closes it until Python next
looks for garbage, which then warns in the middle of something else.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from docker.transport.unixconn import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)

NewConnection = Callable[[], UnixHTTPConnection]


class SocketAdapter(UnixHTTPAdapter):
    """Sends what requests gives it over the connections that ``new`` makes."""

    def __init__(self, new: NewConnection, *, timeout: int, connections: int) -> None:
        self._new = new
        super().__init__("http+unix:///", timeout, max_pool_size=connections)

    # Requests calls it with both; a socket knows no proxy.
    def get_connection(self, url: bytes | str, proxies: object = None) -> Any:  # noqa: ARG002
        """Return the one pool of connections."""
        with self.pools.lock:
            pool = self.pools.get(url)
            if pool is None:
                pool = self.pools[url] = _Pool(self._new, self.timeout, self.max_pool_size)
            return pool


class _Pool(UnixHTTPConnectionPool):
    def __init__(self, new: NewConnection, timeout: int, connections: int) -> None:
        super().__init__("http+docker://localhost", "", timeout, maxsize=connections)
        self._new = new

    def _new_conn(self) -> Any:
        return self._new()


class SocketConnection(UnixHTTPConnection):
    """A connection to the engine's own socket at ``path``, waiting ``timeout`` seconds at most."""

    def __init__(self, path: str, timeout: int) -> None:
        super().__init__("http+docker://localhost", path, timeout)

    def connect(self) -> None:
        """Connect, or close the socket again. Raises OSError where nobody answers."""
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.settimeout(self.timeout)
            opened.connect(self.unix_socket)
        except OSError:
            opened.close()
            raise
        self.sock = opened
