"""Reaches an engine through ssh, as the Docker command line does: ``docker system dial-stdio``.

Docker SDK 7.2 can do so only where the package paramiko is installed, even when it is told to use
the program ssh. One connection is one ssh process whose input and output are our socket.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from urllib.parse import urlsplit

from docker.transport.unixconn import UnixHTTPConnection


class SshConnection(UnixHTTPConnection):
    """A connection to the engine of ``ssh://[user@]host[:port]``."""

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
