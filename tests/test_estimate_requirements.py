"""Requirements: parts that add up to the byte, scenarios, and what stays unknown."""

from __future__ import annotations

import pytest

from hcreport.estimate.requirements import requirements
from hcreport.estimate.scenarios import EVERYTHING, WITHOUT_MODEL
from hcreport.model import Requirement
from hcreport.platforms import PLATFORMS, host_memory_when_set
from hcreport.units import mebibytes
from tests.fragments import read_yaml, snapshot_of

# Docker itself: 100 MiB and 6 MiB for each container; the system around it keeps 90 MiB.
ENGINE, EACH, SYSTEM = 100, 6, 90


def by_name(fragment: str) -> dict[str, Requirement]:
    return {each.scenario: each for each in requirements(snapshot_of(fragment))}


def parts(requirement: Requirement) -> dict[str, float | str]:
    """Return MiB by name of part but the system's, or the reason where it is unknown."""
    one = int(mebibytes(1))
    return {
        each.name: each.memory.value / one if each.memory else each.reason
        for each in requirement.parts
        if each.kind != "system"
    }


def use(name: str, size: str, *, service: str = "", more: str = "") -> str:
    memory = f"{{usage: !memory {size}{more}}}"
    return f"{{name: {name}, service: {service or name}, state: running, memory: {memory}}}"


def test_the_parts_add_up_to_the_byte() -> None:
    found = by_name(f"""
        services: [{{name: web, replicas: 2}}, {{name: llama}}]
        containers:
          - {use("w1", "100.5MiB", service="web")}
          - {use("w2", "50MiB", service="web", more=", inactive_file: !memory 10MiB")}
        models: [{{name: m, service: llama, memory: !memory 5000MiB}}]
    """)[EVERYTHING]
    assert parts(found) == {
        "m": 5000,
        "web": 140.5,
        "llama": "it has no container",
        "Docker itself": ENGINE + 3 * EACH,
    }
    assert found.at_least == sum(each.memory.value for each in found.parts if each.memory)
    assert (found.complete, found.docker_memory) == (False, None)


def test_a_use_of_one_moment_is_no_requirement() -> None:
    found = by_name(f"services: [{{name: web}}]\ncontainers: [{use('web', '100MiB')}]")[EVERYTHING]
    assert (found.complete, found.docker_memory) == (True, None)
    memory = found.parts[0].memory
    assert memory is not None
    assert memory.name == "seen in use"


_PEAK = ", peak: !memory 300MiB"


def test_peaks_of_every_container_are_a_requirement() -> None:
    found = by_name(f"services: [{{name: web}}]\ncontainers: [{use('web', '100MiB', more=_PEAK)}]")
    everything = found[EVERYTHING]
    assert everything.docker_memory == everything.at_least
    assert everything.at_least == mebibytes(309 + SYSTEM + ENGINE + EACH)
    memory = everything.parts[0].memory
    assert memory is not None
    assert (memory.name, memory.origin.fact) == ("needed for what was seen", "sizing/peak-factor")


def test_one_moment_among_peaks_leaves_a_lower_bound() -> None:
    found = by_name(f"""
        services: [{{name: web}}, {{name: db}}]
        containers: [{use("web", "100MiB", more=_PEAK)}, {use("db", "50MiB")}]
    """)[EVERYTHING]
    assert parts(found) == {"web": 309, "db": 50, "Docker itself": ENGINE + 2 * EACH}
    assert found.docker_memory is None


@pytest.mark.parametrize(
    ("service", "container", "gaps", "reason"),
    [
        ("name: s", "", "", "without an engine"),
        ("name: s", "{name: x, service: x, state: running}", "", "it has no container"),
        ("name: s", "{name: s, service: s, state: exited}", "", "it did not run"),
        ("name: s, replicas: 2", use("s", "1MiB"), "", "1 of 2 containers ran"),
        (
            "name: s",
            "{name: s, service: s, state: running}",
            "{source: stats, subject: s, reason: it timed out}",
            "it timed out",
        ),
    ],
)
def test_a_part_that_was_not_measured_says_why(
    service: str, container: str, gaps: str, reason: str
) -> None:
    found = by_name(f"services: [{{{service}}}]\ncontainers: [{container}]\ngaps: [{gaps}]")
    assert reason in str(parts(found[EVERYTHING])["s"])
    assert not found[EVERYTHING].complete


def test_the_use_of_a_server_is_not_added_to_its_model() -> None:
    """The sample may hold the model already: adding both could count it twice."""
    found = by_name(f"""
        services: [{{name: llama}}]
        containers: [{use("llama", "60MiB")}]
        models: [{{name: m, service: llama, memory: !memory 5000MiB}}]
    """)[EVERYTHING]
    assert "counted above" in str(parts(found)["llama"])
    assert found.at_least == mebibytes(5000 + SYSTEM + ENGINE + EACH)


