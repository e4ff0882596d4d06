"""Asks the real programs that estimate a model's memory, each in a process of its own.

They lie in an environment of their own and find no network: what they say comes from the model's
file and from what they brought along. A program that fails gives no figure, and a reason.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hcreport.estimate.llm_memory import BYTES_PER_NUMBER
from hcreport.model import ModelShape, RunnerSettings
from hcreport.units import GB, GIB

SECONDS = 120
"""How long a program may take to answer."""

_NOWHERE = "http://127.0.0.1:9"
"""Where nothing listens: a program that wants the network is sent there."""

_LONGEST_REASON = 200

# The format's own bits for a number, for types that castlearq does not list.
_BITS = {"F32": 32, "F16": 16, "BF16": 16, "Q4_0": 4.5, "Q4_1": 5, "Q5_0": 5.5, "Q5_1": 6} | {
    "IQ4_NL": 4.5,
    "MXFP4": 4.25,
}

_LLMFIT_TYPES = ("Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "Q4_0", "F16", "BF16", "F32")
_LLMFIT_CACHES = {"fp16": 2.0, "q8_0": 1.0, "q4_0": 0.5}
"""The types of the cache that llmfit knows for llama.cpp, with the bytes that it counts."""

LLMFIT_NAMES: Mapping[str, str] = {
    "codellama:7b": "meta-llama/CodeLlama-7b-Instruct-hf",
    "deepseek-r1:1.5b": "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
    "deepseek-r1:7b": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
    "deepseek-r1:8b": "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
    "gemma2:2b": "google/gemma-2-2b-it",
    "gemma2:9b": "google/gemma-2-9b-it",
    "gemma3:270m": "google/gemma-3-270m-it",
    "gemma3:1b": "google/gemma-3-1b-it",
    "gemma3:4b": "google/gemma-3-4b-it",
    "gpt-oss:20b": "openai/gpt-oss-20b",
    "llama3:8b": "meta-llama/Meta-Llama-3-8B-Instruct",
    "llama3.1:8b": "meta-llama/Llama-3.1-8B-Instruct",
    "llama3.2:1b": "meta-llama/Llama-3.2-1B-Instruct",
    "llama3.2:3b": "meta-llama/Llama-3.2-3B-Instruct",
    "mistral:7b": "mistralai/Mistral-7B-Instruct-v0.3",
    "nomic-embed-text": "nomic-ai/nomic-embed-text-v1.5",
    "phi3:mini": "microsoft/phi-3-mini-4k-instruct",
    "phi4:14b": "microsoft/phi-4",
    "qwen2.5:0.5b": "Qwen/Qwen2.5-0.5B",
    "qwen2.5:1.5b": "Qwen/Qwen2.5-1.5B-Instruct",
    "qwen2.5:3b": "Qwen/Qwen2.5-3B-Instruct",
    "qwen2.5:7b": "Qwen/Qwen2.5-7B-Instruct",
    "qwen2.5-coder:7b": "Qwen/Qwen2.5-Coder-7B-Instruct",
    "qwen3:0.6b": "Qwen/Qwen3-0.6B",
    "qwen3:1.7b": "Qwen/Qwen3-1.7B",
    "qwen3:4b": "Qwen/Qwen3-4B",
    "qwen3:8b": "Qwen/Qwen3-8B",
    "smollm2:135m": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "smollm2:360m": "HuggingFaceTB/SmolLM2-360M-Instruct",
    "smollm2:1.7b": "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "tinyllama:1.1b": "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
}
"""How llmfit calls the models of Ollama's library."""

_USUAL_TAGS = {"tinyllama": "1.1b", "phi4": "14b", "phi3": "mini", "mistral": "7b"}

_MODELINFO = """
import json, sys
from modelinfo.cli import analyze_model
asked = json.load(sys.stdin)
found = analyze_model(asked["file"], asked["context"], gpu_count=0, batch_size=asked["slots"])
print(found["footprint"]["total_memory_bytes"])
"""

