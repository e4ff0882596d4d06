"""Reads a Compose project by asking Compose itself, and keeps what may be published of it.

Three questions: ``config --profile '*'`` (everything, in YAML because Compose's JSON leaves out
``models``), ``config --hash '*'`` (to tell later whether a container is up to date), and where
services have profiles ``config --services`` (which of them are active). None needs an engine, and
none may fetch anything: files on other machines are switched off.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hcreport.collect.compose_binary import Answer, ComposeBinary, ComposeRunner, find_compose
from hcreport.collect.compose_files import ComposeFiles, find_compose_files
from hcreport.collect.compose_model import (
    Context,
    declared_volumes,
    local_models,
    profiles,
    service_profiles,
    services,
)
from hcreport.collect.compose_yaml import parse_config
from hcreport.collect.redact import relative_path
from hcreport.collect.source_lines import read_sources
from hcreport.collect.tasks import Question, Tasks
from hcreport.errors import CollectError, ComposeRejected
from hcreport.model import Gap, LocalModel, Project, Scenario, Service

# How logrus, Compose's logger, writes a line: to a file, and to a terminal.
_LOG_LINE = re.compile(
    r'(?:time="[^"]*" )?level=(?P<level>\w+) msg=(?P<text>"(?:[^"\\]|\\.)*"|\S+).*'
)
_TERMINAL_LOG_LINE = re.compile(r"(?P<level>[A-Z]{4})\[\d+\] ?(?P<text>.*)")
_QUIET_LEVELS = ("trac", "debu", "info", "warn")

_UNSET_VARIABLE = re.compile(
    r'The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set\. Defaulting to a blank string'
)

_HASH_LINE = re.compile(r"(\S+) ([0-9a-f]{64})")

_ALL_PROFILES = ("*",)

# What Compose prints of a project, and its hashes where they were asked for and computed.
_Answers = tuple[Answer, Answer | None]

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class ComposeRequest:
    """Which project to read, as on Compose's own command line."""

    folder: Path
    """Where Compose is run; ``files`` and ``env_files`` count from it."""
    files: tuple[str, ...] = ()
    """``-f``; without any, Compose looks for its usual names here and in the folders above."""
    profiles: tuple[str, ...] = ()
    """``--profile``; without any, ``COMPOSE_PROFILES`` decides."""
    project_name: str | None = None
    env_files: tuple[str, ...] = ()
    project_directory: Path | None = None
    """What paths in the files count from, absolute; None for the folder of the first file."""


@dataclass(frozen=True)
class ComposeProject:
    """What Compose says about a project, less everything that may be secret."""

    project: Project
    services: tuple[Service, ...]
    models: tuple[LocalModel, ...]
    """Top-level ``models`` of the Compose files."""
    gaps: tuple[Gap, ...]
    scenarios: tuple[Scenario, ...] = ()


def read_project(
    request: ComposeRequest, *, keep_registries: tuple[str, ...] = ()
) -> ComposeProject:
    """Return the project as Compose understands it.

    Raises ComposeMissing where there is no Compose of version 2 or newer, ComposeRejected with
    Compose's own reason where it refuses the files, CollectError where the folder does not exist
    or Compose does not answer. Hashes and active services that Compose cannot tell are gaps.
    """
    if not request.folder.is_dir():
        raise CollectError(
            f"{request.folder} is not a folder.", hint="Name the folder of the Compose project."
        )
    if "-" in request.files:
        raise ComposeRejected(
            "A Compose file on standard input cannot be read.",
            hint="Save it to a file and name that with -f.",
        )
    with ComposeRunner(find_compose(), request.folder) as runner:
        return _Reading(request, runner, keep_registries).project()


def project_files(request: ComposeRequest) -> ComposeFiles:
    """Return the files of a project and the folder that paths in them count from."""
    files = find_compose_files(request.folder, request.files, request.env_files, os.environ)
    directory = request.project_directory
    return files if directory is None else replace(files, folder=directory)


def whole_config(request: ComposeRequest) -> dict[str, Any]:
    """Return everything that Compose prints of a project, secrets included: never to be published.

    Raises like :func:`read_project`.
    """
    with ComposeRunner(find_compose(), request.folder) as runner:
        return _Reading(request, runner, ()).whole_config()


