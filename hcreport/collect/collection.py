"""One collection: starts the questions, takes the answers, and makes the snapshot of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from hcreport import __version__
from hcreport.collect.compose import ComposeProject
from hcreport.collect.compose_scenarios import read_stack
from hcreport.collect.data_root import BLOCKS
from hcreport.collect.engine import Connection, connect
from hcreport.collect.engine_errors import engine_failures, gap_reason
from hcreport.collect.engine_questions import EngineQuestions
from hcreport.collect.engine_snapshot import EngineSnapshot, read_replies
from hcreport.collect.folders import CONTEXT, FoundFolders, has_build_folders, read_build_folders
from hcreport.collect.host_memory import with_host_memory
from hcreport.collect.ollama_search import SOURCE as OLLAMA
from hcreport.collect.ollama_search import FoundModels, search_of, unasked_models
from hcreport.collect.tasks import Answer, Question, Tasks
from hcreport.errors import CollectError, HcreportError, ImageError
from hcreport.model import Container, Gap, Snapshot, Window

if TYPE_CHECKING:
    from hcreport.collect import CollectOptions, Progress
    from hcreport.collect.contents import FoundContents
    from hcreport.collect.window import Watch, Watched

_DISK_PATIENCE = 10.0
"""Seconds to wait for the engine's account of disk use once all else is there: on a large host the
engine walks every volume for it."""

_TOO_SLOW = f"The engine did not answer within {_DISK_PATIENCE:.0f} seconds."

_CONNECT = "connect"
_COMPOSE = "compose"

LAYERS = "layers"
"""Source of the question what is in images, and of its gaps."""


class Collection:
    """The state of one call of :func:`hcreport.collect.collect`."""

    def __init__(self, options: CollectOptions) -> None:
        self._options = options
        self._keep = options.config.keep_registries
        self._tasks = Tasks()
        self._engine = EngineQuestions(
            self._tasks, options.compose, self._keep, watched=options.window is not None
        )
        self._compose: ComposeProject | None = None
        self._errors: dict[str, HcreportError] = {}
        self._failures: list[tuple[Question, str]] = []
        self._connection: Connection | None = None
        self._watch: Watch | None = None
        self._models: FoundModels | None = None
        self._folders = FoundFolders()
        self._contents: FoundContents | None = None
        self.watched: Watched | None = None
        """What came of the window; None where none was asked for or it has not ended."""

    def run(self, progress: Progress) -> None:
        """Ask everything and wait for the answers; with a window, watch first.

        KeyboardInterrupt gets through, except that the first one only ends the window.
        """
        scenarios = self._options.config.scenarios
        read = partial(read_stack, self._options.compose, scenarios, keep_registries=self._keep)
        self._tasks.start([Question(source=_COMPOSE, label="Compose files", ask=read)])
        if self._options.engine:
            ask = partial(connect, self._options.host)
            self._tasks.start([Question(source=_CONNECT, label="engine", ask=ask)])
        self._take_all(progress)
        if self._options.window is not None and self._compose and self._connection:
            from hcreport.collect.window import Watch

            name = self._compose.project.name
            self._watch = Watch(self._connection, name, self._options.window, progress)
            self.watched = self._watch.run()
            self._engine.begin(self._connection)
            self._take_all(progress)
        self._ask_about_models(progress)
        self._ask_about_layers(progress)

    def _ask_about_models(self, progress: Progress) -> None:
        """Ask about the local models, once it is known which services may have them."""
        if self._compose is None:
            return
        search = search_of(self._options, self._compose, self._engine.replies)
        if search.needed:
            from hcreport.collect.ollama import find_models

            ask = partial(find_models, search)
            self._tasks.start([Question(source=OLLAMA, label="local models", ask=ask)])
            self._take_all(progress)

    def _ask_about_layers(self, progress: Progress) -> None:
        """Have layers read, once it is known which images the project has."""
        choice, connection = self._options.layers, self._connection
        if choice is None or connection is None or self._compose is None:
            return
        from hcreport.collect.contents import images_to_read, read_contents

        engine = read_replies(self._engine.replies, self._compose.project, self._keep)
        ask = partial(
            read_contents,
            connection,
            images_to_read(choice, self._compose, engine, self._folders.folders),
            keep=self._options.config.keep_packages,
            keep_registries=self._keep,
            on_bytes=progress.read,
        )
        self._tasks.start([Question(source=LAYERS, label="layers", ask=ask)])
        self._take_all(progress)

    def _take_all(self, progress: Progress) -> None:
        """Take answers until no question is open."""
        announced = 0
        while waiting := self._tasks.open_questions:
            if self._tasks.asked != announced:
                announced = self._tasks.asked
                progress.start(announced)
            only_disk = all(question.source in ("disk", BLOCKS) for question in waiting)
            answer = self._tasks.next(_DISK_PATIENCE if only_disk else None)
            if answer is None:
                self._failures += [(each, _TOO_SLOW) for each in self._tasks.open_questions]
                return
            self._take(answer)
            progress.step(answer.question.label or answer.question.source)

    def keep_what_is_there(self) -> None:
        """Take the answers that have come in already, after an interruption."""
        for answer in self._tasks.ready():
            self._take(answer)

    def close(self) -> None:
        """Ask nothing more, stop the load command, and close the connections to the engine."""
        self._tasks.stop()
        try:
            if self._watch is not None:
                self._watch.stop_load()
        finally:
            if self._connection is not None:
                self._connection.client.close()

    def snapshot(self, taken_at: datetime, *, interrupted: bool) -> Snapshot:
        """Return what was collected. Raises the error that left nothing to keep."""
        for source in (_COMPOSE, _CONNECT):
            if source in self._errors and not interrupted:
                raise self._errors[source]
        compose = self._compose
        if compose is None:
            raise CollectError(
                "Collection was interrupted before the Compose files were read.",
                hint="Run it again; there is nothing to keep.",
            )
        engine = EngineSnapshot()
        if self._engine.replies.connection is not None:
            engine = read_replies(self._engine.replies, compose.project, self._keep)
        config = self._options.config
        found = self._models or unasked_models(compose, config.models)
        watched = self.watched
        return Snapshot(
            taken_at=taken_at,
            tool=f"hcreport {__version__}",
            title=config.title,
            project=compose.project,
            engine=with_host_memory(engine.engine, config.machine_memory),
            services=compose.services,
            containers=_with_average_cpu(engine.containers, watched.window if watched else None),
            images=self._contents.within(engine.images) if self._contents else engine.images,
            contexts=tuple(each.record() for each in self._folders.folders),
            volumes=engine.volumes,
            disk=engine.disk,
            models=found.models,
            scenarios=compose.scenarios,
            window=watched.window if watched else None,
            gaps=tuple(
                sorted(
                    {
                        *compose.gaps,
                        *self._gaps(),
                        *engine.gaps,
                        *found.gaps,
                        *self._folders.gaps,
                        *(self._contents.gaps if self._contents else ()),
                        *(watched.gaps if watched else ()),
                    },
                    key=_gap_order,
                )
            ),
            interrupted=interrupted,
        )

    def _gaps(self) -> Iterator[Gap]:
        """Yield a gap for each question that failed and that belongs to the project."""
        for question, reason in self._failures:
            if self._engine.is_ours(question):
                subject = self._engine.shown_subject(question)
                yield Gap(source=question.source, subject=subject, reason=reason)

    def _take(self, answer: Answer) -> None:
        """Keep an answer, and let the next questions follow from it."""
        question, error = answer.question, answer.error
        if error is not None:
            self._take_error(question, error)
        elif question.source == _COMPOSE:
            self._compose = answer.value
            self._engine.know_project(answer.value)
            self._look_at_build_folders(answer.value)
        elif question.source == CONTEXT:
            self._folders = answer.value
        elif question.source == LAYERS:
            self._contents = answer.value
        elif question.source == OLLAMA:
            self._models = answer.value
        elif question.source == _CONNECT:
            self._connection = answer.value
            if self._options.window is None:
                self._engine.begin(answer.value)
        else:
            self._engine.store(question, answer.value)

    def _look_at_build_folders(self, compose: ComposeProject) -> None:
        """Have the folders looked at from which services are built; that needs no engine."""
        if has_build_folders(compose.services):
            ask = partial(read_build_folders, self._options.compose.folder, compose.services)
            self._tasks.start([Question(source=CONTEXT, label="build contexts", ask=ask)])

    def _take_error(self, question: Question, error: BaseException) -> None:
        if question.source in (_COMPOSE, _CONNECT) and isinstance(error, HcreportError):
            self._errors[question.source] = error
        elif question.source == LAYERS and isinstance(error, ImageError):
            self._failures.append((question, error.message))
        elif question.source not in (_COMPOSE, _CONNECT) and isinstance(error, engine_failures()):
            self._failures.append((question, gap_reason(error)))
            self._engine.store(question, None)
        else:
            raise error


def _with_average_cpu(
    containers: tuple[Container, ...], window: Window | None
) -> tuple[Container, ...]:
    """Return the containers with the CPU that they used on average while they were watched."""
    series = {(each.id, each.started_at): each for each in window.series} if window else {}
    found = []
    for container in containers:
        life = series.get((container.id, container.started_at))
        if container.cpu is not None and life is not None and life.cpu_seconds is not None:
            ratio = life.cpu_seconds / (life.last_at - life.first_at)
            cpu = container.cpu.model_copy(update={"average_ratio": ratio})
            found.append(container.model_copy(update={"cpu": cpu}))
        else:
            found.append(container)
    return tuple(found)


def _gap_order(gap: Gap) -> tuple[str, str, str]:
    return gap.source, gap.subject or "", gap.reason
