"""The scripts ``check-machine.sh`` and ``check-machine.ps1``: whether a machine runs a scenario.

They carry the numbers of ``requirements.json``, for a person who has neither this program nor
Python. That person reads them before running them, so they are plain and have comments. What they
compare, and in which order, is what :mod:`hcreport.estimate.doctor` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment

from hcreport.estimate.doctor import machine_needs_of
from hcreport.model import MachineCheck, MachineNeeds, Requirement, Snapshot
from hcreport.platforms import PLATFORMS, Platform, machine_memory
from hcreport.render.marker import FILE_MARK, POWERSHELL_SCRIPT, SHELL_SCRIPT
from hcreport.render.program_text import program_texts
from hcreport.render.quoting import (
    comment_text,
    powershell_quoted,
    powershell_word,
    shell_quoted,
    shell_word,
)
from hcreport.units import GB, GIB, MIB, gb, gib

_BLANK_LINES = re.compile(r"\n{3,}")
_AMOUNT = re.compile(r"\{(gib|mib)\}")

_WINDOWS = (
    "docker-desktop-wsl2",
    "docker-desktop-hyperv",
    "rancher-desktop-windows",
    "podman-wsl2",
    "podman",
    "wsl2",
)
"""The platforms that PowerShell may find on Windows."""


@dataclass(frozen=True, kw_only=True)
class _Scenario:
    """The numbers of one scenario, as both scripts hold them."""

    name: str
    check: MachineCheck

    @property
    def compose(self) -> tuple[int, int]:
        """Major and minor version of the oldest Docker Compose that will do."""
        major, _, minor = self.check.compose_at_least.partition(".")
        return int(major), int(minor or 0)

    @property
    def around(self) -> str:
        """The machine that has the room for Docker's virtual machine; empty where not known."""
        setting = self.check.setting
        return "" if setting is None else gib(setting + machine_memory())


def machine_scripts(snapshot: Snapshot, requirements: Iterable[Requirement]) -> dict[str, str]:
    """Return both scripts by file name; none where there is no scenario."""
    return scripts_for(snapshot, machine_needs_of(requirements, snapshot))


def scripts_for(snapshot: Snapshot, needs: Iterable[MachineNeeds]) -> dict[str, str]:
    """Return both scripts for what scenarios ask of a machine; the first one is the default."""
    scenarios = [_Scenario(name=each.scenario, check=each.check) for each in needs]
    if not scenarios:
        return {}
    values = {
        "mark": FILE_MARK,
        "project": snapshot.project.name,
        "day": snapshot.taken_at.date().isoformat(),
        "scenarios": scenarios,
        "gib_bytes": GIB,
        "mib_bytes": MIB,
        "gb_bytes": GB,
    }
    virtual = [each for each in PLATFORMS.values() if each.virtual_machine]
    return {
        SHELL_SCRIPT: _script("check-machine.sh.j2", values, virtual),
        POWERSHELL_SCRIPT: _script(
            "check-machine.ps1.j2", values, [PLATFORMS[each] for each in _WINDOWS]
        ),
    }


def _script(template: str, values: Mapping[str, object], platforms: Iterable[Platform]) -> str:
    found = _environment().get_template(template)
    text = found.render({**values, "platforms": list(platforms)})
    return _BLANK_LINES.sub("\n\n", text)


_Pieces = tuple[tuple[str, bool], ...]


def _shell_steps(platforms: Iterable[Platform]) -> list[tuple[list[str], list[str]]]:
    """Return the lines of the steps, each one word of a shell, with the platforms they are for."""
    return [([_shell_line(each) for each in lines], ids) for lines, ids in _by_steps(platforms)]


def _powershell_steps(platforms: Iterable[Platform]) -> list[tuple[list[str], list[str]]]:
    """Return the same, each line one expression of PowerShell."""
    return [
        ([_powershell_line(each) for each in lines], ids) for lines, ids in _by_steps(platforms)
    ]


def _shell_line(pieces: _Pieces) -> str:
    """Return a line as a shell has it: ``'colima start --memory '"$in_gib"``."""
    return "".join(f'"$in_{each}"' if amount else shell_word(each) for each, amount in pieces)


def _powershell_line(pieces: _Pieces) -> str:
    """Return a line as PowerShell has it: ``('memory=' + $inGib + 'GB')``."""
    words = [
        f"$in{each.capitalize()}" if amount else powershell_word(each) for each, amount in pieces
    ]
    return words[0] if len(words) == 1 else f"({' + '.join(words)})"


def _by_steps(platforms: Iterable[Platform]) -> list[tuple[tuple[_Pieces, ...], list[str]]]:
    """Return the steps that are not the same, each with the ids of its platforms."""
    found: dict[tuple[_Pieces, ...], list[str]] = {}
    for each in platforms:
        found.setdefault(tuple(_steps(each)), []).append(each.id)
    return list(found.items())


def _steps(platform: Platform) -> Iterator[_Pieces]:
    """Yield each line that says how Docker gets more memory, in pieces.

    A piece is a text, or the unit of the amount that stands there, which the second value tells.
    """
    lines = [*platform.how_to_change_memory]
    if platform.settings_file:
        lines.append(f"The file is {platform.settings_file}, and these are its lines:")
        lines += [f"  {each}" for each in platform.settings_text.splitlines()]
    if platform.command_lines:
        lines += ["In a terminal:", *(f"  {each}" for each in platform.command_lines)]
    if platform.doubt:
        lines.append(platform.doubt)
    for line in lines:
        pieces = enumerate(_AMOUNT.split(line))
        yield tuple((each, number % 2 == 1) for number, each in pieces if each)


def _number(value: int | None) -> str:
    """Return a number as a script has it; quotes with nothing in them stand for unknown."""
    return "''" if value is None else f"{int(value)}"


def _powershell_number(value: int | None) -> str:
    """Return a number as PowerShell has it; its other whole numbers end at two thousand million."""
    return "$null" if value is None else f"[long] {int(value)}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return program_texts(
        "machine",
        {
            "comment": comment_text,
            "shell": shell_quoted,
            "powershell": powershell_quoted,
            "number": _number,
            "powershell_number": _powershell_number,
            "shell_steps": _shell_steps,
            "powershell_steps": _powershell_steps,
            "gib": gib,
            "gb": gb,
        },
    )
