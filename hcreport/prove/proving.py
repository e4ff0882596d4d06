"""Proves one scenario: from the numbers on the page to the evidence that they hold, or do not."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from hcreport import __version__
from hcreport.collect.compose import ComposeProject, ComposeRequest, read_project, whole_config
from hcreport.collect.compose_binary import find_compose
from hcreport.collect.compose_files import find_compose_files
from hcreport.collect.engine import Connection, connect, read_engine
from hcreport.collect.engine_errors import engine_failures
from hcreport.errors import EngineUnreachable, ProveError, UsageError
from hcreport.model import Engine, Proof, Requirement, Snapshot
from hcreport.prove.allotment import Allotment, allot
from hcreport.prove.cgroup import check_usable, make_parent
from hcreport.prove.cleaning import remove_from_engine
from hcreport.prove.evidence import (
    changed_services,
    config_hash,
    longest_start,
    proof_failure,
)
from hcreport.prove.guard import Guard, throwaway_name
from hcreport.prove.kernel import available_memory, runs_here, worst
from hcreport.prove.run import Outcome, Run, Setting
from hcreport.prove.throwaway import Throwaway, Wanted, throwaway
from hcreport.prove.watch import Watch
from hcreport.units import Bytes, gib

if TYPE_CHECKING:
    from docker.api.client import APIClient

# What Compose would otherwise take from the environment of the real project.
_NOT_INHERITED = (
    "COMPOSE_DISABLE_ENV_FILE",
    "COMPOSE_ENV_FILES",
    "COMPOSE_PATH_SEPARATOR",
    "COMPOSE_PROFILES",
    "COMPOSE_REMOVE_ORPHANS",
)


@dataclass(frozen=True, kw_only=True)
class ProveOptions:
    """What to prove, and how."""

    compose: ComposeRequest
    host: str | None = None
    """Address of the engine; None for ``DOCKER_HOST`` or the Docker CLI's context."""
    memory: Bytes | None = None
    """Memory of Docker to try, in bytes; None for the stated limits."""
    together: bool = False
    """One limit for all containers together."""
    seconds: float = 120.0
    """How long to run once it is ready."""
    ready_within: float = 120.0
    runs: int = 1
    load: tuple[str, ...] = ()
    """A command and its arguments."""
    load_name: str | None = None
    """What the evidence calls it; None for the name of its program."""
    load_output: IO[bytes] | int = 2
    say: Callable[[str], None] = lambda _: None


def find_requirement(requirements: tuple[Requirement, ...], scenario: str) -> Requirement:
    """Return the requirement of a scenario by its name. Raises UsageError, which lists them all."""
    for each in requirements:
        if each.scenario == scenario:
            return each
    names = ", ".join(f'"{each.scenario}"' for each in requirements)
    raise UsageError(
        f'There is no scenario "{scenario}" in this snapshot.',
        hint=f"There are: {names or 'none'}.",
    )


def prove(requirement: Requirement, snapshot: Snapshot, options: ProveOptions) -> Proof:
    """Run a scenario as a throwaway project and return the evidence; nothing is left of it.

    Raises UsageError where the sizes to try are not known or cannot be, ProveError,
    ComposeRejected or EngineUnreachable where it could not be run, KeyboardInterrupt where it was
    interrupted.
    """
    if options.load and shutil.which(options.load[0]) is None:
        raise UsageError(
            f"There is no program {options.load[0]} to make load with.",
            hint="Name a program of this machine after `--`.",
        )
    allotment = allot(requirement, snapshot, memory=options.memory, together=options.together)
    project = read_project(options.compose)
    config = whole_config(options.compose)
    connection = connect(options.host)
    try:
        engine = _engine(connection)
        case = _Proving(options, allotment, connection, engine)
        return case.proof(
            requirement.scenario, project, config, changed_services(project, snapshot, allotment)
        )
    finally:
        connection.client.close()


