"""Where a project's Ollama is looked for: addresses of this machine, and folders on it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from docker.api.client import APIClient

from hcreport.collect.engine import Address, Connection
from hcreport.collect.engine_containers import PROJECT_LABEL, SERVICE_LABEL
from hcreport.collect.engine_replies import Replies
from hcreport.collect.ollama_places import Place, find_places
from hcreport.model import Mount, Project, Service
from tests.ollama_server import Json

PROJECT = Project(name="shop")
HERE = "unix:///var/run/docker.sock"
STORE = {"Type": "volume", "Name": "m", "Source": "/volumes/m", "Destination": "/root/.ollama"}


def service(image: str = "ollama/ollama", name: str = "llm") -> Service:
    target = "/root/.ollama"
    return Service(
        name=name, image=image, mounts=(Mount(kind="volume", volume="m", target=target),)
    )


def container(ports: Json | None = None, network: str = "bridge") -> Json:
    return {
        "State": {"Running": True},
        "Config": {"Labels": {SERVICE_LABEL: "llm"}},
        "HostConfig": {"NetworkMode": network},
        "NetworkSettings": {"Ports": ports or {}},
        "Mounts": [STORE],
    }


def replies(reply: Json | None, engine: str = HERE) -> Replies:
    """Return the replies of an engine with one container, or with none."""
    address = Address(url=engine)
    client = cast("APIClient", None)
    connection = Connection(address=address, client=client, version={}, api_version="1.41")
    listed = [{"Id": "a", "Labels": {PROJECT_LABEL: "shop"}}] if reply else []
    return Replies(
        connection=connection,
        listed=listed,
        by_container={"a": {"inspect": reply}} if reply else {},
        volumes=[{"Name": "m", "Mountpoint": "/points/m"}],
    )


def place(reply: Json | None, engine: str = HERE) -> Place:
    (found,) = find_places([service()], frozenset(), PROJECT, replies(reply, engine), None)
    return found


def bound(host: str | None, port: str = "555") -> list[Json]:
    return [{"HostIp": host, "HostPort": port}]


@pytest.mark.parametrize(
    ("reply", "url"),
    [
        (container({"11434/tcp": bound("0.0.0.0")}), "http://127.0.0.1:555"),
        (container({"11434/tcp": bound("")}), "http://127.0.0.1:555"),
        (container({"11434/tcp": bound(None)}), "http://127.0.0.1:555"),
        (container({"11434/tcp": bound("::")}), "http://[::1]:555"),
        (container({"11434/tcp": bound("192.0.2.7")}), "http://192.0.2.7:555"),
        (container({"11434/tcp": bound("2001:db8::7")}), "http://[2001:db8::7]:555"),
        (container({"11434/tcp": [*bound("host.example"), *bound("", "7")]}), "http://127.0.0.1:7"),
        (container({"80/tcp": bound("")}), "http://127.0.0.1:555"),
        (container({"80/tcp": bound(""), "81/tcp": bound("")}), None),
        (container({"80/udp": bound("")}), None),
        (container({"11434/tcp": bound("", "5 5")}), None),
        (container(network="host"), "http://127.0.0.1:11434"),
        (None, None),
    ],
)
def test_the_address_is_that_of_the_published_port(reply: Json | None, url: str | None) -> None:
    found = place(reply)
    assert found.url == url
    assert bool(found.unasked) is (url is None)


@pytest.mark.parametrize("engine", ["tcp://192.0.2.9:2375", "ssh://user@server"])
def test_an_engine_elsewhere_leads_to_no_address_and_no_folder_here(engine: str) -> None:
    found = place(container({"11434/tcp": bound("")}), engine)
    assert (found.url, found.folders) == (None, ())
    assert found.unasked == "Its Ollama runs on another machine; name its address with --ollama."


def test_the_folder_is_what_is_mounted_at_ollamas_place() -> None:
    assert place(container()).folders == (Path("/volumes/m"),)


def test_without_a_container_the_folder_is_the_declared_volumes() -> None:
    assert place(None).folders == (Path("/points/m"),)


def test_what_is_mounted_elsewhere_is_no_folder() -> None:
    reply = container()
    reply["Mounts"] = [STORE | {"Destination": "/data"}]
    assert place(reply).folders == ()


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("ollama/ollama", None),
        ("ollama/ollama:latest", None),
        ("ollama/ollama:0.15.4", (0, 15, 4)),
        ("docker.io/ollama/ollama:0.33.0-rocm", (0, 33, 0)),
        ("private-registry/x/ollama/ollama:0.20.1@sha256:" + "0" * 64, (0, 20, 1)),
    ],
)
def test_the_tag_of_the_image_may_say_the_version(
    image: str, version: tuple[int, int, int] | None
) -> None:
    (found,) = find_places([service(image)], frozenset(), PROJECT, Replies(), None)
    assert found.serving.version == version


@pytest.mark.parametrize("image", ["ollama/ollama-x", "me/ollama", "ollama", "openollama/ollama2"])
def test_other_images_are_no_ollama(image: str) -> None:
    assert find_places([service(image)], frozenset(), PROJECT, Replies(), None) == ()


def test_a_given_address_is_the_one_services_or_nobodys() -> None:
    url = "http://127.0.0.1:7"
    one, other = service(), service(name="other")
    (found,) = find_places([one], frozenset(), PROJECT, Replies(), url)
    assert (found.service, found.url) == ("llm", url)
    several = find_places([one, other], frozenset(), PROJECT, Replies(), url)
    assert [(each.service, each.url) for each in several] == [
        ("llm", None),
        ("other", None),
        (None, url),
    ]
    (alone,) = find_places([], frozenset(), PROJECT, Replies(), url)
    assert (alone.service, alone.url) == (None, url)
