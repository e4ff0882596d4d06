"""The platforms without a virtual machine of their own: containers see the whole machine."""

from __future__ import annotations

from hcreport.platforms.machines import PODMAN_VERIFY_COMMAND
from hcreport.platforms.platform import VERIFY_COMMAND, Platform


def _native(*, key: str, name: str, program: str, verify_command: str) -> Platform:
    """Return a platform that has all memory of the machine, and so no setting."""
    return Platform(
        id=key,
        name=name,
        family="Linux",
        how_to_change_memory=(
            f"There is no setting: {program} sees all memory of the machine that it runs on.",
            "Add memory, choose a larger machine, stop other programs, or start fewer services.",
            "A machine that is itself virtual gets more from whatever runs it.",
        ),
        undo="Start what you stopped.",
        virtual_machine=False,
        verify_command=verify_command,
    )


PODMAN_LINUX = _native(
    key="podman-linux",
    name="Podman on Linux",
    program="Podman",
    verify_command=PODMAN_VERIFY_COMMAND,
)
LINUX = _native(
    key="linux",
    name="Docker Engine on Linux",
    program="Docker",
    verify_command=VERIFY_COMMAND,
)