_GGUFIT = """
import json, sys
from ggufit.calculator import evaluate_fit
asked = json.load(sys.stdin)
model = {"params_billion": asked["billions"], "layers": asked["layers"], "head_dim": asked["width"]}
model["num_key_value_heads"] = 1
fit = evaluate_fit(
    model, asked["ggufit_type"], asked["context"], 0, 1, asked["slots"], asked["bits"]
)
print(fit.total_ram_needed_gb)
"""

_CANIRUNLLM = """
import json, sys
from canirunllm.compatibility.requirements import estimate_memory_requirement
from canirunllm.models.model import ModelSpec
asked = json.load(sys.stdin)
model = ModelSpec(
    name="model", family="model", architecture="model", parameters=asked["parameters"],
    quantization=asked["canirunllm_type"], context_length=asked["context"] * asked["slots"],
    num_layers=asked["layers"], num_kv_heads=1, head_dim=asked["width"],
    kv_cache_dtype_bits=asked["bits"],
)
print(estimate_memory_requirement(model).total_required_bytes)
"""

_CASTLEARQ = """
import json, sys
from castlearq.compatibility import CompatibilityConfig, estimate_memory_bytes
from castlearq.models import DEFAULT_QUANTIZATIONS, ModelSpec, Quantization
asked = json.load(sys.stdin)
name = asked["type"]
listed = [each for each in DEFAULT_QUANTIZATIONS if each.name == name]
if not listed and asked["type_bits"]:
    listed = [Quantization(name, asked["type_bits"], 1)]
if not listed:
    listed = [each for each in DEFAULT_QUANTIZATIONS if each.name[:2] == name.lstrip("I")[:2]]
if not listed:
    sys.exit("it does not list the type " + name)
model = ModelSpec("model", parameter_count_b=asked["billions"])
print(estimate_memory_bytes(model, listed[0], CompatibilityConfig()))
"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One model as a peer is asked about it."""

    tag: str
    """``llama3.1:8b``."""
    file: Path
    """The model's GGUF file; its weights may be a hole."""
    size: int
    """Bytes of the file."""
    parameters: int
    """Elements of all tensors."""
    quantization: str
    """``Q4_K_M``, ``Q8_0``, ``F16``."""
    shape: ModelShape
    settings: RunnerSettings


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a peer says that the model needs."""

    bytes: int | None
    reason: str = ""
    """Why there is no figure: a sentence."""


class NoFigure(Exception):
    """A program gives no figure; the message is a sentence that says why."""


def ask_programs(question: Question, environment: Path) -> dict[str, Answer]:
    """Return what each program in an environment says, by the program's name."""
    programs: Mapping[str, Callable[[], float]] = {
        "modelinfo-cli": lambda: _script(environment, "modelinfo-cli", _MODELINFO, question),
        # Its GB are GiB: it divides by 1024 three times.
        "ggufit": lambda: _script(environment, "ggufit", _GGUFIT, question) * GIB,
        "llmfit": lambda: _llmfit(environment, question),
        "canirunllm": lambda: _script(environment, "canirunllm", _CANIRUNLLM, question),
        "castlearq": lambda: _script(environment, "castlearq", _CASTLEARQ, question),
    }
    return {name: _answer(name, ask) for name, ask in programs.items()}


def _answer(name: str, ask: Callable[[], float]) -> Answer:
    try:
        figure = ask()
    except NoFigure as why:
        return Answer(bytes=None, reason=f"{why}")
    if not math.isfinite(figure) or figure <= 0:
        return Answer(bytes=None, reason=f"{name} answered with a figure that is no size.")
    return Answer(bytes=round(figure))


def _script(environment: Path, name: str, script: str, question: Question) -> float:
    """Return the number that a script prints which calls a program's own functions."""
    asked = json.dumps(_asked(question))
    printed = _run(name, [environment / "bin" / "python", "-I", "-c", script], question.file, asked)
    try:
        return float(printed)
    except ValueError:
        raise NoFigure(f"{name} did not answer with a number.") from None


