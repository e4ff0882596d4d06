"""The throwaway's Compose file: the real Compose takes it and limits what is to be limited."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from hcreport.collect.compose import ComposeRequest, whole_config
from hcreport.prove.throwaway import Wanted, throwaway
from hcreport.units import mebibytes
from tests.compose.support import BINARY, use_real_binary

LIMIT = mebibytes(40)

SERVICES = {
    "nothing": "{}",
    "mem_limit": "{mem_limit: 1g, memswap_limit: 2g, mem_reservation: 64m}",
    "cpus": "{cpus: 0.5, pids_limit: 20}",
    "deploy": "{deploy: {resources: {limits: {memory: 1g, cpus: '0.5', pids: 20}}}}",
    "deploy without memory": "{deploy: {resources: {limits: {cpus: '0.5'}}}}",
    "both": "{mem_limit: 1g, deploy: {resources: {limits: {memory: 1g}}}}",
    "reservation": "{deploy: {resources: {reservations: {memory: 64m, cpus: '0.1'}}}}",
    "restarting": "{restart: always, deploy: {restart_policy: {condition: any}, replicas: 2}}",
    "text": "{command: 'echo $$HOME', environment: {A: '$$B', C: \"\\u2028\"}}",
}


@pytest.mark.parametrize("limited", [True, False], ids=["own limit", "one limit for all"])
@pytest.mark.parametrize("name", SERVICES)
def test_compose_takes_the_throwaway(
    name: str, limited: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_binary(monkeypatch)
    project = {"services": {"web": {"image": "x", **yaml.safe_load(SERVICES[name])}}}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    wanted = Wanted(
        name="hcreport-prove-0123456789ab",
        replicas={"web": 1},
        limits={"web": LIMIT} if limited else {},
        cgroup_parent=None if limited else "/hcreport-prove-0123456789ab",
        missing=lambda _: False,
        socket=lambda _: False,
    )
    real = whole_config(ComposeRequest(folder=tmp_path))
    copy = tmp_path / "copy.yaml"
    copy.write_text(throwaway(real, wanted).text, encoding="utf-8")
    done = subprocess.run(
        [str(BINARY), "-f", str(copy), "config", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    web = json.loads(done.stdout)["services"]["web"]
    deployed = web["deploy"].get("resources", {}).get("limits", {}).get("memory")
    limits = {each for each in (web.get("mem_limit"), deployed) if each is not None}
    assert limits == ({str(int(LIMIT))} if limited else set())
    # Compose prints every $ twice.
    environment = {key: each.replace("$$", "$") for key, each in web.get("environment", {}).items()}
    assert environment == real["services"]["web"].get("environment", {})
