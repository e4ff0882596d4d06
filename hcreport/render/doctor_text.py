"""What ``hcreport doctor`` says on a terminal: a verdict, its comparisons, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from hcreport.estimate.machines import nominal, nominal_size
from hcreport.model import CheckAnswer, Machine, MachineReport, ScenarioAnswer
from hcreport.platforms import PLATFORMS, UNKNOWN, Platform, host_memory_when_set
from hcreport.render.console import WIDTH, indented, printed, shown
from hcreport.render.escape import one_line
from hcreport.render.words import day_text
from hcreport.units import Bytes, gb, gib

_COLOURS = {"runs": "green", "may run": "green", "not measured": "yellow"}

_COMPOSE = "https://docs.docker.com/compose/install/"


def doctor_text(report: MachineReport, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return what came of looking at a machine as text, ``width`` columns wide."""
    return printed(Group(*_parts(report)), colour=colour, width=width)


def _parts(report: MachineReport) -> Iterator[RenderableType]:
    platform = _platform(report.machine)
    yield shown(f"Whether {one_line(report.project)} runs on this machine", "bold")
    yield shown(f"Docker here: {platform.name}")
    yield shown(f"Needs from the snapshot of {day_text(report.taken_at.date())}")
    for answer in report.answers:
        yield Text("")
        colour = _COLOURS.get(answer.verdict, "red")
        yield shown(f"{one_line(answer.scenario)}: {answer.verdict}", f"bold {colour}")
        for line in _lines(answer, report.machine):
            yield indented(line)


def _lines(answer: ScenarioAnswer, machine: Machine) -> Iterator[str]:
    """Yield a line for each comparison, and behind it what to do about it."""
    platform = _platform(machine)
    for check in answer.checks:
        match check.checked:
            case "memory":
                yield f"Docker's memory: {_comparison(check, gib)}."
                yield from _memory_help(check, machine, platform)
            case "cpus":
                yield f"CPUs: {_cpus(check)}."
                if check.state == "too little":
                    yield "Docker refuses a container whose CPU limit is higher than its CPUs."
                    yield "Give Docker more CPUs, or lower that limit in the Compose file."
            case "disk":
                yield f"Free disk of Docker: {_comparison(check, gb)}."
                yield from _disk_help(check)
            case "compose":
                state = "enough" if check.state == "enough" else "too old"
                has = "there is none" if check.has is None else f"has {check.has}"
                state = "missing" if check.has is None else state
                yield f"Docker Compose: {has}, needs {check.needs} or newer: {state}."
                if check.state != "enough":
                    yield f"Install or update Docker Compose: {_COMPOSE}"


def _comparison(check: CheckAnswer, show: Callable[[int], str]) -> str:
    """Return what is there, what is needed, and what comes of it."""
    needs, has = check.needs, check.has
    words = []
    if isinstance(has, Bytes):
        words.append(f"has {show(has)}")
    if isinstance(needs, Bytes):
        words.append(f"needs {show(needs)}")
    state: str = check.state
    if isinstance(has, Bytes) and isinstance(needs, Bytes) and has < needs:
        state += f", {show(needs - has)} are missing"
    if check.state in ("not measured", "may be enough") and check.reason:
        state += f", {check.reason}"
    return ": ".join([", ".join(words), state] if words else [state])


def _cpus(check: CheckAnswer) -> str:
    if check.needs is None:
        return f"has {check.has}, and no service has a CPU limit: enough"
    return f"has {check.has}, needs {check.needs}: {check.state}"


def _memory_help(check: CheckAnswer, machine: Machine, platform: Platform) -> Iterator[str]:
    """Yield how Docker gets the memory, or what machine it takes."""
    needs = check.needs
    if check.state not in ("after a change", "too little") or not isinstance(needs, Bytes):
        return
    if not platform.virtual_machine:
        yield _takes(nominal(needs))
        yield from platform.how_to_change_memory
        return
    setting = check.setting
    if setting is None:
        # The machine is known, and too small for the least setting.
        if machine.memory is not None:
            yield f"This machine reports {gib(machine.memory)}, which is too little for that."
        yield _takes(nominal_size(host_memory_when_set(needs, platform)))
        return
    if machine.memory is None:
        yield f"Whether this machine can give Docker more is not measured: {check.reason}."
        yield _takes(nominal_size(host_memory_when_set(needs, platform)))
    yield f"Set Docker's memory to {gib(setting)}:"
    yield from _steps(platform, setting)


def _takes(machine: Bytes | None) -> str:
    if machine is None:
        return "No common machine has enough."
    return f"It takes a machine of {gib(machine)} or more."


def _steps(platform: Platform, setting: Bytes) -> Iterator[str]:
    """Yield the platform's own instruction with the amount."""
    yield from (f"{number}. {each}" for number, each in enumerate(platform.how_to_change_memory, 1))
    if platform.settings_file:
        yield f"In {platform.settings_file}:"
        yield from (f"    {each}" for each in platform.settings(setting).splitlines())
    if platform.command_lines:
        yield "In a terminal:"
        yield from (f"    {each}" for each in platform.commands(setting))
    if platform.doubt:
        yield platform.doubt
    yield f"Then see what Docker has: {platform.verify_command}"


def _disk_help(check: CheckAnswer) -> Iterator[str]:
    if check.state == "too little":
        yield "What is there of this project already needs no further room."
        yield "Free some, or give Docker a larger disk. See docker system df."
    elif check.state == "not measured" and check.needs is not None:
        yield "Compare it with the disk limit in Docker's settings and with docker system df."


def _platform(machine: Machine) -> Platform:
    return PLATFORMS.get(machine.platform, UNKNOWN)
