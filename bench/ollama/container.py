"""Runs a model in a real container with a memory limit, and says whether it was killed."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.models.containers import Container

from bench.ollama.cases import Case
from bench.ollama.files import ModelFile
from bench.ollama.results import ContainerRow, Outcome, Trial
from bench.ollama.runner import ask_server, command_line, free_port, is_loaded, random_words
from bench.ollama.server import libraries
from hcreport.estimate.llm_compute import first_prompt
from hcreport.estimate.llm_memory import llm_memory

IMAGE = "hcreport-bench-llama"
LESS = 0.95
TRIALS = 3

_WAIT_SECONDS = 600


def import_image(client: DockerClient, server: Path) -> None:
    """Make an image of the server and the libraries that it is linked with, and nothing else."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in (server, *libraries(server)):
            archive.add(path.resolve(), arcname=str(path).lstrip("/"))
    client.api.import_image_from_data(packed.getvalue(), repository=IMAGE, tag="1")


def container_row(
    case: Case, file: ModelFile, server: Path, client: DockerClient, *, trials: int = TRIALS
) -> ContainerRow:
    """Try a model with the smallest limit that is stated, and with 5 % less.

    Raises RuntimeError where a container ends for another reason than want of memory.
    """
    minimum = int(llm_memory(file.shape, case.settings).container_minimum)
    below = round(minimum * LESS)
    free = _Attempt(case, file, server, client)
    if free.run(None) != "ran":
        raise RuntimeError(f"{case.name} does not run without a limit")
    return ContainerRow(
        name=case.name,
        minimum=minimum,
        peak=free.used,
        at_minimum=tuple(_trial(case, file, server, client, minimum) for _ in range(trials)),
        below=tuple(_trial(case, file, server, client, below) for _ in range(trials)),
    )


def _trial(case: Case, file: ModelFile, server: Path, client: DockerClient, limit: int) -> Trial:
    return Trial(limit=limit, outcome=_Attempt(case, file, server, client).run(limit))


class _Attempt:
    """One container from its start to its end."""

    def __init__(self, case: Case, file: ModelFile, server: Path, client: DockerClient) -> None:
        self._case, self._file, self._server, self._client = case, file, server, client
        self.used = 0
        """Bytes that were charged to it in the end, without file pages."""

    def run(self, limit: int | None) -> Outcome:
        """Return ``ran``, or ``killed`` where the kernel killed it for want of memory."""
        with self._started(limit) as (container, address):
            if not _loaded(container, address):
                return _killed(container)
            try:
                ask_server(address, *self._question())
            except RuntimeError:
                return _killed(container)
            self.used = _charged(container)
            return "ran"

    def _question(self) -> tuple[str, dict[str, Any]]:
        shape = self._file.shape
        words = random_words(shape.vocabulary, first_prompt(shape, self._case.settings))
        if shape.embeds:
            return "/v1/embeddings", {"input": words}
        return "/completion", {"prompt": words, "n_predict": 1}

    @contextmanager
    def _started(self, limit: int | None) -> Iterator[tuple[Container, str]]:
        port, model = free_port(), Path("/models") / self._file.path.name
        words = command_line(
            self._server, model, self._case.settings, port, embeds=self._file.shape.embeds
        )
        container = self._client.containers.create(
            f"{IMAGE}:1",
            words,
            network_mode="host",
            volumes={str(self._file.path.parent.resolve()): {"bind": "/models", "mode": "ro"}},
            environment={"LD_LIBRARY_PATH": str(self._server.parent)},
            mem_limit=limit or 0,
            memswap_limit=limit or 0,
        )
        try:
            container.start()
            yield container, f"http://127.0.0.1:{port}"
        finally:
            container.remove(force=True)


def _loaded(container: Container, address: str) -> bool:
    """Wait until the server has loaded its model; return False where the container has ended."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        container.reload()
        if container.status != "running":
            return False
        if is_loaded(address):
            return True
        time.sleep(0.2)  # nothing tells when it has loaded, so it is asked again
    raise RuntimeError("the container did not load the model")


def _killed(container: Container) -> Outcome:
    """Return that the kernel killed it. Raises RuntimeError where it ended for another reason."""
    container.wait(timeout=60)
    container.reload()
    state = container.attrs["State"]
    if state["OOMKilled"]:
        return "killed"
    tail = container.logs(tail=5).decode("utf-8", "replace")
    raise RuntimeError(f"the container ended with {state['ExitCode']}: {tail}")


def _charged(container: Container) -> int:
    """Return the bytes that are charged to a container without file pages; cgroup v1 and v2."""
    reply: Any = container.stats(stream=False)
    memory, details = reply["memory_stats"], reply["memory_stats"]["stats"]
    return int(memory["usage"]) - int(details.get("cache", details.get("file", 0)))
