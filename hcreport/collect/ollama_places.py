"""Finds where the Ollama of a project can be asked, and where its models lie on this machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hcreport.collect.engine import Address
from hcreport.collect.engine_containers import SERVICE_LABEL
from hcreport.collect.engine_replies import Replies
from hcreport.collect.ollama_facts import USUAL_PORT, Json, version_numbers
from hcreport.collect.ollama_settings import Serving
from hcreport.model import Project, Service

_IMAGE = re.compile(r"(?:.*/)?ollama/ollama(?::(?P<tag>[^@]*))?(?:@.*)?")

_STORES = ("/root/.ollama", "/root/.ollama/models", "/home/ollama/.ollama", "/.ollama")
"""Where an image of Ollama keeps its models, unless it is told otherwise."""

_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
"""Which address of this machine stands for a port that is published on all of them."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One Ollama, as far as it can be reached."""

    service: str | None
    """None for a server that belongs to no service of the project."""
    url: str | None = None
    unasked: str = ""
    """Why it is not asked, as one sentence; empty where it is, or where nobody expects it."""
    folders: tuple[Path, ...] = ()
    """Folders on this machine in which its models may lie."""
    serving: Serving = field(default_factory=Serving)
    certain: bool = True
    """It is Ollama for sure; a service that only ``hcreport.yml`` names may be another runner."""


def find_places(
    services: Iterable[Service],
    named: frozenset[str],
    project: Project,
    replies: Replies,
    url: str | None,
) -> tuple[Place, ...]:
    """Return the Ollama servers of a project, in the order of its services.

    These are the services with Ollama's image and those that are ``named``. ``url`` is the address
    that the user gave; it is the one service's where there is exactly one, else nobody's.
    """
    ours = [each for each in services if each.name in named or _IMAGE.fullmatch(each.image or "")]
    if url is not None and len(ours) != 1:
        return (*(_place(each, project, replies, None) for each in ours), _alone(url))
    return tuple(_place(each, project, replies, url) for each in ours)


def _alone(url: str) -> Place:
    return Place(service=None, url=url)


def _place(service: Service, project: Project, replies: Replies, url: str | None) -> Place:
    match = _IMAGE.fullmatch(service.image or "")
    serving = Serving(
        settings=service.settings,
        version=version_numbers(match["tag"] or "") if match else None,
    )
    address = replies.connection.address if replies.connection else None
    containers = [
        reply
        for entry in replies.containers_of(project.name)
        if (reply := replies.by_container.get(entry["Id"], {}).get("inspect")) is not None
        and _labels(reply).get(SERVICE_LABEL) == service.name
    ]
    found, unasked = (url, "") if url else _address(address, containers)
    return Place(
        service=service.name,
        url=found,
        unasked=unasked if match else "",
        folders=tuple(_folders(address, service, containers, replies)),
        serving=serving,
        certain=match is not None or url is not None,
    )


def _address(address: Address | None, containers: list[Json]) -> tuple[str | None, str]:
    """Return where a service's Ollama answers on this machine, or why it is not asked."""
    if address is None:
        return None, ""
    running = [each for each in containers if (each.get("State") or {}).get("Running")]
    if not running:
        return None, "Its Ollama does not run."
    if address.remote:
        return None, "Its Ollama runs on another machine; name its address with --ollama."
    for reply in running:
        for host, port in _published(reply):
            return f"http://{host}:{port}", ""
    return None, "Its Ollama publishes no port on this machine."


def _published(reply: Json) -> Iterator[tuple[str, int]]:
    """Yield addresses of this machine that lead to a container's Ollama, the usual port first."""
    if (reply.get("HostConfig") or {}).get("NetworkMode") == "host":
        yield _EVERYWHERE[""], USUAL_PORT
    ports = (reply.get("NetworkSettings") or {}).get("Ports")
    listed = ports if isinstance(ports, dict) else {}
    usual = f"{USUAL_PORT}/tcp"
    inner = [usual] if listed.get(usual) else [each for each in listed if listed[each]]
    if len(inner) != 1 or not inner[0].endswith("/tcp"):
        return
    for binding in listed[inner[0]]:
        host, port = _host(binding.get("HostIp")), str(binding.get("HostPort"))
        if host is not None and port.isascii() and port.isdecimal():
            yield host, int(port)


def _host(text: object) -> str | None:
    """Return an address for a URL; None for what is no address of IP."""
    if text is None or text in _EVERYWHERE:
        return _EVERYWHERE[str(text or "")]
    try:
        address = ipaddress.ip_address(str(text))
    except ValueError:
        return None
    return str(address) if address.version == 4 else f"[{address}]"


def _folders(
    address: Address | None, service: Service, containers: list[Json], replies: Replies
) -> Iterator[Path]:
    """Yield what is mounted where Ollama keeps its models, and may be a folder of this machine."""
    if address is None or address.scheme not in ("unix", "npipe"):
        return
    mounted = [mount for reply in containers for mount in reply.get("Mounts") or ()]
    sources = [each.get("Source") for each in mounted if each.get("Destination") in _STORES]
    if not containers:
        points = {each.get("Name"): each.get("Mountpoint") for each in replies.volumes}
        sources = [points.get(each.volume) for each in service.mounts if each.target in _STORES]
    yield from (Path(each) for each in dict.fromkeys(sources) if isinstance(each, str) and each)


def _labels(reply: Json) -> Json:
    labels = (reply.get("Config") or {}).get("Labels")
    return labels if isinstance(labels, dict) else {}
