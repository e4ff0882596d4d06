"""Finds the Docker engine, agrees on an API version with it, and describes it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from hcreport.collect.engine_errors import engine_failures, unreachable
from hcreport.errors import EngineUnreachable
from hcreport.model import Engine
from hcreport.units import Bytes

if TYPE_CHECKING:
    from docker.api.client import APIClient

Json = dict[str, Any]

NEWEST_API = "1.47"
"""The newest API whose replies are read here: 1.48 and later drop fields that we need."""

MOST_CONNECTIONS = 128
"""Largest number of connections to one engine: one per container, up to this."""

_SSH_CONNECTIONS = 3
"""Through ssh each connection is a log-in of its own, and sshd refuses some where many come at once
(sshd_config, MaxStartups); up to three groups of questions are asked side by side."""

_CONNECT_SECONDS = 15
_REPLY_SECONDS = 60

_CONTAINERD_STORE = ["driver-type", "io.containerd.snapshotter.v1"]

_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")

_HostHint = Literal["docker-desktop", "rancher-desktop", "orbstack", "colima", "lima"]

# Host names that virtual machines of these products have; the first match counts.
_HOST_HINTS: tuple[tuple[str, _HostHint], ...] = (
    (r"docker-desktop", "docker-desktop"),
    (r"(lima-)?rancher-desktop", "rancher-desktop"),
    (r"orbstack", "orbstack"),
    (r"(lima-)?colima(-.*)?", "colima"),
    (r"lima-.*", "lima"),
)

_CONTEXTS = ("default", "desktop-linux", "desktop-windows", "colima", "orbstack", "rancher-desktop")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the engine is, before anybody has asked it."""

    url: str
    """As the SDK takes it: ``unix:///var/run/docker.sock``; empty for the platform's default."""
    tls: Any = False
    context: str | None = None
    """Name of the CLI context that it comes from; None where a host was named."""

    @property
    def scheme(self) -> str:
        """How it is reached: ``unix``, ``tcp``, ``ssh``, ``npipe``, ``http`` or ``https``."""
        return urlsplit(self.url).scheme or "unix"

    @property
    def remote(self) -> bool:
        """Whether it is reached over the network, other than this machine's own."""
        if self.scheme in ("unix", "npipe"):
            return False
        return not _LOOPBACK.fullmatch(urlsplit(self.url).hostname or "localhost")

    @property
    def shown(self) -> str:
        """The address for messages, without a user name or password."""
        if not self.url:
            return "the usual place"
        if self.scheme in ("unix", "npipe"):
            return self.url
        _, _, place = urlsplit(self.url).netloc.rpartition("@")
        return f"{self.scheme}://{place}"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """An engine that answers."""

    address: Address
    client: APIClient
    version: Json
    """Its reply to ``/version``."""
    api_version: str

    @property
    def threads(self) -> int:
        """How many questions of one kind may be asked at once."""
        return _SSH_CONNECTIONS if self.address.scheme == "ssh" else MOST_CONNECTIONS

    @property
    def one_shot(self) -> bool:
        """Whether the engine can give one sample at once, instead of waiting for two."""
        return _numbers(self.api_version) >= (1, 41)


def connect(host: str | None, *, seconds: int = _REPLY_SECONDS) -> Connection:
    """Return a connection to the engine at ``host``, ``DOCKER_HOST`` or the CLI's context.

    ``seconds`` is the longest wait for one answer. Raises EngineUnreachable, which says what is
    missing and how to get it.
    """
    address = Address(url=host or "")
    try:
        address = find_address(host)
        return _agree(address, seconds)
    except engine_failures() as error:
        raise unreachable(error, address.url, address.shown) from error


def find_address(host: str | None) -> Address:
    """Return where the engine is: the option, ``DOCKER_HOST``, or the Docker CLI's context.

    Docker SDK 7.2 does the last two alone; the context's name, which tells the platform, it does
    not give. Raises EngineUnreachable for a context that does not exist.
    """
    from docker.context import ContextAPI
    from docker.utils import kwargs_from_env

    found = kwargs_from_env()
    url = host or found.get("base_url")
    if url:
        return Address(url=_with_scheme(url), tls=found.get("tls", False))
    name = os.environ.get("DOCKER_CONTEXT") or None
    context = ContextAPI.get_context(name)
    if context is None:
        raise EngineUnreachable(
            "The selected Docker context does not exist on this machine.",
            hint="See `docker context ls`, then `docker context use NAME`, or name the engine "
            "with --host. `--no-engine` makes a snapshot of the Compose files alone.",
        )
    found |= ContextAPI.kwargs_from_context(context.name)
    return Address(url=found.get("base_url", ""), tls=found.get("tls", False), context=context.name)


