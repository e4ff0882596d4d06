"""Runs the command that makes load while a window is open; its words are kept nowhere."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from hcreport.model import Load

_STOP_SECONDS = 15
"""How long the command may take to end when asked; `docker compose up` stops its containers."""

_STANDARD_ERROR = 2

if sys.platform == "win32":
    _NEW_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _NEW_GROUP = 0


class LoadCommand:
    """One command of the shell, in a process group of its own, so that all of it can be stopped."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._ended = 0.0

    def start(self, ended: Callable[[], None]) -> None:
        """Start it; ``ended`` is called in a thread of its own once it is over.

        What it prints goes to standard error, as the result of ours goes to standard output.
        Raises OSError or ValueError where it cannot be started.
        """
        self._started = time.monotonic()
        process = subprocess.Popen(  # noqa: S602  (the user's own command)
            self._command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=_STANDARD_ERROR,
            start_new_session=True,
            creationflags=_NEW_GROUP,
        )
        self._process = process

        def wait() -> None:
            process.wait()
            self._ended = time.monotonic()
            ended()

        threading.Thread(target=wait, daemon=True).start()

    def load(self) -> Load | None:
        """Return what came of it until now; None where it was not started."""
        if self._process is None:
            return None
        code = self._process.returncode
        end = time.monotonic() if code is None else self._ended or time.monotonic()
        return Load(seconds=round(end - self._started, 3), exit_code=code)

    def stop(self) -> None:
        """Stop it with everything that it started, and wait until it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, force=False)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(process, force=True)
            process.wait()


def _signal(process: subprocess.Popen[bytes], *, force: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            if force:
                process.kill()
            else:
                process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
