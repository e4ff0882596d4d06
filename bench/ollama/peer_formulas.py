"""Formulas of other programs that estimate a model's memory, restated where they do not run here.

Each says the source that it restates and what it leaves out. Where a program's options allow two
figures for one case, it is asked for the one that is nearer to what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from hcreport.estimate.llm_compute import automatic_batch
from hcreport.estimate.llm_header import Header, Tensor
from hcreport.estimate.llm_memory import BYTES_PER_NUMBER
from hcreport.estimate.llm_tensors import tensor_bytes, weight_bytes
from hcreport.model import CacheType, RunnerSettings
from hcreport.units import KIB, Bytes, mebibytes

_FLOAT = 4
_HALF = 2

_UNQUANTIZED = frozenset({"f32", "f16", "bf16"})
_USUAL_BATCH = 512

_INPUT_NAMES = ("position_*", "token_*")
"""What gguf-parser-go counts as the input layer, and a second time where the output is tied."""

_WINDOW_PATTERNS = {"llama4": 4, "gemma2": 2, "gemma3": 6, "cohere2": 4}
"""Of so many layers gguf-parser-go lets one see the whole context, and the others a window."""

_USUAL_WINDOWS = {"llama4": 8 * KIB, "gemma2": 4 * KIB}

_RECURRENT = frozenset(
    {"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7", "jamba", "falcon-h1"}
    | {"granitehybrid"}
)

_HASH_SIZES = (1031, 2053, 4099, 8209, 16411, 32771, 65537, 131101, 262147, 524309)
"""Primes that ggml takes as sizes of hash tables; smaller and larger ones are not needed here."""

_TENSOR_RECORD = 368 + 32
_OBJECT_RECORD = 32
_GRAPH_RECORD = 80


def naive_rule(parameters: int) -> Bytes:
    """Return the estimate of many guides: half a byte for each parameter, and a fifth more.

    It leaves out everything but the number of parameters, even how they are stored.
    """
    return Bytes(parameters * 6 // 10)


def predict_server_vram(header: Header, size: int, settings: RunnerSettings) -> Bytes:
    """Return what Ollama itself expects a model to need before it loads it.

    Source: ``PredictServerVRAM`` in ``llm/llama_server.go`` of Ollama, commit fb3076099 (0.33.0),
    with the context that ``effectiveLlamaServerContext`` in ``server/sched.go`` gives it: as much
    as the model was made for, for each slot. It is the size of the file and a cache in 16 bits;
    of heads that differ by layer the fewest count. It leaves out the cache's type, lengths of keys
    that the header names, windows, all room to compute, the output, and the process.
    """
    layers = header.count("block_count")
    heads = header.count("attention.head_count", 1)
    kv_heads = min(header.counts("attention.head_count_kv", max(layers, 1), 1)) or 1
    length = header.count("embedding_length") // heads if heads else 0
    context = settings.context
    if made_for := header.count("context_length", 0):
        context = min(context, made_for)
    return Bytes(size + 2 * layers * kv_heads * length * context * settings.slots * _HALF)


def gguf_parser_memory(header: Header, size: int, settings: RunnerSettings) -> Bytes:
    """Return the RAM that gguf-parser-go names for a model without a GPU.

    Source: ``estimateLLaMACppRunInModel`` and ``SummarizeItem`` in ``file_estimate__llamacpp.go``
    of gguf-parser-go v0.25.0 (commit 8dc7a6221), with ``file_architecture.go`` and ``ggml.go``.
    It is as with ``--gpu-layers 0 --no-mmap --parallel-size SLOTS --ctx-size SLOTS*CONTEXT``, with
    flash attention and the cache's types as they are set.

    It leaves out repacked weights, the program and its libraries, and that the output has room for
    one row of each slot only: it counts a whole batch of rows, twice. Recurrent layers are not
    restated: for them it raises ValueError.
    """
    if header.architecture in _RECURRENT:
        raise ValueError("the part of its formula for recurrent layers is not restated here")
    run = _run(header, settings)
    # Two figures are printed: this one, and one with 150 MiB more for the libraries of a GPU
    # ("NonUMA"). There is no GPU, and this one is nearer to what was measured.
    return Bytes(
        _start(header, size, run)
        + _weights(header)
        + _cache(header, settings, run)
        + _computation(header, settings, run)
    )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """How gguf-parser-go has a model run."""

    context: int
    rows: int
    """Tokens worked on at once."""
    batch: int
    alignment: int
    causal: bool
    """It answers; else it turns text into vectors."""
    value_type: CacheType


def _run(header: Header, settings: RunnerSettings) -> _Run:
    causal = header.value("attention.causal") is not False and header.count("pooling_type", 0) <= 2
    alignment = 256 if settings.flash_attention else 32
    asked = settings.context * settings.slots
    # It is told Ollama's batch as --batch-size, which decides the windows. Of --ubatch-size its
    # own choice stays, 512: with more it counts more rows of output, and is farther off.
    batch = max(32, automatic_batch(settings))
    rows = min(batch, _USUAL_BATCH)
    if not causal:
        asked = min(asked, header.count("context_length", 0) or asked)
        batch = rows = asked
    context = _padded(asked, alignment)
    refused = not settings.flash_attention and settings.value_type not in _UNQUANTIZED
    return _Run(
        context=context,
        rows=min(context, rows),
        batch=batch,
        alignment=alignment,
        causal=causal,
        value_type="f16" if refused else settings.value_type,
    )


def _start(header: Header, size: int, run: _Run) -> int:
    """Return what is there before any layer: the header, the vocabulary, the rows of output."""
    tokens = _length(header, "tokenizer.ggml.tokens")
    vocabulary = tokens * (4 + 4 + 32 + 24 + 32)
    if header.metadata.get("tokenizer.ggml.model") == "gpt2":
        vocabulary += _length(header, "tokenizer.ggml.merges") * (48 + 56)
    numbers = header.count("embedding_length")
    if run.causal:
        numbers += header.count("vocab_size", tokens)
    metadata = size - weight_bytes(header)
    return mebibytes(5) + metadata + vocabulary + numbers * run.rows * _FLOAT


def _weights(header: Header) -> int:
    """Return the bytes of all tensors; the input layer's twice where the output is tied to it."""
    whole = sum(tensor_bytes(each) for each in header.tensors)
    if _named(header, "output.weight"):
        return whole
    return whole + sum(
        tensor_bytes(each)
        for each in header.tensors
        if any(fnmatchcase(each.name, pattern) for pattern in _INPUT_NAMES)
    )


