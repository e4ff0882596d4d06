"""The parts of a requirement: random stacks add up, and one service changes one row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.requirements import requirements, started_requirement
from hcreport.model import Requirement, RequirementPart, Scenario, Snapshot, Window
from hcreport.units import mebibytes
from tests.fragments import snapshot_of
from tests.watched import watched

MIB = int(mebibytes(1))

# How a container was seen, and what it used, in KiB.
_KINDS = ("not", "sample", "peak", "watched", "watched with peak", "killed")
_CONTAINER = st.tuples(st.sampled_from(_KINDS), st.integers(min_value=1, max_value=1 << 24))
_MEMORY = st.none() | st.integers(min_value=1, max_value=1 << 34)
_STACK = st.fixed_dictionaries(
    {
        "services": st.lists(st.lists(_CONTAINER, min_size=1, max_size=3), min_size=1, max_size=5),
        "models": st.lists(st.tuples(st.integers(min_value=0, max_value=5), _MEMORY), max_size=3),
        "profile": st.booleans(),
        "awake": st.none() | st.integers(min_value=0, max_value=3),
    }
)


def snapshot(stack: dict[str, Any]) -> Snapshot:
    """Return a stack: services ``s0`` ... with their containers, models, and a window."""
    services, containers, series = [], [], []
    for index, seen in enumerate(stack["services"]):
        name = f"s{index}"
        services.append(
            {
                "name": name,
                "replicas": len(seen),
                "profiles": ["p"] if _optional(stack, index) else [],
            }
        )
        for number, (kind, size) in enumerate(seen, 1):
            if kind != "not":
                containers.append(container(name, number, kind, size * 1024))
            if kind.startswith(("watched", "killed")):
                series.append(life(name, number, kind, size / 1024))
    models = [
        {"name": f"m{index}", "service": f"s{served}", "memory": memory}
        for index, (served, memory) in enumerate(stack["models"])
    ]
    scenarios = []
    if stack["awake"] is not None:
        names = [each["name"] for each in services]
        scenarios = [Scenario(name="few", group=tuple(names), awake=stack["awake"]).model_dump()]
    window = {"started_at": "2026-02-06T13:02:00Z", "seconds": 60, "interval_seconds": 1}
    return snapshot_of(
        {
            "project": {"profiles": ["p"] if stack["profile"] else []},
            "services": services,
            "containers": containers,
            "models": models,
            "scenarios": scenarios,
            "window": {**window, "rounds": 60, "series": series},
        }
    )


def _optional(stack: dict[str, Any], index: int) -> bool:
    return bool(stack["profile"]) and index % 2 == 1


def container(service: str, number: int, kind: str, size: int) -> dict[str, Any]:
    memory = {"usage": size} | ({"peak": 2 * size} if kind == "peak" else {})
    name = f"{service}-{number}"
    return {
        "name": name, "service": service, "number": number, "state": "running", "memory": memory
    }  # fmt: skip


def life(service: str, number: int, kind: str, size: float) -> dict[str, Any]:
    known = {"peak": size} if kind == "watched with peak" else {}
    killed = {"oom_kills": 1, "limit": size * 2} if kind == "killed" else {}
    made = watched(
        container=f"{service}-{number}", service=service, number=number, usage=size,
        **known, **killed,
    )  # fmt: skip
    return made.model_dump()


def sizes(requirement: Requirement) -> dict[str, float | None]:
    return {each.name: each.memory.value if each.memory else None for each in requirement.parts}


@settings(deadline=None)
@given(_STACK)
def test_the_breakdown_adds_up_to_the_byte(stack: dict[str, Any]) -> None:
    for each in requirements(snapshot(stack)):
        counted = [part for part in each.parts if not part.left_out]
        known = [part.memory.value for part in each.parts if part.memory]
        assert each.at_least == sum(known)
        assert each.complete is (bool(each.services) and len(known) == len(counted))
        assert all(part.memory or part.reason for part in each.parts)
        exact = each.complete and all(part.exact for part in counted)
        assert each.docker_memory == (each.at_least if exact else None)
        if each.docker_memory_recommended is not None:
            numbers = [part.recommended or part.memory for part in each.parts]
            assert each.docker_memory_recommended == sum(one.value for one in numbers if one)
            assert each.docker_memory_recommended >= each.at_least


@settings(deadline=None)
@given(_STACK, st.data())
def test_changing_one_service_changes_its_own_row_and_the_totals(
    stack: dict[str, Any], data: st.DataObject
) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(stack["services"]) - 1))
    more = data.draw(st.integers(min_value=1, max_value=1 << 20))
    changed = {**stack, "services": list(stack["services"]), "awake": None}
    changed["services"][index] = [(kind, size + more) for kind, size in stack["services"][index]]
    before = requirements(snapshot({**stack, "awake": None}))
    for old, new in zip(before, requirements(snapshot(changed)), strict=True):
        rows, others = ({part.name: part for part in each.parts} for each in (old, new))
        differing = {name for name in rows | others if rows.get(name) != others.get(name)}
        # What is not needed at once is a total over all services.
        assert differing <= {f"s{index}", "Not needed at once"}
        difference = sum(_value(others.get(name)) - _value(rows.get(name)) for name in differing)
        assert new.at_least - old.at_least == difference


def _value(part: RequirementPart | None) -> float:
    return part.memory.value if part and part.memory else 0


def use(name: str, size: int, *, number: int = 1, peak: bool = True) -> dict[str, Any]:
    """Return a container whose highest value makes it need 1.03 times ``size`` MiB."""
    memory = {"usage": size * MIB} | ({"peak": size * MIB} if peak else {})
    return {
        "name": f"{name}-{number}", "service": name, "number": number, "state": "running",
        "memory": memory,
    }  # fmt: skip


AGENTS = {
    "services": [{"name": each} for each in ("core", "a", "b", "c")],
    "containers": [use("core", 100), use("a", 300), use("b", 500), use("c", 400)],
}


@pytest.mark.parametrize(
    ("awake", "counted"),
    [(0, {"core"}), (1, {"core", "b"}), (2, {"core", "b", "c"}), (9, {"core", "a", "b", "c"})],
)
def test_of_a_group_the_hungriest_are_counted(awake: int, counted: set[str]) -> None:
    scenario = {"name": "few", "services": ["core"], "group": ["a", "b", "c"], "awake": awake}
    (found,) = requirements(snapshot_of({**AGENTS, "scenarios": [scenario]}))
    services = [each for each in found.parts if each.kind == "service"]
    assert {each.name for each in services} == counted
    assert found.docker_memory == found.at_least
    assert found.services == ("core", "a", "b", "c")
    assert f"Of a, b, c at most {awake} run at a time." in found.description


def test_a_member_of_a_group_that_was_not_measured_counts_as_the_hungriest() -> None:
    stack = {**AGENTS, "containers": AGENTS["containers"][:3]}
    scenario = {"name": "one", "group": ["a", "b", "c"], "awake": 1}
    (found,) = requirements(snapshot_of({**stack, "scenarios": [scenario]}))
    assert [each.name for each in found.parts if each.kind == "service"] == ["c"]
    assert found.docker_memory is None


def test_a_scenario_has_as_many_containers_as_it_says() -> None:
    stack = {
        "services": [{"name": "worker"}],
        "containers": [use("worker", 100)],
        "scenarios": [
            {"name": "as usual", "services": ["worker"]},
            {"name": "three", "services": ["worker"], "replicas": {"worker": 3}},
        ],
    }
    usual, three = requirements(snapshot_of(stack))
    assert sizes(usual)["worker"] == 103 * MIB
    assert three.parts[0].reason == "1 of 3 containers ran"
    assert three.parts[0].containers == 3
    stack["containers"] = [use("worker", 100 * number, number=number) for number in (1, 2, 3)]
    _, three = requirements(snapshot_of(stack))
    assert sizes(three)["worker"] == 618 * MIB


FILES = ["compose.yaml", "compose.llm.yaml"]


@pytest.mark.parametrize(
    ("scenario", "gaps", "reason"),
    [
        ({"services": ["core"]}, [], None),
        (
            {"services": ["core"]},
            [{"source": "scenarios", "subject": "full", "reason": "there is no file x"}],
            "there is no file x",
        ),
        ({"services": ["core"]}, [{"source": "scenarios", "subject": "o", "reason": "x"}], None),
        ({}, [], "nobody has read which services they start"),
    ],
)
def test_a_scenario_whose_files_were_not_read_is_not_known(
    scenario: dict[str, Any], gaps: list[dict[str, str]], reason: str | None
) -> None:
    declared = {"name": "full", "files": FILES, **scenario}
    (found,) = requirements(snapshot_of({**AGENTS, "scenarios": [declared], "gaps": gaps}))
    unread = [each for each in found.parts if each.name.startswith("what ")]
    assert [each.reason for each in unread] == ([reason] if reason else [])
    assert found.complete is (reason is None)
    assert (found.docker_memory is not None) is (reason is None)


def test_a_service_that_only_a_scenario_starts_is_measured_where_it_runs() -> None:
    stack = {
        "services": [{"name": "core"}, {"name": "llm", "active": False}],
        "containers": [use("core", 100), use("llm", 200)],
        "scenarios": [{"name": "full", "files": FILES, "services": ["core", "llm"]}],
    }
    (found,) = requirements(snapshot_of(stack))
    assert sizes(found)["llm"] == 206 * MIB
    assert "llm" not in sizes(started_requirement(snapshot_of(stack)))
    stack["containers"] = [use("core", 100)]
    (found,) = requirements(snapshot_of(stack))
    assert found.parts[1].reason == "it has no container"
    assert (found.at_least, found.docker_memory) == (found.at_least, None)


@pytest.mark.parametrize(
    ("used", "beyond", "largest"),
    [
        ([600], 118, 118),
        ([600, 600], 118 + 618, 118),
        ([600, 100], 118 + 103, 118),
        ([300, 300], 118, 0),
    ],
)
def test_a_model_is_taken_off_once_however_many_serve_it(
    used: list[int], beyond: int, largest: int
) -> None:
    stack = {
        "services": [{"name": "llm", "replicas": len(used)}],
        "containers": [use("llm", size, number=index) for index, size in enumerate(used, 1)],
        "models": [{"name": "m", "service": "llm", "memory": 500 * MIB}],
    }
    found = started_requirement(snapshot_of(stack))
    model, server = found.parts[:2]
    assert model.memory is not None
    assert server.memory is not None
    assert server.memory.name == "needed for what was seen, beyond its model"
    assert model.memory.value == 500 * MIB
    assert (server.memory.value, server.largest) == (beyond * MIB, largest * MIB)


def test_all_models_that_a_scenario_names_are_loaded() -> None:
    stack = {
        "services": [{"name": "llm"}],
        "containers": [use("llm", 2000)],
        "models": [
            {"name": "small", "service": "llm", "memory": 500 * MIB},
            {"name": "large", "service": "llm", "memory": 900 * MIB},
        ],
        "scenarios": [{"name": "both", "services": ["llm"], "models": ["small", "large"]}],
    }
    (found,) = requirements(snapshot_of(stack))
    assert sizes(found) == sizes(found) | {
        "small": 500 * MIB,
        "large": 900 * MIB,
        "llm": (2060 - 1400) * MIB,
    }
    assert found.docker_memory == found.at_least


def window(*services: str, held: int | None = 700) -> Window:
    together = {"at": 3, "containers": len(services), "shown": 900 * MIB}
    together |= {} if held is None else {"held": held * MIB}
    return Window.model_validate(
        {
            "started_at": "2026-02-06T13:02:00Z",
            "seconds": 60,
            "interval_seconds": 1,
            "rounds": 58,
            "together": together,
            "series": [
                watched(container=f"{each}-1", service=each, peak=100).model_dump()
                for each in services
            ],
        }
    )


@pytest.mark.parametrize(
    ("seen", "held", "known"),
    [
        (("a", "b"), 700, True),
        (("a",), 700, False),
        (("a", "b", "c"), 700, False),
        (("a", "b"), None, False),
    ],
)
def test_what_was_seen_together_is_stated_for_the_containers_that_were_watched(
    seen: tuple[str, ...], held: int | None, known: bool
) -> None:
    stack = {
        "services": [{"name": "a"}, {"name": "b"}],
        "window": window(*seen, held=held).model_dump(),
    }
    found = started_requirement(snapshot_of(stack)).seen_together
    assert (found is not None) is known
    if found is not None:
        assert found.value == 700 * MIB
        assert "58 in 60 s" in found.origin.evidence


def test_what_was_watched_counts_more_than_one_sample() -> None:
    stack = {
        "services": [{"name": "a"}],
        "containers": [use("a", 900)],
        "window": window("a").model_dump(),
    }
    found = started_requirement(snapshot_of(stack))
    memory = found.parts[0].memory
    assert memory is not None
    assert memory.value == 103 * MIB
    assert memory.origin.fact == "sizing/held-factor"
    assert memory.origin.evidence.startswith("60 samples in 60 s")


@pytest.mark.parametrize(
    ("peaks", "spare"),
    [((100,), 0), ((100, 300), 3), ((100, 300, 200), 9), ((300, 300), 9)],
)
def test_only_the_largest_margin_is_counted(peaks: tuple[int, ...], spare: int) -> None:
    """Each has a margin of 3 % above its highest value, and all but the largest are taken off."""
    names = [f"s{index}" for index in range(len(peaks))]
    stack = {
        "services": [{"name": name} for name in names],
        "containers": [use(name, size) for name, size in zip(names, peaks, strict=True)],
    }
    found = started_requirement(snapshot_of(stack))
    margins = [_value(each) for each in found.parts if each.kind == "margin"]
    assert margins == ([-spare * MIB] if spare else [])
