"""Which machine runs what: recorded machines, and the sizes that we name for every platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.machines import MACHINES, machine_needs, nominal, verdict
from hcreport.facts import fact_bytes
from hcreport.model import MachineNeed, Requirement
from hcreport.platforms import PLATFORMS
from hcreport.units import Bytes, gibibytes, mebibytes, parse_docker_stats_memory

TABLE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "machines.yaml").read_text(encoding="utf-8")
)
VERDICTS = {"runs": True, "short": False, "unknown": None}

REPORTS = 0.93
"""The least of its nominal memory that a machine reports: the fact's 7 %, written out again."""

LEFT = gibibytes(4)
"""What stays with the machine itself."""


def requirement(name: str) -> Requirement:
    entry = TABLE["requirements"][name]
    size = parse_docker_stats_memory(entry["needs"])
    known = None if entry.get("at_least") else size
    return Requirement(scenario=name, at_least=size, docker_memory=known)


@pytest.mark.parametrize("name", TABLE["requirements"])
@pytest.mark.parametrize("machine", TABLE["machines"], ids=lambda each: each["name"])
def test_the_verdict_on_a_recorded_machine(machine: dict[str, Any], name: str) -> None:
    reports = parse_docker_stats_memory(machine["reports"])
    needed = requirement(name)
    found = verdict(needed, reports)
    assert found.runs is VERDICTS[machine["verdicts"][name]]
    assert found.short == max(0, needed.at_least - reports)
    assert machine["platform"] in PLATFORMS


@pytest.mark.parametrize("name", TABLE["requirements"])
def test_exactly_enough_is_enough_and_a_byte_less_is_short(name: str) -> None:
    needed = requirement(name)
    assert verdict(needed, needed.at_least).runs is not False
    assert verdict(needed, needed.at_least - 1) == (False, 1)


def test_there_are_36_verdicts_of_every_kind() -> None:
    words = [word for each in TABLE["machines"] for word in each["verdicts"].values()]
    assert len(words) == 36
    assert set(words) == set(VERDICTS)


@pytest.mark.parametrize("name", TABLE["requirements"])
def test_the_machines_named_for_a_requirement(name: str) -> None:
    entry = TABLE["requirements"][name]
    needs = by_platform(requirement(name).at_least)
    for platform, sizes in entry["machines"].items():
        one = {"set": sizes, "default": sizes} if isinstance(sizes, str) else sizes
        expected = {
            key: None if size == "never" else parse_docker_stats_memory(size)
            for key, size in one.items()
        }
        found = needs[platform]
        assert (found.when_set, found.by_default) == (expected["set"], expected["default"])


def by_platform(size: Bytes) -> dict[str, MachineNeed]:
    return {each.platform: each for each in machine_needs(size)}


_NEED = st.one_of(
    st.integers(min_value=int(mebibytes(1)), max_value=int(gibibytes(900))),
    # Around the borders: what a machine reports at its least, and a little more or less.
    st.builds(
        lambda machine, share, more: max(1, int(int(machine) * share) + more),
        st.sampled_from(MACHINES),
        st.sampled_from((1, 0.93, 0.93**2, 0.93 / 2, 0.93**2 / 2, 0.93**2 / 4)),
        st.integers(min_value=-2, max_value=2),
    ),
).map(Bytes)


@settings(deadline=None)
@given(_NEED)
def test_every_machine_that_is_named_passes_with_93_percent(size: Bytes) -> None:
    for each in machine_needs(size):
        platform = PLATFORMS[each.platform]
        if not platform.virtual_machine:
            assert each.setting is None
            assert each.when_set == each.by_default
            assert each.when_set is None or int(each.when_set) * REPORTS > size - 1
            continue
        assert each.setting is not None
        assert each.setting % gibibytes(1) == 0
        assert int(each.setting) * REPORTS > size - 1
        if each.by_default is not None:
            assert gets_by_default(each) * REPORTS > size - 1


@settings(deadline=None)
@given(_NEED)
def test_four_gib_are_left_to_the_machine(size: Bytes) -> None:
    for each in machine_needs(size):
        if each.setting is not None and each.when_set is not None:
            assert each.when_set - each.setting >= LEFT
        if each.setting is not None and each.by_default is not None:
            share = PLATFORMS[each.platform].default_share
            assert share is not None
            assert int(each.by_default) * (1 - share) > LEFT - 1


@settings(deadline=None)
@given(_NEED)
def test_no_smaller_machine_would_do_and_what_is_not_named_has_a_reason(size: Bytes) -> None:
    for each in machine_needs(size):
        assert bool(each.reason) is (each.when_set is None or each.by_default is None)
        for smaller in (one for one in MACHINES if each.when_set and one < each.when_set):
            if each.setting is None:
                assert int(smaller) * REPORTS < size + 1
            else:
                assert smaller - each.setting < LEFT


def gets_by_default(need: MachineNeed) -> float:
    """Return the bytes that the platform's default gives on a machine that reports 93 %."""
    platform = PLATFORMS[need.platform]
    assert platform.default_share is not None
    assert need.by_default is not None
    given_memory = int(need.by_default) * REPORTS * platform.default_share
    if platform.default_most_fact:
        given_memory = min(given_memory, fact_bytes(platform.default_most_fact))
    return given_memory


@pytest.mark.parametrize(
    ("platform", "size", "when_set", "reason"),
    [
        ("rancher-desktop", gibibytes(5.5), gibibytes(12), ""),
        ("rancher-desktop", gibibytes(5.6), gibibytes(12), "its default is never more than 6 GiB"),
        ("colima", gibibytes(5), gibibytes(12), "its default does not follow the machine's size"),
        ("linux", gibibytes(720), None, "no common machine has that much"),
        ("docker-desktop-mac", gibibytes(720), None, "no common machine has that much"),
        ("docker-desktop-mac", gibibytes(400), gibibytes(512), "no common machine has that much"),
        ("docker-desktop-mac", gibibytes(1), gibibytes(6), ""),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    platform: str, size: Bytes, when_set: Bytes | None, reason: str
) -> None:
    found = by_platform(size)[platform]
    assert (found.when_set, found.reason) == (when_set, reason)


@pytest.mark.parametrize(
    ("size", "machine"),
    [
        (gibibytes(7.43), gibibytes(8)),
        (gibibytes(7.45), gibibytes(12)),
        (mebibytes(15611), gibibytes(18)),
        (mebibytes(15237), gibibytes(16)),
        (gibibytes(714), gibibytes(768)),
        (gibibytes(715), None),
    ],
)
def test_the_nominal_size_allows_for_what_is_not_reported(
    size: Bytes, machine: Bytes | None
) -> None:
    assert nominal(size) == machine
