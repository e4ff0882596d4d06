"""The step that gives Docker more memory, in the words of its platform, or why it cannot be had.

Not a rule: every rule about too little memory offers this step among others.
"""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.estimate.shortage import wanted_memory
from hcreport.model import Action, Engine
from hcreport.platforms import (
    Platform,
    candidates,
    fits_machine,
    machine_memory,
    setting_for,
)
from hcreport.rules.contract import Case
from hcreport.units import Bytes, gib


@dataclass(frozen=True)
class Refused:
    """Why Docker cannot be given the memory that is needed, so that other steps come first."""

    reason: str
    """One sentence with its numbers; plain text."""


def raise_engine_memory(
    case: Case, *, also: str = "", least: Bytes | None = None
) -> Action | Refused:
    """Return the step that gives Docker more memory, in the words of its platform.

    ``also`` is a second half of the step where it does not help alone. ``least`` are bytes that
    Docker needs whatever starts, as for a model that is loaded later. Refused where Docker has
    enough for all that is known, and where the machine's memory is known and too small: the
    setting of a virtual machine and what stays with the machine itself (fact
    ``platforms/docker-desktop-system-memory``) are more than it has. Needs a snapshot with an
    engine whose memory is known.
    """
    engine = case.snapshot.engine
    if engine is None:
        raise LookupError("the rule advises on an engine that its `needs` do not name")
    wanted = max(wanted_memory(case.snapshot), least or Bytes(0))
    platforms = candidates(engine)
    setting = max(setting_for(wanted, platform) for platform in platforms)
    refused = _refusal(case, engine, platforms, wanted, setting)
    if refused is not None:
        return refused
    certain = platforms[0] if len(platforms) == 1 else None
    commands = certain.commands(setting) if certain and not engine.remote else ()
    more = wanted - case.engine_memory
    return Action(
        what=_in_words(platforms, setting, remote=engine.remote) + also,
        why=f"What is to run needs at least {gib(wanted)}; Docker has {gib(case.engine_memory)}.",
        command="\n".join(commands),
        effort="minutes" if any(each.virtual_machine for each in platforms) else "a day",
        gain=f"{gib(more)} more than the engine has",
        effect=more,
        verify=f"{platforms[0].verify_command} prints {int(wanted)} or more.",
        undo=certain.undo if certain else "Put the old amount back.",
    )


def _refusal(
    case: Case, engine: Engine, platforms: tuple[Platform, ...], wanted: Bytes, setting: Bytes
) -> Refused | None:
    """Return why Docker cannot or need not be given more; None where it can and must."""
    if wanted <= case.engine_memory:
        has, needs = gib(case.engine_memory), gib(wanted)
        return Refused(f"Docker has {has}, and all that is known needs {needs}.")
    if engine.host_memory is None or not all(each.virtual_machine for each in platforms):
        return None
    if fits_machine(setting, engine.host_memory):
        return None
    return Refused(
        f"The machine has {gib(engine.host_memory)}. Docker would need a setting of "
        f"{gib(setting)}, and {gib(machine_memory())} must stay with the machine itself."
    )


def _in_words(platforms: tuple[Platform, ...], setting: Bytes, *, remote: bool) -> str:
    """Return the step with its amount; the place too where that is not this machine."""
    place = " on the machine that runs it" if remote else ""
    platform = platforms[0]
    if len(platforms) > 1:
        step = f"Give Docker at least {gib(setting)} of memory{place}"
        return f"{step}: the requirements page says how on each platform"
    if not platform.virtual_machine:
        step = f"Give the machine that runs Docker at least {gib(setting)} of memory"
        return f"{step}, or start fewer services"
    step = f"Raise the memory of {platform.name} to at least {gib(setting)}{place}"
    if platform.settings_file:
        lines = " ".join(platform.settings(setting).split())
        return f"{step}: write {lines} into {platform.settings_file}"
    return step
