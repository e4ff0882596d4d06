"""The throwaway copy of a project: the same programs, nothing shared with the real one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hcreport.collect.compose_yaml import parse_config
from hcreport.errors import ProveError
from hcreport.prove.throwaway import Throwaway, Wanted, throwaway
from hcreport.units import Bytes, mebibytes

Json = dict[str, Any]

NAME = "hcreport-prove-0123456789ab"


def copy_of(
    *,
    limits: dict[str, Bytes] | None = None,
    replicas: dict[str, int] | None = None,
    cgroup_parent: str | None = None,
    missing: frozenset[str] = frozenset(),
    sockets: frozenset[str] = frozenset(),
    **config: Any,
) -> Throwaway:
    """Copy a project; without replicas one container of each of its services."""
    wanted = Wanted(
        name=NAME,
        replicas=replicas or dict.fromkeys(config["services"], 1),
        limits=limits or {},
        cgroup_parent=cgroup_parent,
        missing=lambda path: path in missing,
        socket=lambda path: path in sockets,
    )
    return throwaway({"name": "shop", **config}, wanted)


def service(**keys: Any) -> Json:
    """Return the copy of one service with some keys, beyond what every copy has."""
    made = dict(copy_of(services={"web": {"image": "web:1", **keys}}).project["services"]["web"])
    for key, value in {
        "image": "web:1",
        "pull_policy": "never",
        "restart": "no",
        "deploy": {"replicas": 1},
    }.items():
        assert made.pop(key) == value
    return made


@pytest.mark.parametrize(
    "keys",
    [
        {"ports": [{"target": 80, "published": "80"}]},
        {"container_name": "web"},
        {"labels": {"traefik.enable": "true"}},
        {"profiles": ["tools"]},
        {"mem_limit": "31457280", "memswap_limit": "-1", "mem_reservation": "1048576"},
        {"deploy": {"resources": {"limits": {"memory": "31457280"}}}},
        {"deploy": {"restart_policy": {"condition": "any"}, "replicas": 4}},
        {"scale": 3},
        {"restart": "always"},
        {"cgroup_parent": "/mine"},
        {"oom_kill_disable": True},
        {"external_links": ["real:db"]},
        {"develop": {"watch": []}},
        {"use_api_socket": True},
        {"models": {"llm": None}},
        {"pull_policy": "always"},
        {"depends_on": {"other": {"condition": "service_healthy"}}},
        {"links": ["other:alias"]},
        {"volumes_from": ["other", "container:real"]},
        {"network_mode": "container:real"},
        {"network_mode": "service:other"},
        {"ipc": "container:real"},
        {"pid": "service:other"},
        {"logging": {"driver": "gelf", "options": {"gelf-address": "udp://logs"}}},
        {"volumes": [{"type": "npipe", "source": r"\\.\pipe\docker_engine", "target": "/p"}]},
        {"volumes": [{"type": "bind", "source": "/var/run/docker.sock", "target": "/s"}]},
        {"volumes": [{"type": "bind", "source": "/run", "target": "/host"}]},
        {"volumes": [{"type": "bind", "source": "/", "target": "/host", "read_only": True}]},
    ],
    ids=lambda keys: "-".join(keys) if isinstance(keys, dict) else None,
)
def test_what_would_touch_the_real_project_or_hide_a_death_is_left_out(keys: Json) -> None:
    assert service(**keys) == {}


@pytest.mark.parametrize(
    "keys",
    [
        {"command": ["serve", "--port", "80"]},
        {"environment": {"PASSWORD": "example"}},
        {"healthcheck": {"test": ["CMD", "true"]}},
        {"network_mode": "none"},
        {"network_mode": "host"},
        {"logging": {"driver": "json-file"}},
        {"shm_size": "67108864"},
        {"tmpfs": ["/run"]},
        {"cpus": 0.5},
        {"ipc": "host"},
        {"volumes": [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1048576"}}]},
        {"volumes": [{"type": "volume", "target": "/scratch"}]},
    ],
    ids=lambda keys: "-".join(keys) if isinstance(keys, dict) else None,
)
def test_what_the_program_needs_stays(keys: Json) -> None:
    assert service(**keys) == keys


def test_other_resources_stay() -> None:
    deploy = {
        "resources": {
            "limits": {"cpus": 1, "memory": "31457280"},
            "reservations": {"memory": "1048576"},
        }
    }
    made = copy_of(services={"web": {"image": "web:1", "deploy": deploy}}, replicas={"web": 2})
    expected = {"replicas": 2, "resources": {"limits": {"cpus": 1}}}
    assert made.project["services"]["web"]["deploy"] == expected


def test_each_service_has_its_limit_and_no_swap() -> None:
    made = copy_of(services={"web": {"image": "web:1"}}, limits={"web": mebibytes(25)})
    assert made.project["services"]["web"]["mem_limit"] == "26214400"
    assert made.project["services"]["web"]["memswap_limit"] == "26214400"


def test_a_shared_limit_is_that_of_the_parent() -> None:
    made = copy_of(services={"web": {"image": "web:1"}}, cgroup_parent="/all")
    assert made.project["services"]["web"]["cgroup_parent"] == "/all"
    assert "mem_limit" not in made.project["services"]["web"]


@pytest.mark.parametrize(
    ("real", "image"),
    [
        ({"image": "web:1"}, "web:1"),
        ({"build": {"context": "/src"}}, "shop-web"),
        ({"build": {"context": "/src"}, "image": "mine/web:2"}, "mine/web:2"),
    ],
)
def test_the_image_is_the_one_that_the_project_runs(real: Json, image: str) -> None:
    made = copy_of(services={"web": real}).project["services"]["web"]
    assert (made["image"], made["pull_policy"], "build" in made) == (image, "never", False)


def test_only_the_services_of_the_scenario_are_started() -> None:
    both = {"condition": "service_started"}
    made = copy_of(
        services={
            "web": {"image": "web:1", "depends_on": {"db": both, "mail": both}, "links": ["db"]},
            "db": {"image": "db:1"},
            "mail": {"image": "mail:1"},
        },
        replicas={"web": 1, "db": 1},
    ).project["services"]
    assert sorted(made) == ["db", "web"]
    assert made["web"]["depends_on"] == {"db": both}
    assert made["web"]["links"] == ["db"]


def test_a_service_without_a_container_is_left_out_and_said_so() -> None:
    made = copy_of(services={"web": {"image": "web:1"}, "ai": {"provider": {"type": "model"}}})
    assert sorted(made.project["services"]) == ["web"]
    assert made.notes == ("ai was left out: a provider runs it, not a container.",)


def test_volumes_and_networks_are_new_ones() -> None:
    made = copy_of(
        services={
            "web": {
                "image": "web:1",
                "volumes": [
                    {
                        "type": "volume",
                        "source": "data",
                        "target": "/d",
                        "volume": {"nocopy": True},
                    },
                    {"type": "volume", "source": "old", "target": "/o", "volume": {"subpath": "x"}},
                ],
                "networks": {"back": {"ipv4_address": "10.0.0.9", "aliases": ["w"]}, "out": None},
            }
        },
        volumes={
            "data": {"name": "shop_data", "driver_opts": {"device": "/srv"}},
            "old": {"name": "legacy", "external": True},
            "unused": {"name": "shop_unused"},
        },
        networks={
            "back": {"name": "shop_back", "internal": True, "ipam": {"config": [{"subnet": "x"}]}},
            "out": {"name": "proxy", "external": True},
            "unused": {"name": "shop_unused"},
        },
    )
    web = made.project["services"]["web"]
    assert made.project["volumes"] == {"data": {}, "old": {}}
    assert made.project["networks"] == {"back": {"internal": True}, "out": {}}
    assert web["networks"] == {"back": {"aliases": ["w"]}, "out": None}
    assert web["volumes"][0]["volume"] == {"nocopy": True}
    assert "volume" not in web["volumes"][1]
    assert made.notes == (
        "Named volumes were new ones and empty.",
        "The network out was a new one with nothing else in it.",
    )


@pytest.mark.parametrize(
    ("mount", "copied", "note"),
    [
        (
            {"source": "/srv/conf"},
            {"type": "bind", "source": "/srv/conf", "read_only": True},
            "web could not write to what it mounts from the machine.",
        ),
        (
            {"source": "/srv/conf", "read_only": True, "bind": {"propagation": "shared"}},
            {"type": "bind", "source": "/srv/conf", "read_only": True},
            None,
        ),
        (
            {"source": "/srv/gone"},
            {"type": "volume"},
            "web had empty volumes in place of mounted folders that do not exist.",
        ),
        (
            {"source": "/srv/agent"},
            None,
            "web ran without its mounts that lead to a socket of the machine.",
        ),
    ],
)
def test_a_mounted_folder_can_only_be_read(mount: Json, copied: Json | None, note: str) -> None:
    made = copy_of(
        services={
            "web": {"image": "web:1", "volumes": [{"type": "bind", "target": "/t", **mount}]}
        },
        missing=frozenset({"/srv/gone"}),
        sockets=frozenset({"/srv/agent"}),
    )
    mounts = made.project["services"]["web"].get("volumes", [])
    assert [{**each, "bind": None} for each in mounts] == (
        [{**copied, "target": "/t", "bind": None}] if copied else []
    )
    # Compose would make the folder of a path that does not exist.
    assert all(
        each["bind"]["create_host_path"] is False for each in mounts if each["type"] == "bind"
    )
    assert made.notes == ((note,) if note else ())


@pytest.mark.parametrize(
    ("keys", "lasting"),
    [
        ({"restart": "always"}, True),
        ({"restart": "unless-stopped"}, True),
        ({"deploy": {"restart_policy": {"condition": "any"}}}, True),
        ({"restart": "on-failure:3"}, False),
        ({"restart": "no"}, False),
        ({}, False),
    ],
)
def test_a_service_that_is_always_started_again_is_to_last(keys: Json, lasting: bool) -> None:
    made = copy_of(services={"web": {"image": "web:1", **keys}})
    assert made.lasting == ({"web"} if lasting else set())


def test_host_network_is_kept_and_said() -> None:
    made = copy_of(services={"web": {"image": "web:1", "network_mode": "host"}})
    assert made.notes == ("web shared the network and the ports of the machine.",)


def test_secrets_and_configs_stay_without_the_real_names() -> None:
    made = copy_of(
        services={"web": {"image": "web:1", "secrets": [{"source": "key"}]}},
        secrets={"key": {"name": "shop_key", "environment": "KEY"}},
        configs={"conf": {"name": "shop_conf", "content": "a"}},
    )
    assert made.project["secrets"] == {"key": {"environment": "KEY"}}
    assert made.project["configs"] == {"conf": {"content": "a"}}


@pytest.mark.parametrize(
    "value", ["a$b", "$${X}", "1:30", "0x10", "yes", "é\u2028\x7f\ufeff😀", '"\\']
)
def test_values_come_through_the_file_as_they_were(value: str) -> None:
    made = copy_of(services={"web": {"image": "web:1", "environment": {"A": value}}})
    assert parse_config(made.text)["services"]["web"]["environment"] == {"A": value}


def test_the_file_is_json_with_the_throwaways_name() -> None:
    made = copy_of(services={"web": {"image": "web:1"}})
    assert json.loads(made.text)["name"] == NAME


@pytest.mark.parametrize(
    ("config", "replicas", "message"),
    [
        ({"services": {"web": {}}}, {"web": 1, "db": 1}, "no service db"),
        ({"name": NAME, "services": {"web": {}}}, {"web": 1}, "is itself called"),
    ],
)
def test_what_cannot_be_copied_is_refused(
    config: Json, replicas: dict[str, int], message: str
) -> None:
    with pytest.raises(ProveError, match=message):
        copy_of(replicas=replicas, **config)