def _with_scheme(url: str) -> str:
    """Return an address with its scheme; the SDK takes one without for a path or for TCP."""
    if "://" in url:
        return url
    return f"unix://{url}" if url.startswith("/") else f"tcp://{url}"


def _agree(address: Address, seconds: int) -> Connection:
    """Ask for the engine's versions, and return a client that speaks one both sides know."""
    first = _client(address, NEWEST_API, min(seconds, _CONNECT_SECONDS))
    try:
        version = first.version(api_version=False)
        spoken = spoken_version(version["ApiVersion"], version.get("MinAPIVersion"))
    finally:
        first.close()
    client = _client(address, spoken, seconds)
    return Connection(address=address, client=client, version=version, api_version=spoken)


def _client(address: Address, version: str, seconds: int) -> APIClient:
    from docker.api.client import APIClient
    from docker.transport.unixconn import UnixHTTPAdapter

    from hcreport.collect.engine_socket import SocketAdapter, SocketConnection
    from hcreport.collect.engine_ssh import SshConnection

    ssh = address.scheme == "ssh"
    client = APIClient(
        base_url="unix:///ssh" if ssh else address.url or None,
        version=version,
        timeout=seconds,
        tls=address.tls,
        max_pool_size=MOST_CONNECTIONS,
    )
    given = client.get_adapter(client.base_url)
    if isinstance(given, UnixHTTPAdapter):
        kind, place = (SshConnection, address.url) if ssh else (SocketConnection, given.socket_path)
        adapter = SocketAdapter(
            lambda: kind(place, seconds), timeout=seconds, connections=MOST_CONNECTIONS
        )
        client.mount("http+docker://", adapter)
    return client


def spoken_version(newest: str, oldest: str | None) -> str:
    """Return the API version to speak with an engine that knows ``oldest`` to ``newest``.

    Raises ValueError where those are no versions.
    """
    spoken = min(newest, NEWEST_API, key=_numbers)
    return max(spoken, oldest, key=_numbers) if oldest else spoken


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def read_engine(connection: Connection, info: Json) -> Engine:
    """Return the engine, from ``/version`` and ``/info`` (empty where that failed).

    The host's name is looked at and not kept. Raises TypeError or ValueError where a reply has
    another shape than the API's.
    """
    version = connection.version
    return Engine(
        memory_total=Bytes(info["MemTotal"]) if info.get("MemTotal") else None,
        cpus=info.get("NCPU") or None,
        version=version.get("Version"),
        api_version=connection.api_version,
        operating_system=info.get("OperatingSystem") or None,
        kernel=version.get("KernelVersion") or info.get("KernelVersion") or None,
        architecture=info.get("Architecture") or version.get("Arch") or None,
        platform=(version.get("Platform") or {}).get("Name") or None,
        components=tuple(each["Name"] for each in version.get("Components") or ()),
        host_hint=_host_hint(info.get("Name") or ""),
        context=known_context(connection.address.context),
        remote=connection.address.remote,
        client_os=_client_os(),
        rootless="name=rootless" in (info.get("SecurityOptions") or ()),
        cgroup_version=_cgroup_version(info),
        cgroup_driver=info.get("CgroupDriver") or None,
        storage_driver=info.get("Driver") or None,
        containerd_store=containerd_store(info),
        swap_limit=info.get("SwapLimit"),
        containers_running=info.get("ContainersRunning"),
        containers_total=info.get("Containers"),
        images_total=info.get("Images"),
    )


def known_context(name: str | None) -> str | None:
    """Return a CLI context's name where it is a product's own; ``colima-work`` is ``colima``."""
    if name is not None and name.startswith("colima-"):
        return "colima"
    return name if name in _CONTEXTS else None


def _host_hint(name: str) -> _HostHint | None:
    for pattern, hint in _HOST_HINTS:
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return hint
    return None


def _client_os() -> Literal["linux", "darwin", "windows"] | None:
    match platform.system():
        case "Linux":
            return "linux"
        case "Darwin":
            return "darwin"
        case "Windows":
            return "windows"
    return None


def _cgroup_version(info: Mapping[str, Any]) -> Literal["1", "2"] | None:
    match str(info.get("CgroupVersion")).removeprefix("v"):
        case "1":
            return "1"
        case "2":
            return "2"
    return None


def containerd_store(info: Mapping[str, Any]) -> bool | None:
    """Tell from ``/info`` whether images are in containerd's store; None where it does not say."""
    status = info.get("DriverStatus")
    return None if status is None else _CONTAINERD_STORE in status
