"""The order in which one project's engine is asked, and what the answers add up to.

Statistics take longest, because engines before 25 answer on the next tick of a one-second clock.
So they are asked for first, each container in a thread of its own, and everything else is read
while they wait. A question that fails is a gap; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from hcreport.collect.data_root import BLOCKS, count_data_root
from hcreport.collect.engine import Connection
from hcreport.collect.engine_containers import (
    FOLDER_LABEL,
    PROJECT_LABEL,
    RUNNING_STATES,
)
from hcreport.collect.engine_errors import engine_failures
from hcreport.collect.engine_past import read_past_events
from hcreport.collect.engine_replies import Replies
from hcreport.collect.images import image_name, project_images
from hcreport.collect.kernel_counts import inspect
from hcreport.collect.ollama_refusals import read_refusals, serves_ollama
from hcreport.collect.processes import Processes, processes
from hcreport.collect.tasks import Question, Tasks

if TYPE_CHECKING:
    from hcreport.collect.compose import ComposeProject, ComposeRequest

Json = dict[str, Any]

_OF_CONTAINERS = ("inspect", "stats", "processes", "log")
"""Sources whose subject is a container."""

_SIDE_THREADS = 8
"""For all but statistics: enough to hide the engine's latency, few enough to leave it CPU."""


class EngineQuestions:
    """Asks one engine about one project; ``tasks`` carries the questions out."""

    def __init__(
        self,
        tasks: Tasks,
        request: ComposeRequest,
        keep_registries: tuple[str, ...],
        *,
        watched: bool = False,
    ) -> None:
        """``watched``: a window follows, which lists processes itself."""
        self._watched = watched
        self.replies = Replies()
        self._tasks = tasks
        self._request = request
        self._keep = keep_registries
        self._compose: ComposeProject | None = None
        self._asked: set[str] = set()
        """Full ids of the containers that were asked about."""
        self._logs: set[str] = set()
        """Full ids of the containers whose logs were asked for."""
        self._counting = False
        """The blocks in the engine's folder are being counted, or were."""

    def begin(self, connection: Connection) -> None:
        """Ask what needs no project: which containers there are, and what engine this is."""
        self.replies.connection = connection
        client = connection.client
        listing = partial(client.containers, all=True, filters={"label": PROJECT_LABEL})
        self._tasks.start([Question(source="containers", ask=listing)])
        self._tasks.start([Question(source="engine", ask=client.info)])

    def know_project(self, compose: ComposeProject) -> None:
        """Take note of the project, and ask about it if its containers are listed already."""
        self._compose = compose
        self._ask_for_project()

    def store(self, question: Question, value: Any) -> None:
        """Keep a reply, and ask what follows from it; None stands for a failed question."""
        if question.subject:
            if value is not None:
                self.replies.keep_one(question.source, question.subject, value)
            if question.source == "inspect":
                self._ask_for_log(question.subject)
            return
        self.replies.keep_whole(question.source, value)
        match question.source:
            case "containers":
                self._ask_for_project()
                self._ask_for_files()
            case "engine":
                self._ask_for_files()
                self._ask_for_events()
            case "images":
                self._ask_for_images()

    def _ask_for_files(self) -> None:
        """Have the blocks in the engine's folder counted, once it is known which folder it is."""
        connection, listed = self.replies.connection, self.replies.listed
        if self._counting or connection is None or listed is None or not self.replies.info:
            return
        self._counting = True
        ids = [entry["Id"] for entry in listed]
        count = partial(count_data_root, connection.address, self.replies.info, ids)
        self._tasks.start([Question(source=BLOCKS, ask=count)])

    def _ask_for_project(self) -> None:
        """Ask about the project, once it is known and its containers are listed.

        Until Compose has answered, its containers are guessed: a wrong guess costs the engine a
        few answers that nobody reads, a right one saves the time that Compose takes.
        """
        connection, compose = self.replies.connection, self._compose
        if connection is None or self.replies.listed is None:
            return
        if compose is None:
            guess = guess_project(self.replies.listed, self._request)
            if guess is not None:
                self._ask_for_containers(connection, guess)
            return
        self._ask_for_containers(connection, compose.project.name)
        for key in tuple(self.replies.by_container):
            self._ask_for_log(key)
        client = connection.client
        whole = [
            Question(source="images", ask=client.images),
            Question(source="volumes", ask=client.volumes),
            Question(source="disk", ask=client.df),
        ]
        self._tasks.start(whole, threads=min(_SIDE_THREADS, connection.threads))

    def _ask_for_containers(self, connection: Connection, project: str) -> None:
        client = connection.client
        entries = [
            each for each in self.replies.containers_of(project) if each["Id"] not in self._asked
        ]
        self._asked |= {entry["Id"] for entry in entries}
        running = [entry for entry in entries if entry.get("State") in RUNNING_STATES]
        sample = partial(client.stats, stream=False, one_shot=True if connection.one_shot else None)
        stats = _about_containers("stats", running, lambda key: partial(sample, key))
        self._tasks.start(stats, threads=connection.threads)
        if not self._watched:
            lists = _about_containers(
                "processes", running, lambda key: partial(_processes_if_told, connection, key)
            )
            self._tasks.start(lists, threads=min(_SIDE_THREADS, connection.threads))
        inspections = _about_containers(
            "inspect", entries, lambda key: partial(inspect, connection, key)
        )
        self._tasks.start(inspections, threads=min(_SIDE_THREADS, connection.threads))

    def _ask_for_events(self) -> None:
        """Ask what befell containers of late, up to the time at which the engine said its own."""
        connection, info = self.replies.connection, self.replies.info
        if connection is not None and info:
            ask = partial(read_past_events, connection, info)
            self._tasks.start([Question(source="events", ask=ask)])

    def _ask_for_log(self, key: str) -> None:
        """Have the end of a container's log looked at where it is an Ollama of the project.

        Until Compose has answered nobody knows whose it is: a log is not read on a guess.
        """
        connection, compose = self.replies.connection, self._compose
        details = self.replies.by_container.get(key, {}).get("inspect")
        if connection is None or compose is None or details is None or key in self._logs:
            return
        ours = self.replies.containers_of(compose.project.name)
        entries = [entry for entry in ours if entry["Id"] == key]
        if not serves_ollama(details):
            return
        self._logs.add(key)
        state = details.get("State") or {}
        logs = _about_containers(
            "log", entries, lambda key: partial(read_refusals, connection, key, state)
        )
        self._tasks.start(logs)

    def _ask_for_images(self) -> None:
        connection, compose = self.replies.connection, self._compose
        if connection is None or compose is None:
            return
        name, client = compose.project.name, connection.client
        containers = self.replies.containers_of(name)
        used = {entry["ImageID"] for entry in containers if entry.get("ImageID")}
        chosen = project_images(name, compose.services, used, self.replies.images, self._keep)
        questions = [
            Question(source=source, subject=key, label=f"{source} of an image", ask=ask)
            for key in chosen
            for source, ask in (
                ("images", partial(client.inspect_image, key)),
                ("history", partial(client.history, key)),
            )
        ]
        self._tasks.start(questions, threads=min(_SIDE_THREADS, connection.threads))

    def is_ours(self, question: Question) -> bool:
        """Tell whether a question is about the project, not about a container wrongly guessed."""
        if question.source not in _OF_CONTAINERS or self._compose is None:
            return True
        ours = self.replies.containers_of(self._compose.project.name)
        return question.subject in {entry["Id"] for entry in ours}

    def shown_subject(self, question: Question) -> str | None:
        """Return the name that a question's subject has in the snapshot."""
        if not question.subject:
            return None
        if question.source in _OF_CONTAINERS:
            names = {each["Id"]: container_name(each) for each in self.replies.listed or ()}
            return names.get(question.subject, question.subject[:12])
        for each in self.replies.images:
            if each["Id"] == question.subject:
                return image_name(each, self._keep)
        return image_name({"Id": question.subject}, self._keep)


