"""Sharing out memory: what each container of a throwaway may use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hcreport.errors import UsageError
from hcreport.model import (
    Number,
    Origin,
    Project,
    Requirement,
    RequirementPart,
    Service,
    Snapshot,
)
from hcreport.prove.allotment import Allotment, allot
from hcreport.prove.proving import find_requirement
from hcreport.units import Bytes, mebibytes

LEAST = mebibytes(6)


def part(name: str, size: float, kind: Any = "service", **more: Any) -> RequirementPart:
    """Return a part of a number of MiB."""
    number = Number(
        name="need",
        value=int(mebibytes(size)),
        unit="bytes",
        origin=Origin(kind="measured", evidence="a test"),
    )
    return RequirementPart(name=name, kind=kind, memory=number, **more)


def requirement(*parts: RequirementPart, docker_memory: Bytes | None = None) -> Requirement:
    """Return a requirement in which Docker and the system need 60 MiB."""
    others = (part("Docker itself", 40, "engine"), part("The system", 20, "system"))
    return Requirement(scenario="all", parts=(*parts, *others), docker_memory=docker_memory)


SHOP = requirement(
    part("cache", 100, containers=1, largest=mebibytes(100)),
    part("worker", 100, containers=2, largest=mebibytes(50)),
    docker_memory=mebibytes(260),
)


def given(
    wanted: Requirement = SHOP, *, memory: Bytes | None = None, together: bool = False
) -> Allotment:
    snapshot = Snapshot(
        taken_at=datetime(2026, 11, 23, tzinfo=UTC),
        tool="a test",
        project=Project(name="shop"),
        services=(Service(name="ai", provider=True),),
    )
    return allot(wanted, snapshot, memory=memory, together=together)


@pytest.mark.parametrize(
    ("memory", "cache", "worker"),
    [
        (None, mebibytes(100), mebibytes(50)),
        (mebibytes(260), mebibytes(100), mebibytes(50)),
        (mebibytes(160), mebibytes(50), mebibytes(25)),
        (mebibytes(460), mebibytes(200), mebibytes(100)),
        # In proportion a worker would have 5 MiB, and no engine gives so little.
        (mebibytes(80), mebibytes(8), LEAST),
        (mebibytes(78), LEAST, LEAST),
        (mebibytes(10), LEAST, LEAST),
    ],
)
def test_limits_are_in_proportion_and_never_below_the_least(
    memory: Bytes | None, cache: Bytes, worker: Bytes
) -> None:
    found = given(memory=memory)
    assert found.limits == {"cache": cache, "worker": worker}
    assert found.containers_memory == cache + worker * 2
    assert found.replicas == {"cache": 1, "worker": 2}
    assert not found.together


@pytest.mark.parametrize(("memory", "rest"), [(None, 200), (160, 100), (10, 18)])
def test_together_they_share_the_rest(memory: int | None, rest: int) -> None:
    found = given(memory=mebibytes(memory) if memory else None, together=True)
    assert found.containers_memory == mebibytes(rest)
    assert found.limits == {}
    assert found.together


@pytest.mark.parametrize("together", [True, False])
def test_evidence_is_never_about_less_than_was_given(together: bool) -> None:
    found = given(memory=mebibytes(10), together=together)
    assert found.docker_memory == mebibytes(78)
    assert found.notes == (
        "10 MiB was asked for; containers had the least that an engine allows, 6 MiB each.",
    )


@pytest.mark.parametrize("memory", [65, 79, 103, 211, 999])
def test_the_limits_never_add_up_to_more_than_there_is(memory: int) -> None:
    found = given(memory=mebibytes(memory))
    assert found.containers_memory + mebibytes(60) <= max(found.docker_memory, mebibytes(78))


def test_the_stated_limits_are_about_the_tier_and_say_where_they_add_up_to_more() -> None:
    uneven = requirement(
        part("worker", 80, containers=2, largest=mebibytes(50)), docker_memory=mebibytes(140)
    )
    found = given(uneven)
    assert found.docker_memory == mebibytes(140)
    assert found.containers_memory == mebibytes(100)
    assert "add up to 160 MiB" in found.notes[0]
    assert given().notes == ()


def test_a_provider_needs_no_limit() -> None:
    provided = RequirementPart(name="ai", reason="a provider runs it, not a container")
    found = given(requirement(part("web", 10, containers=1, largest=mebibytes(10)), provided))
    assert found.limits == {"web": mebibytes(10)}


UNMEASURED = requirement(
    part("web", 10, containers=1, largest=mebibytes(10)),
    RequirementPart(name="db", containers=1, reason="it did not run"),
)


@pytest.mark.parametrize(
    ("wanted", "memory", "together", "message"),
    [
        (UNMEASURED, None, False, "What db needs was not measured"),
        (UNMEASURED, mebibytes(500), False, "What db needs was not measured"),
        (UNMEASURED, None, True, "The minimum of the scenario all is not known"),
        (requirement(), None, False, "no service to start"),
    ],
)
def test_what_is_not_known_is_not_guessed(
    wanted: Requirement, memory: Bytes | None, together: bool, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        given(wanted, memory=memory, together=together)
    assert refusal.value.hint


def test_one_limit_for_all_needs_no_measurement() -> None:
    found = given(UNMEASURED, memory=mebibytes(500), together=True)
    assert found.containers_memory == mebibytes(440)
    assert found.replicas == {"web": 1, "db": 1}


def test_an_unknown_scenario_lists_those_there_are() -> None:
    with pytest.raises(UsageError) as refusal:
        find_requirement((SHOP, UNMEASURED), "everything")
    assert refusal.value.hint == 'There are: "all", "all".'
    assert find_requirement((SHOP,), "all") is SHOP
