"""The platforms whose virtual machine is set from a terminal: Colima, Lima and Podman machines."""

from __future__ import annotations

from hcreport.platforms.platform import NO_DEFAULT_SHARE, Platform

PODMAN_VERIFY_COMMAND = "podman info --format '{{.Host.MemTotal}}'"
"""Prints the memory that Podman sees, in bytes."""

COLIMA = Platform(
    id="colima",
    name="Colima",
    family=NO_DEFAULT_SHARE,
    memory_setting="with colima start --memory, after colima stop",
    how_to_change_memory=(
        "Stop Colima and start it again with the new amount, in GiB.",
        "For a profile other than the default, add its name to both commands.",
    ),
    undo="Stop Colima and start it again with the old amount.",
    command_lines=("colima stop", "colima start --memory {gib}"),
    sources=("platforms/colima-memory",),
    doubt="We have not tried these commands.",
)
LIMA = Platform(
    id="lima",
    name="Lima",
    family=NO_DEFAULT_SHARE,
    memory_setting="with limactl edit INSTANCE --memory, after limactl stop",
    how_to_change_memory=(
        "Look up the name of the instance with limactl list; put it in place of INSTANCE.",
        "Stop the instance, set its memory in GiB, and start it again.",
    ),
    undo="Do the same with the old amount.",
    command_lines=(
        "limactl stop INSTANCE",
        "limactl edit INSTANCE --memory {gib}",
        "limactl start INSTANCE",
    ),
    sources=("platforms/lima-memory",),
    doubt="We have not tried these commands.",
)
PODMAN = Platform(
    id="podman",
    name="Podman machine on Mac, Windows (Hyper-V) or Linux",
    family=NO_DEFAULT_SHARE,
    memory_setting="in MiB, with podman machine set --memory, after podman machine stop",
    how_to_change_memory=(
        "Stop the machine, set its memory in MiB, and start it again.",
        "For a machine other than the default, add its name to each command.",
    ),
    undo="Do the same with the old amount.",
    command_lines=(
        "podman machine stop",
        "podman machine set --memory {mib}",
        "podman machine start",
    ),
    sources=("platforms/podman-machine-memory",),
    verify_command=PODMAN_VERIFY_COMMAND,
    doubt="We have not tried these commands.",
)
