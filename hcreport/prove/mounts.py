"""Decides what a container of the throwaway may see of the machine and of the real volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

Json = dict[str, Any]

# Folders in which engines keep their sockets: a socket answers through a read-only mount too.
_SOCKET_NAMES = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock", "dockerd.sock")
_SOCKET_FOLDERS = ("/", "/run", "/var", "/var/run", "/run/docker", "/run/containerd", "/run/podman")


class Mounts:
    """The mounts of one service, and what became of them."""

    def __init__(self, missing: Callable[[str], bool], socket: Callable[[str], bool]) -> None:
        self._missing = missing
        self._socket = socket
        self._read_only = False
        self._sockets = False
        self._empty = False

    def copied(self, real: Json) -> Json | None:
        """Return a mount for the throwaway; None where there is none to be.

        A named volume keeps its key, which is another volume in the throwaway. A folder of the
        machine can be read only, and none is made. What leads to a socket is left out.
        """
        kind, source = real.get("type"), str(real.get("source") or "")
        if kind == "npipe" or (kind == "bind" and self._leads_to_socket(source)):
            self._sockets = True
            return None
        if kind == "volume":
            options = {
                key: value for key, value in (real.get("volume") or {}).items() if key == "nocopy"
            }
            rest = {key: value for key, value in real.items() if key != "volume"}
            return rest | ({"volume": options} if options else {})
        if kind == "bind" and self._missing(source):
            self._empty = True
            return {"type": "volume", "target": real["target"]}
        if kind == "bind":
            if not real.get("read_only"):
                self._read_only = True
            options = {**(real.get("bind") or {}), "create_host_path": False}
            return real | {"read_only": True, "bind": options}
        return real

    def notes(self, service: str) -> Iterator[str]:
        """Yield what is different, without paths: they may hold names of people."""
        if self._read_only:
            yield f"{service} could not write to what it mounts from the machine"
        if self._sockets:
            yield f"{service} ran without its mounts that lead to a socket of the machine"
        if self._empty:
            yield f"{service} had empty volumes in place of mounted folders that do not exist"

    def _leads_to_socket(self, source: str) -> bool:
        path = PurePosixPath(source)
        return path.name in _SOCKET_NAMES or str(path) in _SOCKET_FOLDERS or self._socket(source)
