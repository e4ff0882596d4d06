"""Finds the memory of the machine around the engine's virtual machine, where that is this machine.

An engine in a virtual machine sees that machine's memory alone. What can be given to it depends on
the machine around it, which may be the one that hcreport runs on.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess

from hcreport.model import Engine
from hcreport.platforms import detect
from hcreport.units import Bytes

_WSL = "microsoft"
"""Stands in the name of a kernel of WSL, in which this machine is a virtual one itself."""

_SYSCTL = ("/usr/sbin/sysctl", "-n", "hw.memsize")
_SYSCTL_SECONDS = 5


def with_host_memory(engine: Engine | None, named: Bytes | None) -> Engine | None:
    """Return an engine with the memory of the machine around it, where that is known.

    ``named`` is what the user wrote (``machine_memory``), which counts more than what is found. On
    Linux without a virtual machine it is the engine's own memory. Otherwise it is this machine's,
    unless the engine is somewhere else or this machine is the virtual one: a distribution of WSL,
    or a container in which hcreport runs, with the kernel of the engine.
    """
    if engine is None:
        return None
    if named is None and not detect(engine).virtual_machine:
        named = engine.memory_total
    elif (
        named is None
        and not engine.remote
        and not inside_virtual_machine(engine, platform.release())
    ):
        named = this_machine()
    return engine.model_copy(update={"host_memory": named})


def inside_virtual_machine(engine: Engine, kernel: str) -> bool:
    """Tell whether this machine may be a virtual one, such as the engine's, by its kernel.

    ``kernel`` is what ``uname -r`` says here.
    """
    if engine.client_os != "linux":
        return False
    return _WSL in kernel.lower() or engine.kernel in (kernel, None)


def this_machine() -> Bytes | None:
    """Return this machine's memory in bytes; None where its system does not say."""
    try:
        match platform.system():
            case "Linux":
                return Bytes(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
            case "Darwin":
                return Bytes(int(_sysctl()))
            case "Windows":
                return _windows()
    except (OSError, ValueError, AttributeError, subprocess.SubprocessError):
        return None
    return None


def _sysctl() -> str:
    done = subprocess.run(
        _SYSCTL, capture_output=True, text=True, check=True, timeout=_SYSCTL_SECONDS
    )
    return done.stdout


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API: learn.microsoft.com, "MEMORYSTATUSEX structure"."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("free", ctypes.c_uint64),
        ("total_page_file", ctypes.c_uint64),
        ("free_page_file", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("free_virtual", ctypes.c_uint64),
        ("free_extended", ctypes.c_uint64),
    )


def _windows() -> Bytes | None:
    status = _MemoryStatus()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (other systems have no windll)
    return Bytes(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
