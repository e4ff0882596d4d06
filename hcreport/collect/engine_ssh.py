"""Reaches an engine through ssh, as the Docker command line does: ``docker system dial-stdio``.

Docker SDK 7.2 can do so only where the package paramiko is installed, even when it is told to use
the program ssh. One connection is one ssh process whose input and output are our socket.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from typing import Any
from urllib.parse import urlsplit

from docker.transport.unixconn import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)


class SshAdapter(UnixHTTPAdapter):
    """Carries the requests of an API client to the engine of ``ssh://[user@]host[:port]``."""

    def __init__(self, url: str, *, timeout: int, connections: int) -> None:
        self._url = url
        super().__init__("http+unix:///ssh", timeout, max_pool_size=connections)

    def get_connection(self, url: bytes | str, proxies: object = None) -> Any:  # noqa: ARG002
        """Return the one pool of connections; called by requests."""
        with self.pools.lock:
            pool = self.pools.get(url)
            if pool is None:
                pool = self.pools[url] = _Pool(self._url, self.timeout, self.max_pool_size)
            return pool


class _Pool(UnixHTTPConnectionPool):
    def __init__(self, url: str, timeout: int, connections: int) -> None:
        super().__init__("http+docker://ssh", "", timeout, maxsize=connections)
        self._url = url

        self._seconds = timeout

    def _new_conn(self) -> Any:
        return _Connection(self._url, self._seconds)


class _Connection(UnixHTTPConnection):
    def __init__(self, url: str, timeout: int) -> None:
        super().__init__("http+docker://ssh", "", timeout)
        self._command = ssh_command(url)
        self._seconds = timeout

    def connect(self) -> None:
        """Start ssh on the other end of a pair of sockets. Raises OSError where there is none.

        Nothing stops ssh: it ends by itself when our end is closed, which may be later than this
        connection, where a reply is still being read. A thread waits for that.
        """
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as cleanup:
            cleanup.callback(ours.close)
            process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
            )
            cleanup.pop_all()
        threading.Thread(target=process.wait, daemon=True).start()
        ours.settimeout(self._seconds)
        self.sock = ours


def ssh_command(url: str) -> list[str]:
    """Return the command for ``ssh://[user@]host[:port]``; it never asks for a password.

    Raises ValueError where the address names no host or no valid port.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("the address names no host")
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    remote = ["--", parts.hostname, "docker system dial-stdio"]
    return ["ssh", "-T", "-o", "BatchMode=yes", *user, *port, *remote]
