"""Runs llama.cpp's server as Ollama runs it, and reads what memory it holds."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from hcreport.estimate.llm_compute import automatic_batch
from hcreport.model import RunnerSettings
from hcreport.units import KIB, MIB

_START_SECONDS = 300
_ANSWER_SECONDS = 1800
_WORDS = 200

_BUFFER = re.compile(r"(\w+)\s+(model|KV|RS|compute|output)\s+buffer size\s*=\s*([\d.]+) MiB")


@dataclass(frozen=True, kw_only=True)
class Resident:
    """What memory a process holds, in bytes."""

    total: int
    """All of its resident set."""
    anonymous: int
    """What of it no file backs: the kernel cannot take it back without swap."""
    peak: int
    """The highest total since it started."""


@dataclass
class Runner:
    """One running server."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    embeds: bool
    vocabulary: int
    chance: Random = field(default_factory=lambda: Random(1))

    def prompt(self, tokens: int) -> None:
        """Have it work on a prompt of so many tokens that is unlike all others.

        Raises RuntimeError where it does not answer.
        """
        numbers = self._words(tokens)
        if self.embeds:
            ask_server(self.address, "/v1/embeddings", {"input": numbers})
        else:
            self._complete(numbers)

    def talk(self, tokens: int, turns: int, step: int) -> None:
        """Have one conversation that begins with so many tokens and grows by ``step`` each turn.

        Raises RuntimeError where it does not answer.
        """
        said = self._words(tokens)
        self._complete(said)
        for _ in range(turns):
            said += self._words(step)
            self._complete(said)

    def resident(self) -> Resident:
        """Return what it holds now. Raises RuntimeError where it is gone."""
        status = Path(f"/proc/{self.process.pid}/status")
        try:
            lines = status.read_text(encoding="ascii").splitlines()
        except OSError as error:
            raise RuntimeError("the server is gone") from error
        values = dict(line.split(":", 1) for line in lines)
        if "VmRSS" not in values:
            raise RuntimeError("the server has ended")
        return Resident(
            total=_kibibytes(values["VmRSS"]),
            anonymous=_kibibytes(values["RssAnon"]),
            peak=_kibibytes(values["VmHWM"]),
        )

    def buffers(self) -> dict[str, int]:
        """Return the buffers as its log names them: ``compute`` and so on, in bytes."""
        found: dict[str, int] = {}
        for place, kind, size in _BUFFER.findall(self.log.read_text("utf-8", "replace")):
            name = "repacked" if place == "CPU_REPACK" else kind.lower()
            found[name] = found.get(name, 0) + round(float(size) * MIB)
        return found

    def _words(self, count: int) -> list[int]:
        return random_words(self.vocabulary, count, self.chance)

    def _complete(self, words: list[int]) -> None:
        question = {"prompt": words, "n_predict": 1, "cache_prompt": True}
        ask_server(self.address, "/completion", question)


def random_words(vocabulary: int, count: int, chance: Random | None = None) -> list[int]:
    """Return so many tokens by their numbers, without the first, which may have a meaning."""
    chance = chance or Random(1)
    return [chance.randrange(_WORDS, vocabulary) for _ in range(count)]


def ask_server(address: str, path: str, question: Mapping[str, Any]) -> None:
    """Ask a server and wait for its answer. Raises RuntimeError where there is none."""
    request = urllib.request.Request(
        address + path,
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{path}: {error.read().decode()[:300]}") from error
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(f"{path}: {error}") from error


def _kibibytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) * KIB


def command_line(
    program: Path, file: Path, settings: RunnerSettings, port: int, *, embeds: bool
) -> list[str]:
    """Return how Ollama 0.33 starts the server: ``startLlamaServer`` in ``llm/llama_server.go``."""
    batch = str(automatic_batch(settings, embeds=embeds))
    words = [str(program), "--model", str(file), "--port", str(port), "--host", "127.0.0.1"]
    words += ["--no-webui", "--offline", "-c", str(settings.context * settings.slots)]
    words += ["-np", str(settings.slots), "--log-verbosity", "4"]
    words += ["--no-log-prefix", "--no-log-timestamps", "--no-jinja", "--chat-template", "chatml"]
    words += ["--load-mode", "mmap" if settings.mapped else "none"]
    if settings.key_type != "f16" or settings.value_type != "f16":
        words += ["--cache-type-k", settings.key_type, "--cache-type-v", settings.value_type]
    words += ["--flash-attn", "auto" if settings.flash_attention else "off"]
    words += ["--embedding"] if embeds else []
    words += ["-b", batch, "-ub", batch, "-ngl", "0"]
    return words if embeds else [*words, "--context-shift"]


@contextmanager
def running(
    program: Path,
    file: Path,
    settings: RunnerSettings,
    *,
    vocabulary: int,
    log: Path,
    embeds: bool = False,
    extra: Sequence[str] = (),
) -> Iterator[Runner]:
    """Start a server, wait until it has loaded the model, and end it afterwards.

    Raises RuntimeError with the end of its log where it does not start.
    """
    port = free_port()
    words = [*command_line(program, file, settings, port, embeds=embeds), *extra]
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{port}"
    runner = Runner(process, address, log, embeds, vocabulary)
    try:
        wait_until_loaded(address, process, log)
        yield runner
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until_loaded(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server has loaded its model; raises RuntimeError where it ended before."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            tail = log.read_text("utf-8", "replace")[-600:]
            raise RuntimeError(f"the server ended with {process.returncode}: {tail}")
        if is_loaded(address):
            return
        time.sleep(0.2)  # nothing tells when it has loaded, so it is asked again
    raise RuntimeError(f"the server did not load the model within {_START_SECONDS} seconds")


def is_loaded(address: str) -> bool:
    """Tell whether a server has loaded its model."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except (OSError, http.client.HTTPException):
        return False
