"""The script for a machine reads a real engine by the real Docker command line, and agrees."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hcreport.model import MachineCheck
from hcreport.units import Bytes
from tests.engine_fixture import RunningEngine, unavailable
from tests.machine_scripts_case import script_text, shell_command

pytestmark = pytest.mark.engine


def test_the_script_reads_a_real_engine(engine: RunningEngine, tmp_path: Path) -> None:
    if shutil.which("docker") is None:
        unavailable("there is no docker command")
    info = engine.client.info()
    memory, cpus = int(info["MemTotal"]), int(info["NCPU"])
    free = shutil.disk_usage(info["DockerRootDir"]).free
    script = tmp_path / "check-machine.sh"
    checks = {
        "Fits": MachineCheck(docker_memory=Bytes(memory), exact=True, cpus_at_least=cpus),
        "Too large": MachineCheck(docker_memory=Bytes(memory + 1), exact=True),
        "Too many": MachineCheck(docker_memory=Bytes(1), exact=True, cpus_at_least=cpus + 1),
        "Too full": MachineCheck(docker_memory=Bytes(1), exact=True, disk=Bytes(free * 2)),
    }
    script.write_text(script_text(checks), encoding="utf-8")
    environment = {**os.environ, "DOCKER_HOST": engine.host}
    found = {}
    for name in checks:
        done = subprocess.run(
            [*shell_command("dash"), str(script), name],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert f"CPUs: has {cpus}," in done.stdout
        found[name] = done.stdout.splitlines()[0].partition(": ")[2]
    compose = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    fits = "may run" if compose.returncode == 0 else "runs after a change"
    refused = dict.fromkeys(("Too large", "Too many", "Too full"), "does not run")
    assert found == {"Fits": fits, **refused}
