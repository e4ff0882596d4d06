"""The side of the guardian's pipe on which a scenario is run, and the lock against running two."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from hcreport.errors import ProveError
from hcreport.prove.guardian import CLEAN, GROUP, ORDERLY, OVER, READY, Order, clean

_STOP_SECONDS = 5.0

# Tells the guardian about the process before it becomes the program, so that there is no moment at
# which it runs unknown. Its standard input is the guardian's pipe until then.
_INTRODUCED = f'echo "{GROUP} $$" >&0 && exec "$@" </dev/null'


def throwaway_name(folder: Path, project: str) -> str:
    """Return the Compose project name of a project's throwaway: always the same one."""
    digest = hashlib.sha256(f"{folder}\0{project}".encode()).hexdigest()
    return f"hcreport-prove-{digest[:12]}"


class Guard:
    """Holds a throwaway while its ``with`` block runs, and returns when nothing is left of it."""

    def __init__(self, project: str, host: str | None) -> None:
        """``project`` is the throwaway's name, ``host`` the engine's address."""
        if sys.platform == "win32":
            raise ProveError(
                "A scenario can be proven on Linux and macOS only.",
                hint="Run it in a distribution of WSL 2.",
            )
        place = Path(tempfile.gettempdir()) / f"{project}-{os.getuid()}"
        self.project = project
        self.folder = place
        """Private: it holds the Compose file, in which secrets may stand."""
        self._order = Order(project=project, host=host, folder=str(place), lock=f"{place}.lock")
        self._lock: int | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self._pipe: IO[bytes] | None = None
        self._ready = False
        self._deaf = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._hear_signals()
        try:
            self._lock = _locked(Path(self._order.lock))
            self._start_guardian()
            self.folder.mkdir(mode=0o700)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind: object, *more: object) -> None:
        self._deaf = True
        try:
            answer = self._close(orderly=kind is None)
        finally:
            for number, before in self._handlers.items():
                signal.signal(number, before)
        if self._ready and answer != CLEAN:
            raise _left_behind(answer, self.project)

    def heed(self) -> None:
        """Raise KeyboardInterrupt where a signal came and its interruption was lost.

        Python drops an exception that is raised while it destroys an object, so that whoever waits
        in the block has to ask.
        """
        if self._deaf:
            raise KeyboardInterrupt

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], output: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a program in a process group of its own, of which the guardian knows.

        Both its outputs go to ``output``.
        """
        assert self._pipe is not None  # noqa: S101  (only within the block)
        return subprocess.Popen(
            ["/bin/sh", "-c", _INTRODUCED, "sh", *words],
            stdin=self._pipe,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )

    def stop(self, process: subprocess.Popen[bytes], *, patience: float = _STOP_SECONDS) -> None:
        """End a program and its group, if it still runs: first asked, then killed."""
        if process.poll() is None and patience:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
        # What it started may outlive it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._write(f"{OVER} {process.pid}")

    def _hear_signals(self) -> None:
        """Make an interruption of the first signal to end this process, and ignore all others.

        A second Ctrl-C must not stop the waiting for the guardian.
        """
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                self._handlers[each] = signal.signal(each, self._interrupt)

    def _interrupt(self, *_: object) -> None:
        if not self._deaf:
            self._deaf = True
            raise KeyboardInterrupt

    def _close(self, *, orderly: bool) -> str:
        """Close the pipe, wait for the guardian, and return its last words."""
        if orderly:
            self._write(ORDERLY)
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                self._pipe.close()
        answer = self._answer()
        if self._guardian is not None:
            self._guardian.wait()
            if self._guardian.stdout is not None:
                self._guardian.stdout.close()
        if self._ready and not answer:  # somebody killed the guardian
            answer = clean(self._order, interrupted=True) or CLEAN
        if self._lock is not None:
            path = Path(self._order.lock)
            if _names(path, self._lock):  # the guardian did not come to removing it
                path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None
        return answer

    def _start_guardian(self) -> None:
        assert self._lock is not None  # noqa: S101
        self._guardian = subprocess.Popen(
            [sys.executable, "-P", "-m", "hcreport.prove.guardian", self._order.text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(self._lock,),
            start_new_session=True,
        )
        self._pipe = self._guardian.stdin
        answer = self._answer()
        if answer != READY:
            raise ProveError(
                answer or "The process that cleans up could not be started.",
                hint="Nothing was started. Try it again when the engine answers.",
            )
        self._ready = True

    def _answer(self) -> str:
        """Return the guardian's next line; empty where it has ended without a word."""
        if self._guardian is None or self._guardian.stdout is None:
            return ""
        return self._guardian.stdout.readline().decode("utf-8", "replace").strip()

    def _write(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._pipe is not None:
                self._pipe.write(f"{line}\n".encode())
                self._pipe.flush()


def _left_behind(reason: str, project: str) -> ProveError:
    return ProveError(
        f"Not everything of the throwaway project {project} could be removed. {reason}".strip(),
        hint=f"Run `docker compose -p {project} down --volumes`, or prove the scenario again.",
    )


def _locked(path: Path) -> int:
    """Return a descriptor that holds the lock. Raises ProveError where another process does."""
    import fcntl

    while True:
        try:
            found = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ProveError(
                f"The lock {path} cannot be made: {error.strerror}.",
                hint="Make the folder for temporary files writable, or remove that file.",
            ) from error
        try:
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before removes the file, so this one may have lost its name.
            if _names(path, found):
                return found
        except BlockingIOError as error:
            os.close(found)
            raise ProveError(
                "A scenario of this project is being proven, or is being cleaned up after.",
                hint="Wait until that is over.",
            ) from error
        os.close(found)


def _names(path: Path, descriptor: int) -> bool:
    """Tell whether a path leads to the file that a descriptor stands for."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