def _asked(question: Question) -> dict[str, object]:
    """Return what the scripts are told. They know no windows, so each layer sees all of it."""
    shape, settings = question.shape, question.settings
    layers = sum(each.layers for each in shape.caches)
    numbers = sum(each.layers * (each.keys + each.values) for each in shape.caches)
    kind = question.quantization.upper()
    return {
        "file": "model.gguf",
        "context": settings.context,
        "slots": settings.slots,
        "parameters": question.parameters,
        "billions": question.parameters / GB,
        "layers": layers,
        "width": numbers / (2 * layers) if layers else 0,
        "bits": 8 * _cache_bytes(settings),
        "type": kind,
        "type_bits": _BITS.get(kind),
        "ggufit_type": _plain_type(kind, "q", "fp").lower(),
        "canirunllm_type": _plain_type(kind, "Q", "FP"),
    }


def _plain_type(kind: str, quantized: str, plain: str) -> str:
    """Return ``Q4`` for ``Q4_K_M``, ``FP16`` for ``F16``."""
    digits = "".join(each for each in kind.partition("_")[0] if each.isdigit())
    return f"{plain if 'F' in kind.removeprefix('MXFP') else quantized}{digits}"


def _cache_bytes(settings: RunnerSettings) -> float:
    """Return how many bytes a number of the cache has, keys and values taken together."""
    return (BYTES_PER_NUMBER[settings.key_type] + BYTES_PER_NUMBER[settings.value_type]) / 2


def _llmfit(environment: Path, question: Question) -> float:
    """Return the least RAM that llmfit names for a machine without a GPU."""
    name = LLMFIT_NAMES.get(_tag(question.tag))
    if name is None:
        raise NoFigure(f"llmfit is asked by a model's name, and we know none for {question.tag}.")
    settings = question.settings
    words: list[str | Path] = [environment / "bin" / "llmfit", "--json", "plan", name]
    words += ["--context", f"{settings.context * settings.slots}"]
    words += ["--quant", _nearest_type(question.quantization.upper())]
    words += ["--kv-quant", _nearest_cache(settings)]
    printed = _run("llmfit", words, question.file)
    try:
        paths = {each["path"]: each for each in json.loads(printed)["run_paths"]}
        figure = float(paths["cpu_only"]["minimum"]["ram_gb"])
    except (ValueError, KeyError, TypeError):
        raise NoFigure("llmfit's answer has no figure for a machine without a GPU.") from None
    # It counts weights in GB of 1000, and the cache in GB of 1024. Read as GB of 1000, the whole
    # is nearer to what was measured.
    return figure * GB


def _tag(tag: str) -> str:
    """Return a tag by its name and size: ``llama3.1:8b`` for ``llama3.1:8b-instruct-q8_0``."""
    name, _, rest = tag.partition(":")
    size = rest.split("-")[0]
    size = "" if size == "latest" else size
    size = size or _USUAL_TAGS.get(name, "")
    return f"{name}:{size}" if size else name


def _nearest_type(kind: str) -> str:
    if kind in _LLMFIT_TYPES:
        return kind
    start = _plain_type(kind, "Q", "F")
    return next((each for each in _LLMFIT_TYPES if each.startswith(start)), kind)


def _nearest_cache(settings: RunnerSettings) -> str:
    size = _cache_bytes(settings)
    return min(_LLMFIT_CACHES, key=lambda each: abs(_LLMFIT_CACHES[each] - size))


def _run(name: str, words: Iterable[str | Path], file: Path, given: str = "") -> str:
    """Return what a program prints, run in a folder where the model is ``model.gguf``."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.gguf").symlink_to(file.absolute())
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
        try:
            process = subprocess.run(
                list(words),
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                cwd=folder,
                env={"HOME": folder, "PATH": os.defpath, "HF_HUB_OFFLINE": "1", **proxies},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoFigure(f"{name} did not answer within {SECONDS} seconds.") from None
        except OSError as error:
            raise NoFigure(f"{name} could not be started: {error.strerror}.") from None
    if process.returncode:
        said = (process.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NoFigure(f"{name} ended with an error: {said[:_LONGEST_REASON].rstrip('.')}.")
    return process.stdout
