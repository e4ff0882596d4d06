"""What a group saves of which only some are awake: between bounds, and never more than there is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.errors import ConfigError
from hcreport.estimate.memory import memory_budget, memory_number
from hcreport.estimate.requirements import requirements
from hcreport.estimate.sleep import group_saving, sleep_choices
from hcreport.model import GroupSaving, Origin, Sleeper, SleepGroup, Snapshot
from hcreport.units import KIB, Bytes, mebibytes
from tests.fragments import snapshot_of

MIB = int(mebibytes(1))

AGENTS = """
services:
  - {name: a}
  - {name: b}
  - {name: c}
  - {name: d}
containers:
  - &a
    name: a
    service: a
    state: running
    limits: {memory: !memory 512MiB}
    memory: {usage: !memory 100MiB, inactive_file: 0, active_file: 0}
  - {<<: *a, name: b, service: b, memory: {usage: !memory 200MiB, inactive_file: 0, active_file: 0}}
  - {<<: *a, name: c, service: c, memory: {usage: !memory 300MiB, inactive_file: 0, active_file: 0}}
  - {<<: *a, name: d, service: d, state: exited}
"""


def saving(snapshot: Snapshot, *services: str, awake: int) -> GroupSaving:
    """Return what one group saves."""
    group = SleepGroup(name="agents", services=services, awake=awake)
    (found,) = sleep_choices(snapshot, (), [group]).groups
    return found


def _figures(found: GroupSaving) -> tuple[float, ...]:
    assert found.saves is not None
    assert found.saves_on_average is not None
    assert found.saves_most is not None
    sizes = (found.saves.value, found.saves_on_average, found.saves_most)
    return tuple(each / MIB for each in sizes)


@pytest.mark.parametrize(
    ("awake", "asleep", "figures"),
    [
        (0, 3, (600, 600, 600)),
        # The two smallest, two thirds of the sum, the two largest.
        (1, 2, (300, 400, 500)),
        (2, 1, (100, 200, 300)),
        (3, 0, (0, 0, 0)),
        (4, 0, (0, 0, 0)),
    ],
)
def test_a_group_saves_between_the_smallest_and_the_largest(
    awake: int, asleep: int, figures: tuple[float, ...]
) -> None:
    found = saving(snapshot_of(AGENTS), "a", "b", "c", "d", awake=awake)
    assert found.running == ("a", "b", "c")  # d does not run and frees nothing more
    assert found.asleep == asleep
    assert _figures(found) == figures
    assert found.limits_freed == mebibytes(512) * asleep


def test_limits_are_added_up_only_where_they_are_the_same() -> None:
    other = AGENTS.replace("name: b, service: b,", "name: b, service: b, limits: {},")
    assert saving(snapshot_of(other), "a", "b", "c", awake=1).limits_freed is None
    assert saving(snapshot_of(other), "a", "c", awake=1).limits_freed == mebibytes(512)


def test_a_group_with_an_unmeasured_member_saves_what_nobody_knows() -> None:
    unknown = AGENTS.replace(
        "service: b, memory: {usage: !memory 200MiB, inactive_file: 0, active_file: 0}",
        "service: b, memory: null",
    )
    found = saving(snapshot_of(unknown), "a", "b", "c", awake=1)
    assert (found.saves, found.saves_on_average, found.saves_most) == (None, None, None)
    assert found.unmeasured == ("b",)
    # Its limit is known, and stands for itself.
    assert found.limits_freed == mebibytes(1024)


def test_a_group_of_which_nothing_runs_saves_nothing_that_is_a_number() -> None:
    found = saving(snapshot_of(AGENTS), "d", awake=0)
    assert (found.running, found.asleep, found.saves) == ((), 0, None)


def test_names_are_only_unknown_where_the_snapshot_has_no_services() -> None:
    group = SleepGroup(name="agents", services=("agent-a", "b"), awake=1)
    config = Config(groups=(group,))
    with pytest.raises(ConfigError, match="the snapshot has no service agent-a") as caught:
        analyze(snapshot_of("services: [{name: agent_a}, {name: b}]"), config)
    assert caught.value.hint == "Did you mean agent_a?"
    with pytest.raises(ConfigError) as caught:
        analyze(snapshot_of("services: [{name: x}]"), config)
    assert "Did you mean" not in caught.value.hint
    (found,) = analyze(snapshot_of({}), config).sleep.groups
    assert found.unknown == ("agent-a", "b")


_CONTAINER = st.fixed_dictionaries(
    {
        "service": st.sampled_from(("a", "b", "c", "d", "e")),
        "state": st.sampled_from(("running", "paused", "exited", "restarting")),
        "usage": st.none() | st.integers(min_value=0, max_value=1 << 30),
        "inactive": st.none() | st.integers(min_value=0, max_value=1 << 31),
        "active": st.none() | st.integers(min_value=0, max_value=1 << 31),
        "limit": st.none() | st.sampled_from((512 * MIB, 256 * MIB)),
    }
)


def _random(seen: list[dict[str, Any]]) -> Snapshot:
    containers = []
    for number, each in enumerate(seen, 1):
        use = {"usage": each["usage"], "inactive_file": each["inactive"]}
        containers.append(
            {
                "name": f"c{number}",
                "service": each["service"],
                "number": number,
                "state": each["state"],
                "limits": {"memory": each["limit"]},
                "memory": None if each["usage"] is None else {**use, "active_file": each["active"]},
            }
        )
    services = [{"name": name} for name in "abcde"]
    return snapshot_of({"services": services, "containers": containers})


@settings(max_examples=300, deadline=None)
@given(
    seen=st.lists(_CONTAINER, max_size=8),
    awake=st.integers(min_value=0, max_value=3),
    cut=st.integers(min_value=1, max_value=4),
)
def test_no_group_saves_more_than_is_measured_nor_less_than_nothing(
    seen: list[dict[str, Any]], awake: int, cut: int
) -> None:
    snapshot = _random(seen)
    names = tuple("abcde")
    groups = [
        SleepGroup(name="first", services=names[:cut], awake=min(awake, cut)),
        SleepGroup(name="second", services=names[cut:], awake=min(awake, len(names) - cut)),
    ]
    sleep = sleep_choices(snapshot, requirements(snapshot), groups)
    measured = memory_budget(snapshot).measured
    at_most = 0
    for each in sleep.groups:
        assert 0 <= each.asleep <= len(each.running)
        if each.saves is None:
            assert each.saves_most is None
            continue
        assert each.saves_on_average is not None
        assert each.saves_most is not None
        # A byte of rounding.
        assert 0 <= each.saves.value <= each.saves_on_average + 1
        assert each.saves_on_average <= each.saves_most + 1
        at_most += each.saves_most
    assert at_most <= (measured.value if measured else 0)
    for one in sleep.services:
        if one.frees is not None:
            assert one.uses is not None
            assert 0 <= one.frees.value <= one.uses.value


@settings(max_examples=100, deadline=None)
@given(sizes=st.lists(st.integers(min_value=0, max_value=1 << 40), min_size=1, max_size=6))
def test_more_that_sleep_save_no_less(sizes: list[int]) -> None:
    names = tuple(f"s{number}" for number in range(len(sizes)))
    snapshot = snapshot_of({"services": [{"name": name} for name in names]})
    origin = Origin(kind="measured", evidence="a test")
    held = [
        Sleeper(service=name, containers=1, frees=memory_number("held", Bytes(size), origin))
        for name, size in zip(names, sizes, strict=True)
    ]
    before = -1.0
    for awake in range(len(sizes), -1, -1):
        group = SleepGroup(name="g", services=names, awake=awake)
        found = group_saving(group, held, snapshot)
        assert found.saves is not None
        assert found.saves.value >= before
        before = found.saves.value
    assert before == sum(sizes)


def test_a_kibibyte_is_no_rounding() -> None:
    one = AGENTS.replace("usage: !memory 100MiB", f"usage: {100 * MIB + KIB}")
    found = saving(snapshot_of(one), "a", "b", "c", awake=2)
    assert found.saves is not None
    assert found.saves.value == 100 * MIB + KIB
