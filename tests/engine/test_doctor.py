"""What ``hcreport doctor`` reads of a real engine, and that Docker refuses what it warns of."""

from __future__ import annotations

import pytest
from docker.errors import APIError

from hcreport.collect.machine import free_on_disk, read_machine
from hcreport.units import GB
from tests.engine_fixture import RunningEngine

pytestmark = pytest.mark.engine

IMAGE = "hcreport-test/doctor:1"
BILLION = 10**9


def test_the_machine_is_what_the_engine_and_the_system_say(engine: RunningEngine) -> None:
    info = engine.client.info()
    machine = read_machine(engine.host)
    assert (machine.docker_memory, machine.cpus) == (info["MemTotal"], info["NCPU"])
    assert machine.platform == "linux"
    assert machine.memory is None  # nobody asks: Docker sees all of it
    seen = free_on_disk(info["DockerRootDir"])
    assert (machine.disk_free is None) is (seen is None)
    if machine.disk_free is not None and seen is not None:
        assert abs(int(machine.disk_free) - int(seen)) < 10 * GB


def test_docker_refuses_a_cpu_limit_above_its_cpus(engine: RunningEngine) -> None:
    """Fact ``docker/cpu-limit-above-cpus``: as many as there are may be used, and no more."""
    engine.build(IMAGE, "FROM scratch\nCOPY busybox /busybox\n")
    cpus = engine.client.info()["NCPU"]
    made = engine.client.containers.create(IMAGE, "/busybox true", nano_cpus=cpus * BILLION)
    made.remove()
    with pytest.raises(APIError, match=r"(?i)range of CPUs is from 0\.01 to"):
        engine.client.containers.create(IMAGE, "/busybox true", nano_cpus=cpus * BILLION + 10**7)
    engine.remove(IMAGE)