class _Proving:
    """One proof while it is made."""

    def __init__(
        self, options: ProveOptions, allotment: Allotment, connection: Connection, engine: Engine
    ) -> None:
        self._options = options
        self._allotment = allotment
        self._connection = connection
        self._engine = engine
        self._binary = find_compose()
        self._here = runs_here(engine.kernel, remote=engine.remote)

    def proof(
        self, scenario: str, project: ComposeProject, config: dict[str, Any], changed: list[str]
    ) -> Proof:
        options, allotment = self._options, self._allotment
        name = throwaway_name(options.compose.folder, project.project.name)
        if allotment.together:
            check_usable(self._engine.cgroup_driver, local=self._here)
        _check_room(allotment.containers_memory, self._engine, here=self._here)
        copy = throwaway(config, self._wanted(name))
        began = datetime.now(UTC).replace(microsecond=0)
        with Guard(name, options.host) as guard:
            if allotment.together:
                make_parent(name, allotment.containers_memory)
            file = guard.folder / "compose.yaml"
            file.write_text(copy.text, encoding="utf-8")
            outcomes = list(self._outcomes(guard, self._setting(copy, guard, file)))
            guard.heed()
        last = outcomes[-1]
        return Proof(
            scenario=scenario,
            taken_at=began,
            docker_memory=allotment.docker_memory,
            containers_memory=allotment.containers_memory,
            limits=dict(sorted(allotment.limits.items())),
            together=allotment.together,
            passed=last.verdict is None,
            failure=proof_failure(last, len(outcomes)),
            runs=len(outcomes),
            seconds=round(sum(each.seconds for each in outcomes), 1),
            ready_seconds=longest_start(outcomes),
            load=_load_name(options),
            load_runs=sum(each.load_runs for each in outcomes),
            pressure=worst(each.pressure for each in outcomes),
            notes=(*allotment.notes, *changed, *copy.notes, *_general_notes(options)),
            engine_version=self._engine.version,
            kernel=self._engine.kernel,
            tool=f"hcreport {__version__}",
            config_hash=config_hash(project, allotment.replicas),
        )

    def _wanted(self, name: str) -> Wanted:
        allotment = self._allotment
        parent = f"/{name}" if allotment.together else None
        local = not self._engine.remote
        return Wanted(
            name=name,
            replicas=allotment.replicas,
            limits=allotment.limits,
            cgroup_parent=parent,
            missing=_is_missing if local else _never,
            socket=_is_socket if local else _never,
        )

    def _outcomes(self, guard: Guard, setting: Setting) -> Iterator[Outcome]:
        """Yield the outcome of each run, up to the first that fails."""
        options = self._options
        for number in range(1, options.runs + 1):
            which = f" (run {number} of {options.runs})" if options.runs > 1 else ""
            options.say(f"Starting {setting.containers} containers{which}.")
            with Watch(options.host, guard.project) as watch:
                outcome = Run(setting, guard, watch).outcome()
            yield outcome
            if outcome.verdict is not None:
                return
            if number < options.runs:
                _remove(self._connection.client, guard.project)

    def _setting(self, copy: Throwaway, guard: Guard, file: Path) -> Setting:
        options = self._options
        return Setting(
            compose=self._binary.command,
            environment=self._environment(guard.project, file),
            client=self._connection.client,
            host=options.host,
            containers=sum(
                each["deploy"]["replicas"] for each in copy.project["services"].values()
            ),
            lasting=copy.lasting,
            shared=self._allotment.together,
            here=self._here,
            ready_within=options.ready_within,
            seconds=options.seconds,
            load=options.load,
            load_output=options.load_output,
            say=options.say,
        )

    def _environment(self, name: str, file: Path) -> dict[str, str]:
        """Return the environment in which Compose means the throwaway, for us and for the load."""
        request = self._options.compose
        variables = {key: each for key, each in os.environ.items() if key not in _NOT_INHERITED}
        variables |= {"COMPOSE_FILE": str(file), "COMPOSE_PROJECT_NAME": name}
        env_files = _env_files(request)
        if env_files:
            # Secrets may be taken from its variables; everything else is in the file already.
            variables["COMPOSE_ENV_FILES"] = ",".join(env_files)
        address = self._connection.address
        if address.url and not address.tls:
            variables["DOCKER_HOST"] = address.url
            variables.pop("DOCKER_CONTEXT", None)
        return variables


def _engine(connection: Connection) -> Engine:
    try:
        return read_engine(connection, connection.client.info())
    except engine_failures() as error:
        raise EngineUnreachable(
            "The engine did not say what it is.", hint="See whether `docker info` answers."
        ) from error


def _check_room(needed: Bytes, engine: Engine, *, here: bool) -> None:
    """Raise ProveError where a throwaway could take memory that other programs are using."""
    free = available_memory() if here else engine.memory_total
    if free is not None and needed > free:
        raise ProveError(
            f"The containers may use {gib(needed)}, and only {gib(free)} are there for them.",
            hint="Stop the running project or other programs first, or try less with --memory.",
        )


def _env_files(request: ComposeRequest) -> list[str]:
    """Return the environment files of the real project, as absolute paths."""
    named = request.env_files or os.environ.get("COMPOSE_ENV_FILES", "").split(",")
    paths = [request.folder / each for each in named if each]
    if not paths:
        files = find_compose_files(request.folder, request.files, (), os.environ)
        paths = [files.folder / ".env"]
    return [str(each) for each in paths if each.is_file()]


def _remove(client: APIClient, project: str) -> None:
    """Remove what one run left, so that the next one starts from nothing."""
    try:
        done = remove_from_engine(client, project)
    except engine_failures():
        done = False
    if not done:
        raise ProveError(
            "The containers of one run could not be removed before the next.",
            hint="See whether the engine is well, and run it again.",
        )


def _load_name(options: ProveOptions) -> str | None:
    if not options.load:
        return None
    return options.load_name or Path(options.load[0]).name


def _general_notes(options: ProveOptions) -> tuple[str, ...]:
    return () if options.load else ("No load was made: it only started and waited.",)


def _never(_: str) -> bool:
    return False


def _is_missing(path: str) -> bool:
    return not Path(path).exists()


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError:
        return False
