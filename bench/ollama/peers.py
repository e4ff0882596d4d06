"""Other ways to estimate a model's memory, each asked for the best figure that it has for a case.

A figure is the memory that a peer says a model needs on a machine without a GPU. Programs that run
here are asked themselves; of the others the formula is restated.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.ollama.peer_formulas import gguf_parser_memory, naive_rule, predict_server_vram
from bench.ollama.peer_programs import Answer, Question, ask_programs
from hcreport.collect.gguf import read_header
from hcreport.errors import GgufError

__all__ = ["LOCK", "PEERS", "Answer", "Question", "ask_peers", "prepare_peers"]

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "peers.txt"
"""What the environment of the peers holds."""

PEERS: Mapping[str, str] = {
    "ollama": (
        "Ollama 0.33.0, PredictServerVRAM: its own figure before it loads a model, restated; "
        "the file, and a cache in 16 bits for the context of all slots"
    ),
    "gguf-parser-go": (
        "gguf-parser-go 0.25.0, restated: RAM with no layer on a GPU, --no-mmap, the context of "
        "all slots, the cache's types, flash attention as set; without its 150 MiB for a GPU's "
        "libraries"
    ),
    "modelinfo-cli": (
        "modelinfo-cli 1.4.4, its own functions on the file: context, slots as batch size, and "
        "no GPU, which leaves out its 600 MiB for one"
    ),
    "ggufit": (
        "ggufit 0.3.0, its own functions: parameters, type, context, slots as users, bits of the "
        "cache; its GB are GiB"
    ),
    "llmfit": (
        "llmfit 1.1.17, its command plan by the model's name: least RAM without a GPU, with the "
        "type, the context of all slots and the cache's nearest type. Its GB are read as 1000 MB"
    ),
    "canirunllm": (
        "canirunllm 0.1.4, its own functions: parameters, type, the context of all slots, bits "
        "of the cache; the total that it requires"
    ),
    "castlearq": (
        "castlearq 0.6.0, its own functions: parameters and type; it does not take a context"
    ),
    "naive": "an estimate of many guides: parameters, times half a byte, times 1.2",
}
"""What each peer is, its version, and how it is asked; by its name, in the order to show them."""

_MOST_SECONDS = 900


def ask_peers(question: Question, environment: Path) -> dict[str, Answer]:
    """Return what each of :data:`PEERS` says about one model.

    ``environment`` is what :func:`prepare_peers` made. A peer that fails has a reason and no
    figure, so nothing is raised.
    """
    answers = _ask_formulas(question) | ask_programs(question, environment)
    return {name: answers[name] for name in PEERS}


def _ask_formulas(question: Question) -> dict[str, Answer]:
    size, settings = question.size, question.settings

    def header_of(formula: Callable[..., int]) -> int:
        with question.file.open("rb") as stream:
            return formula(read_header(stream, size=size), size, settings)

    formulas: Mapping[str, Callable[[], int]] = {
        "ollama": lambda: header_of(predict_server_vram),
        "gguf-parser-go": lambda: header_of(gguf_parser_memory),
        "naive": lambda: naive_rule(question.parameters),
    }
    return {name: _answer(name, formula) for name, formula in formulas.items()}


def _answer(name: str, formula: Callable[[], int]) -> Answer:
    try:
        return Answer(bytes=int(formula()))
    except GgufError as error:
        return Answer(bytes=None, reason=f"{error}")
    except OSError as error:
        return Answer(bytes=None, reason=f"The model's file could not be read: {error.strerror}.")
    except ValueError as error:
        return Answer(bytes=None, reason=f"The formula of {name} gives no figure: {error}.")


def prepare_peers(folder: Path) -> Path:
    """Make the environment that the programs run in, where it is not there yet, and return it.

    It holds what :data:`LOCK` names and nothing else. Raises RuntimeError with a sentence where it
    cannot be made.
    """
    ready = folder / "ready-for.txt"
    locked = LOCK.read_text(encoding="utf-8")
    if ready.is_file() and ready.read_text(encoding="utf-8") == locked:
        return folder
    if folder.exists() and not (folder / "pyvenv.cfg").is_file():  # it is emptied below
        raise RuntimeError("The environment of the peers needs a folder of its own, or a new one.")
    python = folder / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--require-hashes")
    _must((sys.executable, "-m", "venv", "--clear", folder), "made")
    _must((python, "-m", "pip", "install", *options, "-r", LOCK), "filled")
    ready.write_text(locked, encoding="utf-8")
    return folder


def _must(words: Sequence[str | Path], done: str) -> None:
    """Run a command. Raises RuntimeError where it fails."""
    try:
        process = subprocess.run(
            words, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"The environment of the peers could not be {done}: {error}.") from error
    if process.returncode:
        said = (process.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RuntimeError(f"The environment of the peers could not be {done}: {said}")