def test_use_beyond_the_model_is_counted() -> None:
    found = by_name(f"""
        services: [{{name: llama}}]
        containers: [{use("llama", "5100MiB")}]
        models: [{{name: m, service: llama, memory: !memory 5000MiB}}]
    """)[EVERYTHING]
    assert parts(found)["llama"] == 100


def test_a_server_that_uses_no_more_than_its_model_adds_nothing() -> None:
    found = by_name(f"""
        services: [{{name: llama}}]
        containers: [{use("llama", "5000MiB")}]
        models: [{{name: m, service: llama, memory: !memory 5000MiB}}]
    """)[EVERYTHING]
    assert "counted above" in str(parts(found)["llama"])


_MODELS = """
    services:
      - {name: llama}
      - {name: web}
      - {name: gpu, profiles: [gpu], active: false}
      - {name: debug, profiles: [debug], active: false}
      - {name: none, profiles: [gpu], active: false, replicas: 0}
      - {name: cloud, profiles: [gpu], active: false, provider: true}
    project: {profiles: [gpu]}
    models:
      - {name: small, service: llama, memory: !memory 1000MiB}
      - {name: large, service: llama, memory: !memory 5000MiB}
      - {name: middle, service: llama, memory: !memory 2000MiB}
      - {name: unknown, service: llama}
      - {name: other, service: gpu, memory: !memory 9000MiB}
      - {name: unserved, memory: !memory 7MiB}
"""


def test_scenarios_follow_from_profiles_and_models() -> None:
    found = by_name(_MODELS)
    assert {name: each.services for name, each in found.items()} == {
        EVERYTHING: ("llama", "web"),
        WITHOUT_MODEL: ("web",),
        "profile gpu": ("llama", "web", "gpu"),
    }
    assert found[WITHOUT_MODEL].description == "The same without llama."
    assert found[WITHOUT_MODEL].at_least == mebibytes(SYSTEM + ENGINE + EACH)
    assert found["profile gpu"].at_least == mebibytes(5000 + 9000 + SYSTEM + ENGINE + 3 * EACH)


def test_of_several_models_of_a_service_only_the_largest_is_certain() -> None:
    found = by_name(_MODELS)[EVERYTHING]
    assert found.at_least == mebibytes(5000 + 7 + SYSTEM + ENGINE + 2 * EACH)
    for name in ("small", "middle"):
        assert "a larger model of the same service" in str(parts(found)[name])
    assert "neither declared nor measured" in str(parts(found)["unknown"])


def test_a_declared_scenario_takes_the_place_of_the_others() -> None:
    found = by_name(f"""
        {_MODELS}
    scenarios:
      - {{name: Both, services: [llama], models: [small, large]}}
      - {{name: Wrong, services: [moon]}}
    """)
    assert set(found) == {"Both", "Wrong"}
    assert found["Both"].at_least == mebibytes(6000 + SYSTEM + ENGINE + EACH)
    assert "nothing of that name" in str(parts(found["Wrong"])["moon"])
    assert not found["Wrong"].complete


def test_a_scenario_that_names_a_service_means_at_least_one_container() -> None:
    found = by_name("""
        services: [{name: idle, replicas: 0, active: false}, {name: cloud, provider: true}]
        scenarios: [{name: All, services: [idle, cloud]}]
    """)["All"]
    assert parts(found) == {
        "idle": "the snapshot was taken without an engine",
        "cloud": "a provider runs it, not a container",
        "Docker itself": ENGINE + EACH,
    }


def test_without_a_model_there_is_no_scenario_without_it() -> None:
    assert set(by_name("services: [{name: web}]")) == {EVERYTHING}


def test_the_range_of_docker_itself_is_stated() -> None:
    memory = by_name("services: [{name: web}]")[EVERYTHING].parts[-2].memory
    assert memory is not None
    assert memory.low is not None
    assert memory.high is not None
    assert memory.low < memory.value < memory.high
    assert memory.origin.kind == "estimated"


def test_host_memory_is_given_by_platform_where_a_part_is_known() -> None:
    known = by_name(f"services: [{{name: web}}]\ncontainers: [{use('web', '900MiB')}]")[EVERYTHING]
    assert known.host_memory == {
        name: host_memory_when_set(known.at_least, platform) for name, platform in PLATFORMS.items()
    }
    assert by_name("services: [{name: web}]")[EVERYTHING].host_memory == {}
    late = f"services: [{{name: a}}, {{name: b}}]\ncontainers: [{use('b', '900MiB')}]"
    assert by_name(late)[EVERYTHING].host_memory


def test_sizes_of_the_tests_are_read_as_they_are_written() -> None:
    assert read_yaml("[!memory 1GiB, !disk 1GB]") == [mebibytes(1024), 10**9]