class _Reading:
    """One project while it is being read."""

    def __init__(
        self, request: ComposeRequest, runner: ComposeRunner, keep_registries: tuple[str, ...]
    ) -> None:
        self._request = request
        self._runner = runner
        self._keep_registries = keep_registries
        self._gaps: list[Gap] = []

    def project(self) -> ComposeProject:
        answer, hashes = self._render()
        config = parse_config(answer.output)
        request = self._request
        files = project_files(request)
        named = profiles(config)
        switched_on = _switched_on(named, request, files)
        context = Context(
            folder=files.folder,
            sources=read_sources(files.folder, files.files),
            hashes=hashes,
            active=self._active(config, switched_on) if named else None,
            keep_registries=self._keep_registries,
        )
        paths = (relative_path(path, files.folder) for path in files.files)
        project = Project(
            name=str(config.get("name") or files.folder.name),
            compose_files=tuple(path for path in paths if path is not None),
            compose_version=self._runner.binary.version,
            profiles=named,
            active_profiles=switched_on,
            volumes=declared_volumes(config),
            unset_variables=tuple(sorted(set(_UNSET_VARIABLE.findall(answer.talk)))),
        )
        found, models = services(config, context), local_models(config, context)
        return ComposeProject(project, found, models, tuple(self._gaps))

    def whole_config(self) -> dict[str, Any]:
        answer, _ = self._accepted(partial(self._with_hashes, hashes=False))
        return parse_config(answer.output)

    def _render(self) -> tuple[Answer, dict[str, str]]:
        answer, hashes = self._accepted(self._with_hashes)
        return answer, self._hashes(hashes)

    def _accepted(self, ask: Callable[[tuple[str, ...]], _Answers]) -> _Answers:
        """Return the answers about all profiles, or those about the chosen ones alone.

        A project may hold services that are never to run together, such as two with one container
        name; Compose refuses it with all of its profiles on.
        """
        everything = ask(_ALL_PROFILES)
        if everything[0].status == 0:
            return everything
        chosen = ask(self._request.profiles)
        if chosen[0].status != 0:
            raise self._rejection(everything[0])
        reason = (
            "Compose does not accept all profiles of the project together, so only services with "
            "the profiles chosen were read."
        )
        self._gaps.append(Gap(source="profiles", reason=reason))
        return chosen

    def _with_hashes(self, asked_profiles: tuple[str, ...], *, hashes: bool = True) -> _Answers:
        """Ask for the project and its hashes side by side."""
        everything = partial(self._config, asked_profiles)
        questions = [Question(source="config", ask=everything)]
        if hashes:
            ask_hashes = partial(everything, "--hash", "*")
            questions.append(Question(source="hash", ask=ask_hashes))
        tasks = Tasks()
        tasks.start(questions)
        answers: dict[str, Answer] = {}
        while tasks.open_questions:
            reply = tasks.next()
            if reply is None:
                continue
            source, error = reply.question.source, reply.error
            if error is not None and not (source == "hash" and isinstance(error, CollectError)):
                raise error
            if error is None:
                answers[source] = reply.value
        return answers["config"], answers.get("hash")

    def _hashes(self, answer: Answer | None) -> dict[str, str]:
        if answer is None or answer.status != 0:
            reason = "Compose could not compute the configuration hashes of the services."
            self._gaps.append(Gap(source="hash", reason=reason))
            return {}
        lines = (_HASH_LINE.fullmatch(line.strip()) for line in answer.output.splitlines())
        return {line.group(1): line.group(2) for line in lines if line is not None}

    def _active(self, config: dict[str, Any], switched_on: tuple[str, ...]) -> frozenset[str]:
        """Return the names of the services that are started with the profiles asked for."""
        answer = self._config(self._request.profiles, "--services")
        if answer.status == 0:
            return frozenset(answer.output.split())
        reason = (
            "Compose does not accept the project with the profiles chosen, so the active "
            "services were worked out from their profiles alone."
        )
        self._gaps.append(Gap(source="profiles", reason=reason))
        return frozenset(
            name
            for name, own in service_profiles(config).items()
            if not own or set(own) & set(switched_on)
        )

    def _config(self, asked_profiles: tuple[str, ...], *arguments: str) -> Answer:
        return self._runner.run(*_options(self._request, asked_profiles), "config", *arguments)

    def _rejection(self, answer: Answer) -> ComposeRejected:
        """Return the error for a project that Compose refuses, with its own reason."""
        reason = reason_given(answer.talk) or f"Compose ended with status {answer.status}."
        if "no configuration file provided" in reason:
            hint = "Run this in the folder that holds compose.yaml, or name the file with -f."
        else:
            hint = f"`{_typed(self._request, self._runner.binary)}` shows it again."
        return ComposeRejected(reason, hint=hint)


def _options(request: ComposeRequest, asked_profiles: tuple[str, ...]) -> list[str]:
    """Return Compose's global options for a request."""
    options: list[str] = []
    if request.project_directory is not None:
        options += ["--project-directory", str(request.project_directory)]
    for name, values in (
        ("-f", request.files),
        ("--env-file", request.env_files),
        ("--profile", asked_profiles),
        ("-p", (request.project_name,) if request.project_name else ()),
    ):
        for value in values:
            options += [name, value]
    return options


def _typed(request: ComposeRequest, binary: ComposeBinary) -> str:
    """Return the command that shows the same error, to copy."""
    options = shlex.join([*_options(request, _ALL_PROFILES), "config", "--quiet"])
    return f"cd {shlex.quote(str(request.folder))} && {binary.words} {options}"


def _switched_on(
    named: tuple[str, ...], request: ComposeRequest, files: ComposeFiles
) -> tuple[str, ...]:
    """Return those of the project's profiles that are active, sorted."""
    asked = request.profiles or files.variables.get("COMPOSE_PROFILES", "").split(",")
    wanted = {profile.strip() for profile in asked}
    return tuple(profile for profile in named if profile in wanted or "*" in wanted)


def reason_given(talk: str) -> str:
    """Return what Compose gave as its reason, without warnings and prefixes of its log."""
    kept = []
    for line in talk.splitlines():
        match = _LOG_LINE.fullmatch(line) or _TERMINAL_LOG_LINE.fullmatch(line)
        if match is None:
            kept.append(line)
        elif not match.group("level").lower().startswith(_QUIET_LEVELS):
            kept.append(_unquoted(match.group("text")))
    return _UNPRINTABLE.sub("", "\n".join(kept)).strip()


def _unquoted(text: str) -> str:
    """Return a log message without its quotes: Go's are, for plain text, those of Python."""
    if text.startswith('"'):
        try:
            return str(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            return text.strip('"')
    return text
