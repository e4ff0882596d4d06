"""What counts as a change of a Compose project, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.declaration import (
    NOT_DECLARED,
    WORDS,
    changed_services,
    declaration_changes,
    declaration_hash,
    declared_in,
)
from hcreport.model import Declared, Service
from tests.fragments import snapshot_of

WEB: dict[str, Any] = {
    "name": "web",
    "image": "nginx",
    "limits": {"memory": 1_000_000},
    "depends_on": [{"service": "db"}, {"service": "cache"}],
    "mounts": [{"kind": "volume", "volume": "shop_a"}, {"kind": "tmpfs", "target": "/cache"}],
}


def declared(*services: dict[str, Any], **project: Any) -> Declared:
    return declared_in(snapshot_of({"services": list(services), "project": project}))


def test_a_hash_is_what_it_was() -> None:
    """It stands on published pages: a change of its form calls every snapshot out of date."""
    expected = "e02230ecdb84950f5eb04211f62a237939e6d63d7a41ed223b347103aaba204f"
    assert declaration_hash(declared(WEB)) == expected


@pytest.mark.parametrize(
    "other",
    [
        {"location": {"file": "compose.yaml", "line": 9}},
        {"config_hash": "abc"},
        {"active": False},
        {"memory_limit_keys": ["deploy"]},
        {"replicas": 1},
        {"depends_on": [{"service": "cache"}, {"service": "db"}]},
        {"mounts": WEB["mounts"][::-1]},
    ],
)
def test_what_declares_nothing_changes_nothing(other: dict[str, Any]) -> None:
    old, new = declared(WEB), declared(WEB | other)
    assert declaration_changes(old, new) == ()
    assert declaration_hash(old) == declaration_hash(new)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"image": "nginx:2"}, "image"),
        ({"image": None, "build": {"context": "."}}, "build and image"),
        ({"limits": {"memory": 2_000_000}}, "limits"),
        ({"limits": {}}, "limits"),
        ({"replicas": 2}, "number of containers"),
        ({"restart": "always", "restart_policy": "always"}, "restart policy"),
        ({"environment_names": ["A"]}, "environment variables"),
        ({"depends_on": []}, "dependencies"),
        ({"depends_on": [], "tied_to": ["db"]}, "dependencies"),
        ({"mounts": WEB["mounts"][:1]}, "mounts"),
        (
            {"lost_limits": [{"key": "mem_limit", "location": {"file": "c", "line": 1}}]},
            "limits that Compose drops",
        ),
        (
            {"image": "a", "replicas": 3, "profiles": ["x"]},
            "image, profiles and number of containers",
        ),
    ],
)
def test_a_change_of_a_service_is_named(other: dict[str, Any], what: str) -> None:
    old, new = declared(WEB), declared(WEB | other)
    (change,) = changed_services(old, new)
    assert (change.name, change.what) == ("web", what)
    assert declaration_hash(old) != declaration_hash(new)


def test_every_part_of_a_service_has_a_name_or_is_known_to_declare_nothing() -> None:
    """A part without a name would stand in a sentence as the name of its field."""
    assert set(Service.model_fields) - {"name"} == (NOT_DECLARED | set(WORDS)) - {"lost"}


def test_services_volumes_and_models_come_and_go() -> None:
    old = declared({"name": "a"}, {"name": "b"}, volumes=[{"name": "shop_x"}, {"name": "y"}])
    new = declared({"name": "b"}, {"name": "c"}, volumes=[{"name": "y", "external": True}])
    found = [(each.name, each.what) for each in declaration_changes(old, new)]
    assert found == [
        ("a", "removed"),
        ("c", "new"),
        ("volume x", "removed"),
        ("volume y", "external"),
    ]


_NAMES = st.sampled_from(["a", "b", "é", "<i>", "shop_x", "x" * 80])
_SERVICES = st.lists(
    st.fixed_dictionaries(
        {"name": _NAMES},
        optional={
            "image": st.none() | _NAMES,
            "replicas": st.integers(0, 3),
            "limits": st.fixed_dictionaries({}, optional={"cpus": st.sampled_from([0.5, 1.0])}),
            "profiles": st.lists(_NAMES, max_size=2),
            "mounts": st.lists(st.just({"kind": "tmpfs"}), max_size=2),
        },
    ),
    max_size=3,
    unique_by=lambda each: str(each["name"]),
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(_SERVICES, _SERVICES)
def test_two_hashes_differ_exactly_where_something_changed(one: Any, other: Any) -> None:
    old, new = declared(*one), declared(*other)
    differ = declaration_hash(old) != declaration_hash(new)
    assert differ == bool(declaration_changes(old, new))
    assert declaration_hash(old) == declaration_hash(declared(*reversed(one)))
