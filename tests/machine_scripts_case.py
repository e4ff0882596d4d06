"""Plays a recorded machine to the scripts for a machine: programs that print what it said."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from hcreport.model import MachineCheck, MachineNeeds
from hcreport.render.machine_scripts import scripts_for
from hcreport.render.marker import SHELL_SCRIPT
from hcreport.snapshot import read_snapshot
from tests.pages_case import SNAPSHOTS
from tests.required import missing

SHELLS = {
    "dash": ("/bin/dash",),
    "bash": ("/bin/bash", "--posix"),
    # It takes its own programs before those that a PATH names, and a function before its own.
    "busybox": (
        *("/bin/busybox", "ash", "-c"),
        # One word for the shell in two pieces, which is what the rule asks about.
        'df() { "$PATH/df" "$@"; }; uname() { "$PATH/uname" "$@"; }; '  # noqa: ISC004
        'sysctl() { "$PATH/sysctl" "$@"; }; . "$0"',
    ),
}

MACHINES = {
    path.stem: cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))
    for path in sorted((Path(__file__).parent / "doctor_machines").glob("*.yaml"))
}

_INFO = (
    "MemTotal",
    "NCPU",
    "DockerRootDir",
    "OperatingSystem",
    "KernelVersion",
    "Name",
    "Architecture",
)
"""What the script asks Docker, in its order."""

_SYSTEMS = {"Linux": "Linux", "Darwin": "Darwin", "Windows": "MINGW64_NT-10.0-22631"}


def script_text(checks: Mapping[str, MachineCheck], name: str = SHELL_SCRIPT) -> str:
    """Return a script for scenarios with these numbers, by name."""
    needs = [MachineNeeds(scenario=each, check=check) for each, check in checks.items()]
    return scripts_for(read_snapshot(SNAPSHOTS["tiny"]), needs)[name]


def three_checks() -> dict[str, MachineCheck]:
    """Return what the three scenarios ask that the recorded machines have verdicts for."""
    path = Path(__file__).parent / "doctor_requirements" / "three.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    return {
        each["scenario"]: MachineCheck.model_validate_json(json.dumps(each["check"]))
        for each in data["scenarios"]
    }


def played(machine: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Write the programs of a machine into a folder; return the environment that finds no other.

    Its data root is a folder of ours where the recording says what is free there, and one that
    does not exist where it has none.
    """
    info = dict(machine["info"])
    free = machine["disk_free_kib"]
    info["DockerRootDir"] = "/no/such/folder" if free is None else str(folder)
    compose = machine["compose"]
    for name, text in {
        "docker": _docker(machine, [str(info[each]) for each in _INFO]),
        "docker-compose": _answer(compose["standalone"]),
        "df": _answer(_disk_table(free)),
        "uname": f"case $1 in -s) {_answer(_SYSTEMS[machine['client']])};; "
        f"*) {_answer(machine['release'])};; esac",
        "sysctl": _answer(machine["machine_memory"] if machine["client"] == "Darwin" else None),
    }.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
    for name in ("sed", "tr"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(shutil.which(name) or name)
    memory = machine["machine_memory"]
    if memory is not None:
        text = f"MemTotal:       {memory // 1024} kB\nMemFree:  1 kB\n"
        (folder / "meminfo").write_text(text, encoding="utf-8")
    return {"PATH": str(folder), "CHECK_MACHINE_MEMINFO": str(folder / "meminfo"), "HOME": "/"}


def shell_command(name: str) -> tuple[str, ...]:
    """Return the words that start a shell; skip or fail where it is not installed."""
    if not Path(SHELLS[name][0]).is_file():
        missing("shells", f"{SHELLS[name][0]} is not installed")
    return SHELLS[name]


def run(
    shell: str, script: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a script with nothing but the programs of the environment's folder."""
    return subprocess.run(
        [*shell_command(shell), str(script), *arguments],
        env=dict(environment),
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def _docker(machine: Mapping[str, Any], info: list[str]) -> str:
    components = "".join(f"{each};" for each in machine["components"])
    return "\n".join(
        (
            'case "$1 $2" in',
            f"'info --format') {_answer(chr(10).join(info))};;",
            f"'context inspect') {_answer(machine['endpoint'])};;",
            f"'version --format') {_answer(components)};;",
            f"'compose version') {_answer(machine['compose']['plugin'])};;",
            "*) echo unknown >&2; exit 1;;",
            "esac",
        )
    )


def _answer(text: object) -> str:
    """Return the command that prints a reply; one that fails where there is none."""
    return "exit 1" if text is None else f"printf '%s\\n' {shlex.quote(str(text))}"


def _disk_table(free: int | None) -> str | None:
    """Return the table of ``df -Pk``, with a device whose name has a space."""
    if free is None:
        return None
    head = "Filesystem     1024-blocks      Used Available Capacity Mounted on"
    return f"{head}\nmy disk 1 {free * 2} {free} {free}  50% /"
