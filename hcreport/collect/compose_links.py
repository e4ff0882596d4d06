"""Reads which services of a project need each other without ``depends_on`` saying so.

Two things tell: what a service shares with another one, and environment values that are another
one's address. Of a value only its parts of a fixed form are kept: which service, scheme, port and
one of a few paths. A value with a user name, a query or any other text is no such form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from hcreport.collect.compose_values import mapping
from hcreport.collect.redact import variable_name
from hcreport.model import Service, ServiceAddress

_PREFIX = "service:"
_CONTAINER = "container:"

_HOST = r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})"
_PORT = r"(?::(?P<port>[0-9]{1,5}))?"
_URL = re.compile(
    rf"(?P<scheme>https?)://{_HOST}{_PORT}(?P<path>/[a-z0-9/]{{0,9}})?", re.IGNORECASE
)
_BARE = re.compile(rf"(?P<scheme>){_HOST}{_PORT}(?P<path>)")

_PATHS = get_args(ServiceAddress.model_fields["path"].annotation)

# `PROVIDER=ollama` names a service by chance, `OLLAMA_HOST=ollama` means it.
_MEANS_A_HOST = re.compile(
    r"(?:.*[_.-])?(?:ADDR|ADDRESS|ENDPOINT|HOST|HOSTNAME|SERVER|URI|URL)", re.IGNORECASE
)

# `POSTGRES_IMAGE=postgres:16` is no address of the service postgres.
_MEANS_A_VERSION = re.compile(r"(?:.*[_.-])?(?:IMAGE|MODEL|TAG|VERSION)", re.IGNORECASE)

_LARGEST_PORT = 65_535


def with_links(found: Iterable[Service], declared: Mapping[str, Any]) -> tuple[Service, ...]:
    """Return services with what they need of each other; ``declared`` is as Compose prints it."""
    return tuple(
        service.model_copy(
            update={
                "tied_to": tied_to(service.name, mapping(declared[service.name]), declared),
                "addresses": addresses(service.name, mapping(declared[service.name]), declared),
            }
        )
        for service in found
    )


def tied_to(name: str, config: Mapping[str, Any], services: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the services that a service shares something with, so that it needs them; sorted.

    It may be their network, their processes or their volumes: compose-go, ``loader/normalize.go``,
    where such services start first. A link is not among them: it only gives a name, and Compose
    starts a service without it where ``depends_on`` says that the other may be absent (measured).
    """
    containers = {
        str(mapping(service).get("container_name")): key for key, service in services.items()
    }
    found: set[str | None] = set()
    for key in ("network_mode", "ipc", "pid"):
        found.add(_shared(str(config.get(key) or ""), containers))
    for entry in config.get("volumes_from") or ():
        text = str(entry)
        if text.startswith(_CONTAINER):
            found.add(containers.get(text.split(":")[1]))
        else:
            found.add(text.partition(":")[0])
    return tuple(sorted(each for each in found if each and each in services and each != name))


def addresses(
    name: str, config: Mapping[str, Any], services: Mapping[str, Any]
) -> tuple[ServiceAddress, ...]:
    """Return the variables of a service that hold the address of another one, sorted by name."""
    hosts = _hosts(config, services)
    found = []
    for variable, value in sorted(mapping(config.get("environment")).items()):
        if not isinstance(value, str) or variable_name(variable) != variable:
            continue
        address = _address(variable, value.strip(), hosts)
        if address is not None and address.service != name:
            found.append(address)
    return tuple(found)


def _shared(text: str, containers: Mapping[str, str]) -> str | None:
    """Return the service that ``service:NAME`` or ``container:NAME`` means; None for neither."""
    if text.startswith(_PREFIX):
        return text.removeprefix(_PREFIX)
    return containers.get(text.removeprefix(_CONTAINER)) if text.startswith(_CONTAINER) else None


def _address(variable: str, value: str, hosts: Mapping[str, str]) -> ServiceAddress | None:
    match = _URL.fullmatch(value) or _BARE.fullmatch(value)
    if match is None or match["host"].lower() not in hosts:
        return None
    path, port = match["path"] or "", int(match["port"]) if match["port"] else None
    if path not in _PATHS or (port is not None and not 1 <= port <= _LARGEST_PORT):
        return None
    scheme = match["scheme"].lower()
    if not scheme and not _may_be_bare(variable, port):
        return None
    return ServiceAddress.model_validate(
        {
            "variable": variable,
            "service": hosts[match["host"].lower()],
            "scheme": scheme,
            "port": port,
            "path": path,
        }
    )


def _may_be_bare(variable: str, port: int | None) -> bool:
    """Tell by a variable's name whether a value without a scheme may be an address."""
    if port is None:
        return _MEANS_A_HOST.fullmatch(variable) is not None
    return _MEANS_A_VERSION.fullmatch(variable) is None


def _hosts(config: Mapping[str, Any], services: Mapping[str, Any]) -> dict[str, str]:
    """Return service names by the host names under which a service finds them, in lower case.

    These are their names, the names of their containers, their aliases in networks, and the
    service's own links. A service's name counts before another one's alias.
    """
    hosts: dict[str, str] = {}
    for entry in config.get("links") or ():
        service, _, alias = str(entry).partition(":")
        if alias and service in services:
            hosts[alias.lower()] = service
    own = {key.lower(): key for key in services}
    for key in services:
        for alias in _aliases(mapping(services[key])):
            hosts.setdefault(alias.lower(), key)
    return {**hosts, **own}


def _aliases(service: Mapping[str, Any]) -> Iterator[str]:
    if service.get("container_name"):
        yield str(service["container_name"])
    for network in mapping(service.get("networks")).values():
        for alias in mapping(network).get("aliases") or ():
            yield str(alias)