def _cache(header: Header, settings: RunnerSettings, run: _Run) -> int:
    """Return the bytes of the cache for the whole context, or the window, of each layer."""
    if not run.causal:
        return 0
    pattern = _WINDOW_PATTERNS.get(header.architecture, 1)
    window = _first(header, "attention.sliding_window")
    window = window or _USUAL_WINDOWS.get(header.architecture, 0)
    seen = _padded(window * settings.slots + run.batch, run.alignment)
    windowed = min(run.context, seen)
    layers = header.count("block_count")
    whole = sum(pattern == 1 or layer % pattern == 0 for layer in range(layers))
    lengths = _lengths(header, mixed=True)
    return whole * _layer(header, settings, run, run.context, lengths) + (layers - whole) * _layer(
        header, settings, run, windowed, lengths
    )


def _layer(
    header: Header, settings: RunnerSettings, run: _Run, cells: int, lengths: tuple[int, int]
) -> int:
    """Return the bytes of one layer's cache."""
    heads = _first(header, "attention.head_count_kv") or _first(header, "attention.head_count")
    keys, values = lengths
    return int(cells * heads * keys * BYTES_PER_NUMBER[settings.key_type]) + int(
        cells * heads * values * BYTES_PER_NUMBER[run.value_type]
    )


def _lengths(header: Header, *, mixed: bool) -> tuple[int, int]:
    """Return the numbers of one head's key and value; with ``mixed`` those of latent attention."""
    heads = _first(header, "attention.head_count")
    usual = header.count("embedding_length") // heads if heads else 0
    keys, values = "attention.key_length", "attention.value_length"
    latent = header.count(f"{keys}_mla", 0), header.count(f"{values}_mla", 0)
    if mixed and all(latent):
        return latent
    return header.count(keys, usual), header.count(values, usual)


def _computation(header: Header, settings: RunnerSettings, run: _Run) -> int:
    """Return the room to compute: records of the graph, the input, one layer or the output."""
    tensors = len(header.tensors)
    nodes = max(KIB, 8 * tensors)
    records = nodes * _TENSOR_RECORD + _graph(nodes) + mebibytes(4)
    records += 2 * _TENSOR_RECORD * (tensors + 1 + 3 * header.count("block_count"))
    width = header.count("embedding_length")
    inputs = run.rows * (4 + width * _FLOAT + 4 + run.context * _FLOAT + 4)
    layer = _layer(header, settings, run, run.context, _lengths(header, mixed=False))
    return records + inputs + max(layer, _output(header, run))


def _output(header: Header, run: _Run) -> int:
    if not run.causal:
        return 0
    last = _named(header, "output.weight") or _named(header, "token_embd.weight")
    numbers = sum(
        each.dimensions[-1] for each in (_named(header, "output_norm.weight"), last) if each
    )
    return numbers * run.rows * _FLOAT


def _graph(nodes: int) -> int:
    """Return the bytes of ggml's record of a graph with so many nodes."""
    places = next((size for size in _HASH_SIZES if size >= 2 * nodes), 2 * nodes + 1)
    record = _GRAPH_RECORD + 3 * 8 * nodes + 8 * places + 4 * -(-places // 32)
    return _OBJECT_RECORD + _padded(record, 16)


def _named(header: Header, name: str) -> Tensor | None:
    return next((each for each in header.tensors if each.name == name), None)


def _first(header: Header, key: str) -> int:
    """Return a number, or the first of a list; 0 where there is none."""
    value = header.value(key)
    first = value[0] if isinstance(value, tuple) and value else value
    return int(first) if isinstance(first, int | float) else 0


def _length(header: Header, key: str) -> int:
    value = header.metadata.get(key, 0)
    return len(value) if isinstance(value, tuple) else value if isinstance(value, int) else 0


def _padded(count: int, step: int) -> int:
    return -(-count // step) * step
