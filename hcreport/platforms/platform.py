"""What is known of one way to run Docker: its name, and how its memory is changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hcreport.facts import fact_value
from hcreport.model import Confidence
from hcreport.units import Bytes, gibibytes, mebibytes

VERIFY_COMMAND = "docker info --format '{{.MemTotal}}'"
"""Prints the engine's memory in bytes, wherever the Docker command is at hand."""


NO_DEFAULT_SHARE = "Other virtual machines"
"""The family of those whose default is a fixed amount, whatever the machine has."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One way to run Docker, and what to do there to give it more memory."""

    id: str
    """Stable name for files, tabs and JSON: ``docker-desktop-wsl2``."""
    name: str
    """For people: ``Docker Desktop on Windows (WSL 2)``."""
    family: str = ""
    """Name for all platforms that share a machine's memory in the same way. See
    :func:`hcreport.platforms.families`."""
    memory_setting: str = ""
    """Where memory is set, in a few words after "set it"; empty where nothing can be set."""
    how_to_change_memory: tuple[str, ...]
    """Sentences, in the order to follow them; they name no amount."""
    undo: str
    """One sentence: how the old amount comes back."""
    command_lines: tuple[str, ...] = ()
    """Commands for a terminal; ``{gib}`` and ``{mib}`` stand for the amount as a whole number.
    See :meth:`commands`."""
    settings_file: str = ""
    """The file that holds the setting, where there is one."""
    settings_text: str = ""
    """What stands in that file; ``{gib}`` as above. See :meth:`settings`."""
    default_share_fact: str = ""
    """Key of the fact that says which share of the host's memory Docker gets by default."""
    default_most_fact: str = ""
    """Key of the fact that says how much it gets by default at most."""
    sources: tuple[str, ...] = ()
    """Keys of the facts that the steps rest on."""
    virtual_machine: bool = True
    """Docker runs in a virtual machine and sees that machine's memory, not the host's."""
    doubt: str = ""
    """What we have not checked about these steps."""
    verify_command: str = VERIFY_COMMAND
    """Prints the engine's memory in bytes."""
    confidence: Confidence = "certain"
    """How sure :func:`hcreport.platforms.detect` is."""

    @property
    def default_share(self) -> float | None:
        """Share of the host's memory that Docker gets by default; None where none is known."""
        return fact_value(self.default_share_fact) if self.default_share_fact else None

    def commands(self, setting: Bytes | None = None) -> tuple[str, ...]:
        """Return the commands that set ``setting`` bytes, with ``N`` for the amount if None."""
        return tuple(_fill(line, setting) for line in self.command_lines)

    def settings(self, setting: Bytes | None = None) -> str:
        """Return the text for the settings file, with ``N`` for the amount if None."""
        return _fill(self.settings_text, setting)


def _fill(text: str, setting: Bytes | None) -> str:
    """Put whole GiB, rounded up, in place of ``{gib}``, and the same in MiB for ``{mib}``."""
    if setting is None:
        return text.replace("{gib}", "N").replace("{mib}", "N")
    whole = math.ceil(int(setting) / int(gibibytes(1)))
    in_mebibytes = int(gibibytes(whole)) // int(mebibytes(1))
    return text.replace("{gib}", f"{whole}").replace("{mib}", f"{in_mebibytes}")