def container_name(entry: Mapping[str, Any]) -> str:
    """Return the name of a listed container: the one without a link's slash in the middle."""
    names = [name.removeprefix("/") for name in entry.get("Names") or ()]
    return next((name for name in names if "/" not in name), str(entry["Id"])[:12])


def guess_project(listed: Iterable[Json], request: ComposeRequest) -> str | None:
    """Return the name the requested project probably has; None where nothing suggests one.

    Compose labels containers with the folder of their project. Where several projects were started
    from the folder, nobody knows which is meant.
    """
    if request.project_name:
        return request.project_name
    labels = [entry.get("Labels") or {} for entry in listed]
    folder = str(request.folder)
    names = {each.get(PROJECT_LABEL) for each in labels if each.get(FOLDER_LABEL) == folder}
    return names.pop() if len(names) == 1 else None


def _processes_if_told(connection: Connection, container: str) -> Processes | None:
    """Return a container's processes; None where the engine does not list them, as some do not."""
    try:
        return processes(connection, container)
    except engine_failures():
        return None


def _about_containers(
    source: str, entries: list[Json], ask: Callable[[str], Callable[[], Any]]
) -> Iterator[Question]:
    for entry in entries:
        label = f"{source} of {container_name(entry)}"
        yield Question(source=source, subject=entry["Id"], label=label, ask=ask(entry["Id"]))
